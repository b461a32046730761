"""Bring delivered files into bronze.

Reads every file in the landing folder that is not yet known by its content. A file that cannot be decoded goes to
quarantine with a reason and the rest lands: look at `bronze.source_file` where `status = 'quarantined'`. Each content
lands once, however often it is delivered or this DAG is run.

Runs every night for the day that ended (UTC), and when files have arrived in the landing folder and are whole. A run
that files start brings recordings and conditions up to date; models, plan and report wait for the night. Changing the
hour: set `GUIDEWAY_INGEST_CRON` where DAGs are parsed; empty means not by the clock. `GUIDEWAY_ARRIVAL_SECONDS` is the
time from look to look (30); 0 means not by arrival. An `s3a://` landing is looked into by the clock only.

After a profile was mended: trigger it with *Replay* (and the *Source*). What is in quarantine is read again.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, AssetWatcher, CronDataIntervalTimetable, Param
from landing_watch import LandingTrigger
from spark_job import CLOSE_WEEK, HOUSE, LANDING_FOLDER, PARAMS, SparkJob

from guideway.contracts.jobs import INGEST_ARCHIVE

CRON = os.environ.get("GUIDEWAY_INGEST_CRON", "0 2 * * *")
SECONDS = float(os.environ.get("GUIDEWAY_ARRIVAL_SECONDS", "30"))
LANDING = os.environ.get("GUIDEWAY_LANDING", "var/landing")


def schedule() -> Any:
    """By the clock, by arrival, by both or by hand."""
    nightly = CronDataIntervalTimetable(CRON, timezone="UTC") if CRON else None
    if SECONDS <= 0 or "://" in LANDING:
        return nightly
    watcher = AssetWatcher("arrival", trigger=LandingTrigger(LANDING, SECONDS))
    landing = [Asset("landing", group="guideway", watchers=[watcher])]
    return AssetOrTimeSchedule(timetable=nightly, assets=landing) if nightly else landing


with DAG(
    "ingest_archive",
    schedule=schedule(),
    description=INGEST_ARCHIVE.summary,
    doc_md=__doc__,
    params=PARAMS
    | {
        "landing": LANDING_FOLDER,
        "replay": Param(
            False,
            type="boolean",
            title="Replay",
            description="Read again what is in quarantine, after a profile was mended, instead of what is new.",
        ),
        "source": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="Source",
            description="Source profile of all these files. Empty: each file's own, by its folder.",
        ),
        "close_week": CLOSE_WEEK,
    },
    **HOUSE,
):
    SparkJob(job=INGEST_ARCHIVE, options=("landing", "source"), choices=("replay",))
