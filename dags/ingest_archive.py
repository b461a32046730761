"""Bring delivered files into bronze.

Reads every file in the landing folder that is not yet known by its content. A file that cannot be decoded goes to
quarantine with a reason and the rest lands: look at `bronze.source_file` where `status = 'quarantined'`. Each content
lands once, however often it is delivered or this DAG is run.

Runs every night for the day that ended (UTC). Changing the hour: set `GUIDEWAY_INGEST_CRON` where DAGs are parsed;
empty means only when triggered.
"""

from __future__ import annotations

import os

from airflow.sdk import DAG, CronDataIntervalTimetable, Param
from spark_job import CLOSE_WEEK, HOUSE, PARAMS, SparkJob

from guideway.contracts.jobs import INGEST_ARCHIVE

CRON = os.environ.get("GUIDEWAY_INGEST_CRON", "0 2 * * *")

with DAG(
    "ingest_archive",
    schedule=CronDataIntervalTimetable(CRON, timezone="UTC") if CRON else None,
    description=INGEST_ARCHIVE.summary,
    doc_md=__doc__,
    params=PARAMS
    | {
        "landing": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="Landing folder",
            description="Folder of delivered files. Empty: the worker's setting GUIDEWAY_LANDING.",
        ),
        "close_week": CLOSE_WEEK,
    },
    **HOUSE,
):
    SparkJob(job=INGEST_ARCHIVE, options=("landing",))
