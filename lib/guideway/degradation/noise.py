"""Noise of a single measurement and slopes that outliers and works cannot bend."""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.series import Floats

MAD_TO_SIGMA = 1.4826022185056018


@kernel
def interpolation_residuals(t: Floats, z: Floats) -> Floats:
    """Each inner point minus the line through its neighbours, scaled to the noise of one point; shape (n - 2,).

    A constant rate leaves no residual, and a work touches only the two points beside it.
    """
    n = len(t)
    residuals = np.empty(max(n - 2, 0))
    for i in range(1, n - 1):
        share = (t[i] - t[i - 1]) / (t[i + 1] - t[i - 1])
        expected = z[i - 1] + share * (z[i + 1] - z[i - 1])
        residuals[i - 1] = (z[i] - expected) / np.sqrt(1.0 + share**2 + (1.0 - share) ** 2)
    return residuals


@kernel
def noise_sigma(t: Floats, z: Floats) -> float:
    """Robust standard deviation of one measurement: median absolute interpolation residual; NaN below 4 points."""
    if len(t) < 4:
        return np.nan
    return float(MAD_TO_SIGMA * np.median(np.abs(interpolation_residuals(t, z))))


@kernel
def theil_sen(t: Floats, z: Floats) -> float:
    """Median of pairwise slopes (Theil 1950, Sen 1968), in units of ``z`` per unit of ``t``; NaN below 2 points.

    Above 64 points only pairs at least half the series apart are taken: nearly as precise, and cheaper.
    """
    n = len(t)
    if n < 2:
        return np.nan
    gap = 1 if n <= 64 else n // 2
    slopes = np.empty((n - gap) * (n - gap + 1) // 2)
    count = 0
    for i in range(n - gap):
        for j in range(i + gap, n):
            if t[j] > t[i]:
                slopes[count] = (z[j] - z[i]) / (t[j] - t[i])
                count += 1
    return float(np.median(slopes[:count])) if count else np.nan


@kernel
def isolated_outliers(t: Floats, z: Floats, sigma: float, limit: float) -> Floats:
    """Weights (n,): 0 where one point stands far off both neighbours on the same side while they agree, else 1."""
    n = len(t)
    weights = np.ones(n)
    for i in range(1, n - 1):
        back, ahead = z[i] - z[i - 1], z[i] - z[i + 1]
        size = min(abs(back), abs(ahead))
        if back * ahead > 0.0 and size > limit * sigma * 1.2 and abs(z[i + 1] - z[i - 1]) < 0.5 * size:
            weights[i] = 0.0
    return weights
