"""The mean rate of a group and how far those of its series lie apart, with what few runs and series leave open."""

from __future__ import annotations

import numpy as np

from guideway.degradation.series import Floats

LEAST_SERIES = 4
_STEPS = 200
_REACH = 4.0


def believed_spread(rates: Floats, variances: Floats) -> float:
    """Variance with which a group's mean rate foretells the rate of one of its series; NaN below four estimates.

    The likeliest variance between four short series is often none, while far larger ones are nearly as likely: taken at
    its word, it makes each of them certain to go the way of their mean. So the standard deviation between series is its
    posterior mean under a flat prior (Gelman, 2006), and the variance of the mean itself (Morris, 1983) comes on top.
    With many series both are what maximum likelihood says.

    Args:
        rates: estimated rates, shape (n,); those not finite are left out.
        variances: their sampling variances, shape (n,).
    """
    keep = np.isfinite(rates) & np.isfinite(variances) & (np.abs(rates) < 1e100)
    rates, variances = rates[keep], np.maximum(variances[keep], 1e-300)
    if len(rates) < LEAST_SERIES:
        return np.nan
    middle = float(np.median(rates))
    reach = _REACH * (1.4826 * float(np.median(np.abs(rates - middle))) + np.sqrt(np.median(variances)))
    rates = np.clip(rates, middle - reach, middle + reach)  # outliers cannot set it
    deviation = np.linspace(0.0, 3.0 * np.sqrt(np.var(rates) + np.median(variances)), _STEPS)
    weights = 1.0 / (np.square(deviation)[:, None] + variances)
    total = weights.sum(axis=1)
    mean = (weights @ rates) / total
    distance = (np.square(rates - mean[:, None]) * weights).sum(axis=1)
    log_posterior = 0.5 * (np.log(weights).sum(axis=1) - np.log(total) - distance)
    posterior = np.exp(log_posterior - log_posterior.max())
    posterior /= posterior.sum()
    return float((posterior @ deviation) ** 2 + posterior @ (1.0 / total))


def believed_mean(mean: float, error: float) -> float:
    """A group's mean rate, nearer to none the less its few runs can tell it from what they share.

    Empirical Bayes with means of groups around 0: under ``N(0, a)`` the posterior mean is ``mean a / (a + error)``, and
    ``a`` is taken from the mean itself, ``max(mean^2 - error, 0)``; the positive-part rule of James and Stein (1961).

    Args:
        mean: estimated mean of the rates.
        error: its variance by what the runs of a line share, which no number of its series averages out.
    """
    square = mean * mean
    return 0.0 if square <= error else mean * (1.0 - error / square)


__all__ = ["believed_mean", "believed_spread"]
