"""Do a period again, week by week.

Runs `weekly_degradation` for every Monday from the first to the last date, one after the other, oldest first: after a
rule book or a trend parameter changed, or for weeks when nothing ran. Rows of those dates are replaced; no other row
changes. The live schedule may go on beside it: both wait for the one slot of the lake's pool.

Files are not delivered again: what was measured with an older definition is measured again by `measure_condition`.
"""

from __future__ import annotations

from datetime import date, timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, task
from spark_job import HOUSE


def mondays(first: str, last: str) -> list[str]:
    """The Mondays from ``first`` to ``last``, both included, as ISO dates."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    start += timedelta(days=-start.weekday() % 7)
    return [(start + timedelta(days=days)).isoformat() for days in range(0, (end - start).days + 1, 7)]


with DAG(
    "replay_weeks",
    schedule=None,
    description="run the weekly round again for every Monday of a period",
    doc_md=__doc__,
    params={
        "first": Param(
            type="string", format="date", title="First date", description="The first Monday on or after it is done."
        ),
        "last": Param(
            type="string", format="date", title="Last date", description="The last Monday on or before it is done."
        ),
    },
    **HOUSE,
):

    @task(pool="replay", doc_md="List the Mondays of the period.")
    def weeks(params: dict[str, str] | None = None) -> list[dict[str, str]]:
        """One configuration of `weekly_degradation` for each Monday."""
        period = params or {}
        return [{"as_of": monday} for monday in mondays(period["first"], period["last"])]

    TriggerDagRunOperator.partial(
        task_id="weekly_round",
        doc_md="Run `weekly_degradation` for one Monday and wait for its end.",
        trigger_dag_id="weekly_degradation",
        wait_for_completion=True,
        poke_interval=5,
        pool="replay",
        max_active_tis_per_dagrun=1,
    ).expand(conf=weeks())
