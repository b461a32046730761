"""Plan maintenance: works in possession windows, with cost and reason."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import functions as F

from guideway.contracts.gold import WORK_PLAN
from guideway.contracts.jobs import PLAN_MAINTENANCE
from guideway.job import JobContext, main
from guideway.planning.optimiser import plan
from guideway.planning.works import deferral_rows, work_rows
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms.planning import gather_planning, plan_frame, plan_id

_DEFERRALS_SHOWN = 10


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Replace the window ``as_of`` of gold.work_plan; without forecasts the plan is empty."""
    settings, as_of = context.settings, context.as_of
    rulebooks = load_rulebooks(*settings.rulebook_folders)
    frames = gather_planning(context.lake.read, rulebooks, as_of, settings.planning)
    planning, titles = frames.planning(), frames.facts.titles
    result = plan(planning.problem)
    works = work_rows(planning, result, titles, plan_id(settings.network_name, as_of), as_of)
    deferrals = deferral_rows(planning, result, titles)
    today = F.col("as_of") == F.lit(as_of)
    frame = plan_frame(context.spark, works)
    context.writer.replace(frame, WORK_PLAN, today, f"as_of = DATE '{as_of.isoformat()}'")
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
