"""What `make up` starts, as an operator uses it: files arrive, the night and a replay run beside; then `make down`."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from guideway.contracts.jobs import JOBS
from infra.local.airflow_api import AirflowApi, wait_until
from infra.local.airflow_home import Login
from tests.dags.test_chain import JOB, ROOT, left_behind

pytestmark = [pytest.mark.airflow, pytest.mark.drill]

ALONE = """
import os, time
alone = os.path.join(os.environ["MARK"], "writing")
os.close(os.open(alone, os.O_CREAT | os.O_EXCL))  # fails where another job writes at this moment
time.sleep(0.5)
os.unlink(alone)
"""


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Address of a web server and what it was told."""
    told: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def env(tmp_path: Path, webhook: tuple[str, list[dict[str, str]]]) -> dict[str, str]:
    (tmp_path / "jobs").mkdir()
    for job in JOBS:
        (tmp_path / "jobs" / f"{job.name}.py").write_text(ALONE + JOB)
    (tmp_path / "var" / "landing").mkdir(parents=True)
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GUIDEWAY"))}
    return plain | {
        "GUIDEWAY_VAR": str(tmp_path / "var"),
        "GUIDEWAY_JOBS": str(tmp_path / "jobs"),
        "GUIDEWAY_ARRIVAL_SECONDS": "1",
        "GUIDEWAY_REPORT_HOURS": "0.0003",  # every round is late
        "GUIDEWAY_ALERT_WEBHOOK": webhook[0],
        "JOURNAL": str(tmp_path / "journal"),
        "MARK": str(tmp_path),
    }


def local(part: str, env: dict[str, str]) -> str:
    command = [sys.executable, "-m", f"infra.local.{part}"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def status(address: str, **headers: str) -> int:
    """What a request is answered with."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def refuse_strangers(airflow: str, mlflow: str, login: str) -> None:
    """Nobody gets in without the log-in, nor with it from a page that calls this machine by another name."""
    mlflow = f"{mlflow}/api/2.0/mlflow/experiments/search?max_results=1"
    mine = "Basic " + base64.b64encode(login.replace(" / ", ":").encode()).decode()
    wrong = "Basic " + base64.b64encode(b"guideway:guideway").decode()
    assert status(f"{airflow}/api/v2/dags") == 401
    assert [status(mlflow), status(mlflow, Authorization=wrong)] == [401, 401]
    assert [status(mlflow, Authorization=mine), status(mlflow, Authorization=mine, Host="evil.example")] == [200, 403]


def runs(api: AirflowApi, dag_id: str) -> list[tuple[str, str]]:
    found: list[dict[str, Any]] = api.call("GET", f"/dags/{dag_id}/dagRuns", limit=100)["dag_runs"]
    return [(run["run_type"], run["state"]) for run in found]


def test_files_the_night_and_a_replay_take_turns_and_down_ends_it_all(
    env: dict[str, str], webhook: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    told = local("up", env)
    try:
        services = re.findall(r"^(\S+) +(\S+)  (.*)$", told, re.MULTILINE)
        assert [name for name, _, _ in services] == ["airflow-api", "mlflow", "reports", "connect"]
        assert all("://127.0.0.1:" in address for _, address, _ in services)
        refuse_strangers(services[0][1], services[1][1], services[1][2].removeprefix("log-in "))
        user, password = services[0][2].removeprefix("log-in ").split(" / ")
        api = AirflowApi(services[0][1], Login(user, password))
        replay = api.trigger("replay_weeks", {"first": "2024-03-04", "last": "2024-03-18"})
        api.unpause("replay_weeks")
        api.unpause("ingest_archive")
        (tmp_path / "var" / "landing" / "delivered.csv").write_text("x")

        def done() -> bool:
            ingested = runs(api, "ingest_archive")
            assert "failed" not in {state for _, state in ingested}, ingested
            by_both = {("scheduled", "success"), ("asset_triggered", "success")} <= set(ingested)
            return by_both and bool(webhook[1]) and api.run_state("replay_weeks", replay) == "success"

        wait_until(done, 400, "the night's run, the arrival's, the replay and the alert")
    finally:
        local("down", env)
    assert left_behind(tmp_path) == []
    journal = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    replayed = [(entry["as_of"], entry["job"]) for entry in journal if entry["as_of"].startswith("2024-03")]
    weekly = ["fit_degradation", "score_assets", "plan_maintenance", "publish_report"]
    assert replayed == [(day, job) for day in ("2024-03-04", "2024-03-11", "2024-03-18") for job in weekly]
    assert [entry["job"] for entry in journal].count("ingest_archive") >= 2
    assert {(fact["event"], fact["dag"]) for fact in webhook[1]} == {("deadline_missed", "weekly_degradation")}
