"""The asset chain in a real Airflow: scheduler, DAG processor, API server and spark-submit; only the jobs are small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from guideway.contracts.jobs import JOBS
from guideway.tracking.outbox import deliver
from guideway.tracking.record import Promotion, RunRecord
from guideway.tracking.registry import ledger, promote
from guideway.tracking.store import TrackingSettings

pytestmark = pytest.mark.airflow

ROOT = Path(__file__).resolve().parents[2]

JOB = """
import argparse, json, os, sys
parser = argparse.ArgumentParser()
for name in ("lake", "landing", "reports", "as-of", "run-id", "receipt"):
    parser.add_argument("--" + name)
options = parser.parse_args()
name = os.path.basename(__file__)[:-3]
if os.environ.get("FAILING_JOB") == name:
    print(name + ": setting 'limit' is wrong", file=sys.stderr)
    sys.exit(2)
with open(os.environ["JOURNAL"], "a") as journal:
    entry = {"job": name, "as_of": options.as_of, "lake": os.environ["GUIDEWAY_LAKE"], "process": os.getpid()}
    journal.write(json.dumps(entry) + "\\n")
receipt = {"rows": {"gold." + name: 3}, "versions": {"gold." + name: 1}, "message": "did it"}
receipt["facts"] = {"registered": "m 1", "awaits_approval": json.loads(os.environ.get("AWAITING", "{}"))}
json.dump(receipt, open(options.receipt, "w"))
"""


APPROVE = """
import json, sys, time
from infra.local.airflow_api import wait_until
from infra.local.airflow_home import prepare_airflow
from infra.local.airflow_services import await_airflow, migrate_database, start_airflow
from infra.local.places import VAR, free_port, job_environment
from infra.local.processes import stop

env = job_environment() | {"GUIDEWAY_INGEST_CRON": "", "GUIDEWAY_UPKEEP_CRON": ""}
port = free_port()
login = prepare_airflow(port, interactive=False)
migrate_database(env, VAR / "log" / "airflow-db.log")
services = start_airflow(env, port)
try:
    dags = ["train_models", "approve_model", "weekly_degradation"]
    api = await_airflow(services, port, login, dags)
    for dag in dags[:2]:
        api.unpause(dag)
    api.call("PATCH", "/dags/weekly_degradation", {"is_paused": True})
    run = api.trigger("train_models", {"as_of": "2024-06-04", "close_week": True})
    def state(task):
        try:
            return {t["task_id"]: t["state"] for t in api.tasks("approve_model", run + ".0")}.get(task)
        except OSError:
            return None
    wait_until(lambda: state("approval") == "awaiting_input", 300, "nobody was asked")
    wait_until(lambda: api.run_state("train_models", run) == "success", 300, "training waits for the answer")
    where = f"/dags/approve_model/dagRuns/{run.replace('+', '%2B')}.0/taskInstances/approval/-1/hitlDetails"
    asked = api.call("GET", where)
    def answered():
        if state("approval") == "awaiting_input":
            api.call("PATCH", where, {"chosen_options": [sys.argv[1]]})
        return api.run_state("approve_model", run + ".0") == "success"
    # Airflow 3.3.2 starts a task twice, kills it and asks again if the answer comes in the second it is parked in
    time.sleep(5)
    wait_until(answered, 300, "the answer changed nothing", pause=5)
    print(json.dumps({"subject": asked["subject"], "body": asked["body"], "promote": state("promote")}))
finally:
    stop(services)
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Airflow home for all chains here: making its database is the slow part."""
    folder = tmp_path_factory.mktemp("chain") / "var"
    (folder / "landing").mkdir(parents=True)
    (folder / "landing" / "delivered.csv").write_text("x")
    return folder


def run_chain(folder: Path, var: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_python(folder, var, "-m", "infra.local.run", *arguments, **environment)


def run_python(folder: Path, var: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "jobs").mkdir()
    for job in JOBS:
        (folder / "jobs" / f"{job.name}.py").write_text(JOB)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GUIDEWAY"))}
    env |= {
        "GUIDEWAY_VAR": str(var),
        "GUIDEWAY_JOBS": str(folder / "jobs"),
        "JOURNAL": str(folder / "journal"),
        "MARK": str(folder),
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env | environment, capture_output=True, text=True, check=False)


def left_behind(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MARK") == str(folder):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


def test_the_chain_runs_every_job_in_order_for_one_date_and_leaves_nothing_running(tmp_path: Path, var: Path) -> None:
    result = run_chain(tmp_path, var, "--as-of", "2024-06-04")
    assert result.returncode == 0, result.stdout + result.stderr
    journal = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    order = ["ingest_archive", "measure_condition", "train_models", "fit_degradation", "score_assets"]
    order += ["plan_maintenance", "publish_report"]
    assert [entry["job"] for entry in journal] == order
    assert {entry["as_of"] for entry in journal} == {"2024-06-04"}
    assert {entry["lake"] for entry in journal} == {str(var / "lake")}
    assert "registered model: m 1" in result.stdout
    assert left_behind(tmp_path) == []
    secrets = [*(var / "airflow").glob("*.json"), var / "airflow" / "airflow.cfg"]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_a_job_with_a_wrong_setting_ends_the_chain_at_once_and_says_why(tmp_path: Path, var: Path) -> None:
    result = run_chain(tmp_path, var, "--as-of", "2024-06-04", FAILING_JOB="measure_condition")
    assert result.returncode == 1
    assert "measure_condition: setting 'limit' is wrong" in result.stdout
    assert "up_for_retry" not in result.stdout
    journal = [json.loads(line)["job"] for line in (tmp_path / "journal").read_text().splitlines()]
    assert journal == ["ingest_archive"]
    assert left_behind(tmp_path) == []


def test_a_replay_does_the_weeks_one_after_the_other_oldest_first(tmp_path: Path, var: Path) -> None:
    """Here in one standing driver, as `make run` has it."""
    period = {"first": "2024-02-27", "last": "2024-03-12"}
    result = run_chain(tmp_path, var, "--standing-driver", "--dag", "replay_weeks", "--conf", json.dumps(period))
    assert result.returncode == 0, result.stdout + result.stderr
    journal = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    weekly = ["fit_degradation", "score_assets", "plan_maintenance", "publish_report"]
    expected = [(monday, job) for monday in ("2024-03-04", "2024-03-11") for job in weekly]
    assert [(entry["as_of"], entry["job"]) for entry in journal] == expected
    assert len({entry["process"] for entry in journal}) == 1
    assert left_behind(tmp_path) == []


def test_a_model_serves_once_a_person_says_so_and_the_training_does_not_wait(tmp_path: Path, var: Path) -> None:
    settings = TrackingSettings.of(f"sqlite:///{var / 'mlflow' / 'mlflow.db'}", var / "mlflow" / "artifacts")
    for name in ("a", "b"):
        record = RunRecord(name, name, 1, 2, {}, {}, {}, texts={"model.json": name})
        deliver(record, settings)
    promote(settings, "1", Promotion("gate", "2024-05-01T00:00:00+00:00", "the first"))
    awaiting = {"guideway-condition-13w": {"version": "2", "gate": "beats the trend"}}
    result = run_python(tmp_path, var, "-c", APPROVE, "Approve", AWAITING=json.dumps(awaiting))
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["subject"] == "May version 2 of guideway-condition-13w serve?"
    assert "beats the trend" in told["body"]
    entry = ledger(settings)[-1]
    assert (entry.action, entry.version, entry.previous) == ("promote", "2", "1")
    assert entry.by == "guideway"
    assert entry.why == "approved in Airflow; beats the trend"
    assert left_behind(tmp_path) == []
