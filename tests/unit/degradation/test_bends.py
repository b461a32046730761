"""Steady growth at a rate the group does not know: one line, neither a staircase of shifts nor works."""

import numpy as np
import pytest

from guideway.degradation.interventions import find_interventions
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.segmentation import piece_cost, prefix_sums
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import OK, fit_trends
from guideway.degradation.works import AT, BEND, KIND, SHIFT, WORK

T = 18_000.0 + 28.0 * np.arange(26)
YEARS = (T - T[0]) / DAYS_PER_YEAR
ONSET, REPAIR, FAST = 0.6, 18, 13.0
KINDS = ("healthy", "grows from an onset", "always grew", "falls", "shift", "repaired")


@pytest.fixture(scope="module")
def fitted():
    """A hundred piers that settle 0.05 mm a year, and four of each kind of odd one, with noise of 0.25 mm."""
    rng = np.random.default_rng(3)
    kinds = np.repeat(np.arange(6), [100, 4, 4, 4, 4, 4])
    growth = FAST * np.maximum(0.0, YEARS - ONSET)
    odd = [
        np.zeros(26),
        growth,
        FAST * YEARS,
        -0.6 * FAST * YEARS,
        3.0 * (YEARS > ONSET),
        np.where(np.arange(26) < REPAIR, growth, 0.0),
    ]
    values = [2.0 + rng.normal(0.05, 0.12) * YEARS + odd[kind] + rng.normal(0, 0.25, 26) for kind in kinds]
    batch = SeriesBatch.from_lists([T] * len(kinds), values)
    priors = estimate_priors(batch)
    works = find_interventions(batch, priors)
    return kinds, priors, works, fit_trends(batch, priors, T[-1], None, works)


def events_of(works, i):
    rows = works.events[works.event_offsets[i] : works.event_offsets[i + 1]]
    return rows[:, KIND].tolist(), rows[:, AT]


@pytest.mark.parametrize(("kind", "rate"), [(1, FAST), (2, FAST), (3, -0.6 * FAST)])
def test_a_steady_slope_is_one_line_with_its_own_rate(fitted, kind, rate):
    kinds, _, works, trends = fitted
    for i in np.flatnonzero(kinds == kind):
        assert set(events_of(works, i)[0]) <= {BEND, SHIFT}
        assert trends.status[i] == OK
        assert trends.rate_per_year[i] == pytest.approx(rate, rel=0.08)
        assert trends.rate_low[i] - 0.7 < rate < trends.rate_high[i] + 0.7
        assert trends.since_days[i] == pytest.approx(T[0] + 365.25 * ONSET if kind == 1 else T[0], abs=60.0)


def test_a_defect_does_not_become_its_groups_rate(fitted):
    kinds, priors, works, trends = fitted
    assert priors.rate_mean[0] == pytest.approx(0.05, abs=0.1)
    assert priors.rate_var[0] < 0.5**2
    healthy = np.flatnonzero(kinds == 0)
    assert np.mean([len(events_of(works, i)[0]) for i in healthy]) <= 0.02
    assert np.abs(trends.rate_per_year[healthy]).max() < 0.7


def test_a_step_upwards_is_still_a_shift(fitted):
    kinds, _, works, trends = fitted
    for i in np.flatnonzero(kinds == 4):
        assert events_of(works, i)[0] == [SHIFT]
        assert abs(trends.rate_per_year[i]) < 0.7


def test_a_repair_ends_the_growth_and_its_rate(fitted):
    kinds, _, works, trends = fitted
    for i in np.flatnonzero(kinds == 5):
        names, days = events_of(works, i)
        assert names == [BEND, WORK, BEND]
        assert T[REPAIR - 1] <= days[1] <= T[REPAIR]
        assert abs(trends.rate_per_year[i]) < 2.0
        assert trends.level_now[i] == pytest.approx(2.0, abs=0.5)


def test_a_steep_piece_costs_its_price_and_never_more_than_the_ridge():
    rng = np.random.default_rng(1)
    t = np.arange(30) * 0.1
    for slope in (-50.0, -3.0, 0.0, 3.0, 50.0):
        sums = prefix_sums(t, slope * t + rng.normal(0, 1, 30), np.ones(30))
        ridge, line, both = (piece_cost(sums, 0, 30, np.array(s)) for s in ((9.0, np.inf), (0.0, np.inf), (9.0, 16.0)))
        assert both == pytest.approx(min(ridge, line + (16.0 if slope >= 0 else 32.0)))
