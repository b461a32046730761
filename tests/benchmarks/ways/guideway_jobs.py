"""Guideway: the jobs ingest_archive, measure_condition and fit_degradation, as they are, in one session."""

from __future__ import annotations

import argparse

from guideway.contracts.jobs import FIT_DEGRADATION, INGEST_ARCHIVE, MEASURE_CONDITION
from guideway.job import execute
from guideway.logs import configure_logs
from guideway.settings import Settings, load_settings
from tests.benchmarks.archive import Archive, find_archive
from tests.benchmarks.harness import ROOT, Stages
from tests.benchmarks.work import arguments

JOBS = {"ingest": INGEST_ARCHIVE, "measure": MEASURE_CONDITION, "fit": FIT_DEGRADATION}


def settings_of(archive: Archive, options: argparse.Namespace) -> Settings:
    """As an operator of one machine would set them; a cluster is another ``--master``."""
    return load_settings(
        lake=str(options.out / "lake"),
        landing=str(archive.landing),
        profiles=str(archive.profiles),
        jars=str(ROOT / "var" / "jars"),
        events=str(options.out / "events"),
        settle_seconds=0,
        log_level="ERROR",
        master=options.master or f"local[{options.cores}]",
    )


def main() -> None:
    """Run the jobs; every job is a stage, and so is starting the session."""
    options = arguments(__doc__ or "", master=True)
    archive = find_archive(options.archive)
    as_of, cost = options.as_of or archive.day, Stages(options.out)
    with cost.stage("start"):
        from guideway.commands.jobs import job_function
        from guideway.lake.session import open_session

        settings = settings_of(archive, options)
        configure_logs(settings.log_level, run_id="bench")
        spark = open_session(settings, "guideway bench")
        spark.range(1).count()
    for stage, job in JOBS.items():
        with cost.stage(stage):
            run_id = f"bench-{stage}-{as_of}"
            execute(job, job_function(job), settings, spark=spark, as_of=as_of, run_id=run_id)
    spark.stop()


if __name__ == "__main__":
    main()
