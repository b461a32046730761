"""The first screen in plain texts, for the PDF and the mail: what to do, what to plan, what changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from guideway.reporting.content import ReportContent
from guideway.reporting.local_time import in_local_time
from guideway.reporting.phrases import away, chainage, interval, percent, signed, value
from guideway.reporting.summary import Summary, Urgent
from guideway.reporting.tables import line_names, name_of, place, rows_of, title, units_of
from guideway.reporting.words import Words
from guideway.reporting.work_risk import CERTAIN, with_year_risk

RATE_CHANGED = 0.02
"""A rate that changed by less than this share of itself since last week is no reason."""

LEAST_CHANGE = 0.001
"""Changes below the third decimal are not told."""


@dataclass(frozen=True)
class Item:
    """One thing to decide on: its name, the key fact, where it is, and why."""

    name: str
    fact: str
    place: str
    why: str


def act_items(content: ReportContent, rows: pd.DataFrame, summary: Summary, words: Words, most: int) -> list[Item]:
    """What needs somebody on site within days, a place each, with the work that is planned there."""
    return [_urgent(urgent, content, rows, words) for urgent in summary.act[:most]]


def plan_items(content: ReportContent, words: Words, most: int) -> list[Item]:
    """The next works by window."""
    names, units, items = line_names(content), units_of(content), []
    first = with_year_risk(content).sort_values("work_no").head(most)
    for work in rows_of(in_local_time(first, content, "window_start")):
        opens = words.day(work.window_start.date())
        effect = _number(work.expected_effect)
        change = signed(effect, units.get(work.indicator, ""))
        gain = f"{title(content, work.indicator, words)} {change}" if math.isfinite(effect) else ""
        risk, year = _number(work.risk_without), percent(_number(work.risk_52w))
        without = words("work.beyond") if risk >= CERTAIN else words("work.without", p=percent(risk), year=year)
        where = chainage(_number(work.from_m), _number(work.to_m)) or words("work.depot")
        spot = f"{where} · {work.currency} {_number(work.cost):,.0f}"
        name = f"{words.code('type', work.work_type)}, {names.get(str(work.line_id), str(work.line_id))}"
        items.append(Item(name, opens, spot, " · ".join(part for part in (gain, without) if part)))
    return items


def changed_items(content: ReportContent, summary: Summary, words: Words, most: int) -> list[Item]:
    """What got worse since last week, and why: newly beyond a limit, then sooner, then later."""
    names, items = line_names(content), []
    listed = pd.concat([summary.newly, summary.sooner, summary.later])
    for row in rows_of(listed[~listed.index.duplicated()].head(most)):
        shift = _number(row.shift_days)
        moved = words("cell.sooner" if shift < 0 else "cell.later", n=f"{abs(shift):.0f}")
        fact = words("cell.newly", level=words.grade(row.beyond)) if row.newly else moved
        spot = f"{place(row, names)} · {words.grade(row.level)} {away(_number(row.days_p50), words)}"
        items.append(Item(_name(row), fact, spot, _why(row, content, words)))
    return items


def _why(row: Any, content: ReportContent, words: Words) -> str:
    """What moved a forecast since last week: the level, its rate, the limit."""
    unit, level, rate, limit = (
        str(row.unit),
        *(_number(x) for x in (row.level_change, row.rate_change, row.limit_change)),
    )
    says = [f"{title(content, row.indicator, words)} {signed(level, unit)}"] if abs(level) >= LEAST_CHANGE else []
    if abs(rate) >= max(RATE_CHANGED * abs(_number(row.rate_per_year)), LEAST_CHANGE):
        says.append(words("why.rate", change=signed(rate, words("cell.per_year", unit=unit))))
    if abs(limit) >= LEAST_CHANGE:
        says.append(words("why.limit", change=signed(limit, unit)))
    return " · ".join(says)


def _urgent(urgent: Urgent, content: ReportContent, rows: pd.DataFrame, words: Words) -> Item:
    frame, tell = (content.exceedance, _defect) if urgent.is_defect else (rows, _forecast)
    row: Any = next(rows_of(frame.iloc[[urgent.row]]))
    item = tell(row, content, words)
    more = words.number("act.more", urgent.more) if urgent.more else ""
    why = " · ".join(part for part in (item.why, _planned(row.asset_id, content, words), more) if part)
    return Item(item.name, item.fact, item.place, why)


def _planned(asset: object, content: ReportContent, words: Words) -> str:
    works = content.work_plan[[asset in assets for assets in content.work_plan["asset_ids"]]]
    if works.empty:
        return words("act.no_work")
    first = next(rows_of(in_local_time(works.sort_values("work_no").head(1), content, "window_start")))
    return words("act.work", n=first.work_no, date=words.day(first.window_start.date()))


def _forecast(row: Any, content: ReportContent, words: Words) -> Item:
    days = _number(row.days_p50)
    fact = words("cell.over_limit", level=words.grade(row.beyond)) if row.beyond else away(days, words)
    what = f"{title(content, row.indicator, words)} {value(_number(row.level_now), str(row.unit))}"
    reach = interval(content.as_of, _number(row.days_p10), _number(row.days_p90), words)
    when = f"{words.grade(row.level)} {away(days, words)}, {reach}" if days > 0 else ""
    beyond = int(row.beyond_severity)
    asks = words.consequence(beyond or int(row.severity), row.asset_type, now=bool(beyond))
    why = " · ".join(part for part in (asks, when) if part)
    return Item(_name(row), fact, f"{place(row, line_names(content))} · {what}", why)


def _defect(row: Any, content: ReportContent, words: Words) -> Item:
    what = f"{title(content, row.indicator, words)} {value(_number(row.peak), str(row.unit))}"
    limit = f"{words.grade(row.level)} {value(_number(row.limit), str(row.unit))}"
    fact = words("cell.over_limit", level=words.grade(row.level))
    spot = f"{place(row, line_names(content))} · {what} ({limit})"
    kinds = content.assets.loc[content.assets["asset_id"] == row.asset_id, "asset_type"]
    asks = words.consequence(int(row.severity), kinds.iloc[0] if len(kinds) else None, now=True)
    return Item(name_of(content, row.asset_id), fact, spot, asks)


def _name(row: Any) -> str:
    return str(row.name) if isinstance(row.name, str) and row.name else str(row.asset_id)


def _number(raw: Any) -> float:
    return float(raw) if raw is not None and raw is not pd.NA else math.nan
