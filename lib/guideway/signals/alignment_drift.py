"""Drift curve through the windows' correlations: best path, sub-sample peaks, robust smoothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded

Floats = npt.NDArray[np.float64]
_ROBUST_ROUNDS = 4
_TUKEY = 4.7
_LEAST_SPREAD = 1e-3


def best_path(scores: npt.NDArray[np.float32], slope_cost: float, jump_cost: float) -> npt.NDArray[np.intp]:
    """Lag index of each window on the path of most correlation (Viterbi).

    A change by d lags from one window to the next costs ``min(slope_cost * d, jump_cost)``: odometers drift
    slowly, but are also set right at once.

    Args:
        scores: correlation of each window at each lag, shape (windows, lags).
        slope_cost: cost of a change by one lag.
        jump_cost: cost of a change by any number of lags.
    """
    n_windows, n_lags = scores.shape
    slope = slope_cost * np.arange(n_lags)
    totals, falling = np.empty((n_windows, n_lags)), np.empty(n_lags)
    totals[0] = scores[0]
    for window in range(1, n_windows):
        before, best = totals[window - 1], totals[window]
        np.add(before, slope, out=best)
        np.maximum.accumulate(best, out=best)
        best -= slope
        np.subtract(before, slope, out=falling)
        np.maximum.accumulate(falling[::-1], out=falling[::-1])
        falling += slope
        np.maximum(best, falling, out=best)
        np.maximum(best, before.max() - jump_cost, out=best)
        best += scores[window]
    # the cost of coming from any lag to lag i is the stretch of ``change`` that has its middle at i
    change = np.minimum(slope_cost * np.abs(np.arange(1 - n_lags, n_lags)), jump_cost)
    path = np.empty(n_windows, dtype=np.intp)
    path[-1] = np.argmax(totals[-1])
    for window in range(n_windows - 1, 0, -1):
        middle = n_lags - 1 - path[window]
        path[window - 1] = np.argmax(totals[window - 1] - change[middle : middle + n_lags])
    return path


def sub_sample_peaks(
    scores: npt.NDArray[np.float32], path: npt.NDArray[np.intp], reach: int = 2
) -> tuple[Floats, Floats]:
    """Peak near the path in fractions of a lag, and the correlation there.

    Parabola through the highest of the ``reach`` neighbours on either side and its own two neighbours.

    Returns:
        lag index, shape (windows,), and correlation, shape (windows,).
    """
    n_windows, n_lags = scores.shape
    rows = np.arange(n_windows)
    near = np.clip(path[:, None] + np.arange(-reach, reach + 1), 0, n_lags - 1)
    top = near[rows, np.argmax(scores[rows[:, None], near], axis=1)]
    top = np.clip(top, 1, n_lags - 2)
    low, mid, high = (scores[rows, top + d].astype(np.float64) for d in (-1, 0, 1))
    bend = low - 2 * mid + high
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = np.where(bend < 0, 0.5 * (low - high) / bend, 0.0)
    offset = np.clip(offset, -0.5, 0.5)
    return top + offset, mid - 0.25 * (low - high) * offset


def smooth_drift(shift: Floats, weight: Floats, stiffness: float, jump: float) -> Floats:
    """Robust smooth drift at evenly spaced windows; breaks of more than ``jump`` stay sharp.

    Whittaker smoothing (weighted least squares with squared second differences as penalty), re-weighted by
    Tukey's bisquare so that windows off the curve lose their vote. Windows without a vote get the curve between
    their neighbours; outside the first and last vote the drift stays as it is there.

    Args:
        shift: shift found in each window, shape (n,).
        weight: vote of each window, 0 or more.
        stiffness: waves of ``stiffness`` windows are halved.
        jump: change from one window to the next that is a break, not drift, in the unit of ``shift``.
    """
    voting = np.flatnonzero(weight > 0)
    if voting.size == 0:
        return np.zeros_like(shift)
    breaks = np.flatnonzero(np.abs(np.diff(shift[voting])) > jump * np.diff(voting))
    pieces = _without_strays(np.split(voting, breaks + 1))
    middles = [int((one[-1] + two[0]) // 2) + 1 for one, two in pairwise(pieces)]
    result = np.empty_like(shift)
    for piece, (low, high) in zip(pieces, pairwise([0, *middles, shift.size]), strict=True):
        first, last = int(piece[0]), int(piece[-1])
        votes = np.zeros(last - first + 1)
        votes[piece - first] = weight[piece]
        curve = _robust_curve(shift[first : last + 1], votes, stiffness)
        result[low:high] = curve[np.clip(np.arange(low, high), first, last) - first]
    return result


def _without_strays(pieces: list[npt.NDArray[np.intp]], least: int = 6) -> list[npt.NDArray[np.intp]]:
    """Drop pieces too short to be a new position rather than a wrong peak."""
    long = [piece for piece in pieces if piece.size >= least]
    return long or [max(pieces, key=len)]


def _robust_curve(shift: Floats, weight: Floats, stiffness: float) -> Floats:
    known = weight > 0
    if known.sum() < 5:
        return np.full_like(shift, np.average(shift, weights=weight))
    vote, curve = weight, shift
    for _ in range(_ROBUST_ROUNDS):
        curve = _whittaker(shift, vote, stiffness)
        off = np.abs(shift - curve)
        reach = _TUKEY * (1.4826 * float(np.median(off[known])) + _LEAST_SPREAD)
        vote = weight * np.where(off < reach, (1 - (off / reach) ** 2) ** 2, 0.0)
    return curve


def _whittaker(values: Floats, weight: Floats, stiffness: float) -> Floats:
    """Minimise sum w (y - z)^2 + s sum (second difference of z)^2, in banded form."""
    n = values.size
    scale = max(float(weight.sum() / max(np.count_nonzero(weight), 1)), 1e-12)
    penalty = (stiffness / (2 * np.pi)) ** 4
    bands = np.zeros((3, n))
    diagonal = np.full(n, 6.0)
    diagonal[[0, -1]], diagonal[[1, -2]] = 1.0, 5.0
    beside = np.full(n, -4.0)
    beside[[1, -1]] = -2.0
    bands[2] = weight / scale + penalty * diagonal + 1e-9
    bands[1] = penalty * beside
    bands[0] = penalty
    return np.asarray(solveh_banded(bands, weight / scale * values), dtype=np.float64)
