"""What all values of one run share is told from the series and taken off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guideway.degradation.forms import Form
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.runs import RunEffects, estimate_runs
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import CONSTANT, fit_trends

SECTIONS, RUNS = 60, 30
DAYS = 19_000.0 + 28.0 * np.arange(RUNS)
NOISE, SHARED = 0.05, 0.15


def measured(seed: int, shared: float = SHARED) -> tuple[SeriesBatch, np.ndarray, np.ndarray]:
    """Sections that worsen, a third of them tamped once; the batch, the shared parts and the levels at the end."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(0.0, shared, RUNS) if shared else np.zeros(RUNS)
    years = (DAYS - DAYS[0]) / DAYS_PER_YEAR
    level = rng.uniform(0.8, 1.6, SECTIONS)[:, None] + rng.gamma(4.0, 0.05, SECTIONS)[:, None] * years
    tamped = rng.integers(4, RUNS - 4, SECTIONS)[:, None] <= np.arange(RUNS)
    level = level - 0.5 * tamped * (np.arange(SECTIONS) % 3 == 0)[:, None]
    values = level + effect + rng.normal(0.0, NOISE, level.shape)
    days = [DAYS + rng.uniform(0.0, 0.1, RUNS) for _ in range(SECTIONS)]
    return SeriesBatch.from_lists(days, list(values), cohort=np.zeros(SECTIONS)), effect, level[:, -1]


def estimated(batch: SeriesBatch) -> RunEffects:
    return estimate_runs(batch.offsets, batch.t_days, batch.values, batch.cohort)


def test_shared_parts_are_recovered_but_for_what_is_smooth() -> None:
    batch, effect, _ = measured(1)
    found = estimated(batch)
    years = 2.0 * np.pi * (DAYS - DAYS[0]) / DAYS_PER_YEAR
    smooth = np.column_stack((np.ones(RUNS), DAYS - DAYS[0], np.cos(years), np.sin(years)))
    rest = effect - smooth @ np.linalg.lstsq(smooth, effect, rcond=None)[0]
    np.testing.assert_allclose(found.effect, rest, atol=0.4 * SHARED)
    assert np.corrcoef(found.effect, rest)[0, 1] > 0.97
    assert np.sqrt(found.variance[0]) == pytest.approx(SHARED, rel=0.35)
    np.testing.assert_allclose(found.t_days, DAYS, atol=0.1)


def test_runs_that_each_measure_other_sections_tell_nothing() -> None:
    """Twelve runs over sixteen sections, no three after another over eight of them."""
    t = [DAYS[k % 2 :: 2] for k in range(16)]
    apart = SeriesBatch.from_lists(t, [np.zeros(len(days)) for days in t], cohort=np.zeros(16))
    assert len(estimated(apart).cohort) == 0


def test_where_runs_share_nothing_next_to_nothing_is_taken_off() -> None:
    found = estimated(measured(2, shared=0.0)[0])
    assert np.all(np.abs(found.effect) < 0.5 * NOISE)


@pytest.mark.parametrize("cohort", [np.full(SECTIONS, -1), np.repeat([0, 1], [SECTIONS - 4, 4])])
def test_a_group_with_series_measured_alone_keeps_all_its_values(cohort: np.ndarray) -> None:
    batch, _, _ = measured(3)
    assert len(estimate_runs(batch.offsets, batch.t_days, batch.values, cohort.astype(np.int32)).cohort) == 0


def test_levels_are_nearer_to_the_truth_and_shared_doubt_is_kept() -> None:
    errors: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(4, 10):
        batch, effect, truth = measured(seed)
        for runs in (True, False):
            priors = estimate_priors(batch, forms=[Form("linear", runs=runs)])
            trends = fit_trends(batch, priors, DAYS[-1] + 0.2)
            errors[runs].append(float(np.mean(np.abs(trends.level_now - truth))))
            if runs:
                assert np.median(trends.sigma) > 0.6 * np.std(effect), "a value's noise is what its run adds, too"
                doubt = np.sqrt(trends.state[:, 2])
                assert np.mean(np.abs(trends.level_now - truth) < 3.0 * doubt) > 0.9
    assert np.mean(errors[True]) < 0.9 * np.mean(errors[False])


def test_a_sensor_that_is_stuck_stays_so() -> None:
    batch, effect, _ = measured(20)
    runs = RunEffects(np.zeros(RUNS, np.int64), DAYS, effect, np.full(RUNS, SHARED**2))
    stuck = SeriesBatch.from_lists([DAYS], [np.full(RUNS, 1.25)], cohort=[0])
    trends = fit_trends(stuck, replace(Priors.unknown(), runs=runs), DAYS[-1])
    assert trends.status[0] == CONSTANT
    assert trends.level_now[0] == 1.25
    assert len(batch) == SECTIONS


def test_the_mean_rate_of_a_group_errs_by_the_line_of_what_its_runs_share() -> None:
    rng = np.random.default_rng(9)
    years = (DAYS - DAYS[0]) / DAYS_PER_YEAR
    lines, sections = 2, np.array([30, 10])  # a line of thrice as many sections weighs thrice as much
    shared = rng.normal(0.0, SHARED, (4000, lines, RUNS))
    slopes = (shared @ (years - years.mean())) / np.sum((years - years.mean()) ** 2)
    expected = np.var(slopes @ (sections / sections.sum()))
    cohort = np.repeat(np.arange(lines), RUNS)
    runs = RunEffects(cohort, np.tile(DAYS, lines), np.zeros(lines * RUNS), np.full(lines * RUNS, SHARED**2))
    members = np.repeat(np.arange(lines), sections).astype(np.int32)
    assert runs.error_of_mean(members) == pytest.approx(expected, rel=0.06)
    assert RunEffects.none().error_of_mean(members) == 0.0


def test_sections_that_stay_as_they_are_do_not_take_a_rate_from_their_runs() -> None:
    means = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        values = 1.0 + rng.normal(0.0, SHARED, 12) + rng.normal(0.0, NOISE, (20, 12))
        batch = SeriesBatch.from_lists([DAYS[:12]] * 20, list(values), cohort=np.zeros(20))
        slope = np.polyfit((DAYS[:12] - DAYS[0]) / DAYS_PER_YEAR, values.mean(axis=0), 1)[0]
        means.append((float(estimate_priors(batch).rate_mean[0]), slope))
    learned, seen = np.sqrt(np.mean(np.square(means), axis=0))
    assert learned < 0.6 * seen
