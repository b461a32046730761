"""Days a back-test forecasts from, and what several days share of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guideway.degradation.learning import MOST_ORIGINS, ORIGIN_STEP_DAYS, backtest_origins, learn, learn_days
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.series import SeriesBatch
from tests.unit.degradation.simulated import simulate

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


def test_two_days_learned_together_know_no_more_than_each_alone() -> None:
    """The later is as if alone; the earlier has priors of its own, and of the scores those known by then."""
    batch, parameters = simulate(60, seed=3, points=40).batch, DegradationParameters(model="linear")
    late = float(batch.t_days.max()) + 1.0
    early = late - 7.0
    before, now = learn_days(batch, ("any",), (early, late), parameters)
    alone = learn(batch, ("any",), late, parameters)
    np.testing.assert_array_equal(now.scorecard.crps, alone.scorecard.crps)
    assert now.calibration.to_dict() == alone.calibration.to_dict()
    assert before.priors.to_dict() == learn(batch, ("any",), early, parameters).priors.to_dict()
    turned = np.where(batch.t_days > early, 9.0 - batch.values, batch.values)
    other, _ = learn_days(replace(batch, values=turned), ("any",), (early, late), parameters)
    assert other.priors.to_dict() == before.priors.to_dict()
    assert 0 < before.scorecard.n.sum() < now.scorecard.n.sum()
