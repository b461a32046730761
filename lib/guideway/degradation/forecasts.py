"""Forecasts of trends: when a limit is crossed, and what will be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

from guideway.degradation.calibration import Calibration
from guideway.degradation.compiled import kernel
from guideway.degradation.passage import passage
from guideway.degradation.scale import to_scale, to_values
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints
from guideway.degradation.trends import Trends

HORIZONS_WEEKS = (4.0, 13.0, 26.0, 52.0)
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Forecasts:
    """Crossings of ``k`` limits; limits ``offsets[i]`` to ``offsets[i + 1]`` belong to series ``i``.

    Attributes:
        offsets: int64 (n + 1,).
        limit: (k,) in the indicator's unit.
        days_p10, days_p50, days_p90: quantiles of days from ``as_of`` to crossing; 0 where crossed, NaN beyond ten
            years and where there is no trend.
        probability_4w, probability_13w, probability_26w, probability_52w: probability of crossing within so many weeks;
            they never fall; NaN where there is no trend.
        is_valid: whether there is a trend to forecast from and a finite limit.
    """

    offsets: Ints
    limit: Floats
    days_p10: Floats
    days_p50: Floats
    days_p90: Floats
    probability_4w: Floats
    probability_13w: Floats
    probability_26w: Floats
    probability_52w: Floats
    is_valid: npt.NDArray[np.bool_]

    def owner(self) -> Ints:
        """int64 (k,): which series each limit belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def forecast_limits(
    trends: Trends, limit_offsets: npt.ArrayLike, limit_values: npt.ArrayLike, calibration: Calibration | None = None
) -> Forecasts:
    """Distribution of days until the fitted process first crosses each limit.

    A limit is crossed upwards where higher is worse and downwards where lower is worse. Measurement noise is left out:
    it is the asset that crosses. Deterministic: no random draws.
    """
    offsets = np.asarray(limit_offsets, np.int64)
    limits = np.ascontiguousarray(limit_values, np.float64)
    owner = np.repeat(np.arange(len(trends)), np.diff(offsets))
    on_scale = to_scale(limits, trends.direction[owner], trends.is_log[owner])
    valid = np.isfinite(trends.state[owner, 0]) & np.isfinite(limits)
    chosen = calibration or Calibration.none()
    numbers = np.column_stack(
        (trends.process_var, trends.is_gamma, trends.jump_rate, trends.jump_mean, trends.as_of_days)
    ).astype(np.float64)
    out = batch_passages(
        owner,
        on_scale,
        valid,
        trends.state,
        numbers,
        trends.season,
        np.minimum(trends.group, len(chosen.scale_80) - 1),
        chosen.horizons_weeks,
        chosen.scale_80,
        np.array(HORIZONS_WEEKS),
        np.array(QUANTILES),
    )
    p10, p50, p90, within_4w, within_13w, within_26w, within_52w = out.T.copy()
    return Forecasts(offsets, limits, p10, p50, p90, within_4w, within_13w, within_26w, within_52w, valid)


@kernel
def batch_passages(
    owner: Ints,
    limits: Floats,
    valid: npt.NDArray[np.bool_],
    states: Floats,
    numbers: Floats,
    waves: Floats,
    group: Ints,
    weeks: Floats,
    scales: Floats,
    horizons: Floats,
    levels: Floats,
) -> Floats:
    """Quantiles and probabilities of every limit; (k, levels + horizons), NaN where not valid."""
    out = np.full((len(limits), len(levels) + len(horizons)), np.nan)
    for k in range(len(limits)):
        if valid[k]:
            i = owner[k]
            passage(limits[k], states[i], numbers[i], waves[i], weeks, scales[group[i]], horizons, levels, out[k])
    return out


@dataclass(frozen=True)
class Predictive:
    """Distribution of values ahead on the model's scale: ``shift`` plus a gamma or normal part.

    Attributes:
        mean, sd: of the value (or level) on the model's scale.
        skew: skewness; 0 is normal, above 0 a gamma process (Pearson type III).
    """

    mean: Floats
    sd: Floats
    skew: Floats


def predictive(trends: Trends, horizon_days: npt.ArrayLike, noise: bool = True) -> Predictive:
    """Predictive distribution ``horizon_days`` ahead: shape (n,) for (n,) or a number, (n, h) for (1, h) or (n, h)."""
    days = np.asarray(horizon_days, np.float64)
    wide = days.ndim == 2

    def column(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return numbers[:, None] if wide else numbers

    s = trends.state
    years = np.broadcast_to(days, (len(trends), days.shape[1]) if wide else (len(trends),)) / DAYS_PER_YEAR
    mean = column(s[:, 0]) + column(s[:, 1]) * years
    growth = column(s[:, 4]) * years**2 + column(trends.process_var) * years
    variance = column(s[:, 2]) + 2 * column(s[:, 3]) * years + growth
    if noise:
        variance = variance + column(trends.noise_var)
    angle = 2 * np.pi * (column(trends.as_of_days) / DAYS_PER_YEAR + years)
    mean = mean + column(trends.season[:, 0]) * np.cos(angle) + column(trends.season[:, 1]) * np.sin(angle)
    variance = variance + column(trends.season[:, 2])
    sd = np.sqrt(variance)
    gained = np.maximum(column(s[:, 1]) * years, 1e-9)
    with np.errstate(invalid="ignore", divide="ignore"):
        third = np.where(column(trends.is_gamma), 2 * growth**2 / gained, 0.0)
        skew = np.where(sd > 0, third / sd**3, 0.0)
    return Predictive(mean, sd, np.minimum(skew, 4.0))


def standard_quantile(probability: npt.ArrayLike, skew: npt.ArrayLike) -> Floats:
    """Quantile of a standardised Pearson type III variable (normal where ``skew`` is 0); arguments broadcast."""
    p, g = np.broadcast_arrays(np.asarray(probability, np.float64), np.asarray(skew, np.float64))
    normal = ndtri(p)
    bent = g > 1e-3
    shape = 4.0 / np.where(bent, g, 1.0) ** 2
    quantile: Floats = np.where(bent, (gammaincinv(shape, p) - shape) / np.sqrt(shape), normal)
    return quantile


def predict(
    trends: Trends,
    horizon_days: npt.ArrayLike,
    quantiles: npt.ArrayLike = QUANTILES,
    calibration: Calibration | None = None,
    noise: bool = True,
) -> Floats:
    """Quantiles of the values that would be measured ``horizon_days`` ahead without work, in the indicator's unit.

    Args:
        trends: fitted trends.
        horizon_days: (h,) days after ``as_of``, the same for every series.
        quantiles: (k,) probabilities; 0.9 is near the bad end in either direction.
        calibration: conformal factors.
        noise: whether measurement noise is part of it; False gives the fitted level.

    Returns:
        (n, h, k), NaN where there is no trend.
    """
    days = np.atleast_1d(np.asarray(horizon_days, np.float64))
    levels = np.atleast_1d(np.asarray(quantiles, np.float64))
    ahead = predictive(trends, days[None, :], noise)
    chosen = calibration or Calibration.none()
    group = np.broadcast_to(trends.group[:, None], ahead.mean.shape)
    narrow, wide = chosen.at(group, days[None, :] / 7.0)
    share = np.clip((np.abs(2 * levels - 1) - 0.8) / 0.15, 0.0, 1.0)
    scale = narrow[..., None] * (1 - share) + wide[..., None] * share
    z = ahead.mean[..., None] + scale * ahead.sd[..., None] * standard_quantile(levels, ahead.skew[..., None])
    return to_values(z, trends.direction[:, None, None], trends.is_log[:, None, None])
