"""Harmonic rock-off: low joints that lie left and right in turn (49 CFR 213.63)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

PAIRS = 6
LEAST_SPACING_M = 10 * 0.3048  # joints staggered by less are not staggered [K]
GREATEST_SPACING_M = 39 * 0.3048  # a rail of usual length in North America [K]
_LEAST_SWING_MM = 6.0


def joint_harmonic(cross_level: Floats, step: float) -> Floats:
    """Least change of cross level over six consecutive pairs of low joints, mm, shape (n,).

    It exceeds a limit exactly where all six pairs do. Joints are the extremes of cross level, left and right in turn,
    10 to 39 ft apart, for nobody measures where joints lie. Between the first and the seventh joint every sample has
    the value of the worst six pairs it lies in; elsewhere it is 0, and NaN where cross level is.

    Args:
        cross_level: cross level, mm, shape (n,), NaN where missing.
        step: distance between samples, m.
    """
    found = np.where(np.isfinite(cross_level), 0.0, np.nan)
    joints = _turning_points(cross_level, step)
    if joints.size <= PAIRS:
        return found
    spacing = np.diff(joints) * step
    swing = np.abs(np.diff(cross_level[joints]))
    swing = np.where((spacing >= LEAST_SPACING_M) & (spacing <= GREATEST_SPACING_M), swing, 0.0)
    least = np.lib.stride_tricks.sliding_window_view(swing, PAIRS).min(axis=1)
    for first in np.flatnonzero(least > 0):
        inside = slice(joints[first], joints[first + PAIRS] + 1)
        found[inside] = np.fmax(found[inside], least[first])
    return np.where(np.isfinite(cross_level), found, np.nan)


def _turning_points(cross_level: Floats, step: float) -> Indices:
    """Highest and lowest points in turn; none where samples are missing."""
    filled = np.nan_to_num(cross_level)
    apart = max(LEAST_SPACING_M / step, 1.0)
    high, low = (find_peaks(sign * filled, distance=apart, prominence=_LEAST_SWING_MM)[0] for sign in (1.0, -1.0))
    points = np.concatenate((high, low))
    side = np.concatenate((np.ones(high.size), -np.ones(low.size)))
    order = np.argsort(points, kind="stable")
    points, side = points[order], side[order]
    kept: list[int] = []
    for i in range(points.size):
        if not np.isfinite(cross_level[points[i]]):
            continue
        if kept and side[kept[-1]] == side[i]:
            if side[i] * filled[points[i]] > side[i] * filled[points[kept[-1]]]:
                kept[-1] = i
        else:
            kept.append(i)
    return points[kept]
