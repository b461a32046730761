"""Regimes of a power trace: the best piecewise polynomial by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: Phases of a throw in order (Chamroukhi and others, for French switch motors).
PHASES = ("start", "unlocking", "translation", "locking", "friction")

_DEGREE = 2
_MOST_CELLS = 400
_LEAST_CELLS = 4
_LEAST_SHARE = 1e-3  # of the trace's spread: no residual is trusted below


@dataclass(frozen=True, slots=True)
class Regime:
    """Half-open range of samples that one polynomial describes.

    Attributes:
        first: first sample.
        stop: one past the last sample.
        mean: mean of the trace in it.
        rms_residual: root mean square of what the polynomial leaves.
    """

    first: int
    stop: int
    mean: float
    rms_residual: float


def find_regimes(values: npt.ArrayLike, count: int = len(PHASES)) -> tuple[Regime, ...]:
    """Split a trace in ``count`` regimes, each a parabola with noise of its own.

    The cut maximises the likelihood of a piecewise polynomial regression with a variance per piece, exactly, by
    dynamic programming (Fisher 1958; the hard-assignment form of the hidden Markov model regression that was published
    for these traces). Traces above 400 samples are cut on block means and the cuts refined to blocks of that size.

    Args:
        values: trace, shape (n,), no NaN.
        count: number of regimes.

    Returns:
        ``count`` regimes in order; fewer cells than four each, or a constant trace, gives none.
    """
    trace = np.asarray(values, dtype=np.float64)
    cell = max(1, -(-trace.size // _MOST_CELLS))
    cells = trace.size // cell
    if cells < _LEAST_CELLS * count or not np.ptp(trace) > 0:
        return ()
    coarse = trace[: cells * cell].reshape(cells, cell).mean(axis=1)
    scale = float(np.percentile(coarse, 90) - np.percentile(coarse, 10)) or float(np.ptp(coarse))
    cuts = _best_cuts(_costs(coarse / scale), count)
    edges = [0, *(cut * cell for cut in cuts), trace.size]
    return tuple(_regime(trace, first, stop) for first, stop in pairwise(edges))


def _costs(values: Array) -> Array:
    """Cost of every segment [i, j): ``n log(residual variance)``; infinite where too short, shape (n, n + 1)."""
    n = values.size
    costs = np.full((n, n + 1), np.inf)
    powers = 2 * _DEGREE + 1
    for first in range(n - _LEAST_CELLS + 1):
        y = values[first:] - values[first]
        t = np.arange(y.size) / y.size
        moments = np.cumsum(t[:, None] ** np.arange(powers), axis=0)
        mixed = np.cumsum(y[:, None] * t[:, None] ** np.arange(_DEGREE + 1), axis=0)
        ends = np.arange(_LEAST_CELLS, y.size + 1)
        index = np.add.outer(np.arange(_DEGREE + 1), np.arange(_DEGREE + 1))
        scale = t[ends - 1][:, None] ** -np.arange(powers)
        normal = (moments[ends - 1] * scale)[:, index] + 1e-10 * np.eye(_DEGREE + 1)
        right = mixed[ends - 1] * scale[:, : _DEGREE + 1]
        fit = np.linalg.solve(normal, right[..., None])[..., 0]
        residual = np.maximum(np.cumsum(y**2)[ends - 1] - np.sum(fit * right, axis=1), 0.0)
        costs[first, first + ends] = ends * np.log(residual / ends + _LEAST_SHARE**2)
    return costs


def _best_cuts(costs: Array, count: int) -> list[int]:
    """Ends of all pieces but the last that make the sum of costs least."""
    n = costs.shape[0]
    best = costs[0].copy()
    origin = np.zeros((count, n + 1), dtype=np.intp)
    for piece in range(1, count):
        total = best[:n, None] + costs
        origin[piece] = np.argmin(total, axis=0)
        best = total[origin[piece], np.arange(n + 1)]
    cuts: list[int] = []
    end = n
    for piece in range(count - 1, 0, -1):
        end = int(origin[piece, end])
        cuts.insert(0, end)
    return cuts


def _regime(trace: Array, first: int, stop: int) -> Regime:
    part = trace[first:stop]
    t = np.linspace(-1.0, 1.0, part.size)
    fit = np.polynomial.polynomial.polyfit(t, part, min(_DEGREE, part.size - 1))
    residual = part - np.polynomial.polynomial.polyval(t, fit)
    return Regime(first, stop, float(part.mean()), float(np.sqrt(np.mean(residual**2))))
