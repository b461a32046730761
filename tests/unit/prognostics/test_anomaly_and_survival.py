from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guideway.errors import ConfigurationError
from guideway.prognostics.anomaly import AnomalyParameters, peer_alarms, trailing_median
from guideway.prognostics.bearings import evaluate_bearings
from guideway.prognostics.locomotives import evaluate_survival
from guideway.prognostics.survival import difference, fit_time_to_event, mean_cumulative


def machines(rng, n=900, grows=None, onset=500):
    """Four machines with a shared load and one that may begin to grow."""
    shared = np.cumsum(rng.normal(0, 0.01, n))
    log = shared[:, None] + rng.normal(0, 0.02, (n, 4))
    if grows is not None:
        log[onset:, grows] += np.linspace(0, 1.5, n - onset)
        for other in set(range(4)) - {grows}:
            log[onset:, other] += 0.15 * np.linspace(0, 1.5, n - onset)
    return np.exp(log)


@pytest.mark.parametrize("seed", range(5))
def test_shared_load_raises_no_alarm(seed):
    found = peer_alarms(machines(np.random.default_rng(seed)))
    assert (found.first_row == -1).all()


@pytest.mark.parametrize("grows", range(4))
def test_only_the_machine_that_grows_is_named_and_soon(grows):
    found = peer_alarms(machines(np.random.default_rng(9), grows=grows))
    assert np.flatnonzero(found.first_row >= 0).tolist() == [grows]
    assert 500 < found.first_row[grows] < 600


def test_an_alarm_uses_the_past_only():
    amplitude = machines(np.random.default_rng(3), grows=2)
    row = peer_alarms(amplitude).first_row[2]
    assert peer_alarms(amplitude[: row + 1]).first_row[2] == row
    assert peer_alarms(amplitude[:row]).first_row[2] == -1


def test_standing_still_is_no_anomaly():
    amplitude = machines(np.random.default_rng(3))
    amplitude[600:620] = 1e-4
    found = peer_alarms(amplitude)
    assert (found.first_row == -1).all()
    assert not found.running[600:620].any()


@pytest.mark.parametrize("shape", [(0, 4), (10, 4), (500, 2)])
def test_too_little_to_compare_gives_no_alarm(shape):
    assert (peer_alarms(np.ones(shape)).first_row == -1).all()


def test_trailing_median_agrees_with_pandas():
    values = np.random.default_rng(0).normal(size=(60, 2))
    expected = pd.DataFrame(values).rolling(7).median().to_numpy()
    np.testing.assert_allclose(trailing_median(values, 7)[6:], expected[6:])


def test_the_bearings_that_failed_are_named_and_no_other(shared_data):
    found = evaluate_bearings(shared_data / "ims-bearing-run-to-failure")
    first, second = found["1st_test_resmaple_10minutes"], found["2nd_test_resmaple_10minutes"]
    assert [alarm["bearing"] for alarm in first["failing"]] == ["Bearing 4", "Bearing 3"]
    assert [alarm["bearing"] for alarm in second["failing"]] == ["Bearing 1"]
    assert second["failing"][0]["lead_hours"] > 48
    assert all(alarm["lead_hours"] > 6 for alarm in first["failing"])


@pytest.mark.parametrize(
    "change", [{"least_rise": 0.07}, {"least_rise": 0.1}, {"transmitted": 0.3}, {"smooth_rows": 9}]
)
def test_the_verdict_on_the_bearings_does_not_hang_on_one_setting(shared_data, change):
    found = evaluate_bearings(shared_data / "ims-bearing-run-to-failure", AnomalyParameters(**change))
    names = {alarm["bearing"] for test in found.values() for alarm in test["failing"]}
    assert names == {"Bearing 1", "Bearing 3", "Bearing 4"}


def test_mean_cumulative_function_of_a_known_case():
    # Unit a: events at 2 and 5, watched to 10; unit b: event at 4, watched to 4.5.
    curve = mean_cumulative(
        np.array(["a", "a", "a", "b", "b"]),
        np.array([2.0, 5, 10, 4, 4.5]),
        np.array([True, True, False, True, False]),
    )
    assert curve.age.tolist() == [2, 4, 5]
    np.testing.assert_allclose(curve.mean, [0.5, 1.0, 2.0])
    assert curve.at_risk.tolist() == [2, 2, 1]
    # By hand: residuals of a: +.25, -.25, 0; of b: -.25, +.25, 0.
    np.testing.assert_allclose(curve.variance, [0.125, 0, 0])


def test_mean_and_interval_of_a_simulated_fleet_cover_the_truth():
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(150):
        unit, age, event = [], [], []
        for k in range(40):
            end = rng.uniform(300, 900)
            at = np.sort(rng.uniform(0, end, rng.poisson(end / 200)))
            unit += [k] * (at.size + 1)
            age += [*at, end]
            event += [True] * at.size + [False]
        curve = mean_cumulative(np.array(unit), np.array(age), np.array(event))
        mean, variance = curve.at(np.array([400.0]))
        inside += abs(mean[0] - 2.0) < 1.96 * np.sqrt(variance[0])
    assert 0.88 <= inside / 150 <= 0.99


def test_a_fleet_does_not_differ_from_itself():
    curve = mean_cumulative(np.array([1, 1, 2, 2]), np.array([5.0, 9, 6, 9]), np.array([True, False, True, False]))
    assert (difference(curve, curve, np.array([1.0, 5, 8]))["difference"] == 0).all()


def test_locomotive_figures(shared_data):
    found = evaluate_survival(shared_data / "us-locomotive-reliability")
    one, two = found["fleets"]["grids1"], found["fleets"]["grids2"]
    assert (one["units"], one["replacements"], two["units"], two["replacements"]) == (15, 24, 18, 26)
    # No unit leaves before 657 days, so until then the first fleet's mean is a plain count over 15.
    assert [row["mean"] for row in one["mcf"] if row["age"] == 500] == [pytest.approx(19 / 15, abs=1e-4)]
    assert [row["mean"] for row in two["mcf"] if row["age"] == 300] == [pytest.approx(22 / 18, abs=1e-4)]
    assert found["differs"] == [150, 400]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="grids1"):
        evaluate_survival(tmp_path)
    with pytest.raises(ConfigurationError, match="csv"):
        evaluate_bearings(tmp_path)


def test_weibull_time_to_limit_comes_back_under_censoring():
    rng = np.random.default_rng(2)
    x = rng.normal(size=1500)
    life = np.exp(6.0 - 0.5 * x) * rng.weibull(2.0, x.size)
    watch = rng.uniform(100, 900, x.size)
    frame = pd.DataFrame({"x": x, "days_to_limit": np.minimum(life, watch), "limit_reached": (life <= watch) * 1.0})
    model = fit_time_to_event(frame, ("x",), penalty=0.0)
    assert model.shape == pytest.approx(2.0, abs=0.15)
    assert model.coefficients[0] - model.coefficients[1] * model.centre[0] / model.spread[0] == pytest.approx(
        6, abs=0.06
    )
    assert model.coefficients[1] / model.spread[0] == pytest.approx(-0.5, abs=0.05)
    true = -np.expm1(-((200 / np.exp(6.0 - 0.5 * x)) ** 2.0))
    assert np.abs(model.probability(frame, 200.0) - true).max() < 0.05
    assert fit_time_to_event(frame.head(8), ("x",)) is None
