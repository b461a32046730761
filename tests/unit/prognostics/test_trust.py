"""How far the learned correction is believed: nowhere it does harm, wholly where it is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guideway.commands.analysis import _simulated_rows
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.statement import statement
from guideway.prognostics.training import train
from guideway.prognostics.trust import Trust


def test_it_is_told_by_indicator_what_is_right() -> None:
    rng = np.random.default_rng(0)
    code = np.repeat([0.0, 1.0], 1000)
    truth = rng.normal(size=2000)
    right, wrong = truth + 0.1 * rng.normal(size=2000), 3 * rng.normal(size=2000)
    learned = np.where(code == 0, right, wrong)
    trust = Trust.fit(code, truth, learned, np.zeros(2000), 3)
    assert trust.weights[0] == 1.0
    assert trust.weights[1] <= 0.1
    assert trust.weights[2] == trust.other, "an indicator without rows is treated as all are"
    np.testing.assert_allclose(trust.blend(np.array([0.0, np.nan]), np.ones(2), np.zeros(2)), [1.0, trust.other])


def test_without_rows_the_plain_trend_is_all_there_is() -> None:
    empty = np.empty(0)
    assert Trust.fit(empty, empty, empty, empty, 2) == Trust.none(2)


def test_a_stand_in_is_the_plain_trend_to_the_letter(network: pd.DataFrame) -> None:
    from guideway.prognostics.baselines import baseline_changes

    rows = network[np.isfinite(network["level"]) & np.isfinite(network["rate"])]
    plain = train(network, ModelParameters(learned=False), seed=1).predict(rows)
    expected = baseline_changes(rows, 91.0)["trend"]
    np.testing.assert_allclose(plain.change, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_the_statement_of_a_simulated_network_keeps_what_it_promises() -> None:
    """Where the truth is a straight line nothing beats the plain trend: the gate refuses, the probabilities hold."""
    import argparse

    rows = _simulated_rows(argparse.Namespace(km=25.0, weeks=130, seed=3))
    parameters = ModelParameters(rounds=20, bootstrap=100)
    told = statement(evaluate(rows, parameters, seed=1), parameters)
    time = told["time"]
    assert time["events"] > 5
    assert time["calibration_error_points"]["model"] < 3
    base_rate = time["events"] / time["rows"]
    assert time["precision_at_budget"]["model"] > 20 * base_rate
    assert time["detectable_share"]["model"] > 0.3, "one alert in a hundred sees a third of the exceedances"
    mean, low, high = time["error_over_trend_percent"]
    assert low <= mean <= high
    assert abs(mean) < 2
    assert ("beats the plain trend" in told["gate"]) == (high < 0) or "refused" in told["gate"]
