"""What a forecast has to beat: "stays as it is", and least squares on the asset alone."""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.interventions import Interventions
from guideway.degradation.series import Floats, Ints, SeriesBatch

LEAST_PAIRS = 10


@kernel
def nearest_value(offsets: Ints, t: Floats, day: Floats, after: Floats, tolerance: float) -> Ints:
    """Position (n,) of each series' value nearest to ``day``, later than ``after``; -1 beyond the tolerance."""
    n = len(offsets) - 1
    found = np.full(n, -1, np.int64)
    for i in range(n):
        best = tolerance
        for j in range(offsets[i], offsets[i + 1]):
            distance = abs(t[j] - day[i])
            if t[j] > after[i] and distance <= best:
                best, found[i] = distance, j
    return found


def last_value(batch: SeriesBatch) -> tuple[Floats, Floats]:
    """Day and value (n,) of each series' last value; NaN where it has none."""
    filled = np.diff(batch.offsets) > 0
    day, value = np.full(len(batch), np.nan), np.full(len(batch), np.nan)
    day[filled] = batch.t_days[batch.offsets[1:][filled] - 1]
    value[filled] = batch.values[batch.offsets[1:][filled] - 1]
    return day, value


def persistence(
    known: SeriesBatch, works: Interventions, group: Ints, rows: int, horizon_days: float, tolerance: float
) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n,) of "stays as it is": the last value, and how far values moved over the horizon.

    The spread is the root mean square of the group's past changes over the horizon that no known work lies in.
    """
    day, value = last_value(known)
    start = np.nan_to_num(day, nan=-1e9) - horizon_days
    earlier = nearest_value(known.offsets, known.t_days, start, np.full(len(known), -np.inf), tolerance)
    paired = earlier >= 0
    origin_day = np.where(paired, known.t_days[np.maximum(earlier, 0)] if len(known.t_days) else np.nan, np.nan)
    paired &= (origin_day < day) & ~straddles(works, origin_day, day)
    sd = np.full(rows, np.nan)
    for row in range(rows):
        chosen = paired & (group == row)
        if chosen.sum() >= LEAST_PAIRS:
            sd[row] = np.sqrt(np.mean((value[chosen] - known.values[earlier[chosen]]) ** 2))
    return value, sd[group]


def straddles(works: Interventions, after: Floats, until: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether any work of each series lies between ``after`` and ``until`` (n,), or may."""
    owner = works.owner()
    inside = (works.to_days > after[owner]) & (works.from_days < until[owner])
    inside |= (works.at_days > after[owner]) & (works.at_days <= until[owner])
    return np.bincount(owner[inside], minlength=len(after)) > 0


@kernel
def least_squares(offsets: Ints, t: Floats, v: Floats, since: Floats, day: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n,) of an ordinary least-squares forecast from values at or after ``since``.

    Normal, with the textbook variance ``s^2 (1 + 1/n + (x - mean x)^2 / Sxx)``; NaN below three values.
    """
    n = len(offsets) - 1
    mean, sd = np.full(n, np.nan), np.full(n, np.nan)
    for i in range(n):
        a, b = offsets[i], offsets[i + 1]
        while a < b and t[a] < since[i]:
            a += 1
        if b - a < 3:
            continue
        centre_t, centre_v = np.mean(t[a:b]), np.mean(v[a:b])
        s_tt = np.sum((t[a:b] - centre_t) ** 2)
        slope = np.sum((t[a:b] - centre_t) * (v[a:b] - centre_v)) / s_tt
        rest = np.sum((v[a:b] - centre_v - slope * (t[a:b] - centre_t)) ** 2) / (b - a - 2)
        mean[i] = centre_v + slope * (day[i] - centre_t)
        sd[i] = np.sqrt(rest * (1.0 + 1.0 / (b - a) + (day[i] - centre_t) ** 2 / s_tt))
    return mean, sd


def last_recorded_work(known: SeriesBatch) -> Floats:
    """Day (n,) of each series' last recorded work; minus infinity where there is none."""
    day = np.full(len(known), -np.inf)
    has = np.diff(known.work_offsets) > 0
    day[has] = known.work_t_days[known.work_offsets[1:][has] - 1]
    return day
