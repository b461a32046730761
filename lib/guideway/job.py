"""What the jobs have in common: arguments, session, locks, logs, summary line and receipt."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from guideway import events
from guideway.contracts import table
from guideway.contracts.jobs import Job
from guideway.disks import explain_full_disk
from guideway.errors import ConfigurationError, GuidewayError
from guideway.events import Attempt
from guideway.logs import configure_logs
from guideway.settings import Settings, load_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from guideway.lake.lake import Lake
    from guideway.lake.writer import Writer

SETTINGS = ("lake", "landing", "reports", "profiles", "rulebooks")
"""Settings every job takes on its command line."""


@dataclass(frozen=True)
class JobContext:
    """What a job is given: the lake, a writer stamped with the run, the settings and the day it is about."""

    lake: Lake
    writer: Writer
    settings: Settings
    as_of: date
    say: Callable[[str], None]
    source: str | None = None
    paths: tuple[Path, ...] = ()
    replay: bool = False
    once: bool = False

    @property
    def spark(self) -> SparkSession:
        """The session of the lake."""
        return self.lake.spark


@dataclass(frozen=True)
class JobSummary:
    """What a job did: rows changed by table, versions now, further facts and one line that explains itself."""

    job: str
    run_id: str
    as_of: str
    rows: Mapping[str, int]
    versions: Mapping[str, int]
    facts: Mapping[str, object]
    message: str
    seconds: float = field(compare=False)


JobFunction = Callable[[JobContext], tuple[str, Mapping[str, object]]]


def execute(
    job: Job,
    function: JobFunction,
    settings: Settings,
    *,
    spark: SparkSession,
    as_of: date,
    run_id: str,
    source: str | None = None,
    paths: Sequence[Path] = (),
    replay: bool = False,
    once: bool = False,
) -> JobSummary:
    """Run a job as the only writer of its tables.

    ``source``, ``paths`` and ``replay`` narrow an ingest; ``once`` ends a stream when it has dealt with what is there.
    """
    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.writer import Writer  # noqa: PLC0415

    started, started_at = time.monotonic(), datetime.now(timezone.utc)
    lake = Lake(spark, settings.lake, settings.lock_wait_seconds)
    log = structlog.get_logger().bind(job=job.name)
    # a retry has the run's id, too: each attempt is told apart, so that what a killed one left can be found
    writer = Writer(lake, f"{run_id}~{uuid.uuid4().hex[:6]}")
    context = JobContext(lake, writer, settings, as_of, log.info, source, tuple(paths), replay, once)
    targets = tuple(table(name) for name in job.writes)
    attempt = Attempt(job, writer.run_id, as_of, started_at)
    events.tell_start(settings, attempt)
    try:
        with lake.writing(() if job.streams else targets, owner=f"{job.name} {run_id}"):
            message, facts = function(context)
    except Exception as error:
        told = explain_full_disk(error, settings) or error
        events.tell_failure(settings, attempt, str(told), time.monotonic() - started)
        if told is error:
            raise
        raise told from error
    seconds = round(time.monotonic() - started, 2)
    log.info("done", message=message, seconds=seconds)
    summary = JobSummary(
        job.name, writer.run_id, as_of.isoformat(), dict(writer.rows), lake.versions(targets), facts, message, seconds
    )
    events.tell_success(settings, attempt, asdict(summary))
    return summary


def add_arguments(parser: argparse.ArgumentParser, job: Job | None) -> None:
    """The arguments a job (or, without one, the pipeline) takes: the contract of jobs, DAGs and command line."""
    if job and job.takes_paths:
        parser.add_argument("paths", nargs="*", type=Path, help="files or folders (default: the landing folder)")
        parser.add_argument("--source", help="source profile of all these files (default: by their folder)")
        parser.add_argument(
            "--replay", action="store_true", help="read again what is in quarantine, after a profile was mended"
        )
    if job and job.streams:
        parser.add_argument("--once", action="store_true", help="deal with what is there, then end")
    for name in SETTINGS:
        parser.add_argument(f"--{name}", help=Settings.model_fields[name].description)
    parser.add_argument("--as-of", type=date.fromisoformat, help="day the results are about (default: today, UTC)")
    parser.add_argument("--run-id", help="identifier of the run (default: made up)")
    parser.add_argument("--receipt", type=Path, help="also write the summary to this JSON file")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def main(job: Job, function: JobFunction) -> None:
    """Entry point of ``jobs/<name>.py`` under spark-submit or plain Python; exits with the error's code."""
    parser = argparse.ArgumentParser(prog=f"jobs/{job.name}.py", description=job.summary)
    add_arguments(parser, job)
    try:
        run_once(job, function, parser.parse_args())
    except GuidewayError as error:
        print(f"{job.name}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def run_once(job: Job, function: JobFunction, options: argparse.Namespace) -> JobSummary:
    """Open a session, run one job as the options say, print its summary and write its receipt."""
    from guideway.lake.session import open_session  # noqa: PLC0415

    settings = load_settings(**{name: getattr(options, name) for name in SETTINGS})
    run_id = options.run_id or new_run_id()
    configure_logs(settings.log_level, run_id=run_id)
    spark = open_session(settings, f"guideway {job.name}")
    narrowed = {name: getattr(options, name) for name in ("source", "paths", "replay")} if job.takes_paths else {}
    narrowed |= {"once": options.once} if job.streams else {}
    summary = execute(job, function, settings, spark=spark, as_of=options.as_of or today(), run_id=run_id, **narrowed)
    if options.receipt:
        write_receipt(options.receipt, summary)
    print(json.dumps(asdict(summary)) if options.json else f"{job.name}: {summary.message}")
    return summary


def write_receipt(path: Path, summary: JobSummary) -> None:
    """Write the summary whole or not at all: an Airflow task reads it as soon as the job has ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(summary), indent=1), encoding="utf-8")
    draft.replace(path)


def new_run_id() -> str:
    """An identifier no other run has."""
    return uuid.uuid4().hex[:16]


def today() -> date:
    """The day it is, in UTC: only a default of the command line, never used by a transform."""
    return datetime.now(timezone.utc).date()


def require_folder(setting: str, value: str) -> Path:
    """The folder a setting names, whole from the root: the workers of a cluster stand in another one.

    Raises:
        ConfigurationError: it is not there.
    """
    folder = Path(value)
    if not folder.is_dir():
        raise ConfigurationError(f"setting {setting!r}: no folder {folder}")
    return folder.resolve()
