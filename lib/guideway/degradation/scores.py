"""Continuous ranked probability scores in closed form; lower is better, in the unit of the value."""

from __future__ import annotations

import numpy as np
from scipy.special import beta, gammainc, ndtr

from guideway.degradation.series import Floats

_ROOT_PI = np.sqrt(np.pi)


def crps_normal(value: Floats, mean: Floats, sd: Floats) -> Floats:
    """CRPS of a normal forecast (Gneiting et al. 2005, eq. 5); the absolute error where ``sd`` is 0."""
    spread = np.where(sd > 0, sd, 1.0)
    x = (value - mean) / spread
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    score: Floats = spread * (x * (2 * ndtr(x) - 1) + 2 * density - 1 / _ROOT_PI)
    return np.where(sd > 0, score, np.abs(value - mean))


def crps_lognormal(value: Floats, mean: Floats, sd: Floats) -> Floats:
    """CRPS of a forecast whose logarithm is normal with ``mean`` and ``sd`` (Baran and Lerch 2015); ``value`` > 0."""
    spread = np.maximum(sd, 1e-12)
    x = (np.log(value) - mean) / spread
    expected = np.exp(np.minimum(mean + 0.5 * spread**2, 700.0))
    score: Floats = value * (2 * ndtr(x) - 1) - 2 * expected * (ndtr(x - spread) + ndtr(spread / np.sqrt(2)) - 1)
    return score


def crps_pearson(value: Floats, mean: Floats, sd: Floats, skew: Floats) -> Floats:
    """CRPS of a shifted gamma forecast given by its moments, ``skew`` > 0 (Scheuerer and Moeller 2015, eq. 10)."""
    shape = 4.0 / skew**2
    scale = sd / np.sqrt(shape)
    x = value - (mean - shape * scale)
    inside = np.maximum(x, 0.0) / scale
    score: Floats = (
        x * (2 * gammainc(shape, inside) - 1)
        - shape * scale * (2 * gammainc(shape + 1, inside) - 1)
        - scale / beta(0.5, shape)
    )
    return score
