"""Compile every kernel once, into the cache on disk: ``python -m guideway.degradation.warm_up``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from guideway.degradation.calibration import Calibration
from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.learning import learn
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.series import SeriesBatch, Traffic
from guideway.degradation.trends import fit_trends

_SERIES, _POINTS, _DAY = 24, 40, 19_800.0


def warm_up() -> int:
    """Fit, forecast and back-test two made-up series of a dozen assets; returns how many have a trend."""
    rng = np.random.default_rng(1)
    days = _DAY - 28.0 * np.arange(_POINTS)[::-1]
    values = [1.0 + 0.2 * np.arange(_POINTS) / 13 + rng.normal(0, 0.03, _POINTS) for _ in range(_SERIES)]
    lists = SeriesBatch.from_lists([days] * _SERIES, values, [[_DAY - 300.0]] * _SERIES)
    doubled = Traffic(2 * np.arange(_SERIES + 1), np.tile(days[[0, 20]], _SERIES), np.tile([1.0, 2.0], _SERIES))
    place = np.arange(_SERIES, dtype=np.int32)
    batch = replace(lists, group=place % 2, asset=place // 2, traffic=doubled)
    parameters = DegradationParameters()
    learned = learn(batch, ("any", "other"), _DAY, parameters)
    trends = fit_trends(batch, learned.priors, _DAY, parameters)
    forecast_limits(trends, np.arange(_SERIES + 1), np.full(_SERIES, 2.5), Calibration.none())
    return int(np.isfinite(trends.rate_per_year).sum())


if __name__ == "__main__":
    warm_up()
