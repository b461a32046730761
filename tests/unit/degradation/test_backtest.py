import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm

from guideway.degradation.backtest import backtest, runs_of_groups
from guideway.degradation.baselines import least_squares, nearest_value
from guideway.degradation.calibration import Calibration, conformal_factors, few_occasions, few_runs, fit_calibration
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import SeriesBatch
from tests.unit.degradation.simulated import START, simulate

pytestmark = pytest.mark.slow

WEEKS = [4, 13, 26, 52]
ORIGINS = START + 5.0 + 28.0 * np.arange(26, 68, 3)


@pytest.fixture(scope="module")
def tested():
    batch = simulate(300, points=72, seed=31).batch
    return backtest(batch, estimate_priors(batch.until(ORIGINS[0])), ORIGINS, WEEKS)


def test_intervals_hold_what_they_promise(tested):
    card = tested.scorecard
    assert card.horizon_weeks.tolist() == WEEKS
    assert np.all(card.n > 1000)
    np.testing.assert_allclose(card.coverage_80, 0.80, atol=0.03)
    np.testing.assert_allclose(card.coverage_95, 0.95, atol=0.03)


def test_forecasts_beat_both_baselines_by_a_quarter(tested):
    card = tested.scorecard
    assert np.all(card.crps < 0.75 * card.persistence_crps)
    assert np.all(card.crps < 0.75 * card.ols_crps)
    assert np.all(np.abs(card.bias) < 0.01)
    np.testing.assert_array_equal(card.baseline_crps, np.minimum(card.persistence_crps, card.ols_crps))


def test_forecasts_are_scored_only_where_no_true_work_intervenes():
    simulated = simulate(100, points=72, seed=32)
    result = backtest(simulated.batch, estimate_priors(simulated.batch.until(ORIGINS[0])), ORIGINS, [26])
    worked = [
        np.any((simulated.works[s] > o) & (simulated.works[s] < t))
        for s, o, t in zip(result.scores.series, result.scores.origin_days, result.scores.target_days, strict=True)
    ]
    assert result.n_straddling > 100
    assert np.mean(worked) < 0.01


def test_no_forecast_sees_what_came_after_its_origin():
    batch = simulate(60, points=72, seed=33).batch
    priors = estimate_priors(batch.until(ORIGINS[0]))
    late = batch.t_days > ORIGINS[6]
    changed = dataclasses.replace(batch, values=np.where(late, batch.values * 3 + 1, batch.values))
    early = [backtest(b, priors, ORIGINS, [13]).scores for b in (batch, changed)]
    kept = [{(s, o): f for s, o, f, t in zip(e.series, e.origin_days, e.forecast, e.target_days, strict=True)
             if o <= ORIGINS[6]} for e in early]  # fmt: skip
    shared = kept[0].keys() & kept[1].keys()
    assert len(shared) > 200
    assert all(kept[0][key] == kept[1][key] for key in shared)


def test_least_squares_equals_statsmodels():
    batch = simulate(3, points=20, seed=34, work_level=9.0).batch
    day = np.full(3, START + 900.0)
    mean, sd = least_squares(batch.offsets, batch.t_days, batch.values, np.full(3, -np.inf), day)
    for i in range(3):
        t = batch.t_days[batch.offsets[i] : batch.offsets[i + 1]] - START
        model = sm.OLS(batch.values[batch.offsets[i] : batch.offsets[i + 1]], sm.add_constant(t)).fit()
        frame = model.get_prediction([[1.0, 900.0]])
        assert mean[i] == pytest.approx(frame.predicted_mean[0])
        assert sd[i] == pytest.approx(np.sqrt(frame.var_pred_mean[0] + model.mse_resid))


def test_the_target_is_the_nearest_run_after_the_origin():
    t = np.array([0.0, 10.0, 20.0, 31.0])
    found = nearest_value(np.array([0, 4]), t, np.array([24.0]), np.array([12.0]), 9.0)
    assert found.tolist() == [2]
    assert nearest_value(np.array([0, 4]), t, np.array([24.0]), np.array([20.0]), 9.0).tolist() == [3]
    assert nearest_value(np.array([0, 4]), t, np.array([45.0]), np.array([20.0]), 9.0).tolist() == [-1]


def test_conformal_factors_make_past_errors_covered():
    errors = np.abs(np.random.default_rng(1).standard_t(3, 5000)) * 1.7
    narrow, wide = conformal_factors(errors)
    assert np.mean(errors <= 1.2816 * narrow) == pytest.approx(0.8, abs=0.001)
    assert np.mean(errors <= 1.9600 * wide) == pytest.approx(0.95, abs=0.001)
    assert conformal_factors(errors[:10]) is None


def test_what_is_not_scored_enough_borrows_factors():
    """Group 0 knows 4 and 13 weeks, group 1 has 50 scores at 13, group 2 none; nobody knows 26 and 52 weeks."""
    group = np.repeat([0, 0, 1], [400, 400, 50])
    horizon = np.repeat([0, 1, 1], [400, 400, 50])
    errors = np.random.default_rng(2).standard_normal(850) * np.repeat([1.0, 2.0, 9.0], [400, 400, 50])
    many, weeks = np.full(850, 1e6), np.array([4.0, 13.0, 26.0, 52.0])
    found = fit_calibration(group, horizon, np.arange(850), errors, many, many[:3], weeks).scale_80
    found[:, 0], found[:, 1:] = found[:, 0] / few_occasions(400)[0], found[:, 1:] / few_occasions(450)[0]
    first, together, own = (conformal_factors(np.abs(e))[0] for e in (errors[:400], errors[400:], errors[800:]))
    usual = together ** (1 / (1 + 12 / 450))
    assert found[0, 0] == pytest.approx(first ** (1 - (1 - 1 / (1 + 12 / 400)) ** 2))
    assert found[1, 1] == pytest.approx(usual * (own / usual) ** (1 / (1 + 12 / 50)))
    assert found[2, 1:].tolist() == pytest.approx([usual] * 3)
    assert found[1, 2:].tolist() == [found[1, 1]] * 2, "a group's own shorter horizon stands in, not all groups'"
    assert 2.0 < found[0, 1] < usual < found[1, 1] < own
    scored = (column[:30] for column in (group, horizon, np.arange(850), errors, many))
    assert fit_calibration(*scored, many[:3], weeks).scale_95 == pytest.approx(np.ones((3, 4)), rel=1e-5)


def test_trends_of_few_runs_are_no_certainty():
    """Ten runs leave eight degrees of freedom; what errors of forecasts from ten runs told holds for forty."""
    none = [np.empty(0, dtype) for dtype in (np.int64, np.int64, np.int64, float, float)]
    found = fit_calibration(*none, np.array([10.0, 3.0, 1e9]), np.array([4.0]))
    assert found.scale_80[:, 0] == pytest.approx([np.sqrt(8 / 6), np.sqrt(3), 1.0])
    assert found.scale_95[:, 0] == pytest.approx([np.sqrt(8 / 6), np.sqrt(3), 1.0])
    same = np.zeros(20_000, np.int64)
    errors = np.random.default_rng(3).standard_normal(20_000) * np.sqrt(8 / 6)
    scored = (same, same, np.arange(20_000), errors, np.full(20_000, 10.0))
    found = fit_calibration(*scored, np.array([40.0]), np.array([4.0]))
    assert found.scale_80 == pytest.approx(np.sqrt(38 / 36), rel=0.02)
    assert found.scale_95 == pytest.approx(np.sqrt(38 / 36), rel=0.02)


def test_runs_are_days_of_measuring_of_a_cohort():
    t = [[1.2, 2.2, 3.2], [1.3, 2.3], [7.0], [7.0, 9.0, 11.0, 12.0], [5.0]]
    batch = SeriesBatch.from_lists(
        t, [np.ones(len(one)) for one in t], group=[0, 0, 0, 1, -1], cohort=[0, 0, 3, -1, -1]
    )
    assert runs_of_groups(batch, Priors.unknown(("a", "b", "c"))).tolist() == [2.0, 4.0, 0.0, 1.0]
    assert runs_of_groups(SeriesBatch.of([0], [], []), Priors.unknown()).tolist() == [0.0]


def test_hundreds_of_values_of_a_few_runs_are_no_certainty():
    batch = simulate(300, points=40, seed=35).batch
    runs = START + 28.0 * np.round((batch.t_days - START) / 28.0)
    batch = dataclasses.replace(batch, t_days=runs, cohort=np.zeros(300, np.int32))
    origins = START + 28.0 * np.arange(20, 26) + 14.0
    tested = backtest(batch, estimate_priors(batch), origins, [4])
    errors = tested.scores.standardised / few_runs(tested.scores.runs)
    share = 1 / (1 + 2 / 6 + 10 / len(errors))
    expected = conformal_factors(errors) ** (1 - (1 - share) ** 2) * few_occasions(6) * few_runs(np.array(40.0))
    assert tested.calibration.scale_80 == pytest.approx(expected[0])
    assert tested.calibration.scale_95 == pytest.approx(expected[1])


def test_priors_of_the_day_are_those_of_its_past():
    """Forecasts from an origin are the same whether priors come for each origin or were learned once up to it."""
    batch = simulate(60, points=72, seed=36).batch
    known = {float(o): estimate_priors(batch.until(o)) for o in ORIGINS[:3]}
    anew = backtest(batch, estimate_priors(batch), ORIGINS[:3], [13], priors_on=lambda day: known[day]).scores
    for origin, priors in known.items():
        alone = backtest(batch, priors, [origin], [13]).scores
        mine = dict(zip(alone.series.tolist(), alone.forecast.tolist(), strict=True))
        at = anew.origin_days == origin
        shared = [(s, f) for s, f in zip(anew.series[at], anew.forecast[at], strict=True) if s in mine]
        assert len(shared) > 20
        assert all(mine[s] == f for s, f in shared)


def test_calibration_interpolates_between_horizons():
    calibration = Calibration(np.array([4.0, 12.0]), np.array([[1.0, 2.0]]), np.array([[1.0, 3.0]]))
    narrow, wide = calibration.at(np.zeros(3, np.int64), np.array([1.0, 8.0, 60.0]))
    assert narrow.tolist() == [1.0, 1.5, 2.0]
    assert wide.tolist() == [1.0, 2.0, 3.0]


def test_a_calibration_survives_plain_lists():
    calibration = Calibration(np.array([4.0]), np.array([[1.2]]), np.array([[1.4]]))
    again = Calibration.from_dict(calibration.to_dict())
    np.testing.assert_array_equal(again.scale_95, calibration.scale_95)


def test_without_an_origin_there_is_nothing_to_score() -> None:
    outcome = backtest(SeriesBatch.of([0], [], []), Priors.unknown(), [], [4, 13])
    assert len(outcome.scorecard.n) == 0
    assert outcome.calibration.scale_80 == pytest.approx(np.full((1, 2), np.sqrt(3.0)))
