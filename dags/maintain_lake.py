"""Upkeep of the lake.

Brings every table to its contract, compacts small files, writes checkpoints, removes files no reader may still want,
and tells size and state of every table in `ops.lake_health` and every finished job in `ops.job_run`. How long old
versions stay readable is data (`lib/guideway/lake/upkeep.csv`); the versions of a published report stay readable
whatever its age, and no row of any table changes.

Runs every Sunday at 04:00 UTC, before Monday's report, for the day before. A table another job is writing is left alone
and named in the summary; the next upkeep does it. Changing the hour: set `GUIDEWAY_UPKEEP_CRON` where DAGs are parsed;
empty means only when triggered.
"""

from __future__ import annotations

import os

from airflow.sdk import DAG, CronDataIntervalTimetable
from spark_job import HOUSE, PARAMS, SparkJob

from guideway.contracts.jobs import MAINTAIN_LAKE

CRON = os.environ.get("GUIDEWAY_UPKEEP_CRON", "0 4 * * 0")

with DAG(
    "maintain_lake",
    schedule=CronDataIntervalTimetable(CRON, timezone="UTC") if CRON else None,
    description=MAINTAIN_LAKE.summary,
    doc_md=__doc__,
    params=PARAMS,
    **HOUSE,
):
    SparkJob(job=MAINTAIN_LAKE)
