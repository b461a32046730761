"""Measure condition.

Aligns the runs of a track with its reference run, computes the condition indicators of every new recording and holds
them against the rule books. Recordings that were measured with the same definition before are not measured again;
change a definition or a rule book and the next run measures what it touches.

Starts when `bronze.recording` changes. Several deliveries that wait together are measured in one run.
"""

from __future__ import annotations

from airflow.sdk import DAG
from spark_job import CLOSE_WEEK, HOUSE, PARAMS, SparkJob, table

from guideway.contracts.jobs import MEASURE_CONDITION

with DAG(
    "measure_condition",
    schedule=[table("bronze.recording")],
    description=MEASURE_CONDITION.summary,
    doc_md=__doc__,
    params=PARAMS | {"close_week": CLOSE_WEEK},
    is_paused_upon_creation=False,
    **HOUSE,
):
    SparkJob(job=MEASURE_CONDITION)
