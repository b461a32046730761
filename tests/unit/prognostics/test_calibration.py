from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from guideway.prognostics.calibration import Calibrator
from guideway.prognostics.metrics import alert_score, calibration_error, paired_difference


@pytest.mark.parametrize("true_probability", [lambda x: expit(2 * x - 1), norm.cdf, lambda x: 0.05 + 0.9 * (x > 0.5)])
@pytest.mark.parametrize("n", [400, 8000])
def test_probabilities_come_true(true_probability, n):
    rng = np.random.default_rng(n)
    x, new = rng.normal(size=n), rng.normal(size=20000)
    calibrator = Calibrator.fit(x, (rng.random(n) < true_probability(x)).astype(float))
    error = np.abs(calibrator.probability(new) - true_probability(new)).mean()
    assert error < (0.06 if n == 8000 else 0.12)


@given(st.lists(st.tuples(st.floats(-40, 40), st.sampled_from([0.0, 1.0, np.nan])), max_size=60))
def test_a_higher_score_is_never_a_lower_probability(rows):
    x, y = (np.array([row[k] for row in rows]) for k in (0, 1))
    found = Calibrator.fit(x, y).probability(np.linspace(-35, 35, 200))
    assert (np.diff(found) >= -1e-12).all()
    assert ((found > 0) & (found < 1)).all()


def test_calibration_error_of_a_constant_offset_is_that_offset():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.2, 0.7, 200_000)
    event = (rng.random(p.size) < p).astype(float)
    assert calibration_error(p, event) < 0.005
    assert calibration_error(p + 0.1, event) == pytest.approx(0.1, abs=0.006)
    assert np.isnan(calibration_error(np.array([]), np.array([])))


def test_interval_of_a_difference_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    asset = np.repeat(np.arange(60), 5)
    hits = 0
    for _ in range(200):
        shared = np.repeat(rng.normal(0, 1, 60), 5)
        difference = paired_difference(0.3 + shared + rng.normal(size=300), np.zeros(300), asset, 300, rng)
        hits += difference.low <= 0.3 <= difference.high
    assert 0.88 <= hits / 200 <= 0.99


def test_alerts_of_a_known_case():
    # Two origins, four assets, one alert each: the first is right 50 days ahead, the second is wrong.
    score = alert_score(
        np.array([0.9, 0.2, 0.1, 0.1, 0.2, 0.8, 0.1, 0.1]),
        np.array([1.0, 0, 0, 0, 1, 0, 0, np.nan]),
        np.array([50.0, 400, 400, 400, 20, 400, 400, 400]),
        asset=np.array(["a", "b", "c", "d"] * 2),
        origin_days=np.repeat([0.0, 30.0], 4),
        share=0.25,
        horizon_days=91.0,
    )
    assert (score.n_alerts, score.precision, score.recall, score.lead_days) == (2, 0.5, 0.5, 50)
    assert score.detectable_share == 1.0
    assert score.avoided_days == 41
    assert score.false_per_asset_year == pytest.approx(1 / (7 * 30 / 365.2425))
