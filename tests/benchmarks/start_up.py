"""What every start costs: imports, session, first table, first Python worker; processor time, alone and in turns."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import ROOT, run_way

_IMPORTS = "import numpy, scipy.signal, pandas, pyarrow"


def measured(folder: Path, main_job: Path) -> dict[str, Any]:
    """Starts of Python and of sessions, with and without each measure; what Airflow added in a ``make run``.

    Args:
        folder: for what the sessions write.
        main_job: folder of a ``make run``; Airflow is left out where there is none.
    """
    told: dict[str, Any] = {
        "imports, bytecode compiled": _python([], _IMPORTS),
        "imports, bytecode not used": _python(["-B"], _IMPORTS, PYTHONPYCACHEPREFIX=str(folder / "no-bytecode")),
    }
    for name, more in {
        "as jobs start": (),
        "without the class archive": ("--no-archive",),
        "second compiler": ("--second-compiler",),
    }.items():
        run = run_way("session_start", [str(folder), *more], folder / "out" / "session_start")
        told[name] = {stage.stage: {"wall_s": stage.wall_s, "cpu_s": stage.cpu_s} for stage in run.stages}
    if (main_job / "airflow" / "airflow.db").is_file():
        told["airflow"] = airflow(main_job)
    return told


def airflow(run: Path) -> dict[str, dict[str, float]]:
    """What Airflow adds around the jobs of a ``make run`` in ``run``, seconds on the clock, task by task.

    Returns:
        By task: ``queue`` from the end of the task before to the start, ``submit`` from there to the job's own start
        (Python and session), ``end`` from the job's own end to the task's.
    """
    told: dict[str, dict[str, float]] = {}
    with closing(sqlite3.connect(f"file:{run / 'airflow' / 'airflow.db'}?mode=ro", uri=True)) as base:
        tasks = base.execute(
            "SELECT task_id, start_date, end_date FROM task_instance WHERE operator = 'SparkJob' ORDER BY start_date"
        ).fetchall()
    lines = [
        line for file in sorted((run / "lake" / "_events").glob("*.jsonl")) for line in file.read_text().splitlines()
    ]
    events = [json.loads(line) for line in lines]
    at = {(one["job"]["name"], one["eventType"]): datetime.fromisoformat(one["eventTime"]) for one in events}
    before: datetime | None = None
    for task, *moments in tasks:
        start, end = (datetime.fromisoformat(moment).replace(tzinfo=timezone.utc) for moment in moments)
        told[task] = {
            "queue": (start - before).total_seconds() if before else 0.0,
            "submit": (at[task, "START"] - start).total_seconds(),
            "end": (end - at[task, "COMPLETE"]).total_seconds(),
        }
        before = end
    return told


def _python(options: list[str], code: str, **env: str) -> dict[str, float]:
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | env
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *options, "-c", code], cwd=ROOT, env=plain, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": time.perf_counter() - started, "cpu_s": cpu}
