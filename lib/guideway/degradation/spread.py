"""How far the rates of a group's series lie apart, with what a few series leave open."""

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


__all__ = ["believed_spread"]
