"""Days a back-test forecasts from."""

from __future__ import annotations

import numpy as np
import pytest

from guideway.degradation.learning import MOST_ORIGINS, ORIGIN_STEP_DAYS, backtest_origins
from guideway.degradation.series import SeriesBatch

DAY = 20_000.0


def origins(years: float, most: int | None = MOST_ORIGINS) -> np.ndarray:
    t = np.arange(DAY - 365.25 * years, DAY, 28.0)
    return backtest_origins(SeriesBatch.from_lists([t], [np.zeros(len(t))]), DAY, most)


@pytest.mark.parametrize("years", [0.5, 1, 2, 3, 5.5, 20])
def test_a_back_test_costs_no_more_after_a_longer_history(years: float) -> None:
    chosen, every = origins(years), origins(years, None)
    assert len(chosen) == min(len(every), MOST_ORIGINS) or MOST_ORIGINS / 2 <= len(chosen) < MOST_ORIGINS < len(every)
    assert set(chosen) <= set(every)
    assert chosen[-1] == every[-1] == DAY - 28, "the latest is one of them"
    assert chosen[0] - every[0] < (every[-1] - every[0]) / 6, "and they reach back"
    assert np.allclose(np.diff(every), ORIGIN_STEP_DAYS)
    assert len(set(np.diff(chosen))) <= 1
