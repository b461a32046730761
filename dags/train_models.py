"""Train the predictive-maintenance models.

Trains the condition model, which looks 13 weeks ahead, and validates it by time and by line against persistence and the
plain trend; and, where a fault register is delivered, the models of failures. Each is registered in MLflow and has a
gate of its own; the better version is `champion`. Where there is a champion, only for a reason: it is older than
`GUIDEWAY_RETRAIN_DAYS` (28; 0: always), a line has drifted (`gold.model_drift`), or other limits apply. With
`GUIDEWAY_MODEL_APPROVAL=true` the gate promotes nothing: a person does, asked by the DAG `approve_model`, or by
`guideway models promote VERSION --why ...`. The weekly round does not wait for that: the champions go on.

Starts when `gold.condition` changes and a week is complete: the date is a Monday, or the chain was started with
*Close the week*. On other days the first task skips the rest.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
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

    @task(pool="models", doc_md="Challengers that wait for a person's word, one run of `approve_model` each.")
    def awaits_approval(receipt: dict[str, Any]) -> list[dict[str, Any]]:
        """The parameters of `approve_model` for each challenger that waits for a person's word."""
        awaits = receipt["facts"].get("awaits_approval") or {}
        return [
            {"model": model, "version": int(asked["version"]), "gate": asked["gate"]} for model, asked in awaits.items()
        ]

    train = SparkJob(job=TRAIN_MODELS, outlets=(MODEL,))
    week_is_closed("{{ closes_week(params, triggering_asset_events, dag_run) }}") >> train
    # runs of their own: the next training must not wait for this week's answers
    TriggerDagRunOperator.partial(
        task_id="ask_for_approval",
        doc_md="Have `approve_model` ask a person about each; asked once however often this is retried.",
        pool="models",
        trigger_dag_id="approve_model",
        trigger_run_id="{{ dag_run.run_id }}.{{ ti.map_index }}",
        skip_when_already_exists=True,
    ).expand(conf=awaits_approval(train.output))
