"""``guideway ingest``, ``measure``, ``fit``, ... : each job by itself; ``guideway pipeline``: all in one session."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from guideway.commands.command import Commands, add_command
from guideway.commands.planning import add_what_if
from guideway.contracts.jobs import JOBS, LIVE, PLAN_MAINTENANCE, UPKEEP, Job
from guideway.errors import ConfigurationError
from guideway.job import (
    SETTINGS,
    JobFunction,
    JobSummary,
    add_arguments,
    execute,
    new_run_id,
    run_once,
    today,
    write_receipt,
)
from guideway.logs import configure_logs
from guideway.settings import load_settings

_QUARANTINED = 3


def register(commands: Commands) -> None:
    """One sub-command a job, and the pipeline of all of them."""
    for job in (*JOBS, *UPKEEP, *LIVE):
        example = f"guideway {job.command} --lake var/lake"
        run = partial(_run_job, job)
        parser = add_command(commands, job.command, job.summary, run, example)
        add_arguments(parser, job)
        if job is PLAN_MAINTENANCE:
            add_what_if(parser, run)
    pipeline = add_command(
        commands,
        "pipeline",
        "run all jobs in one Spark session, without Airflow",
        _run_pipeline,
        "guideway pipeline --lake var/lake --landing var/landing --as-of 2026-01-05 --json",
    )
    add_arguments(pipeline, None)
    pipeline.add_argument("--until", choices=[job.name for job in JOBS], help="stop after this job")


def job_function(job: Job) -> JobFunction:
    """What ``jobs/<name>.py`` does.

    Raises:
        ConfigurationError: the jobs folder is not on the path.
    """
    try:
        module = importlib.import_module(f"jobs.{job.name}")
    except ModuleNotFoundError as error:
        if error.name not in ("jobs", f"jobs.{job.name}"):
            raise
        raise ConfigurationError("the folder 'jobs' is not here: run guideway from its checkout") from error
    function: JobFunction = module.run
    return function


def _run_job(job: Job, options: argparse.Namespace) -> int:
    summary = run_once(job, job_function(job), options)
    return _QUARANTINED if summary.facts.get("quarantined") else 0


def _run_pipeline(options: argparse.Namespace) -> int:
    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.session import open_session  # noqa: PLC0415

    settings = load_settings(**{name: getattr(options, name) for name in SETTINGS})
    run_id = options.run_id or new_run_id()
    configure_logs(settings.log_level, run_id=run_id)
    spark = open_session(settings, "guideway pipeline")
    as_of = options.as_of or today()
    summaries = []
    for job in JOBS:
        summary = execute(job, job_function(job), settings, spark=spark, as_of=as_of, run_id=run_id)
        summaries.append(summary)
        if options.receipt:
            write_receipt(options.receipt.with_name(f"{job.name}.json"), summary)
        if not options.json:
            print(f"{job.name}: {summary.message} ({summary.seconds:.1f} s)")
        if job.name == options.until:
            break
    _tell(summaries, Lake(spark, settings.lake).counts(), options.json)
    return 0


def _tell(summaries: Sequence[JobSummary], rows: Mapping[str, int], as_json: bool) -> None:
    """Rows of every table, the registered model and the report's path."""
    facts = {name: value for summary in summaries for name, value in summary.facts.items()}
    told = {"rows": dict(rows), "registered": facts.get("registered"), "report": facts.get("report")}
    if as_json:
        print(json.dumps(told | {"jobs": {summary.job: asdict(summary) for summary in summaries}}))
        return
    for name, count in rows.items():
        print(f"  {name:<28} {count:>12,}")
    print(f"registered model: {told['registered']}\nreport: {told['report']}")
