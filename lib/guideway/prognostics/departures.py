"""Anomalies without labels, week by week: series whose newest values leave what their own past and their peers explain.

``anomaly`` watches machines that run together snapshot by snapshot; this looks at a condition series, of which there is
a value a run. What a trend cannot say yet (it has to see the new slope first) and a limit does not say (it is far away
still) shows here: a culvert that gives way, a magnet that weakens, a sensor that lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guideway.prognostics import ragged
from guideway.prognostics.features import DAYS_PER_YEAR, work_features
from guideway.prognostics.history import history, rows
from guideway.prognostics.ragged import Floats

if TYPE_CHECKING:
    from guideway.degradation.series import SeriesBatch

LASTING = 3
"""Newest values that must all lie beyond: one or two may be a bad run."""

SIGMAS = 5.0
"""Least distance of the nearest of them, in standard errors of the prediction."""

LEAST_SHARE = 0.05
"""Least distance, as a share of the limit: less is nothing to a planner."""

_BEFORE, _LEAST_BEFORE = 12, 8
_PAST, _NEWEST = slice(None, _BEFORE), slice(_BEFORE, None)
_PEERS = 3


@dataclass(frozen=True)
class Departures:
    """How far the newest values of each series lie beyond what was to be expected; positive is worse.

    Attributes:
        size: median of the newest three, less what their peers did at the same time; in the indicator's unit; (n,).
        sigmas: the nearest of them, in standard errors of the prediction; (n,).

    Both are NaN with fewer than eight values since the last work before the newest three.
    """

    size: Floats
    sigmas: Floats

    def standing_out(self, limit: Floats) -> Floats:
        """``size`` of the series that stand out, NaN for all others; ``limit`` is in the indicator's unit; (n,)."""
        with np.errstate(invalid="ignore"):
            out = (self.sigmas >= SIGMAS) & (self.size >= LEAST_SHARE * np.abs(limit))
        return np.where(out, self.size, np.nan)


def departures(batch: SeriesBatch, origin_days: float, place: tuple[NDArray[Any], ...]) -> Departures:
    """Departures of each series at one origin, from values and works at or before it.

    A Theil-Sen line through up to twelve values since the last known work predicts the newest three. What the median of
    the series of the same place did on the same day beside their own lines (a train that measures high, a season) is
    taken off all values first, where there are three or more. The standard error is that of a prediction by a line.

    Args:
        batch: the series.
        origin_days: the origin.
        place: arrays that must all agree for series to be peers, such as track and indicator; each of shape (n,).
    """
    past = history(batch)
    series, origin = rows(past.n_series, np.array([origin_days]))
    first, end = past.offsets[series], ragged.count_until(past.offsets, past.t_days, series, origin)
    _, since, _ = work_features(past, series, origin)
    start = np.where(np.isfinite(since), ragged.count_until(past.offsets, past.t_days, series, since), first)
    start = np.minimum(start, end)
    values = ragged.last_elements(past.severity, start, end, _BEFORE + LASTING)
    days = ragged.last_elements(past.t_days, start, end, _BEFORE + LASTING)
    years = (days - origin[:, None]) / DAYS_PER_YEAR
    own = _from_line(values, years)
    residual = _from_line(own - _of_peers(own, days, place), years)
    ahead, error = residual[:, _NEWEST], _standard_error(residual[:, _PAST], years)
    enough = np.isfinite(values[:, _PAST]).sum(axis=1) >= _LEAST_BEFORE
    with np.errstate(invalid="ignore"):
        sigmas = (ahead / error).min(axis=1)
    return Departures(np.where(enough, np.median(ahead, axis=1), np.nan), np.where(enough, sigmas, np.nan))


def _from_line(values: Floats, years: Floats) -> Floats:
    """Residuals of all values from the line through those before the newest."""
    rate = ragged.theil_sen(years[:, _PAST], values[:, _PAST])[:, None]
    residual: Floats = values - rate * years
    return residual - ragged.row_median(residual[:, _PAST])[:, None]


def _standard_error(residual: Floats, years: Floats) -> Floats:
    """Standard error of a prediction of each of the newest values; (n, LASTING)."""
    known = np.isfinite(residual)
    n = np.maximum(known.sum(axis=1), 1)[:, None]
    sd = np.sqrt((np.where(known, residual, 0.0) ** 2).sum(axis=1, keepdims=True) / np.maximum(n - 2, 1))
    mean = np.where(known, years[:, _PAST], 0.0).sum(axis=1, keepdims=True) / n
    spread = (np.where(known, years[:, _PAST] - mean, 0.0) ** 2).sum(axis=1, keepdims=True)
    leverage = (years[:, _NEWEST] - mean) ** 2 / np.maximum(spread, 1e-12)
    error: Floats = np.maximum(sd * np.sqrt(1.0 + 1.0 / n + leverage), 1e-12)
    return error


def _of_peers(residual: Floats, days: Floats, place: tuple[NDArray[Any], ...]) -> Floats:
    """Median residual of the series of the same place on the same day, 0 with fewer than three; (n, n_values)."""
    group = np.zeros(len(residual), dtype=np.int64)
    for key in place:
        names, code = np.unique(np.asarray(key).astype(str), return_inverse=True)
        group = group * names.size + code
    at = np.flatnonzero(np.isfinite(residual).ravel())
    common = np.zeros(residual.size)
    if not at.size:
        return common.reshape(residual.shape)
    day = np.floor(days.ravel()[at]).astype(np.int64)
    key = np.repeat(group, residual.shape[1])[at] * (np.ptp(day) + 1) + day - day.min()
    order = np.lexsort([residual.ravel()[at], key])
    opens = np.flatnonzero(np.diff(key[order], prepend=-1))
    count = np.diff(np.append(opens, order.size))
    ranked = residual.ravel()[at][order]
    median = (ranked[opens + (count - 1) // 2] + ranked[opens + count // 2]) / 2
    common[at[order]] = np.repeat(np.where(count >= _PEERS, median, 0.0), count)
    return common.reshape(residual.shape)
