"""Drift of a strain after temperature is taken out, with an interval that knows the readings are not independent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

Array = npt.NDArray[np.float64]

YEAR_S = 365.25 * 86400.0


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift in um/m per year with its confidence interval, and the fitted response to temperature.

    Attributes:
        per_year: drift; NaN where the series is too short.
        low: lower end of the interval.
        high: upper end.
        per_kelvin: strain per kelvin that temperature explains, at the mean temperature; 0 where none was given.
        scatter: standard deviation of what remains, um/m.
        status: ``ok`` or ``too_few``.
    """

    per_year: float
    low: float
    high: float
    per_kelvin: float
    scatter: float
    status: str


def strain_drift(
    time_s: npt.ArrayLike,
    strain_um_m: npt.ArrayLike,
    temperature_c: npt.ArrayLike | None = None,
    *,
    quadratic: bool = True,
    confidence: float = 0.95,
) -> Drift:
    """Linear drift by least squares beside a linear (and quadratic) response to temperature.

    The interval uses the effective number of readings ``n (1 - r) / (1 + r)``, r = lag-one residual correlation.

    Args:
        time_s: seconds, shape (n,), rising.
        strain_um_m: mean strains, shape (n,), for example one an hour; NaN is left out.
        temperature_c: temperatures, shape (n,).
        quadratic: whether temperature acts quadratically as well [S86].
        confidence: coverage of the interval.
    """
    t, y = np.asarray(time_s, dtype=np.float64), np.asarray(strain_um_m, dtype=np.float64)
    heat = None if temperature_c is None else np.asarray(temperature_c, dtype=np.float64)
    valid = np.isfinite(t) & np.isfinite(y) & (np.isfinite(heat) if heat is not None else True)
    t, y = t[valid], y[valid]
    columns = [np.ones(t.size), (t - t.mean()) / YEAR_S if t.size else t]
    if heat is not None and t.size and float(np.ptp(heat[valid])) > 0.5:
        delta = heat[valid] - heat[valid].mean()
        columns += [delta, delta**2] if quadratic else [delta]
    design = np.column_stack(columns)
    if t.size < design.shape[1] + 4 or float(np.ptp(t)) == 0.0:
        return Drift(math.nan, -math.inf, math.inf, math.nan, math.nan, "too_few")
    beta, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ beta
    free = t.size - design.shape[1]
    scatter = math.sqrt(float(residual @ residual) / free)
    inverse = np.linalg.pinv(design.T @ design)
    effective = free * _independence(residual)
    half = scatter * math.sqrt(max(float(inverse[1, 1]), 0.0)) * math.sqrt(free / effective)
    half *= float(student.ppf(0.5 + confidence / 2, max(effective, 1.0)))
    per_kelvin = float(beta[2]) if beta.size > 2 else 0.0
    return Drift(float(beta[1]), float(beta[1]) - half, float(beta[1]) + half, per_kelvin, scatter, "ok")


def _independence(residual: Array) -> float:
    """Share of the readings that count as independent, from the lag-one correlation (never above one)."""
    energy = float(residual @ residual)
    r = float(residual[1:] @ residual[:-1]) / energy if energy > 0 else 0.0
    r = min(max(r, 0.0), 0.99)
    return (1.0 - r) / (1.0 + r)
