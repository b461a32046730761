"""The distribution of the day of crossing, from the quantiles and probabilities of a forecast row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

HORIZONS = ((28.0, "probability_4w"), (91.0, "probability_13w"), (182.0, "probability_26w"), (364.0, "probability_52w"))
_QUANTILES = ((0.1, "days_p10"), (0.5, "days_p50"), (0.9, "days_p90"))


def crossing_probability(forecasts: pd.DataFrame, days: Floats) -> Floats:
    """Probability that each limit is crossed by each day.

    Piecewise linear through the stated probabilities at 4, 13, 26 and 52 weeks and the quantiles that lie inside the
    year, made monotone; flat beyond the last of them.

    Args:
        forecasts: rows with the columns of ``gold.limit_forecast``.
        days: ascending days after ``as_of``, shape (n_days,).

    Returns:
        Probabilities, shape (n_rows, n_days).
    """
    n = len(forecasts)
    year = HORIZONS[-1][0]
    at = np.empty((n, 1 + len(HORIZONS) + len(_QUANTILES)))
    value = np.empty_like(at)
    at[:, 0], value[:, 0] = 0.0, 0.0
    for k, (day, name) in enumerate(HORIZONS, start=1):
        at[:, k] = day
        value[:, k] = np.clip(np.nan_to_num(forecasts[name].to_numpy(float)), 0.0, 1.0)
    last = value[:, len(HORIZONS)].copy()
    for k, (share, name) in enumerate(_QUANTILES, start=1 + len(HORIZONS)):
        quantile = forecasts[name].to_numpy(float)
        inside = np.isfinite(quantile) & (quantile <= year)
        if name == "days_p90":  # beyond the limit already: nothing is left to chance
            value[:, 0] = np.where(inside & (quantile <= 0.0), value[:, 1], 0.0)
        at[:, k] = np.where(inside, np.clip(quantile, 0.0, year), year)
        value[:, k] = np.where(inside, share, last)
    order = np.argsort(at, axis=1, kind="stable")
    at, value = np.take_along_axis(at, order, 1), np.take_along_axis(value, order, 1)
    value = np.maximum.accumulate(value, axis=1)
    out = np.empty((n, len(days)))
    for i in range(n):
        # of several values on one day the greatest holds from that day on
        keep = np.append(at[i, 1:] > at[i, :-1], True)
        out[i] = np.interp(days, at[i, keep], value[i, keep])
    return out


def days_beyond(probability: Floats, days: Floats) -> Floats:
    """Expected days beyond the limit up to each of ``days`` (trapezoid rule), same shape as ``probability``."""
    steps = 0.5 * (probability[:, 1:] + probability[:, :-1]) * np.diff(days)
    return np.concatenate([np.zeros((len(probability), 1)), np.cumsum(steps, axis=1)], axis=1)
