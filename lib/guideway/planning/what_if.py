"""What changes if: a job is deferred, the budget is another, limits are others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from guideway.errors import ConfigurationError
from guideway.planning.build import Planning
from guideway.planning.crossing import HORIZONS
from guideway.planning.optimiser import MaintenancePlan

TREND = ("asset_id", "indicator", "rate_per_year", "rate_low", "rate_high", "sigma", "n_points")
"""Columns of ``gold.degradation_trend`` that forecasts under other limits are made of."""

_FARTHEST_DAYS = 3652.5
_WIDTH_80 = 2.0 * 1.2815515655446004
_SUMS = ("cost", "expected_loss", "objective")
_FIGURES = ("works", "deferred", "safety_missed", *_SUMS)


@dataclass(frozen=True)
class Changes:
    """What a changed question changes in the plan.

    Attributes:
        figures: figure, before, after, unit.
        works: jobs that come, go or move: change, line_id, from_m, to_m, work_type, window_before, window_after, cost,
            reason.
    """

    figures: pd.DataFrame
    works: pd.DataFrame


def deferred(planning: Planning, works: pd.DataFrame, work_no: int, weeks: int) -> Planning:
    """The problem with one job of ``works`` put off by ``weeks`` weeks.

    Raises:
        ConfigurationError: the plan has no such job.
    """
    chosen = works[works["work_no"] == work_no]
    if chosen.empty:
        raise ConfigurationError(f"the plan has no work {work_no}; it has 1 to {len(works)}")
    row = chosen.iloc[0]
    names, kinds = planning.tasks["asset_ids"], planning.tasks["work_type"]
    mine = [
        task
        for task in range(len(planning.tasks))
        if kinds.iloc[task] == row["work_type"] and set(names.iloc[task]) <= set(row["asset_ids"])
    ]
    starts = planning.starts[planning.problem.line[mine[0]]]
    planned = np.datetime64(row["window_start"].tz_localize(None), "m")
    value = planning.problem.value.copy()
    early = np.flatnonzero(starts < planned + np.timedelta64(7 * weeks, "D"))
    value[np.array(mine, dtype=np.int64)[:, None], early[None, :]] = np.inf
    return replace(planning, problem=replace(planning.problem, value=value))


def steady(planning: Planning, plan: MaintenancePlan, cost: float) -> Planning:
    """The problem in which every other week than the planned one costs ``cost`` more: a plan changes for a reason."""
    value = planning.problem.value.copy()
    tasks = np.arange(planning.problem.n)
    value += cost
    value[tasks, plan.week] -= cost
    return replace(planning, problem=replace(planning.problem, value=value))


def with_budget(planning: Planning, budget: float) -> Planning:
    """The problem with another budget.

    Raises:
        ConfigurationError: it is negative or no number.
    """
    if not 0 <= budget < float("inf"):
        raise ConfigurationError(f"budget {budget} is not a sum of money")
    return replace(planning, problem=replace(planning.problem, budget=budget))


def with_limits(
    forecasts: pd.DataFrame, trends: pd.DataFrame, limits: Mapping[tuple[str, str, str], float]
) -> pd.DataFrame:
    """Forecasts under other limits: the trend's line and its uncertainty, taken to the new limit.

    The level on day d is normal about ``level_now + rate d`` with the variance of the rate (from its 80 % interval) and
    of the level (``sigma^2 / n``); the probability of having crossed is that of being beyond. Rows whose limit stays
    keep their forecast, as do rows without a trend.

    Args:
        forecasts: columns of ``gold.limit_forecast``, with ``sign`` (+1 where higher is worse).
        trends: columns of ``gold.degradation_trend``.
        limits: the new limit by asset, indicator and level; a level that is missing here is dropped.
    """
    keys = list(zip(forecasts["asset_id"], forecasts["indicator"], forecasts["level"], strict=True))
    new = np.array([limits.get(key, np.nan) for key in keys], dtype=float)
    kept = forecasts.assign(new=new).dropna(subset=["new"])
    rows = kept.merge(trends[list(TREND)], on=["asset_id", "indicator"], how="left")
    changed = ~np.isclose(rows["new"], rows["limit"]) & rows["rate_per_year"].notna().to_numpy(bool)
    rate = (rows["rate_per_year"] * rows["sign"]).to_numpy(float) / 365.25
    spread = (rows["rate_high"] - rows["rate_low"]).fillna(0.0).abs().to_numpy(float) / _WIDTH_80 / 365.25
    level = (rows["sigma"].fillna(0.0) ** 2 / rows["n_points"].clip(lower=1)).to_numpy(float)
    room = ((rows["new"] - rows["level_now"]) * rows["sign"]).to_numpy(float)
    out = rows.copy()
    out["limit"] = rows["new"]
    past = np.zeros(len(rows))
    for day, name in HORIZONS:
        deviation = np.sqrt(np.maximum((day * spread) ** 2 + level, 1e-18))
        past = np.maximum(past, np.where(room < 0.0, 1.0, ndtr((rate * day - room) / deviation)))
        out[name] = np.where(changed, past, rows[name])
    for share, name in ((0.1, "days_p10"), (0.5, "days_p50"), (0.9, "days_p90")):
        fast = rate - ndtri(share) * spread
        days = np.where(room < 0.0, 0.0, np.divide(room, fast, out=np.full(len(rows), np.inf), where=fast > 0))
        out[name] = np.where(changed, np.where(days <= _FARTHEST_DAYS, days, np.nan), rows[name])
    return out[list(forecasts.columns)]


def changes(
    before: tuple[Planning, MaintenancePlan, pd.DataFrame], after: tuple[Planning, MaintenancePlan, pd.DataFrame]
) -> Changes:
    """Compare two plans of one day; each is given with its problem and its rows of works."""
    figures = pd.DataFrame({"figure": _FIGURES, "before": _figures(*before), "after": _figures(*after)})
    figures["unit"] = [before[0].currency if name in _SUMS else "1" for name in _FIGURES]
    old, new = _by_asset(before[2]), _by_asset(after[2])
    seen: set[tuple[str, int]] = set()
    rows = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is None:
            change, row, windows = "new", new[key], (None, new[key]["window_start"])
        elif now is None:
            change, row, windows = "gone", was, (was["window_start"], None)
        else:
            change, row, windows = "moved", now, (was["window_start"], now["window_start"])
        pair = (change, int(row["work_no"]))
        if pair in seen or windows[0] == windows[1]:
            continue
        seen.add(pair)
        facts = (row["line_id"], row["from_m"], row["to_m"], row["work_type"])
        rows.append((change, *facts, *windows, row["cost"], row["reason"]))
    names = ["change", "line_id", "from_m", "to_m", "work_type", "window_before", "window_after", "cost", "reason"]
    return Changes(figures, pd.DataFrame(rows, columns=names))


def _figures(planning: Planning, plan: MaintenancePlan, works: pd.DataFrame) -> tuple[float, ...]:
    loss = plan.objective - plan.cost - planning.problem.penalty * len(plan.missed)
    return (
        len(works),
        len(plan.deferrals),
        len(plan.missed),
        round(plan.cost, 2),
        round(loss, 2),
        round(plan.objective, 2),
    )


def _by_asset(works: pd.DataFrame) -> dict[tuple[str, str], pd.Series]:
    return {(asset, row["work_type"]): row for _, row in works.iterrows() for asset in row["asset_ids"]}
