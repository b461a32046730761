from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.degradation.series import SeriesBatch
from guideway.prognostics.features import FEATURES, feature_table
from tests.unit.prognostics import fleet

ORIGINS = np.array([250.0, 500.0, 800.0])


def equal(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture(scope="module")
def simulated():
    return fleet.simulate(24, np.random.default_rng(5))


@pytest.mark.parametrize("origin", ORIGINS)
def test_deleting_the_future_changes_no_feature(simulated, origin):
    batch, static, _, _ = simulated
    equal(
        feature_table(batch, np.array([origin]), static), feature_table(batch.until(origin), np.array([origin]), static)
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(list(ORIGINS)))
def test_poison_in_the_future_leaks_into_no_feature(simulated, seed, origin):
    batch, static, _, _ = simulated
    rng = np.random.default_rng(seed)
    values = np.where(batch.t_days > origin, rng.uniform(-1e6, 1e6, batch.values.size), batch.values)
    works = np.where(
        batch.work_t_days > origin, origin + rng.uniform(1e-6, 900, batch.work_t_days.size), batch.work_t_days
    )
    poisoned = SeriesBatch.of(
        batch.offsets, batch.t_days, values, batch.work_offsets, works, batch.work_codes, work_names=batch.work_names
    )
    equal(feature_table(batch, np.array([origin]), static), feature_table(poisoned, np.array([origin]), static))


def test_a_work_is_not_known_before_it_is_reported():
    batch = SeriesBatch.from_lists(
        [np.arange(0.0, 400, 30)], [np.r_[np.linspace(1, 2, 7), np.linspace(1, 2, 7)]], [[200.0]]
    )
    table = feature_table(batch, np.array([215.0, 260.0]), {}, work_known_days=np.array([245.0]))
    np.testing.assert_array_equal(table["n_works"], [0, 1])
    np.testing.assert_array_equal(table["days_since_work"], [np.nan, 60])


def test_true_rate_level_and_noise_come_back():
    rng = np.random.default_rng(0)
    t = np.arange(0.0, 1500, 30)
    rates = rng.uniform(0.1, 1.0, 200)
    values = [1.0 + rate * t / 365.2425 + 0.05 * rng.normal(size=t.size) for rate in rates]
    batch = SeriesBatch.from_lists([t] * 200, values)
    table = feature_table(batch, np.array([1500.0]), {})
    assert np.median(np.abs(table["rate_since_work"] - rates)) < 0.01
    assert np.median(np.abs(table["rate_104w"] - rates)) < 0.03
    assert np.median(table["residual_sigma"]) == pytest.approx(0.05, rel=0.2)
    assert np.median(np.abs(table["level"] - (1.0 + rates * 1500 / 365.2425))) < 0.04


def test_slopes_start_anew_at_a_work():
    t = np.arange(0.0, 720, 30)
    values = np.where(t < 360, 1 + t / 365.2425, 0.5 + 2 * (t - 360) / 365.2425)
    table = feature_table(SeriesBatch.from_lists([t], [values], [[355.0]]), np.array([719.0]), {})
    assert table["rate"][0] == pytest.approx(2.0)
    assert table["rate_104w"][0] == pytest.approx(2.0)
    assert table["previous_rate"][0] == pytest.approx(1.0)
    assert table["last_work_effect"][0] < -0.3


def test_an_indicator_that_is_worse_when_lower_mirrors_one_that_is_worse_when_higher(simulated):
    batch, static, _, _ = simulated
    mirrored = SeriesBatch.of(
        batch.offsets,
        batch.t_days,
        -batch.values,
        batch.work_offsets,
        batch.work_t_days,
        batch.work_codes,
        direction=np.full(len(batch), -1),
        work_names=batch.work_names,
    )
    equal(
        feature_table(batch, ORIGINS, static),
        feature_table(mirrored, ORIGINS, static | {"limit": -static["limit"]}),
    )


def test_rows_do_not_depend_on_what_else_is_in_the_batch(simulated):
    batch, static, _, _ = simulated
    alone = {name: values[7:8] for name, values in static.items() if name != "track"}
    whole = feature_table(batch, ORIGINS, {name: values for name, values in static.items() if name != "track"})
    part = feature_table(batch.take([7]), ORIGINS, alone)
    for feature in FEATURES:
        np.testing.assert_allclose(part[feature.name], whole[feature.name][21:24], rtol=1e-12, err_msg=feature.name)


def test_neighbours_leave_the_asset_itself_out():
    t = np.arange(0.0, 300, 30)
    batch = SeriesBatch.from_lists([t] * 4, [np.full(10, level) for level in (1.0, 5.0, 3.0, 100.0)])
    static = {"track": np.array([0, 0, 0, 1]), "group": np.zeros(4), "position_m": np.array([0.0, 200, 400, 600])}
    table = feature_table(batch, np.array([300.0]), static)
    np.testing.assert_allclose(table["neighbour_level"], [4, 2, 3, np.nan])
    np.testing.assert_allclose(table["level_to_neighbours"], [-3, 3, 0, np.nan])


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0], [2.0] * 20, [np.nan] * 5])
def test_short_constant_and_empty_series_give_a_row(values):
    batch = SeriesBatch.from_lists([np.arange(len(values)) * 10.0], [values])
    table = feature_table(batch, np.array([-5.0, 500.0]), {"limit": np.array([2.0])})
    known = int(np.isfinite(values).sum())
    assert table["n_values"].tolist() == [0, known]
    assert np.isnan(table["level"][0])
    assert np.isfinite(table["level"][1]) == (known > 0)


def test_a_batch_without_series_gives_no_row():
    table = feature_table(SeriesBatch.from_lists([], []), ORIGINS, {})
    assert all(table[feature.name].shape == (0,) for feature in FEATURES)
