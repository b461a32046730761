"""The plan as rows people read: each job and each deferral with its risk in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from guideway.contracts.gold import DEFERRAL, MAINTENANCE_PLAN, WORK_PLAN
from guideway.planning.build import Planning
from guideway.planning.needs import INSPECTION, is_severe
from guideway.planning.optimiser import MaintenancePlan
from guideway.planning.problem import usage

_CERTAIN = 0.995
"""A risk that rounds to 100 % says nothing the first sentence has not said."""


def work_rows(
    planning: Planning, plan: MaintenancePlan, titles: Mapping[str, str], plan_id: str, as_of: date
) -> pd.DataFrame:
    """The jobs as rows of ``gold.work_plan`` (without provenance columns), by start."""
    p = planning.problem
    rows = []
    starts = [planning.starts[p.line[job[0]], week] for job, week in zip(plan.works, plan.weeks, strict=True)]
    visits = _visits(planning, plan)
    order = sorted(range(len(starts)), key=lambda k: (starts[k], plan.works[k][0]))
    for number, k in enumerate(order, start=1):
        job, week = plan.works[k], plan.weeks[k]
        needs = planning.needs[planning.needs["task"].isin(job)]
        lead = _lead(planning, needs, min(week + 1, p.weeks))
        row = planning.needs.loc[lead]
        tasks = planning.tasks.iloc[list(job)]
        kind = int(p.kind[job[0]])
        line = int(p.line[job[0]])
        start = pd.Timestamp(starts[k]).tz_localize("UTC")
        visit = visits[k]
        # each job bears an equal part of its possession's machines
        own = float(p.cost[list(job)].sum() + p.site_cost[kind]) + visit.mobilisation * visit.machines / visit.jobs
        same = needs[needs["indicator"] == row["indicator"]]
        rows.append(
            {
                "plan_id": plan_id,
                "work_no": number,
                "as_of": as_of,
                "line_id": str(row["line_id"]),
                "track_id": str(row["track_id"]) or None,
                "from_m": float(tasks["from_m"].min()),
                "to_m": float(tasks["to_m"].max()),
                "asset_ids": sorted({asset for assets in tasks["asset_ids"] for asset in assets}),
                "work_type": str(row["work_type"]),
                "window_start": start,
                "window_end": start + pd.Timedelta(minutes=float(p.window_minutes[line, week])),
                "cost": round(own, 2),
                "currency": planning.currency,
                "expected_effect": None if row["work_type"] == INSPECTION else float(same["effect"].mean()),
                "indicator": str(row["indicator"]),
                "risk_without": float(np.clip(planning.probability[lead, min(week + 1, p.weeks)], 0.0, 1.0)),
                "reason": _why(planning, plan, k, lead, visit, titles),
            }
        )
    columns = [column.name for column in WORK_PLAN.columns]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class _Visit:
    """The machines that come to a possession for a job and others: their number, the jobs, the cost of one machine."""

    machines: int
    jobs: int
    mobilisation: float


def _visits(planning: Planning, plan: MaintenancePlan) -> list[_Visit]:
    """The visit of each job."""
    p = planning.problem
    machines = usage(p, plan.week).machines
    places = [
        (int(p.task_machine[job[0]]), int(p.line[job[0]]), w) for job, w in zip(plan.works, plan.weeks, strict=True)
    ]
    jobs = Counter(places)
    return [_Visit(int(machines[place]), jobs[place], float(p.mobilisation[place[0]])) for place in places]


def deferral_rows(
    planning: Planning, plan: MaintenancePlan, titles: Mapping[str, str], plan_id: str, as_of: date
) -> pd.DataFrame:
    """What is left for a later plan as rows of ``gold.deferral``, greatest expected loss first."""
    p = planning.problem
    rows: list[dict[str, Any]] = []
    for task in plan.deferrals:
        needs = planning.needs[planning.needs["task"] == task]
        lead = _lead(planning, needs, p.weeks)
        row, facts = planning.needs.loc[lead], planning.tasks.iloc[task]
        loss = float(p.value[task, -1]) - (p.penalty if p.deadline[task] < p.weeks else 0.0)
        cheapest = float(p.value[task, :-1].min()) + float(p.site_cost[p.kind[task]])
        cheapest += float(p.mobilisation[p.task_machine[task]])
        if not np.isfinite(cheapest):
            why = f"the work needs {p.minutes[task]:.0f} min and does not fit a window of its line or depot"
        elif plan.week[task] < 0 and cheapest >= float(p.value[task, -1]):
            why = (
                f"waiting is expected to cost {loss:,.0f} {planning.currency} in the horizon, doing it in its best "
                f"window {cheapest:,.0f} (work, machine, risk until then and life given away)"
            )
        else:
            why = (
                "machine, possession or budget are better used elsewhere; "
                f"waiting is expected to cost {loss:,.0f} {planning.currency}"
            )
        rows.append(
            {
                "line_id": str(facts["line_id"]),
                "track_id": str(facts["track_id"]) or None,
                "from_m": float(facts["from_m"]),
                "to_m": float(facts["to_m"]),
                "asset_ids": list(facts["asset_ids"]),
                "work_type": str(facts["work_type"]),
                "indicator": str(row["indicator"]),
                "risk_52w": float(np.clip(planning.probability[lead, -1], 0.0, 1.0)),
                "cost": round(float(p.cost[task] + p.site_cost[p.kind[task]]), 2),
                "expected_loss": round(loss, 2),
                "reason": f"{_crossing(planning, lead, titles)} Deferred: {why}.",
            }
        )
    rows.sort(key=lambda row: -row["expected_loss"])
    frame = pd.DataFrame(rows).assign(plan_id=plan_id, as_of=as_of, currency=planning.currency)
    frame["deferral_no"] = np.arange(1, len(frame) + 1)
    return frame.reindex(columns=[column.name for column in DEFERRAL.columns])


def plan_row(planning: Planning, plan: MaintenancePlan, plan_id: str, as_of: date) -> pd.DataFrame:
    """The plan as a whole, one row of ``gold.maintenance_plan`` (without provenance columns)."""
    p = planning.problem
    row = {
        "plan_id": plan_id,
        "as_of": as_of,
        "status": plan.status,
        "horizon_weeks": p.weeks,
        "works": len(plan.works),
        "deferred": len(plan.deferrals),
        "safety_missed": len(plan.missed),
        "accepted_risk": planning.alpha,
        "cost": round(plan.cost, 2),
        "budget": p.budget,
        "currency": planning.currency,
        "objective": round(plan.objective, 2),
        "bound": round(plan.bound, 2),
        "gap": min(plan.gap, 1.0),
    }
    return pd.DataFrame([row], columns=[column.name for column in MAINTENANCE_PLAN.columns])


def _lead(planning: Planning, needs: pd.DataFrame, week: int) -> int:
    """The need that matters most at a week: safety first, then probability times cost a day."""
    chance = planning.probability[needs.index, week] + 1e-6 * planning.probability[needs.index, -1]
    weight = chance * needs["cost_per_day"].to_numpy(float)
    weight = weight + np.where(is_severe(needs["severity"]) & (chance > planning.alpha), 1e9 * chance, 0.0)
    return int(needs.index[int(np.argmax(weight))])


def _crossing(planning: Planning, need: int, titles: Mapping[str, str]) -> str:
    row = planning.needs.loc[need]
    title = titles.get(str(row["indicator"]), str(row["indicator"]))
    title = title[0].upper() + title[1:]
    level = "limit" if row["level"] == "limit" else f"{row['level']} limit"
    limit = f"{level} of {row['limit']:.3g} {_unit(str(row['unit']))}".rstrip()
    if float(row["days_p50"]) <= 0.0:
        now = f"{title} is beyond the {limit} now ({row['level_now']:.3g})."
    elif np.isfinite(row["days_p50"]):
        low, high = (f"{value:.0f}" if np.isfinite(value) else "3650+" for value in (row["days_p10"], row["days_p90"]))
        now = f"{title} crosses the {limit} in {row['days_p50']:.0f} days (80 % interval {low} to {high})."
    else:
        now = f"{title} may cross the {limit}: {row['probability_52w']:.0%} within 52 weeks."
    score = row["score"]
    return now if not np.isfinite(score) else f"{now} The model gives {score:.0%} within 13 weeks."


def _why(
    planning: Planning, plan: MaintenancePlan, number: int, lead: int, visit: _Visit, titles: Mapping[str, str]
) -> str:
    """Why job ``number`` is done in its window; ``lead`` is the need that matters most."""
    tasks, week = list(plan.works[number]), plan.weeks[number]
    p = planning.problem
    says = [_crossing(planning, lead, titles)]
    others = int((planning.needs["task"].isin(tasks)).sum()) - 1
    if others:
        says.append(
            "One more crossing is settled with it." if others == 1 else f"{others} more crossings are settled with it."
        )
    now, later, last = (float(planning.probability[lead, at]) for at in (week, min(week + 1, p.weeks), p.weeks))
    if now < _CERTAIN:
        says.append(
            f"Without the work the risk is {now:.0%} by this window, {later:.0%} by the next, {last:.0%} in all."
        )
    deadline = int(p.deadline[tasks].min())
    if set(tasks) & set(plan.missed):
        says.append(
            "The safety limit is not kept at the accepted risk: no earlier window has room. Restrict speed until then."
        )
    elif deadline < p.weeks:
        late = planning.probability[planning.needs.index[planning.needs["task"].isin(tasks)], deadline].max()
        says.append(
            "It is beyond the accepted risk of a safety limit already: first window there is."
            if late > planning.alpha and deadline == 0
            else f"A safety limit allows week {deadline + 1} at the latest (risk at most {planning.alpha:.0%})."
        )
    else:
        saved = float(p.value[tasks, -1].sum() - p.value[tasks, week].sum())
        if np.isfinite(saved) and saved > 0:
            says.append(f"Expected to save {saved:,.0f} {planning.currency} against waiting, the work paid for.")
    if len(tasks) > 1:
        says.append(f"{len(tasks)} stretches share one site.")
    if visit.machines == 1 and visit.jobs > 1:
        cost = f"{visit.mobilisation:,.0f} {planning.currency}"
        says.append(f"{visit.jobs} jobs share the machine's visit; one of its own would cost {cost}.")
    if planning.needs.at[lead, "work_type"] == INSPECTION:
        says.append("No work in the catalogue brings it within the limit: look, find the cause, restrict if need be.")
    return " ".join(says)


def _unit(unit: str) -> str:
    return "" if unit == "1" else {"percent": "%"}.get(unit, unit)
