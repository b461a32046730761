"""Trailing windows over many recorded lives laid end to end: what a monitored machine looks like at each moment."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.signal import lfilter

from guideway.prognostics.ragged import Floats, Ints

MIN_SLOPE_POINTS = 5


def window_means(values: Floats, offsets: Ints, width: int) -> Floats:
    """Mean of the last ``width`` rows of the same unit, up to and including each row; shape of ``values``."""
    start, stop = _bounds(offsets, width)
    sums = _cumulative(values)
    means: Floats = (sums[stop] - sums[start]) / (stop - start)[:, None]
    return means


def window_slopes(values: Floats, offsets: Ints, width: int) -> Floats:
    """Least-squares slope a step over the last ``width`` rows; 0 with fewer than five rows."""
    start, stop = _bounds(offsets, width)
    n = (stop - start).astype(np.float64)[:, None]
    t = _age(offsets)[:, None]
    sums_t, sums_tt = _cumulative(t), _cumulative(t * t)
    sums_v, sums_tv = _cumulative(values), _cumulative(values * t)
    sum_t, sum_v = sums_t[stop] - sums_t[start], sums_v[stop] - sums_v[start]
    sxx = (sums_tt[stop] - sums_tt[start]) - sum_t**2 / n
    sxy = (sums_tv[stop] - sums_tv[start]) - sum_t * sum_v / n
    enough = n >= MIN_SLOPE_POINTS
    return np.where(enough, sxy / np.where(enough, sxx, 1.0), 0.0)


def smoothed(values: Floats, offsets: Ints, span: int) -> Floats:
    """Exponentially weighted mean with weight 2 / (span + 1), begun at the mean of the first five rows."""
    alpha = 2.0 / (span + 1)
    out = np.empty_like(values)
    for first, last in pairwise(offsets):
        own = values[first:last]
        if len(own):
            state = (1 - alpha) * own[:5].mean(axis=0, keepdims=True)
            out[first:last] = lfilter([alpha], [1, alpha - 1], own, axis=0, zi=state)[0]
    return out


def since_start(values: Floats, offsets: Ints, *, healthy: int = 16, width: int = 20) -> Floats:
    """Recent mean minus the mean of the unit's first ``healthy`` rows (of those there were by then)."""
    first = np.repeat(offsets[:-1], np.diff(offsets))
    row = np.arange(len(values))
    sums = _cumulative(values)
    stop = np.minimum(row + 1, first + healthy)
    start_mean = (sums[stop] - sums[first]) / (stop - first)[:, None]
    change: Floats = window_means(values, offsets, width) - start_mean
    return change


def lifelong_means(values: Floats, offsets: Ints) -> Floats:
    """Mean of everything since the unit's first row."""
    return window_means(values, offsets, int(np.diff(offsets).max(initial=1)))


def _age(offsets: Ints) -> Floats:
    age: Floats = np.arange(offsets[-1], dtype=np.float64) - np.repeat(offsets[:-1], np.diff(offsets))
    return age


def _bounds(offsets: Ints, width: int) -> tuple[Ints, Ints]:
    first = np.repeat(offsets[:-1], np.diff(offsets))
    stop = np.arange(1, offsets[-1] + 1, dtype=np.int64)
    return np.maximum(first, stop - width).astype(np.int64), stop


def _cumulative(values: Floats) -> Floats:
    return np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
