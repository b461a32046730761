"""The main job: deliver a simulated archive, then run the DAG chain from the archive to the weekly report.

Starts an Airflow of its own, triggers ``ingest_archive``, follows every run its assets start, prints what came of it
and ends all it started. Exits with 1 where a run failed, printing the end of the failing task's log.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from guideway.settings import INTERPRETED
from guideway.standing_driver import ADDRESS
from infra.local.airflow_home import prepare_airflow
from infra.local.airflow_services import await_airflow, migrate_database, start_airflow
from infra.local.chain import Follower, Outcome, log_tail
from infra.local.places import AIRFLOW_HOME, BIN, RECORD, VAR, free_port, job_environment
from infra.local.processes import Service, recorded, start, stop

DAGS = ["ingest_archive", "measure_condition", "train_models", "weekly_degradation"]
OWN_SPARK = ("AIRFLOW_CONN_SPARK_DEFAULT", "GUIDEWAY_SPARK_PROPERTIES")
"""Who sets one of these wants spark-submit to start Spark in another way."""

STARTED = time.monotonic()


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.0f} s] {line}", flush=True)


def deliver_archive(env: dict[str, str]) -> str | None:
    """Simulate an archive where the landing folder is empty; returns the day after a simulated one."""
    landing, truth = Path(env["GUIDEWAY_LANDING"]), VAR / "truth"
    if landing.is_dir() and any(landing.iterdir()):
        say(f"archive: {landing} is there already")
    else:
        say(f"archive: simulating a network into {landing}")
        command = [str(BIN / "guideway"), "simulate", "--landing", str(landing), "--truth", str(truth)]
        subprocess.run(command, env=env, check=True)
    spec_file = truth / "spec.json"
    if "GUIDEWAY_LANDING" in os.environ or not spec_file.exists():
        return None
    spec = json.loads(spec_file.read_text(encoding="utf-8"))
    return (date.fromisoformat(spec["first_day"]) + timedelta(weeks=spec["weeks"])).isoformat()


def main_job(env: dict[str, str], as_of: str | None) -> dict[str, Any]:
    """The parameters of the main job, once its archive is there."""
    archive_end = deliver_archive(env)
    date_worked_for = as_of or archive_end
    return {"close_week": True} | ({"as_of": date_worked_for} if date_worked_for else {})


@contextmanager
def standing(env: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment with a driver for all jobs in it; what comes before the first of them hides its start."""
    with tempfile.TemporaryDirectory(prefix="guideway-") as folder:  # the path of a socket must be short
        address = str(Path(folder, "driver"))
        command = [str(BIN / "python"), "-m", "guideway.standing_driver", address]
        service = start("driver", command, env, VAR / "log" / "driver.log")
        try:
            yield env | {ADDRESS: address}
        finally:
            stop([service])


def run_chain(env: dict[str, str], dag_id: str, conf: dict[str, Any]) -> Outcome:
    """Start Airflow, run a DAG and all that its assets start to the end, end Airflow."""
    port = free_port()
    login = prepare_airflow(port, interactive=False)
    services: list[Service] = []
    try:
        migrate_database(env, VAR / "log" / "airflow-db.log")
        services = start_airflow(env, port)
        api = await_airflow(services, port, login, [*DAGS, dag_id])
        say(f"airflow: {api.address}, log-in in {AIRFLOW_HOME / 'passwords.json'}")
        for each in (*DAGS, dag_id):
            api.unpause(each)
        follower = Follower(api, say, is_alive=lambda: all(service.process() for service in services))
        return follower.follow(dag_id, api.trigger(dag_id, conf))
    finally:
        stop(services)


def summarise(outcome: Outcome, lake: str) -> Iterable[str]:
    """Rows of every table and rows this run changed, the registered model and the report."""
    changed: Counter[str] = Counter()
    for receipt in outcome.receipts:
        changed.update(receipt.get("rows") or {})
    facts = {name: value for receipt in outcome.receipts for name, value in (receipt.get("facts") or {}).items()}
    yield f"{'table':<30} {'rows':>12} {'changed now':>12}"
    yield from (f"{table:<30} {count:>12,} {changed[table]:>12,}" for table, count in rows_of_tables(lake))
    for label, fact in (("registered model", "registered"), ("report", "report")):
        if fact in facts:
            yield f"{label}: {facts[fact]}"


def rows_of_tables(lake: str) -> Iterable[tuple[str, int]]:
    """The tables a local lake has, with their rows; read by delta-rs, as a second pair of eyes on what Spark wrote."""
    from deltalake import DeltaTable  # noqa: PLC0415 - not needed to show --help

    for log in sorted(Path(lake).glob("*/*/_delta_log")):
        yield f"{log.parents[1].name}.{log.parent.name}", int(DeltaTable(log.parent).count())


def main() -> int:
    """Run it; 0 where every DAG run succeeded."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.run", description=__doc__)
    parser.add_argument("--as-of", help="date to work for (default: the end of a simulated archive, else today)")
    parser.add_argument("--dag", default="ingest_archive", help="DAG to start (default: ingest_archive)")
    parser.add_argument("--conf", type=json.loads, help="its parameters as JSON (default: those of the main job)")
    parser.add_argument(
        "--standing-driver", action="store_true", help="one driver for all jobs, not spark-submit for each"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if recorded(RECORD):
        print("error: `make up` runs on the same Airflow: trigger ingest_archive there, or `make down` first")
        return 2
    # one hand-started run: neither the night nor the files it delivers must start another beside it
    env = job_environment() | {"GUIDEWAY_INGEST_CRON": "", "GUIDEWAY_UPKEEP_CRON": "", "GUIDEWAY_ARRIVAL_SECONDS": "0"}
    if "GUIDEWAY_JAVA_OPTIONS" not in os.environ:
        env["GUIDEWAY_JAVA_OPTIONS"] += f" {INTERPRETED}"
    env.setdefault("GUIDEWAY_SHUFFLE_PARTITIONS", "2")
    try:
        stands = options.standing_driver and not any(name in os.environ for name in OWN_SPARK)
        with standing(env) if stands else nullcontext(env) as with_driver:
            conf = main_job(env, options.as_of) if options.conf is None else options.conf
            outcome = run_chain(with_driver, options.dag, conf)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for failure in outcome.failures:
        print(f"--- the end of the log of {failure[0]}.{failure[2]}:", *log_tail(AIRFLOW_HOME, failure), sep="\n")
    for line in summarise(outcome, env["GUIDEWAY_LAKE"]):
        print(line)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    sys.exit(main())
