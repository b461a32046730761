import dataclasses

import numpy as np
import pytest

from guideway.degradation.correlation import LASTING, Correlation
from guideway.degradation.forms import Form
from guideway.degradation.interventions import find_interventions
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import fit_trends

pytestmark = pytest.mark.slow

START = 18_000.0
GROUPS = ("level", "twist")
RATES = np.array([[1.0, 0.9], [0.9, 1.0]])
ERRORS = np.array([[1.0, 0.8], [0.8, 1.0]])
SIGMA = 0.05


def assets(
    n: int, runs: int, seed: int, rates: np.ndarray = RATES, errors: np.ndarray = ERRORS
) -> tuple[SeriesBatch, np.ndarray]:
    """Level and twist of ``n`` assets, one after the other, and their true rates (n, 2)."""
    rng = np.random.default_rng(seed)
    days = START + 28.0 * np.arange(runs)
    rate = 0.2 + 0.08 * rng.multivariate_normal([0.0, 0.0], rates, n)
    error = SIGMA * rng.multivariate_normal([0.0, 0.0], errors, (n, runs)).transpose(0, 2, 1)
    values = rng.uniform(1.0, 1.5, (n, 2, 1)) + rate[:, :, None] * (days - START) / DAYS_PER_YEAR + error
    batch = SeriesBatch.from_lists(
        [days] * (2 * n), list(values.reshape(2 * n, runs)), group=np.tile([0, 1], n), asset=np.repeat(np.arange(n), 2)
    )
    return batch, rate


@pytest.fixture(scope="module")
def taught() -> Priors:
    return estimate_priors(assets(300, 40, 1)[0], groups=GROUPS)


def test_both_correlations_are_found(taught: Priors) -> None:
    assert taught.correlation.rate[0, 1] == pytest.approx(0.9, abs=0.08)
    assert taught.correlation.error[0, 1] == pytest.approx(0.8 * LASTING, abs=0.05)
    assert np.all(taught.correlation.rate[2] == [0.0, 0.0, 1.0]), "what is outside the groups says nothing"
    assert np.all(np.linalg.eigvalsh(taught.correlation.error) >= 0.0)


@pytest.mark.parametrize(("of_rates", "of_errors"), [(0.9, 0.1), (0.0, 0.9)])
def test_short_series_gain_from_each_other_and_keep_their_promise(of_rates: float, of_errors: float) -> None:
    """What goes the same way tells of the rate, and what errs the same way tells of the error."""
    pair = np.array([[0.0, 1.0], [1.0, 0.0]])
    correlations = np.eye(2) + of_rates * pair, np.eye(2) + of_errors * pair
    priors = estimate_priors(assets(300, 40, 1, *correlations)[0], groups=GROUPS)
    batch, true = assets(400, 9, 2, *correlations)
    alone = dataclasses.replace(batch, asset=np.full(800, -1, np.int32))
    together, apart = (fit_trends(one, priors, START + 260.0) for one in (batch, alone))
    error, error_apart = (np.sqrt(np.mean((t.rate_per_year - true.reshape(-1)) ** 2)) for t in (together, apart))
    assert error < 0.93 * error_apart
    inside, inside_apart = (
        np.mean((t.rate_low <= true.reshape(-1)) & (true.reshape(-1) <= t.rate_high)) for t in (together, apart)
    )
    assert inside > inside_apart - 0.02, "narrower, and as true"


def test_states_are_those_of_one_normal_distribution() -> None:
    """All runs of both indicators at once: least squares with correlated errors and a prior of the rates."""
    runs, own = 12, 0.98  # see correlation.OWN
    batch, _ = assets(1, runs, 3)
    rate_sd, noise_sd = np.array([0.08, 0.05]), np.array([SIGMA, 1.2 * SIGMA])
    priors = Priors.unknown(GROUPS)
    for row in range(2):
        known = {"rate_mean": 0.2, "rate_var": rate_sd[row] ** 2, "noise_var": noise_sd[row] ** 2, "noise_ratio": 1.0}
        priors = priors.with_row(row, **known)
    priors = dataclasses.replace(priors, correlation=Correlation(*(np.pad(one, (0, 1)) for one in (RATES, ERRORS))))
    plain = DegradationParameters(noise_weight=1e9, huber_k=1e9, work_penalty=1e9, nonnegative_rate=False)
    found = fit_trends(batch, priors, batch.t_days[runs - 1], plain).state

    years = (batch.t_days[:runs] - batch.t_days[runs - 1]) / DAYS_PER_YEAR
    shrunk = [own * one + (1.0 - own) * np.eye(2) for one in (RATES, ERRORS)]
    noise = np.kron(shrunk[1] * np.outer(noise_sd, noise_sd), np.eye(runs))
    design = np.kron(np.eye(2), np.column_stack((np.ones(runs), years)))  # level, rate of each indicator
    prior = np.zeros((4, 4))
    prior[1::2, 1::2] = np.linalg.inv(shrunk[0] * np.outer(rate_sd, rate_sd))
    precision = design.T @ np.linalg.solve(noise, design) + prior
    right = design.T @ np.linalg.solve(noise, batch.values) + prior @ np.array([0.0, 0.2, 0.0, 0.2])
    mean, cov = np.linalg.solve(precision, right).reshape(2, 2), np.linalg.inv(precision)
    np.testing.assert_allclose(found[:, :2], mean, rtol=1e-4)
    np.testing.assert_allclose(found[:, 4], np.diag(cov)[1::2], rtol=1e-3)
    np.testing.assert_allclose(found[:, 2], np.diag(cov)[::2], rtol=1e-3)


def test_assets_do_not_depend_on_their_batch(taught: Priors) -> None:
    batch, _ = assets(30, 9, 4)
    order = np.random.default_rng(5).permutation(60)
    day = START + 260.0
    np.testing.assert_allclose(
        fit_trends(batch.take(order), taught, day).state, fit_trends(batch, taught, day).state[order], rtol=1e-9
    )
    np.testing.assert_allclose(
        fit_trends(batch.take([6, 7]), taught, day).state, fit_trends(batch, taught, day).state[6:8], rtol=1e-9
    )


def test_a_defects_own_rate_is_neither_lent_nor_changed(taught: Priors) -> None:
    batch, _ = assets(1, 40, 6)
    values = batch.values.copy()
    values[20:40] += 3.0 * (batch.t_days[20:40] - batch.t_days[20]) / DAYS_PER_YEAR
    bent = dataclasses.replace(batch, values=values)
    alone = dataclasses.replace(bent, asset=np.full(2, -1, np.int32))
    day = START + 40 * 28.0
    assert len(find_interventions(bent, taught).events) > 0
    np.testing.assert_array_equal(fit_trends(bent, taught, day).state, fit_trends(alone, taught, day).state)


def test_few_assets_say_nothing_of_correlation() -> None:
    few = estimate_priors(assets(8, 40, 7)[0], groups=GROUPS).correlation
    np.testing.assert_array_equal(few.rate, np.eye(3))
    nobody = dataclasses.replace(assets(60, 12, 8)[0], asset=np.full(120, -1, np.int32))
    assert len(estimate_priors(nobody, groups=GROUPS).correlation.rate) == 0


def test_priors_with_correlation_survive_json(taught: Priors) -> None:
    again = Priors.from_dict(taught.to_dict())
    np.testing.assert_array_equal(again.correlation.rate, taught.correlation.rate)
    np.testing.assert_array_equal(again.correlation.error, taught.correlation.error)
    assert len(Priors.from_dict(Priors.unknown(GROUPS).to_dict()).correlation.rate) == 0


def test_rates_on_another_scale_go_together_all_the_same() -> None:
    batch, _ = assets(120, 40, 9)
    forms = (Form(), Form("exponential"), Form())
    both = estimate_priors(batch, groups=GROUPS, forms=forms)
    assert both.correlation.rate[0, 1] > 0.6
