"""Scheduled, corrective and condition-based maintenance on the same history: totals, differences and where it fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from guideway.contracts.gold import POLICY_COMPARISON
from guideway.planning.replay import MEASURES, Case, Policy, SectionHistory, replay

Floats = npt.NDArray[np.float64]
_LEVELS = (10.0, 90.0)
COSTS = ("works_cost", "exceedance_cost", "restriction_cost", "recording_cost")
TOTAL_COST = "total_cost"
EVERY = "*"
_NAMES = (*MEASURES, TOTAL_COST)
_UNITS = {
    "works": "1",
    "possession_hours": "h",
    "exceedance_days": "d",
    "restriction_minutes": "min",
}
_Row = tuple[str, str, float, float, float]
_GroupRow = tuple[str, str, int, str, float, float, float, bool]


@dataclass(frozen=True)
class PolicyComparison:
    """Totals of each policy with 80 % bootstrap intervals over sections.

    Attributes:
        sections: sections replayed.
        years: length of the replay.
        seed: of noise, effects and bootstrap.
        own: the condition-based policy.
        totals: policy, measure, value, low, high.
        differences: the condition-based policy minus each other one: against, measure, value, low, high.
        groups: the same of the total cost, within each line and third of growth: line_id, growth, sections, against,
            value, low, high, helps.
        says: where it does not help, in sentences.
    """

    sections: int
    years: float
    seed: int
    own: str
    totals: pd.DataFrame
    differences: pd.DataFrame
    groups: pd.DataFrame
    says: tuple[str, ...]


def compare(
    case: Case, policies: tuple[Policy, ...], years: float, seed: int, resamples: int = 500
) -> PolicyComparison:
    """Replay every policy and say what differs; an empty history gives empty frames and says so."""
    history, n = case.history, len(case.history.start)
    own = next((policy.name for policy in policies if policy.kind == "planned"), None)
    if n == 0 or own is None:
        nothing = (_frame([], "policy"), _frame([], "against"), _groups([]))
        return PolicyComparison(n, years, seed, own or "", *nothing, ("nothing to replay",))
    outcomes = {policy.name: _counted(replay(case, policy, years, seed)) for policy in policies}
    others = [name for name in outcomes if name != own]
    gains = {other: outcomes[own] - outcomes[other] for other in others}
    ends = _intervals(np.hstack([*outcomes.values(), *gains.values()]), (seed, 3), resamples)
    rows = _rows([*outcomes, *others], ends)
    totals, differences = rows[: len(outcomes) * len(_NAMES)], rows[len(outcomes) * len(_NAMES) :]
    groups = _groups(_by_group(history, gains, seed, resamples))
    return PolicyComparison(
        n,
        years,
        seed,
        own,
        _frame(totals, "policy"),
        _frame(differences, "against"),
        groups,
        _sentences(groups, differences),
    )


def _counted(outcome: dict[str, Floats]) -> Floats:
    """Columns in the order of ``_NAMES``, shape (n, measures): sums are wanted of each, of the level a mean."""
    total = np.sum([outcome[name] for name in COSTS], axis=0)
    mean = outcome["mean_level"] / len(total)
    return np.column_stack([*(outcome[name] for name in MEASURES if name != "mean_level"), mean, total])


def _intervals(values: Floats, seed: tuple[int, ...], resamples: int) -> Floats:
    """Sum over sections and its 80 % bootstrap interval, one column a measure, shape (3, measures)."""
    n, rng = len(values), np.random.default_rng(seed)
    drawn = np.empty((resamples, values.shape[1]))
    for k in range(resamples):
        drawn[k] = np.bincount(rng.integers(0, n, n), minlength=n) @ values
    low, high = np.percentile(drawn, _LEVELS, axis=0)
    return np.stack([values.sum(axis=0), low, high])


def _rows(names: list[str], ends: Floats) -> list[_Row]:
    labels = [(name, measure) for name in names for measure in _NAMES]
    return [
        (name, measure, float(value), float(low), float(high))
        for (name, measure), (value, low, high) in zip(labels, ends.T, strict=True)
    ]


def _by_group(history: SectionHistory, gains: dict[str, Floats], seed: int, resamples: int) -> list[_GroupRow]:
    places = list(zip(history.line, history.growth, strict=True))
    rows: list[_GroupRow] = []
    for number, (line, growth) in enumerate(sorted(set(places))):
        mine = np.array([k for k, place in enumerate(places) if place == (line, growth)])
        cost = np.column_stack([gain[mine, -1] for gain in gains.values()])
        for other, (value, low, high) in zip(gains, _intervals(cost, (seed, 4, number), resamples).T, strict=True):
            rows.append((line, growth, len(mine), other, float(value), float(low), float(high), bool(high < 0.0)))
    return rows


def _sentences(groups: pd.DataFrame, differences: list[_Row]) -> tuple[str, ...]:
    says = [
        f"{row.line_id}, {row.growth} growth ({row.sections} sections): no lower cost than {row.against} "
        f"(difference {row.value:,.0f}, 80 % interval {row.low:,.0f} to {row.high:,.0f})"
        for row in groups[~groups["helps"].astype(bool)].itertuples(index=False)
    ]
    says += [
        f"network: {measure} is not lower than under {against} ({value:,.1f}, 80 % interval {low:,.1f} to {high:,.1f})"
        for against, measure, value, low, high in differences
        if high >= 0.0
    ]
    says += [
        f"network: cheaper than {against} only if a day beyond the limit costs more than {worth:,.2f}"
        for against, worth in break_even(differences).items()
    ]
    return tuple(says) or ("it helps in every group and measure",)


def break_even(differences: Iterable[_Row]) -> dict[str, float]:
    """What a day beyond the limit must be worth, where only fewer such days pay for dearer works, by policy."""
    value = {(against, measure): total for against, measure, total, *_ in differences}
    worth = {}
    for against in dict.fromkeys(key[0] for key in value):
        dearer = sum(value[against, cost] for cost in COSTS if cost != "exceedance_cost")
        fewer = -value[against, "exceedance_days"]
        if dearer > 0 and fewer > 0:
            worth[against] = dearer / fewer
    return worth


def _frame(rows: list[_Row], first: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[first, "measure", "value", "low", "high"])


def _groups(rows: list[_GroupRow]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["line_id", "growth", "sections", "against", "value", "low", "high", "helps"])


def comparison_rows(result: PolicyComparison, as_of: date, currency: str, unit: str) -> pd.DataFrame:
    """The comparison as rows of ``gold.policy_comparison`` (without provenance columns); ``unit`` is the level's."""
    units = _UNITS | {"mean_level": unit}
    totals = result.totals.assign(line_id=EVERY, growth="all", against="", sections=result.sections)
    network: dict[str, Any] = {"line_id": EVERY, "growth": "all", "policy": result.own, "sections": result.sections}
    differences = result.differences.assign(**network)
    worth = break_even(result.differences.itertuples(index=False, name=None))
    even = pd.DataFrame(list(worth.items()), columns=["against", "value"])
    even = even.assign(measure="break_even", low=np.nan, high=np.nan, **network)
    groups = result.groups.assign(policy=result.own, measure=TOTAL_COST)
    parts = [part for part in (totals, differences, even, groups) if len(part)]
    columns = [column.name for column in POLICY_COMPARISON.columns]
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True).assign(as_of=as_of, years=result.years)
    return rows.assign(unit=[units.get(name, currency) for name in rows["measure"]])[columns]
