"""What happened after an origin: the value ahead, whether a limit was exceeded, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guideway.prognostics import ragged
from guideway.prognostics.history import History, history, rows
from guideway.prognostics.ragged import Floats, Ints

if TYPE_CHECKING:
    from guideway.degradation.series import SeriesBatch

HORIZONS_WEEKS = (4, 13, 26, 52)


def target_table(
    batch: SeriesBatch,
    origins_days: Floats,
    limit: Floats | None = None,
    horizons_weeks: Sequence[int] = HORIZONS_WEEKS,
    tolerance: float = 0.25,
) -> dict[str, NDArray[Any]]:
    """Targets of each series at each origin, rows as in ``feature_table``.

    Args:
        batch: the series with everything that is known today.
        origins_days: as-of times; shape (n_origins,).
        limit: alert limit of each series, in the indicator's unit; NaN where there is none; shape (n_series,).
        horizons_weeks: how far ahead.
        tolerance: how far from the horizon a measurement may lie, as a share of the horizon (at least two weeks).

    Returns:
        ``series``, ``origin_days`` and for each horizon ``w``: ``value_{w}w`` (severity at the horizon: between the
        measurements around it where both lie after the origin and within the tolerance, else the nearest within it,
        else NaN), ``seen_{w}w`` (the last severity measured in the tolerance before the horizon, NaN where there is
        none or a work came between: what one sees on the horizon's day), ``span_days_{w}w`` (days from origin to where
        the value really is), ``straddles_work_{w}w`` (a work lies between origin and the measurements used: not a
        degradation, left out of training) and ``exceeds_{w}w`` (1 a measurement within the horizon, before any work,
        is at or beyond the limit; 0 none is and the series was watched until the horizon; NaN unknown: a work came
        between or nobody measured). Without a horizon: ``days_to_limit`` to the first such measurement
        (``limit_reached`` 1) or to the work or last measurement that ends the watch (``limit_reached`` 0).
    """
    past = history(batch)
    series, origin = rows(past.n_series, origins_days)
    limits = np.full(past.n_series, np.nan) if limit is None else past.sign * np.asarray(limit, dtype=np.float64)
    table: dict[str, NDArray[Any]] = {"series": series, "origin_days": origin}
    work = _next_work(past, series, origin)
    reached = _first_exceedance(past, limits, series, origin)
    last_watch = np.minimum(_last_time(past, series), work)
    for weeks in horizons_weeks:
        horizon = 7.0 * weeks
        slack = max(14.0, tolerance * horizon)
        value, at, latest_used, seen = _value_at(past, series, origin, origin + horizon, slack)
        table[f"seen_{weeks}w"] = np.where(work > origin + horizon, seen, np.nan)
        table[f"value_{weeks}w"] = value
        table[f"span_days_{weeks}w"] = at - origin
        table[f"straddles_work_{weeks}w"] = work < latest_used
        hit = (reached <= origin + horizon) & (reached < work)
        watched = last_watch >= origin + horizon - slack
        clear = watched & (work > origin + horizon)
        has_limit = np.isfinite(limits[series])
        table[f"exceeds_{weeks}w"] = np.where(has_limit & hit, 1.0, np.where(has_limit & clear, 0.0, np.nan))
    observed = np.isfinite(reached) & (reached < work)
    end = np.where(observed, reached, np.where(last_watch > origin, last_watch, np.nan))
    table["days_to_limit"] = np.where(np.isfinite(limits[series]), end - origin, np.nan)
    table["limit_reached"] = observed.astype(np.float64)
    return table


def followed_up(exceeds: Floats, origin_days: Floats) -> Floats:
    """Outcomes of origins that were watched to their horizon; NaN for later ones.

    After the last origin with any known 0 only early exceedances are known: to learn from them alone would be to learn
    that everything fails.
    """
    last = origin_days[exceeds == 0].max(initial=-np.inf)
    known: Floats = np.where(origin_days <= last, exceeds, np.nan)
    return known


def _value_at(
    past: History, series: Ints, origin: Floats, at: Floats, slack: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Value at a time, where in time it really is, the latest measurement it uses, and the last value before it."""
    opening = ragged.count_until(past.offsets, past.t_days, series, origin)
    right = ragged.count_until(past.offsets, past.t_days, series, at, inclusive=False)
    left = right - 1
    has_left = left >= opening
    has_right = right < past.offsets[series + 1]
    t_left = np.where(has_left, ragged.take(past.t_days, left), -np.inf)
    t_right = np.where(has_right, ragged.take(past.t_days, right), np.inf)
    v_left, v_right = ragged.take(past.severity, left), ragged.take(past.severity, right)
    near_left, near_right = at - t_left <= slack, t_right - at <= slack
    both = near_left & near_right
    gap = np.where(both, t_right - t_left, 1.0)
    weight = np.where(both, (at - np.where(both, t_left, 0.0)) / gap, 0.0)
    between = v_left * (1 - weight) + v_right * weight
    value = np.where(both, between, np.where(near_left, v_left, np.where(near_right, v_right, np.nan)))
    where = np.where(both, at, np.where(near_left, t_left, np.where(near_right, t_right, np.nan)))
    latest = np.where(near_right, t_right, np.where(near_left, t_left, -np.inf))
    return value, where, latest, np.where(near_left, v_left, np.nan)


def _next_work(past: History, series: Ints, origin: Floats) -> Floats:
    """Time of the first work after the origin; infinite without one."""
    index = ragged.count_until(past.work_offsets, past.work_t_days, series, origin)
    return np.where(index < past.work_offsets[series + 1], ragged.take(past.work_t_days, index), np.inf)


def _last_time(past: History, series: Ints) -> Floats:
    filled = past.offsets[series + 1] > past.offsets[series]
    return np.where(filled, ragged.take(past.t_days, past.offsets[series + 1] - 1), -np.inf)


def _first_exceedance(past: History, limits: Floats, series: Ints, origin: Floats) -> Floats:
    """Time of the first measurement after the origin at or beyond the limit; infinite without one."""
    n = past.t_days.size
    beyond = past.severity >= np.repeat(limits, np.diff(past.offsets))
    ahead = np.where(beyond, np.arange(n), n)
    ahead = np.append(np.minimum.accumulate(ahead[::-1])[::-1], n).astype(np.int64)
    opening = ragged.count_until(past.offsets, past.t_days, series, origin)
    index = ahead[opening]
    return np.where(index < past.offsets[series + 1], ragged.take(past.t_days, index), np.inf)
