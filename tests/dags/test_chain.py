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
    journal.write(json.dumps({"job": name, "as_of": options.as_of, "lake": os.environ["GUIDEWAY_LAKE"]}) + "\\n")
receipt = {"rows": {"gold." + name: 3}, "versions": {"gold." + name: 1}, "message": "did it"}
receipt["facts"] = {"registered": "m 1"}
json.dump(receipt, open(options.receipt, "w"))
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Airflow home for all chains here: making its database is the slow part."""
    folder = tmp_path_factory.mktemp("chain") / "var"
    (folder / "landing").mkdir(parents=True)
    (folder / "landing" / "delivered.csv").write_text("x")
    return folder


def run_chain(folder: Path, var: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
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
    command = [sys.executable, "-m", "infra.local.run", *arguments]
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
    period = {"first": "2024-02-27", "last": "2024-03-12"}
    result = run_chain(tmp_path, var, "--dag", "replay_weeks", "--conf", json.dumps(period))
    assert result.returncode == 0, result.stdout + result.stderr
    journal = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    weekly = ["fit_degradation", "score_assets", "plan_maintenance", "publish_report"]
    expected = [(monday, job) for monday in ("2024-03-04", "2024-03-11") for job in weekly]
    assert [(entry["as_of"], entry["job"]) for entry in journal] == expected
    assert left_behind(tmp_path) == []
