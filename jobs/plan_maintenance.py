"""Plan maintenance: works in possession windows, what is deferred and why, and what planning so is worth."""

from __future__ import annotations

from collections.abc import Mapping

from guideway.contracts.gold import DEFERRAL, MAINTENANCE_PLAN, POLICY_COMPARISON, WORK_PLAN
from guideway.contracts.jobs import PLAN_MAINTENANCE
from guideway.job import JobContext, main
from guideway.planning.optimiser import plan
from guideway.planning.works import deferral_rows, plan_row, work_rows
from guideway.rulebooks.load import load_rulebooks
from guideway.threads import in_threads
from guideway.transforms.planning import compared_policies, gather_planning, plan_frame, plan_id, through_spark

_DEFERRALS_SHOWN = 10


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Replace the window ``as_of`` of the plan's tables; without forecasts the plan is empty."""
    settings, as_of = context.settings, context.as_of
    rulebooks = load_rulebooks(*settings.rulebook_folders)
    fetch = through_spark(context.lake.read)
    frames = gather_planning(fetch, rulebooks, as_of, settings.planning)
    planning, titles, name = frames.planning(), frames.facts.titles, plan_id(settings.network_name, as_of)
    result = plan(planning.problem)
    works = work_rows(planning, result, titles, name, as_of)
    deferrals = deferral_rows(planning, result, titles, name, as_of)
    policies = compared_policies(fetch, frames.catalogue, as_of)
    whole = plan_row(planning, result, name, as_of)
    frames_of = {WORK_PLAN: works, MAINTENANCE_PLAN: whole, DEFERRAL: deferrals, POLICY_COMPARISON: policies}
    in_threads(
        lambda table: context.writer.replace_days(plan_frame(context.spark, frames_of[table], table), table, as_of),
        frames_of,
    )
    shown = deferrals.head(_DEFERRALS_SHOWN)[["line_id", "work_type", "risk_52w", "expected_loss", "reason"]]
    return (
        f"{len(works)} works for {result.cost:,.0f} {planning.currency}, {len(deferrals)} deferred, "
        f"gap {result.gap:.1%}, {result.status}",
        {
            "status": result.status,
            "works": len(works),
            "cost": round(result.cost, 2),
            "currency": planning.currency,
            "gap": round(result.gap, 4),
            "deferred": len(deferrals),
            "safety_missed": len(result.missed),
            "deferrals": shown.to_dict("records"),
        },
    )


if __name__ == "__main__":
    main(PLAN_MAINTENANCE, run)
