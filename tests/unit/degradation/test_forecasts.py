import dataclasses

import numpy as np
import pytest
from scipy.special import gammaincc
from scipy.stats import gamma, invgauss, norm, pearson3

from guideway.degradation.calibration import Calibration
from guideway.degradation.forecasts import forecast_limits, predict, standard_quantile
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.passage import gamma_crossed, wiener_crossed
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import EXPONENTIAL, Priors
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.special import gamma_tail
from guideway.degradation.trends import fit_trends

T = 18_000.0 + 28.0 * np.arange(40)
YEARS = (T - T[0]) / DAYS_PER_YEAR
GRID = np.array([0.05, 0.3, 1.0, 3.0, 8.0])


def fitted(direction=1, model="linear", **numbers):
    priors = Priors.unknown(model=EXPONENTIAL if model == "exponential" else 1).with_row(0, **numbers)
    values = 1.0 + 0.2 * YEARS + np.random.default_rng(0).normal(0, 0.03, 40)
    batch = SeriesBatch.from_lists([T], [direction * values], direction=[direction])
    return fit_trends(batch, priors, T[-1])


def test_known_level_and_rate_give_the_inverse_gaussian_passage_time():
    q, rate, distance = 0.04, 0.3, 0.8
    mean, shape = distance / rate, distance**2 / q
    expected = invgauss(mean / shape, scale=shape).cdf(GRID)
    state = np.array([0.0, rate, 0.0, 0.0, 0.0])
    np.testing.assert_allclose([wiener_crossed(distance, state, q, t, 1.0) for t in GRID], expected, rtol=1e-8)


def test_uncertain_level_and_rate_equal_a_simulation_of_paths():
    rng = np.random.default_rng(1)
    q, distance, n, steps, end = 0.03, 0.5, 20_000, 60, 3.0
    state = np.array([0.0, 0.15, 0.02, 0.004, 0.03])
    start, rate = rng.multivariate_normal(state[:2], [[0.02, 0.004], [0.004, 0.03]], n).T
    gap, dt, alive = distance - start, end / steps, distance > start
    for _ in range(steps):
        after = gap - rate * dt + rng.normal(0, np.sqrt(q * dt), n)
        unseen = np.exp(-2 * np.maximum(gap, 0) * np.maximum(after, 0) / (q * dt))  # bridge between the steps
        alive &= (after > 0) & (rng.random(n) > unseen)
        gap = after
    assert wiener_crossed(distance, state, q, end, 1.0) == pytest.approx(1 - alive.mean(), abs=0.012)


def test_a_path_that_only_grows_has_not_crossed_on_the_day_itself_and_ends_gamma_distributed():
    q, rate, distance = 0.04, 0.3, 0.8
    state = np.array([0.0, rate, 0.0, 0.0, 0.0])
    assert gamma_crossed(distance, state, q, 0.0, 1.0) == 0.0
    assert gamma_crossed(-distance, state, q, 0.0, 1.0) == pytest.approx(1.0)
    expected = gamma(rate**2 * GRID / q, scale=q / rate).sf(distance)
    np.testing.assert_allclose([gamma_crossed(distance, state, q, t, 1.0) for t in GRID], expected, atol=1e-8)


def test_without_process_noise_it_is_the_normal_tail_of_the_line():
    state = np.array([0.0, 0.5, 0.0004, 0.0, 0.0025])
    for years in GRID[1:]:
        sd = np.sqrt(0.0004 + 0.0025 * years**2)
        assert wiener_crossed(1.0, state, 0.0, years, 1.0) == pytest.approx(norm.sf((1 - 0.5 * years) / sd), abs=2e-4)


@pytest.mark.parametrize("shape", [0.3, 2.0, 40.0, 900.0])
def test_gamma_tail_equals_scipy(shape):
    for x in shape * np.array([0.01, 0.5, 0.98, 1.02, 1.5, 4.0]):
        assert gamma_tail(shape, x) == pytest.approx(gammaincc(shape, x), abs=1e-9)


def test_pearson_quantiles_equal_scipy():
    for skew in (0.0, 0.4, 1.7):
        np.testing.assert_allclose(standard_quantile(GRID / 10, skew), pearson3(skew).ppf(GRID / 10), atol=1e-7)


def test_days_and_probabilities_agree_with_each_other():
    trends = fitted(process_var=0.02)
    forecast = forecast_limits(trends, [0, 2], [2.0, 2.4])
    for k in range(2):
        days = [forecast.days_p10[k], forecast.days_p50[k], forecast.days_p90[k]]
        assert np.all(np.diff(days) > 0)
        distance = forecast.limit[k] - trends.state[0, 0]
        reached = [wiener_crossed(distance, trends.state[0], 0.02, d / DAYS_PER_YEAR, 1.0) for d in days]
        np.testing.assert_allclose(reached, [0.1, 0.5, 0.9], atol=0.004)
    rising = [forecast.probability_4w, forecast.probability_13w, forecast.probability_26w, forecast.probability_52w]
    assert np.all(np.diff(rising, axis=0) >= 0)
    assert np.all(forecast.days_p50[0] < forecast.days_p50[1])


def test_crossed_limits_are_zero_days_away_and_far_ones_are_missing():
    forecast = forecast_limits(fitted(), [0, 3], [0.5, 50.0, np.nan])
    assert forecast.days_p90[0] == 0.0
    assert forecast.probability_4w[0] == 1.0
    assert np.isnan(forecast.days_p10[1])
    assert forecast.probability_52w[1] == pytest.approx(0.0, abs=1e-12)
    assert forecast.is_valid.tolist() == [True, True, False]


def test_a_lower_limit_is_the_mirror_image():
    up = forecast_limits(fitted(), [0, 1], [2.0])
    down = forecast_limits(fitted(direction=-1), [0, 1], [-2.0])
    assert down.days_p50[0] == pytest.approx(up.days_p50[0])


def test_exponential_forecasts_cross_sooner_than_straight_ones():
    level = fitted().level_now[0]
    assert (
        forecast_limits(fitted(model="exponential"), [0, 1], [2 * level]).days_p50[0]
        < forecast_limits(fitted(), [0, 1], [2 * level]).days_p50[0]
    )


def test_abrupt_maxima_are_a_poisson_hazard_on_top_of_the_trend():
    flat = fitted()
    jumps = dataclasses.replace(
        flat,
        state=np.array([[1.0, 0.0, 0.0, 0.0, 0.0]]),
        jump_rate=np.array([0.8]),
        jump_mean=np.array([0.5]),
    )
    forecast = forecast_limits(jumps, [0, 1], [2.0])
    year = 364.0 / DAYS_PER_YEAR
    assert forecast.probability_52w[0] == pytest.approx(1 - np.exp(-0.8 * year * np.exp(-1.0 / 0.5)), rel=1e-6)
    assert forecast_limits(flat, [0, 1], [50.0]).probability_52w[0] == pytest.approx(0.0, abs=1e-12)


def test_jumps_are_learnt_from_a_peak_indicator():
    rng = np.random.default_rng(5)
    values = [2 + 0.1 * YEARS + rng.normal(0, 0.1, 40) + np.cumsum((rng.random(40) < 0.03) * 2.0) for _ in range(150)]
    asked = DegradationParameters(isolated_defects=True)
    many = SeriesBatch.from_lists([T] * 150, values)
    priors = estimate_priors(many, asked)
    assert priors.jump_rate[0] == pytest.approx(0.03 * DAYS_PER_YEAR / 28.0, rel=0.25)
    assert priors.jump_mean[0] == pytest.approx(2.0, rel=0.1)
    batch = SeriesBatch.from_lists([T], [values[0]])
    with_jumps = forecast_limits(fit_trends(batch, priors, T[-1]), [0, 1], [values[0][-1] + 3.0])
    without = forecast_limits(fit_trends(batch, estimate_priors(many), T[-1]), [0, 1], [values[0][-1] + 3.0])
    assert with_jumps.probability_52w[0] > without.probability_52w[0] + 0.02


def test_predicted_quantiles_are_those_of_the_state():
    trends = fitted(process_var=0.02)
    level, rate, p00, p01, p11 = trends.state[0]
    years = 91.0 / DAYS_PER_YEAR
    sd = np.sqrt(p00 + 2 * p01 * years + p11 * years**2 + 0.02 * years + trends.noise_var[0])
    expected = level + rate * years + sd * norm.ppf([0.1, 0.5, 0.9])
    np.testing.assert_allclose(predict(trends, [91.0])[0, 0], expected)


def test_calibration_widens_predictions_and_forecasts():
    trends = fitted(process_var=0.02)
    wider = Calibration(np.array([4.0, 52.0]), np.array([[2.0, 2.0]]), np.array([[2.0, 2.0]]))
    plain, wide = predict(trends, [91.0])[0, 0], predict(trends, [91.0], calibration=wider)[0, 0]
    assert wide[2] - wide[0] == pytest.approx(2 * (plain[2] - plain[0]))
    assert (
        forecast_limits(trends, [0, 1], [2.2], wider).days_p10[0] < forecast_limits(trends, [0, 1], [2.2]).days_p10[0]
    )
