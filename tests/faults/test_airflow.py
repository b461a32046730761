"""A real Airflow whose task, scheduler or database fails while a chain of small jobs runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
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
RESUME = """
import time
from infra.local.airflow_api import wait_until
from infra.local.airflow_home import prepare_airflow
from infra.local.airflow_services import await_airflow, start_airflow
from infra.local.places import free_port, job_environment
from infra.local.processes import stop

port = free_port()
login = prepare_airflow(port, interactive=False)
services = start_airflow(job_environment() | {"GUIDEWAY_INGEST_CRON": "", "GUIDEWAY_UPKEEP_CRON": ""}, port)
started = time.monotonic()
try:
    api = await_airflow(services, port, login, ["weekly_degradation"])
    def states(dag):
        return [run["state"] for run in api.call("GET", f"/dags/{dag}/dagRuns", limit=10)["dag_runs"]]
    wait_until(lambda: states("measure_condition") == ["success"], 240, "the job that was killed was not run again")
    print(f"measured {time.monotonic() - started:.0f} s after Airflow was started again")
    wait_until(lambda: states("weekly_degradation") == ["success"], 600, "the chain did not go on to its end")
finally:
    stop(services)
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Airflow home for all cases: making its database is the slow part."""
    return delivered(tmp_path_factory.mktemp("airflow"))


def delivered(folder: Path) -> Path:
    """An empty ``var`` to which a file was delivered."""
    landing = folder / "var" / "landing"
    landing.mkdir(parents=True)
    (landing / "delivered.csv").write_text("x", encoding="utf-8")
    return landing.parent


def start(folder: Path, var: Path, *command: str) -> subprocess.Popen[str]:
    """Start the chain, or another program, with small jobs, one of which takes its time."""
    (folder / "jobs").mkdir(exist_ok=True)
    for job in JOBS:
        (folder / "jobs" / f"{job.name}.py").write_text(SLOWLY + JOB, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GUIDEWAY"))}
    env |= {"GUIDEWAY_VAR": str(var), "GUIDEWAY_JOBS": str(folder / "jobs"), "JOURNAL": str(folder / "journal"),
            "MARK": str(folder)}  # fmt: skip
    command = command or ("-m", "infra.local.run", "--as-of", "2024-06-04")
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)  # fmt: skip


def journal(folder: Path, as_of: str = "2024-06-04") -> Counter[str]:
    """How often each job ended that worked for this date."""
    path = folder / "journal"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries = [json.loads(line) for line in lines]
    return Counter(entry["job"] for entry in entries if entry["as_of"] == as_of)


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


@pytest.mark.fault(26)
def test_after_a_restart_of_the_host_the_chain_goes_on_where_it_was(tmp_path: Path, tally) -> None:
    """Every process is killed at once while a job runs; then Airflow is started again, and nobody triggers anything."""
    var = delivered(tmp_path)
    process = start(tmp_path, var)
    try:
        await_slow_job(tmp_path, process)
    finally:
        # by descent, too: programs that rename themselves hide their environment
        victims = list({*left_behind(tmp_path), *psutil.Process(process.pid).children(recursive=True)})
        for victim in victims:
            victim.kill()
        process.communicate(timeout=60)
    assert psutil.wait_procs(victims, timeout=30)[1] == []
    tally(kills=len(victims))
    code, told = ended(start(tmp_path, var, "-c", RESUME))
    print(told)  # how long it took
    assert code == 0, told[-3000:]
    assert journal(tmp_path) == Counter(ALL), "what had ended was not done again"
    assert left_behind(tmp_path) == []


@pytest.mark.fault(25)
def test_a_database_of_yesterday_does_its_work_again_and_today_s(tmp_path: Path) -> None:
    """The copy was made in the middle of a run. That lake and reports stay as they are when a job comes again:
    ``tests/scenarios/test_network.py``."""
    var = delivered(tmp_path)
    database, yesterday = var / "airflow" / "airflow.db", tmp_path / "yesterday.db"

    def back_up(*_: int) -> None:
        with closing(sqlite3.connect(database, timeout=60)) as now, closing(sqlite3.connect(yesterday)) as copy:
            now.backup(copy)

    code, told = disturbed(tmp_path, var, back_up)
    assert code == 0, told[-3000:]
    today = ("-m", "infra.local.run", "--as-of", "2024-06-11")
    code, told = ended(start(tmp_path, var, *today))
    assert code == 0, told[-3000:]
    assert journal(tmp_path, "2024-06-11") == Counter(ALL)
    for file in database.parent.glob("airflow.db*"):
        file.unlink()
    shutil.copy(yesterday, database)
    code, told = ended(start(tmp_path, var, *today))
    assert code == 0, told[-3000:]
    yesterdays = journal(tmp_path)
    assert (yesterdays["ingest_archive"], yesterdays[SLOW]) == (1, 2), "the run the copy was made in goes on"
    assert journal(tmp_path, "2024-06-11") == Counter(2 * ALL)
    assert left_behind(tmp_path) == []
