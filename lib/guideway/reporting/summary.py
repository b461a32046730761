"""The ten-second summary: what to decide this week, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent
from guideway.reporting.inert import inert
from guideway.reporting.local_time import in_local_time
from guideway.reporting.sentences import Sentences
from guideway.reporting.strips import days_of
from guideway.reporting.words import Words

NEAR_WEEKS = 26
"""A crossing nearer than this, more likely than not, should have a work."""

SAFETY = 3
"""Severity of a limit beyond which traffic is restricted."""

CHANGED_DAYS = 7.0
"""A forecast that moved by less than this since last week is steady."""

NEAR_ENOUGH_DAYS = 364.0
"""Forecasts of dates further off than this are not listed as changed."""


@dataclass(frozen=True)
class Urgent:
    """A place where somebody must act: its worst finding.

    Attributes:
        is_defect: whether ``row`` is one of ``gold.exceedance``, not of the outlook.
        row: position of the row in its frame.
        more: further findings at the same asset that ask for action.
    """

    is_defect: bool
    row: int
    more: int


@dataclass(frozen=True)
class Summary:
    """What the first screen says.

    Attributes:
        act: places to act at within days: defects of severity 3, then the outlook's layer ``act``, then other defects
            of severity 2 or more; each asset once, by its first finding.
        newly: rows of the outlook beyond a worse limit than a week ago, worst first.
        sooner: rows of the outlook whose crossing came nearer by a week or more, most first.
        later: rows of the outlook whose crossing moved away by a week or more, most first.
        unplanned: assets likely to cross a limit within 26 weeks that no work covers.
        works: number of works proposed.
        cost: cost of the works by currency.
        first_window: day the first window opens; None without works.
        too_late: stretches that cannot be worked on before the accepted risk of a safety limit is passed.
        forecasts: number of series with a forecast.
    """

    act: tuple[Urgent, ...]
    newly: pd.DataFrame
    sooner: pd.DataFrame
    later: pd.DataFrame
    unplanned: int
    works: int
    cost: Mapping[str, float]
    first_window: date | None
    too_late: int
    forecasts: int


def summarise(content: ReportContent, rows: pd.DataFrame) -> Summary:
    """The summary of a report; ``rows`` is its ``outlook``."""
    covered = {str(asset) for assets in content.work_plan["asset_ids"] for asset in assets}
    near = (rows[f"probability_{NEAR_WEEKS}w"] >= 0.5) | (rows["beyond"] != "")
    moved = rows[~rows["newly"] & (rows["shift_days"].abs() >= CHANGED_DAYS) & (rows["days_p50"] <= NEAR_ENOUGH_DAYS)]
    works = in_local_time(content.work_plan, content, "window_start")
    return Summary(
        act=_urgent(content, rows),
        newly=rows[rows["newly"]].sort_values("beyond_severity", ascending=False, kind="stable"),
        sooner=moved[moved["shift_days"] < 0].sort_values("shift_days", kind="stable"),
        later=moved[moved["shift_days"] > 0].sort_values("shift_days", ascending=False, kind="stable"),
        unplanned=len(set(rows.loc[near, "asset_id"]) - covered),
        works=len(works),
        cost={str(code): float(sum_) for code, sum_ in works.groupby("currency")["cost"].sum().items()},
        first_window=days_of(works["window_start"]).min().item() if len(works) else None,
        too_late=int(content.maintenance_plan["safety_missed"].sum()),
        forecasts=int((rows["level"] != "").sum()),
    )


def _urgent(content: ReportContent, rows: pd.DataFrame) -> tuple[Urgent, ...]:
    severity = pd.to_numeric(content.exceedance["severity"], errors="coerce").to_numpy(float)
    ranked = [int(k) for k in np.argsort(-severity, kind="stable")]
    found = content.exceedance["asset_id"].to_numpy()
    ahead = [(False, int(k), rows["asset_id"].iloc[k]) for k in np.flatnonzero(rows["layer"] == "act")]
    worst = [(True, k, found[k]) for k in ranked if severity[k] >= SAFETY]
    rest = [(True, k, found[k]) for k in ranked if 2 <= severity[k] < SAFETY]
    findings: dict[str, list[tuple[bool, int]]] = {}
    for is_defect, k, asset in (*worst, *ahead, *rest):
        findings.setdefault(str(asset), []).append((is_defect, k))
    return tuple(Urgent(*first, len(others)) for first, *others in findings.values())


def headline(summary: Summary, words: Words) -> tuple[str, ...]:
    """One to four sentences that say what to decide."""
    if summary.forecasts == 0 and summary.works == 0 and not summary.act:
        return (words("headline.empty"),)
    opens = words.day(summary.first_window) if summary.first_window else ""
    sentences = [
        words.number("headline.act", len(summary.act)),
        words.number("headline.plan", summary.works, cost=money(summary.cost), date=opens),
    ]
    if summary.too_late:
        sentences.append(words.number("headline.too_late", summary.too_late))
    if summary.unplanned:
        sentences.append(words.number("headline.unplanned", summary.unplanned))
    return tuple(sentences)


def stale(reason: str, words: Words) -> str:
    """The banner of a report that is not to be trusted as it stands, and why."""
    return words("banner.stale", reason=Sentences(words, {})(reason))


def plan_verdict(content: ReportContent, words: Words) -> str:
    """How good the plan is: its budget and gap, and whether safety limits are kept; empty without a plan."""
    if content.maintenance_plan.empty:
        return ""
    plan = content.maintenance_plan.iloc[0]
    missed = int(plan["safety_missed"])
    budget = money({str(plan["currency"]): float(plan["budget"])})
    gap = f"{float(plan['gap']) * 100:.1f}"
    key = "work.plan_best" if gap == "0.0" else "work.plan"
    said = words(key, weeks=int(plan["horizon_weeks"]), budget=budget, gap=gap)
    safety = words.number("work.safety", missed, risk=f"{float(plan['accepted_risk']) * 100:.0f}")
    return f"{said} {safety}" if words.language == "en" else said + safety


def money(cost: Mapping[str, float]) -> str:
    """Sums by currency as people write them: ``EUR 1,234,000``."""
    return " + ".join(f"{inert(currency)} {amount:,.0f}" for currency, amount in sorted(cost.items()))
