"""Alert on files as they arrive.

Looks into the landing folder, decodes and measures what came since the last look, and writes what exceeds a limit to
`gold.live_alert`: `act` for the next days, `plan` for the work list. Nothing is taken in: `ingest_archive` does that in
its own time, and a file alerted here is ingested there once. Killed, retried or run beside a `guideway watch`: no alert
is lost and none is there twice.

Starts paused. Switched on, it runs every 15 minutes and ends when it has dealt with what is there; it does not wait for
the jobs of the lake. For alerts within seconds run `guideway watch` as a service instead and leave this DAG paused.
Changing the minutes: set `GUIDEWAY_WATCH_CRON` where DAGs are parsed; empty means only when triggered.
"""

from __future__ import annotations

import os

from airflow.sdk import DAG, CronDataIntervalTimetable
from spark_job import HOUSE, LANDING_FOLDER, PARAMS, SparkJob

from guideway.contracts.jobs import WATCH_LIVE

CRON = os.environ.get("GUIDEWAY_WATCH_CRON", "*/15 * * * *")

with DAG(
    "watch_live",
    schedule=CronDataIntervalTimetable(CRON, timezone="UTC") if CRON else None,
    description=WATCH_LIVE.summary,
    doc_md=__doc__,
    params=PARAMS | {"landing": LANDING_FOLDER},
    is_paused_upon_creation=True,
    **HOUSE,
):
    SparkJob(job=WATCH_LIVE, options=("landing",), switches=("once",), pool="live")
