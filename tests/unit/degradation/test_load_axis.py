import numpy as np
import pytest

from guideway.degradation.load_axis import Traffic, calendar_days, on_load_axis
from guideway.degradation.priors import Priors
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import fit_trends

T = 18_000.0 + 28.0 * np.arange(40)
TRAFFIC = Traffic(np.array([0, 3]), np.array([17_000.0, T[12], T[25]]), np.array([10_000.0, 40_000.0, 20_000.0]))


def tonnes(days):
    """Load carried up to each day, by plain integration on a fine grid."""
    grid = np.arange(17_000.0, 19_200.0, 0.25)
    load = TRAFFIC.load[np.searchsorted(TRAFFIC.from_days, grid, side="right") - 1]
    return np.interp(days, grid, np.concatenate(([0.0], np.cumsum(load * 0.25)[:-1])))


def test_stretched_days_are_tonnes_over_todays_tonnes():
    batch = SeriesBatch.from_lists([T], [T], [[T[20] + 3.0]])
    moved = on_load_axis(batch, TRAFFIC, T[-1])
    np.testing.assert_allclose(T[-1] - moved.t_days, (tonnes(T[-1]) - tonnes(T)) / 20_000.0, atol=0.6)
    assert moved.t_days[-1] == T[-1]
    assert np.all(np.diff(moved.t_days) > 0)


def test_calendar_days_are_the_way_back():
    batch = SeriesBatch.from_lists([T], [T], [[T[5] + 3.0, T[20]]])
    moved = on_load_axis(batch, TRAFFIC, T[-1] + 9.0)
    np.testing.assert_allclose(calendar_days(batch.offsets, moved.t_days, TRAFFIC, T[-1] + 9.0), T)
    back = calendar_days(batch.work_offsets, moved.work_t_days, TRAFFIC, T[-1] + 9.0)
    np.testing.assert_allclose(back, batch.work_t_days)


def test_a_rate_by_tonnes_is_found_where_traffic_changed():
    per_tonne = 0.2 / (20_000.0 * DAYS_PER_YEAR)
    values = 1.0 + per_tonne * tonnes(T) + np.random.default_rng(1).normal(0, 0.02, 40)
    batch = on_load_axis(SeriesBatch.from_lists([T], [values]), TRAFFIC, T[-1])
    assert fit_trends(batch, Priors.unknown(), T[-1]).rate_per_year[0] == pytest.approx(0.2, abs=0.02)


def test_series_without_traffic_keep_their_days():
    none = Traffic(np.array([0, 0]), np.zeros(0), np.zeros(0))
    batch = SeriesBatch.from_lists([T], [T])
    np.testing.assert_array_equal(on_load_axis(batch, none, T[-1]).t_days, T)
