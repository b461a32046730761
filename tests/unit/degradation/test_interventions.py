import numpy as np
import pytest

from guideway.degradation.interventions import INFERRED, RECORDED, find_interventions
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import fit_trends
from tests.unit.degradation.simulated import matches, simulate

T = 18_000.0 + 28.0 * np.arange(40)


def one(values, works=(), t=T):
    return SeriesBatch.from_lists([t[: len(values)]], [values], [list(works)])


def sawtooth(drop_at=20, drop=0.5, n=40, seed=0, noise=0.05, rate=0.2):
    years = (T[:n] - T[0]) / 365.25
    values = 1.0 + rate * years - drop * (np.arange(n) >= drop_at)
    return values + np.random.default_rng(seed).normal(0, noise, n)


def scores(simulated, works, source, only_unrecorded):
    owner = works.owner()
    total = np.zeros(3)
    for i in range(len(simulated.batch)):
        mine = (owner == i) & works.effective & (np.isin(works.source, source))
        total += matches(simulated, i, works.at_days[mine], 30.0, only_unrecorded)
    hits, missed, false = total
    return 2 * hits / (2 * hits + missed + false)


@pytest.mark.parametrize("seed", [1, 2])
def test_unrecorded_works_are_found_at_realistic_noise(seed):
    simulated = simulate(300, seed=seed, unrecorded=0.3, noise=0.05)
    works = find_interventions(simulated.batch, estimate_priors(simulated.batch))
    assert scores(simulated, works, [INFERRED], only_unrecorded=True) >= 0.9
    assert scores(simulated, works, [RECORDED, INFERRED], only_unrecorded=False) >= 0.95


def test_works_are_told_from_a_level_that_wanders():
    simulated = simulate(300, process="wiener", process_sd=0.05, seed=4, points=72)
    works = find_interventions(simulated.batch, estimate_priors(simulated.batch))
    assert scores(simulated, works, [RECORDED, INFERRED], only_unrecorded=False) >= 0.95


@pytest.mark.parametrize("days_off", [-15.0, -5.0, 0.0, 8.0, 16.0])
def test_a_record_is_snapped_to_the_drop_it_explains(days_off):
    true_day = T[19] + 14.0
    works = find_interventions(one(sawtooth(), [true_day + days_off]), Priors.unknown())
    assert works.source.tolist() == [RECORDED]
    assert T[19] <= works.at_days[0] <= T[20]
    assert works.confidence[0] == 1.0
    assert works.effective[0]
    assert works.effect[0] == pytest.approx(-0.5, abs=0.1)


def test_a_record_too_far_off_leaves_the_drop_inferred_and_stays_without_effect():
    works = find_interventions(one(sawtooth(), [T[10]]), Priors.unknown())
    assert works.source.tolist() == [RECORDED, INFERRED]
    assert works.effective.tolist() == [False, True]
    assert works.confidence[0] < 0.5 < works.confidence[1]
    assert T[19] <= works.at_days[1] <= T[20]


def test_a_recorded_drop_needs_one_run_an_unrecorded_two():
    values = sawtooth(drop_at=39)
    assert find_interventions(one(values, [T[38] + 10]), Priors.unknown()).effective.tolist() == [True]
    assert len(find_interventions(one(values), Priors.unknown()).at_days) == 0
    assert len(find_interventions(one(sawtooth(drop_at=38)), Priors.unknown()).at_days) == 1


def test_a_work_no_run_has_seen_yet_is_kept_without_effect():
    works = find_interventions(one(sawtooth(drop_at=99), [T[39] + 30.0]), Priors.unknown())
    assert works.effective.tolist() == [True]
    assert np.isnan(works.effect[0])
    assert works.confidence[0] == pytest.approx(0.8)


def test_outliers_and_bursts_are_no_works():
    values = sawtooth(drop_at=99)
    values[10] -= 0.6
    values[25:27] -= 0.7
    works = find_interventions(one(values), Priors.unknown())
    assert len(works.at_days) == 0
    assert works.weights[[10, 25, 26]].tolist() == [0.0, 0.0, 0.0]
    assert works.weights.sum() == 37


def test_an_upward_shift_is_no_work_but_starts_a_new_level():
    values = sawtooth(drop_at=20, drop=-0.8)
    batch = one(values)
    works = find_interventions(batch, Priors.unknown())
    assert len(works.at_days) == 0
    assert len(works.events) == 1
    trend = fit_trends(batch, Priors.unknown(), T[-1])
    assert trend.rate_per_year[0] == pytest.approx(0.2, abs=0.06)
    assert trend.since_days[0] == pytest.approx((T[19] + T[20]) / 2)


def test_missed_works_never_turn_into_negative_degradation():
    simulated = simulate(300, unrecorded=1.0, seed=8)
    trends = fit_trends(simulated.batch, estimate_priors(simulated.batch), T[0] + 60 * 28.0)
    assert np.all(trends.rate_per_year > 0)
    assert np.median(np.abs(trends.rate_per_year - simulated.rate)) < 0.1 * simulated.rate.std()


def test_effects_of_a_falling_indicator_are_negative_too():
    mirrored = SeriesBatch.from_lists([T], [-sawtooth()], [[T[19] + 14.0]], direction=[-1])
    works = find_interventions(mirrored, Priors.unknown())
    assert works.effect[0] == pytest.approx(-0.5, abs=0.1)
