"""The weekly round: trends, risk, plan, report.

Fits the degradation trends, forecasts limit crossings, scores every asset with the champion model, proposes works and
publishes Monday's report under `<reports>/<network>/<ISO week>/`. A report that was published stays until the new one
is whole.

Starts when a model was trained. To do an old week again, trigger it with *As of* set to that Monday: the rows of that
`as_of` are replaced, no other row changes. A run that takes longer than `GUIDEWAY_REPORT_HOURS` (6) raises an alert.
"""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG, DeadlineAlert, DeadlineReference, Param, SyncCallback, chain
from alerts import tell_late
from spark_job import HOUSE, MODEL, PARAMS, SparkJob

from guideway.contracts import jobs

HOURS = float(os.environ.get("GUIDEWAY_REPORT_HOURS", "6"))

with DAG(
    "weekly_degradation",
    schedule=[MODEL],
    description="trends, forecasts, risk, work plan and the weekly report",
    doc_md=__doc__,
    params=PARAMS
    | {
        "reports": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="Reports",
            description="Folder of published reports. Empty: the worker's setting GUIDEWAY_REPORTS.",
        )
    },
    is_paused_upon_creation=False,
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=HOURS),
        callback=SyncCallback(tell_late),
    ),
    **HOUSE,
):
    chain(
        SparkJob(job=jobs.FIT_DEGRADATION),
        SparkJob(job=jobs.SCORE_ASSETS),
        SparkJob(job=jobs.PLAN_MAINTENANCE),
        SparkJob(job=jobs.PUBLISH_REPORT, options=("reports",)),
    )
