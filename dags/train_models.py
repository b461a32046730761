"""Train the predictive-maintenance model.

Trains the model that looks 13 weeks ahead, validates it by time and by line against persistence and the plain trend,
and registers it in MLflow; the better one is `champion`. Where there is a champion, only for a reason: it is older than
`GUIDEWAY_RETRAIN_DAYS` (28; 0: always), a line has drifted (`gold.model_drift`), or other limits apply. With
`GUIDEWAY_MODEL_APPROVAL=true` the gate promotes nothing: a person does, by `guideway models promote VERSION --why ...`.

Starts when `gold.condition` changes and a week is complete: the date is a Monday, or the chain was started with
*Close the week*. On other days the first task skips the rest.
"""

from __future__ import annotations

from airflow.sdk import DAG, task
from spark_job import CLOSE_WEEK, HOUSE, MODEL, PARAMS, SparkJob, table

from guideway.contracts.jobs import TRAIN_MODELS

with DAG(
    "train_models",
    schedule=[table("gold.condition")],
    description=TRAIN_MODELS.summary,
    doc_md=__doc__,
    params=PARAMS | {"close_week": CLOSE_WEEK},
    is_paused_upon_creation=False,
    render_template_as_native_obj=True,
    **HOUSE,
):

    @task.short_circuit(pool="models", doc_md="Go on only when a week is complete.")
    def week_is_closed(due: bool) -> bool:
        """Go on only when a week is complete."""
        return due

    week_is_closed("{{ closes_week(params, triggering_asset_events, dag_run) }}") >> SparkJob(
        job=TRAIN_MODELS, outlets=(MODEL,)
    )
