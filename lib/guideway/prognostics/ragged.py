"""Arithmetic on many short series laid end to end: bisect, gather and window sums without a Python loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def count_until(offsets: Ints, t: Floats, series: Ints, at: Floats, *, inclusive: bool = True) -> Ints:
    """Index one past the last element of ``series[k]`` with ``t <= at[k]`` (``t < at[k]`` if not inclusive).

    Args:
        offsets: start of each series in ``t``, with one more entry for the end; shape (n_series + 1,).
        t: times, rising within a series; shape (n,).
        series: series of each question; shape (m,).
        at: time of each question; shape (m,).
        inclusive: whether an element exactly at the time counts.

    Returns:
        Absolute indices into ``t``; equal to ``offsets[series]`` where no element qualifies; shape (m,).
    """
    low = offsets[series].astype(np.int64)
    high = offsets[series + 1].astype(np.int64)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        probe = t[np.where(open_, middle, 0)]
        before = open_ & ((probe <= at) if inclusive else (probe < at))
        low = np.where(before, middle + 1, low)
        high = np.where(open_ & ~before, middle, high)
    return low


def last_elements(values: Floats, start: Ints, end: Ints, count: int) -> Floats:
    """The last ``count`` values of each window ``[start, end)``, oldest first, NaN where there are fewer.

    Returns:
        Shape (len(start), count).
    """
    index = end[:, None] + np.arange(-count, 0)[None, :]
    inside = index >= start[:, None]
    return np.where(inside, take(values, np.where(inside, index, 0)), np.nan)


def take(values: Floats, index: Ints) -> Floats:
    """``values[index]``, or NaN everywhere when there are no values at all."""
    if values.size == 0:
        return np.full(index.shape, np.nan)
    return values[np.clip(index, 0, values.size - 1)]


def window_sums(values: Floats, start: Ints, end: Ints) -> Floats:
    """Sum of each window ``[start, end)``; 0 for an empty window. Windows may overlap."""
    filled = end > start
    padded = np.append(values, 0.0)
    pairs = np.column_stack([np.where(filled, start, 0), np.where(filled, end, 0)]).ravel()
    sums = np.add.reduceat(padded, pairs)[::2] if pairs.size else np.empty(0)
    return np.where(filled, sums, 0.0)


def slopes(t: Floats, values: Floats, start: Ints, end: Ints, *, min_points: int = 3) -> Floats:
    """Least-squares slope of ``values`` over ``t`` in each window; NaN with too few or coincident points.

    ``t`` and ``values`` should be relative to something near (for example the first element of the series), which
    keeps the sums well conditioned.
    """
    n = (end - start).astype(np.float64)
    enough = n >= min_points
    size = np.where(enough, n, 1.0)
    sum_t = window_sums(t, start, end)
    sum_v = window_sums(values, start, end)
    sxx = window_sums(t * t, start, end) - sum_t**2 / size
    sxy = window_sums(t * values, start, end) - sum_t * sum_v / size
    spread = enough & (sxx > 1e-9)
    return np.where(spread, sxy / np.where(spread, sxx, 1.0), np.nan)


def theil_sen(t: Floats, values: Floats) -> Floats:
    """Median of pairwise slopes of each row; NaN entries are left out, NaN where fewer than three points.

    Sen, P. K. (1968), Estimates of the regression coefficient based on Kendall's tau.

    Args:
        t: shape (rows, k).
        values: shape (rows, k).
    """
    first, second = np.triu_indices(t.shape[1], k=1)
    dt = t[:, second] - t[:, first]
    with np.errstate(invalid="ignore", divide="ignore"):
        pairwise = np.where(dt > 0, (values[:, second] - values[:, first]) / dt, np.nan)
    enough = np.isfinite(values).sum(axis=1) >= 3
    return np.where(enough, row_median(pairwise), np.nan)


def row_median(matrix: Floats) -> Floats:
    """Median of each row over its finite entries; NaN for a row without any."""
    if matrix.shape[1] == 0:
        return np.full(matrix.shape[0], np.nan)
    ordered = np.sort(np.where(np.isfinite(matrix), matrix, np.nan), axis=1)
    n = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(matrix))
    low = ordered[rows, np.maximum((n - 1) // 2, 0)]
    high = ordered[rows, np.minimum(n // 2, matrix.shape[1] - 1)]
    return np.where(n > 0, (low + high) / 2, np.nan)
