"""A real Airflow whose task, scheduler or database fails while a chain of small jobs runs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from guideway.contracts.jobs import JOBS
from tests.dags.test_chain import JOB, ROOT, left_behind

pytestmark = [pytest.mark.airflow, pytest.mark.drill]
SLOW = "measure_condition"
SLOWLY = f"""
import os, time
if os.path.basename(__file__) == "{SLOW}.py" and not os.path.exists(os.environ["MARK"] + "/reached"):
    open(os.environ["MARK"] + "/reached", "w").write(str(os.getpid()))
    time.sleep(20)
"""
ALL = ["ingest_archive", SLOW, "train_models", "fit_degradation", "score_assets", "plan_maintenance", "publish_report"]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Airflow home for all cases: making its database is the slow part."""
    folder = tmp_path_factory.mktemp("airflow") / "var"
    (folder / "landing").mkdir(parents=True)
    (folder / "landing" / "delivered.csv").write_text("x", encoding="utf-8")
    return folder


def start(folder: Path, var: Path) -> subprocess.Popen[str]:
    """Start the chain with small jobs, one of which takes its time."""
    (folder / "jobs").mkdir(exist_ok=True)
    for job in JOBS:
        (folder / "jobs" / f"{job.name}.py").write_text(SLOWLY + JOB, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GUIDEWAY"))}
    env |= {"GUIDEWAY_VAR": str(var), "GUIDEWAY_JOBS": str(folder / "jobs"), "JOURNAL": str(folder / "journal"),
            "MARK": str(folder)}  # fmt: skip
    command = [sys.executable, "-m", "infra.local.run", "--as-of", "2024-06-04"]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def journal(folder: Path) -> Counter[str]:
    """How often each job ended."""
    path = folder / "journal"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Counter(json.loads(line)["job"] for line in lines)


def await_slow_job(folder: Path, process: subprocess.Popen[str]) -> int:
    """Wait until the slow job runs; its process id."""
    marker, deadline = folder / "reached", time.monotonic() + 400
    while not (marker.exists() and marker.read_text(encoding="utf-8")):
        assert process.poll() is None, process.stdout.read()[-3000:] if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return int(marker.read_text(encoding="utf-8"))


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what was printed."""
    told, _ = process.communicate(timeout=700)
    return process.returncode, told


def disturbed(folder: Path, var: Path, disturb: Callable[[int, int], None]) -> tuple[int, str]:
    """Run the chain and disturb it while the slow job runs, given the ids of the job and of the run."""
    process = start(folder, var)
    try:
        disturb(await_slow_job(folder, process), process.pid)
        return ended(process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


@pytest.mark.fault(2, 26)
def test_a_killed_job_is_tried_again_and_the_chain_ends(tmp_path: Path, var: Path, tally) -> None:
    code, told = disturbed(tmp_path, var, lambda job, _: os.kill(job, signal.SIGKILL))
    tally(kills=1)
    assert code == 0, told[-3000:]
    assert "up_for_retry" in told
    assert journal(tmp_path) == Counter(ALL)
    assert left_behind(tmp_path) == []


@pytest.mark.fault(25)
def test_a_locked_database_is_waited_for(tmp_path: Path, var: Path) -> None:
    def lock(*_: int) -> None:
        with sqlite3.connect(var / "airflow" / "airflow.db", timeout=60, isolation_level=None) as database:
            database.execute("BEGIN EXCLUSIVE")
            time.sleep(10)
            database.execute("ROLLBACK")

    code, told = disturbed(tmp_path, var, lock)
    done = journal(tmp_path)
    assert left_behind(tmp_path) == []
    if code != 0:  # what a lock breaks is told, and the next run completes the chain
        assert "Airflow ended" in told or "failed" in told, told[-3000:]
        code, told = ended(start(tmp_path, var))
    assert code == 0, told[-3000:]
    assert set(journal(tmp_path)) == set(ALL)
    assert set(done) <= set(ALL)


@pytest.mark.fault(26)
@pytest.mark.parametrize("component", ["scheduler", "api-server", "dag-processor"])
def test_a_killed_component_is_told_and_the_next_run_completes(
    component: str, tmp_path: Path, var: Path, tally
) -> None:
    def kill(_: int, run: int) -> None:
        titles = {process: " ".join(process.cmdline()).replace("_", "-") for process in psutil.Process(run).children()}
        mine = [process for process, title in titles.items() if component in title]
        assert mine, titles
        for process in mine:
            process.send_signal(signal.SIGKILL)

    code, told = disturbed(tmp_path, var, kill)
    tally(kills=1)
    assert left_behind(tmp_path) == [], "nothing goes on in the dark"
    if code != 0:
        assert "Airflow" in told, told[-3000:]
        code, told = ended(start(tmp_path, var))
    assert code == 0, told[-3000:]
    assert set(journal(tmp_path)) == set(ALL)
    assert left_behind(tmp_path) == []
