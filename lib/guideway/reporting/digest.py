"""The first screen in plain texts, for the PDF and the mail: what to do, what to plan, what changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from guideway.reporting.content import ReportContent
from guideway.reporting.local_time import in_local_time
from guideway.reporting.phrases import away, chainage, interval, percent, signed, value
from guideway.reporting.summary import Summary
from guideway.reporting.tables import line_names, place, rows_of, title, units_of
from guideway.reporting.words import Words


@dataclass(frozen=True)
class Item:
    """One thing to decide on: its name, the key fact, where it is, and why."""

    name: str
    fact: str
    place: str
    why: str


def act_items(content: ReportContent, summary: Summary, words: Words, most: int) -> list[Item]:
    """What needs somebody on site within days: defects of severity 3, forecasts, then other defects."""
    names = line_names(content)
    worst = [_defect(row, content, names, words) for row in rows_of(summary.defects) if int(row.severity) >= 3]
    rest = [_defect(row, content, names, words) for row in rows_of(summary.defects) if int(row.severity) < 3]
    ahead = [_forecast(row, content, names, words) for row in rows_of(summary.act.head(most))]
    return [*worst[:2], *ahead, *worst[2:], *rest][:most]


def plan_items(content: ReportContent, words: Words, most: int) -> list[Item]:
    """The next works by window."""
    names, units, items = line_names(content), units_of(content), []
    first = content.work_plan.sort_values("window_start").head(most)
    for work in rows_of(in_local_time(first, content, "window_start")):
        opens = words.day(work.window_start.date())
        effect = _number(work.expected_effect)
        change = signed(effect, units.get(work.indicator, ""))
        gain = f"{title(content, work.indicator, words)} {change}" if math.isfinite(effect) else ""
        risk = words("work.without", p=percent(_number(work.risk_without)))
        where = chainage(_number(work.from_m), _number(work.to_m)) or words("work.depot")
        spot = f"{where} · {work.currency} {_number(work.cost):,.0f}"
        name = f"{words.code('type', work.work_type)}, {names.get(str(work.line_id), str(work.line_id))}"
        items.append(Item(name, opens, spot, " · ".join(part for part in (gain, risk) if part)))
    return items


def changed_items(content: ReportContent, summary: Summary, words: Words, most: int) -> list[Item]:
    """Forecasts that moved most since last week: sooner first."""
    names, items = line_names(content), []
    for row in rows_of(pd.concat([summary.sooner, summary.later]).head(most)):
        shift = _number(row.shift_days)
        moved = words("cell.sooner" if shift < 0 else "cell.later", n=f"{abs(shift):.0f}")
        change = f"{title(content, row.indicator, words)} {signed(_number(row.level_change), str(row.unit))}"
        spot = f"{place(row, names)} · {row.level} {away(_number(row.days_p50), words)}"
        items.append(Item(_name(row), moved, spot, change))
    return items


def _forecast(row: Any, content: ReportContent, names: Any, words: Words) -> Item:
    days = _number(row.days_p50)
    fact = words("cell.over_limit", level=row.beyond) if row.beyond else away(days, words)
    what = f"{title(content, row.indicator, words)} {value(_number(row.level_now), str(row.unit))}"
    reach = interval(content.as_of, _number(row.days_p10), _number(row.days_p90), words)
    when = f"{row.level} {away(days, words)}, {reach}" if days > 0 else ""
    beyond = int(row.beyond_severity)
    asks = words.code("consequence.now", beyond, "") if beyond else words.code("consequence", int(row.severity), "")
    why = " · ".join(part for part in (asks, when) if part)
    return Item(_name(row), fact, f"{place(row, names)} · {what}", why)


def _defect(row: Any, content: ReportContent, names: Any, words: Words) -> Item:
    labels = dict(zip(content.assets["asset_id"], content.assets["name"], strict=True))
    what = f"{title(content, row.indicator, words)} {value(_number(row.peak), str(row.unit))}"
    limit = f"{row.level} {value(_number(row.limit), str(row.unit))}"
    fact = words("cell.over_limit", level=row.level)
    name = labels.get(row.asset_id)
    spot = f"{place(row, names)} · {what} ({limit})"
    return Item(
        name if isinstance(name, str) else str(row.asset_id),
        fact,
        spot,
        words.code("consequence.now", int(row.severity), ""),
    )


def _name(row: Any) -> str:
    return str(row.name) if isinstance(row.name, str) and row.name else str(row.asset_id)


def _number(raw: Any) -> float:
    return float(raw) if raw is not None and raw is not pd.NA else math.nan
