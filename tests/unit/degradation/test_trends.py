import numpy as np
import pytest

from guideway.degradation.filtering import TRACE_COLUMNS, run_filter, smoothed_levels
from guideway.degradation.interventions import find_interventions
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import EXPONENTIAL, Priors
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import CONSTANT, FAILED, NO_DATA, OK, POOLED, TOO_FEW_POINTS, fit_trends
from guideway.degradation.warm_up import warm_up
from guideway.degradation.works import EVENT_COLUMNS
from tests.unit.degradation.simulated import START, simulate

T = 18_000.0 + 28.0 * np.arange(40)
YEARS = (T - T[0]) / DAYS_PER_YEAR
KNOWN = Priors.unknown().with_row(
    0, rate_mean=0.2, rate_var=0.01, rate_memory=0.5, noise_var=0.0025, noise_ratio=1.0,
    effect_alpha=0.1, effect_beta=0.2, effect_var=0.02, effect_memory=1.0,
)  # fmt: skip


def line(rate=0.2, n=40, seed=0, noise=0.05):
    return 1.0 + rate * YEARS[:n] + np.random.default_rng(seed).normal(0, noise, n)


def one(values, t=T, **more):
    return SeriesBatch.from_lists([t[: len(values)]], [values], **more)


def test_filter_and_smoother_equal_the_dense_gaussian_posterior():
    """Level at every run and final rate, with a work in the middle: conditioning of one big normal distribution."""
    n, at, sigma2, q = 12, 7, 0.0025, 0.01
    prior = KNOWN.table()[0]
    z = line(n=n)
    event = np.zeros((1, EVENT_COLUMNS))
    event[0, 1], event[0, 3], event[0, 7], event[0, 8] = at, 1.0, 1.0, 1.0
    trace = np.zeros((n, TRACE_COLUMNS))
    state = run_filter(YEARS[:n], z, np.ones(n), event, prior, sigma2, q, False, trace)[0]

    # state (level, rate) at each run as a linear map of independent normals: start level, start rate, noises
    size = 2 + n + 2
    mean, maps = np.zeros((n, 2)), np.zeros((n, 2, size))
    variance = np.concatenate(([1e6 * sigma2, prior[1]], np.zeros(n), [0.02, (1 - 0.25) * prior[1]]))
    mean[0], maps[0, 0, 0], maps[0, 1, 1] = (np.median(z[:3]), 0.2), 1.0, 1.0
    for i in range(1, n):
        dt = YEARS[i] - YEARS[i - 1]
        step = np.array([[1.0, dt], [0.0, 1.0]])
        mean[i], maps[i] = step @ mean[i - 1], step @ maps[i - 1]
        maps[i, 0, 2 + i] = 1.0
        variance[2 + i] = q * dt
        if i == at:
            work = np.diag([0.8, 0.5])
            mean[i] = work @ mean[i] + [-0.1, 0.1]
            maps[i] = work @ maps[i]
            maps[i, 0, 2 + n], maps[i, 1, 3 + n] = 1.0, 1.0
    levels = maps[:, 0]
    gain = np.linalg.inv(levels * variance @ levels.T + sigma2 * np.eye(n))
    final = maps[-1]
    cross = final * variance @ levels.T
    expected = mean[-1] + cross @ gain @ (z - mean[:, 0])
    covariance = final * variance @ final.T - cross @ gain @ cross.T
    smooth = mean[:, 0] + (levels * variance @ levels.T) @ gain @ (z - mean[:, 0])
    np.testing.assert_allclose(state[:2], expected, rtol=1e-5)
    # the dense form subtracts from a start variance two million times as large, so it keeps few digits
    np.testing.assert_allclose(state[2:], covariance[[0, 0, 1], [0, 1, 1]], rtol=1e-3)
    np.testing.assert_allclose(smoothed_levels(trace), smooth, rtol=1e-5)


def test_without_priors_a_clean_line_is_least_squares():
    values = line(noise=0.02, seed=3)
    trend = fit_trends(one(values), Priors.unknown(), T[-1], DegradationParameters(huber_k=50.0))
    slope, level = np.polyfit(YEARS - YEARS[-1], values, 1)
    assert trend.status[0] == OK
    assert trend.rate_per_year[0] == pytest.approx(slope, rel=0.01)
    assert trend.level_now[0] == pytest.approx(level, rel=0.001)


def test_rates_are_recovered_within_a_tenth_of_their_spread():
    simulated = simulate(300, seed=11)
    trends = fit_trends(simulated.batch, estimate_priors(simulated.batch), START + 60 * 28.0)
    error = np.abs(trends.rate_per_year - simulated.rate)
    assert np.median(error) < 0.1 * simulated.rate.std()
    inside = np.mean((trends.rate_low <= simulated.rate) & (simulated.rate <= trends.rate_high))
    assert 0.75 <= inside <= 0.93
    assert np.median(np.abs(trends.level_now - simulated.level_end)) < 0.02


def test_a_fifth_of_outliers_does_not_bend_the_rate():
    values = line(seed=2)
    dirty = values.copy()
    dirty[::5] += 1.0
    clean, spoilt = (fit_trends(one(v), KNOWN, T[-1]).rate_per_year[0] for v in (values, dirty))
    assert spoilt == pytest.approx(clean, abs=0.04)


def test_few_points_lean_on_the_group_and_many_do_not():
    batch = SeriesBatch.from_lists([T[:2], T], [line(0.5, 2, noise=0.01), line(0.5, noise=0.01)])
    trends = fit_trends(batch, KNOWN, T[-1])
    assert trends.status.tolist() == [POOLED, OK]
    assert trends.rate_per_year[0] == pytest.approx(0.2, abs=0.05)
    assert trends.rate_per_year[1] == pytest.approx(0.5, abs=0.05)
    assert trends.rate_high[0] - trends.rate_low[0] > 3 * (trends.rate_high[1] - trends.rate_low[1])


def test_a_work_not_measured_yet_lowers_the_level_and_widens_it():
    values = line()
    plain, worked = (one(values, works=[w]) for w in ([], [T[-1] + 5.0]))
    before, after = (fit_trends(b, KNOWN, T[-1] + 10.0) for b in (plain, worked))
    expected = 0.8 * (0.1 + 0.2 * before.level_now[0])
    assert before.level_now[0] - after.level_now[0] == pytest.approx(expected, abs=0.01)
    assert after.state[0, 2] > 10 * before.state[0, 2]
    assert after.n_points[0] == 0
    assert after.since_days[0] == T[-1] + 5.0


def test_a_work_not_measured_yet_does_not_lose_the_level_of_a_group_where_works_do_not_show():
    unknown = KNOWN.with_row(0, effect_alpha=np.nan, effect_beta=np.nan, effect_var=np.nan)
    plain, worked = (one(line(), works=[w]) for w in ([], [T[-1] + 5.0]))
    before, after = (fit_trends(b, unknown, T[-1] + 10.0) for b in (plain, worked))
    assert after.state[0, 0] == pytest.approx(before.state[0, 0])
    assert after.state[0, 2] - before.state[0, 2] == pytest.approx(4.0 * before.noise_var[0], rel=1e-6)


@pytest.mark.parametrize(
    ("t", "values", "priors", "status"),
    [
        ([], [], KNOWN, NO_DATA),
        ([1.0, 2.0], [np.nan, np.inf], KNOWN, NO_DATA),
        ([1.0, 2.0, 9.0], [3.0, 3.0, 3.0], KNOWN, CONSTANT),
        ([1.0, 2.0], [3.0, 4.0], Priors.unknown(), TOO_FEW_POINTS),
        ([1.0, 2.0], [3.0, 4.0], KNOWN, POOLED),
        ([1.0, 30.0, 60.0, 90.0, 120.0], [1e300, -1e300, 1e300, 1e299, 1e300], Priors.unknown(), FAILED),
        ([1.0, 30.0, 60.0, 90.0, 120.0], [1e-200, 2e-200, 1e-200, 3e-200, 2e-200], Priors.unknown(), FAILED),
    ],
)
def test_poison_gives_a_status(t, values, priors, status):
    trend = fit_trends(SeriesBatch.from_lists([t], [values]), priors, 200.0)
    assert trend.status[0] == status
    assert np.isfinite(trend.rate_per_year[0]) == (status in (POOLED, CONSTANT))


def test_worse_when_lower_is_the_mirror_image():
    values = line()
    up = fit_trends(one(values), KNOWN, T[-1])
    down = fit_trends(one(-values, direction=[-1]), KNOWN, T[-1])
    assert down.rate_per_year[0] == pytest.approx(-up.rate_per_year[0])
    assert down.rate_low[0] == pytest.approx(-up.rate_high[0])
    assert down.level_now[0] == pytest.approx(-up.level_now[0])


def test_exponential_growth_is_a_line_on_the_logarithm():
    rng = np.random.default_rng(4)
    values = np.exp(0.1 + 0.3 * YEARS + rng.normal(0, 0.02, 40))
    trend = fit_trends(one(values), Priors.unknown(model=EXPONENTIAL), T[-1])
    level = np.exp(0.1 + 0.3 * YEARS[-1])
    assert trend.level_now[0] == pytest.approx(level, rel=0.02)
    assert trend.rate_per_year[0] == pytest.approx(0.3 * level, rel=0.1)


def test_values_without_a_logarithm_are_left_out_of_exponential_series():
    values = np.exp(0.3 * YEARS)
    values[5] = -1.0
    trend = fit_trends(one(values), Priors.unknown(model=EXPONENTIAL), T[-1])
    assert trend.n_points[0] == 39


def test_a_yearly_wave_is_told_from_the_trend():
    seasonal = DegradationParameters(seasonal=True, model="linear")
    simulated = simulate(120, points=45, season=0.3, mean_rate=0.2, work_level=9.0, seed=6, outliers=0.0)
    day = START + 45 * 28.0
    with_wave = fit_trends(simulated.batch, estimate_priors(simulated.batch, seasonal), day, seasonal)
    plain = DegradationParameters(model="linear")
    without = fit_trends(simulated.batch, estimate_priors(simulated.batch, plain), day, plain)
    errors = [np.median(np.abs(t.rate_per_year - simulated.rate)) for t in (with_wave, without)]
    assert errors[0] < 0.5 * errors[1]
    np.testing.assert_allclose(np.median(with_wave.season[:, :2], axis=0), [0.3, 0.0], atol=0.03)


def test_nothing_after_as_of_is_looked_at():
    values = line()
    changed = values.copy()
    changed[30:] += 5.0
    a, b = (fit_trends(one(v, works=[w]), KNOWN, T[29]) for v, w in ((values, []), (changed, [T[35]])))
    np.testing.assert_array_equal(a.state, b.state)


def test_interventions_of_other_data_are_refused():
    with pytest.raises(ValueError, match="interventions do not belong"):
        fit_trends(one(line()), KNOWN, T[10], None, find_interventions(one(line()), KNOWN))


def test_the_warm_up_goes_through_every_kernel_a_job_uses() -> None:
    assert warm_up() == 24
