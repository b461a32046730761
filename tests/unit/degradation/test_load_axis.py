"""Time in tonnes: days stretched and brought back, and forms by load where forecasts were better by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guideway.degradation.choice import CANDIDATES, Trials, try_forms
from guideway.degradation.forms import Form
from guideway.degradation.interventions import INFERRED, RECORDED, find_interventions
from guideway.degradation.learning import learn
from guideway.degradation.load_axis import TimeAxis
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import DAYS_PER_YEAR, Floats, SeriesBatch, Traffic
from guideway.degradation.trends import fit_trends

T = 18_000.0 + 28.0 * np.arange(40)
SINCE, LOAD = np.array([17_000.0, T[12], T[25]]), np.array([10_000.0, 40_000.0, 20_000.0])
BY_LOAD = Priors.unknown(by_load=True)
AUTO = DegradationParameters()


def tonnes(days: Floats, since: Floats = SINCE, load: Floats = LOAD) -> Floats:
    """Load carried up to each day, by plain integration on a fine grid."""
    grid = np.arange(17_000.0, 20_500.0, 0.25)
    each = load[np.searchsorted(since, grid, side="right") - 1]
    return np.interp(days, grid, np.concatenate(([0.0], np.cumsum(each * 0.25)[:-1])))


def alike(batch: SeriesBatch, since: Floats = SINCE, load: Floats = LOAD) -> SeriesBatch:
    """The batch with the same traffic on all its series."""
    n = len(batch)
    return replace(batch, traffic=Traffic(len(since) * np.arange(n + 1), np.tile(since, n), np.tile(load, n)))


def one(values: Floats, works: tuple[float, ...] = ()) -> SeriesBatch:
    return alike(SeriesBatch.from_lists([T], [values], [works]))


def test_stretched_days_are_tonnes_over_todays_tonnes() -> None:
    batch = one(T)
    moved = TimeAxis.of(batch, BY_LOAD, T[-1]).from_calendar(batch.offsets, T)
    np.testing.assert_allclose(T[-1] - moved, (tonnes(T[-1:]) - tonnes(T)) / 20_000.0, atol=0.6)
    assert moved[-1] == T[-1]
    assert np.all(np.diff(moved) > 0)


def test_calendar_days_are_the_way_back() -> None:
    batch = one(T)
    axis = TimeAxis.of(batch, BY_LOAD, T[-1] + 9.0)
    days, offsets = np.append(T + 3.0, np.nan), np.array([0, 41])
    np.testing.assert_allclose(axis.to_calendar(offsets, axis.from_calendar(offsets, days)), days)


def test_a_rate_by_tonnes_is_found_where_traffic_changed() -> None:
    per_tonne = 0.2 / (20_000.0 * DAYS_PER_YEAR)
    values = 1.0 + per_tonne * tonnes(T) + np.random.default_rng(1).normal(0, 0.02, 40)
    assert fit_trends(one(values), BY_LOAD, T[-1]).rate_per_year[0] == pytest.approx(0.2, abs=0.02)


def test_series_without_traffic_and_groups_in_time_keep_their_days() -> None:
    batch = SeriesBatch.from_lists([T], [T])
    for axis in (TimeAxis.of(batch, BY_LOAD), TimeAxis.of(one(T), Priors.unknown())):
        np.testing.assert_array_equal(axis.from_calendar(batch.offsets, T), T)
    closed = alike(batch, SINCE, np.array([10_000.0, 40_000.0, 0.0]))
    np.testing.assert_array_equal(TimeAxis.of(closed, BY_LOAD).from_calendar(batch.offsets, T), T)


def test_traffic_goes_with_its_series_and_is_put_in_order() -> None:
    told = Traffic(np.array([0, 0, 3, 4]), np.array([9.0, 5.0, 7.0, 1.0]), np.array([90.0, np.nan, 70.0, 10.0]))
    batch = SeriesBatch.of(np.arange(4), T[:3], T[:3], traffic=told)
    np.testing.assert_array_equal(batch.traffic.from_days, [7.0, 9.0, 1.0])
    chosen = batch.take([2, 1]).until(0.0).traffic
    np.testing.assert_array_equal(chosen.offsets, [0, 1, 3])
    np.testing.assert_array_equal(chosen.load, [10.0, 70.0, 90.0])


def test_works_and_the_start_of_a_trend_are_days_of_the_calendar() -> None:
    """A recorded work at four times the traffic before it, an unrecorded one at twice today's."""
    rng = np.random.default_rng(2)
    levels = 0.3 / (20_000.0 * DAYS_PER_YEAR) * tonnes(T) + rng.normal(0, 0.02, 40)
    levels[15:] -= 0.5
    levels[31:] -= 0.5
    batch = one(levels, (T[14] + 9.0,))
    works = find_interventions(batch, BY_LOAD, AUTO, T[-1] + 5.0)
    assert works.source.tolist() == [RECORDED, INFERRED]
    np.testing.assert_array_equal(works.at_days, [T[14] + 9.0, 0.5 * (T[30] + T[31])])
    np.testing.assert_array_equal(works.from_days, [T[14], T[30]])
    np.testing.assert_array_equal(works.to_days, [T[15], T[31]])
    trend = fit_trends(batch, BY_LOAD, T[-1] + 5.0, AUTO, works)
    assert trend.since_days[0] == pytest.approx(0.5 * (T[30] + T[31]), abs=1e-6)
    before = fit_trends(batch, BY_LOAD, T[29] + 1.0)
    assert before.since_days[0] == pytest.approx(T[14] + 9.0, abs=1e-6)
    assert before.rate_per_year[0] == pytest.approx(0.3, abs=0.08)


def test_days_one_a_series_measure_by_the_traffic_of_each() -> None:
    values = 1.0 + 0.2 / (20_000.0 * DAYS_PER_YEAR) * tonnes(T)
    twice = one(values).take([0, 0])
    days = np.array([T[24], T[-1]])
    both = fit_trends(twice, BY_LOAD, days).rate_per_year
    np.testing.assert_allclose(both, [0.4, 0.2], rtol=0.01)


GROUPS = ("by load", "in time")
DAYS = 17_989.0 + 28.0 * np.arange(66)
TODAY = float(DAYS[-1]) + 6.0  # the first day of a quarter: what is learned is all of it
ORIGINS = DAYS[0] + 5.0 + 28.0 * np.arange(30, 62, 9)
TURNS = np.array([17_000.0, DAYS[16], DAYS[36], DAYS[44], DAYS[52]])
LOADS = 1e4 * np.array([2.0, 4.0, 1.0, 3.0, 1.0])
RATES = np.random.default_rng(7).gamma(9.0, 0.3 / 9.0, 80)  # a year, of those by load at 20,000 t a day


@pytest.fixture(scope="module")
def fleet() -> SeriesBatch:
    """Forty series that grow with the tonnes carried and forty with time, all under traffic that doubles and falls."""
    years = np.tile((DAYS - DAYS[0]) / DAYS_PER_YEAR, (80, 1))
    carried = tonnes(DAYS, TURNS, LOADS)
    years[:40] = (carried - carried[0]) / (20_000.0 * DAYS_PER_YEAR)
    noise = np.random.default_rng(8).normal(0, 0.03, years.shape)
    values = 1.0 + RATES[:, None] * years + noise
    return alike(SeriesBatch.from_lists([DAYS] * 80, list(values), group=np.repeat([0, 1], 40)), TURNS, LOADS)


@pytest.fixture(scope="module")
def trials(fleet: SeriesBatch) -> Trials:
    return try_forms(fleet, ORIGINS, AUTO, GROUPS, candidates=(Form(by_load=True),))


def test_the_group_that_grows_with_its_traffic_gets_the_form_by_load(trials: Trials) -> None:
    assert trials.best(np.inf) == (Form(by_load=True), Form(), Form())
    usual, other = (scores.crps[scores.group == 0].mean() for scores in trials.scores)
    assert other < 0.6 * usual
    usual, other = (scores.crps[scores.group == 1].mean() for scores in trials.scores)
    assert usual < other


def test_a_changed_future_changes_no_choice(fleet: SeriesBatch, trials: Trials) -> None:
    """Values and traffic after the day are those of another world."""
    day = float(ORIGINS[-1]) + 30.0
    turned = np.where(fleet.t_days > day, 9.0 - fleet.values, fleet.values)
    other = alike(replace(fleet, values=turned), np.append(TURNS, day + 1.0), np.append(LOADS, 9e5))
    assert try_forms(other, ORIGINS, AUTO, GROUPS, candidates=(Form(by_load=True),)).best(day) == trials.best(day)
    assert trials.best(day)[0] == Form(by_load=True)


def test_what_is_learned_forecasts_by_load(fleet: SeriesBatch) -> None:
    learned = learn(fleet, GROUPS, TODAY, AUTO)
    assert learned.priors.by_load.tolist() == [True, False, False]
    assert learned.priors.rate_mean[:2] == pytest.approx([0.15, 0.3], rel=0.15), "at 10,000 t a day, and a year"
    trends = fit_trends(fleet, learned.priors, TODAY)
    np.testing.assert_allclose(trends.rate_per_year[:40], RATES[:40] / 2.0, atol=0.03)
    np.testing.assert_array_equal(trends.since_days[40:], DAYS[0])
    np.testing.assert_allclose(trends.since_days[:40], DAYS[0], atol=1e-6)
    twice = alike(fleet, np.append(TURNS, TODAY + 1.0), np.append(LOADS, 2.0 * LOADS[-1]))
    later = learn(twice, GROUPS, TODAY + 8.0, AUTO)
    assert later.priors.rate_mean[0] == pytest.approx(2.0 * learned.priors.rate_mean[0], rel=0.01), "at its traffic"


@pytest.mark.parametrize("load", [LOADS * 0.0 + 2e4, 2e4 * np.array([1.0, 1.05, 0.97, 1.1, 1.0]), LOADS[:0]])
def test_constant_traffic_has_nothing_tried_and_nothing_changed(fleet: SeriesBatch, load: Floats) -> None:
    few = fleet.take(np.arange(0, 80, 8))
    steady = alike(few, TURNS[: len(load)], load)
    usual = tuple(form for form in CANDIDATES if not form.by_load)
    assert len(usual) == len(CANDIDATES) - 1
    assert len(try_forms(steady, ORIGINS[:2], AUTO, GROUPS).forms) == 1 + len(usual)
    assert len(try_forms(few, ORIGINS[:2], AUTO, GROUPS).forms) == 1 + len(CANDIDATES)


def test_traffic_that_is_constant_changes_no_result(fleet: SeriesBatch) -> None:
    steady = alike(fleet, TURNS, LOADS * 0.0 + 2e4)
    told, untold = (learn(batch, GROUPS, TODAY, AUTO) for batch in (steady, replace(fleet, traffic=Traffic.none(80))))
    assert told.priors.to_dict() == untold.priors.to_dict()
    np.testing.assert_array_equal(told.scorecard.crps, untold.scorecard.crps)


def test_traffic_that_changes_only_later_is_no_change_yet(fleet: SeriesBatch) -> None:
    few = alike(fleet.take([0, 40]), np.array([17_000.0, ORIGINS[-1] + 1.0]), np.array([1e4, 4e4]))
    before = alike(fleet.take([0, 40]), np.array([16_000.0, DAYS[0]]), np.array([1e4, 4e4]))
    for batch in (few, before):
        assert len(try_forms(batch, ORIGINS, DegradationParameters(model="linear"), GROUPS).forms) == len(CANDIDATES)


def test_the_calendar_is_told_to_the_last_bit_where_no_group_is_by_load(fleet: SeriesBatch) -> None:
    """One group by load beside: the other's series are what they are without any traffic."""
    forms = [Form(by_load=True), Form(), Form()]
    without = replace(fleet, traffic=Traffic.none(80))
    mixed, plain = estimate_priors(fleet, AUTO, GROUPS, forms=forms), estimate_priors(without, AUTO, GROUPS)
    np.testing.assert_array_equal(mixed.row(1), plain.row(1))
    both, alone = (fit_trends(batch, mixed, TODAY) for batch in (fleet, without))
    np.testing.assert_array_equal(both.state[40:], alone.state[40:])
    assert not np.array_equal(both.state[:40], alone.state[:40])


def test_priors_by_load_are_the_same_after_a_journey() -> None:
    priors = Priors.of_groups(("a",), [Priors.unknown(by_load=True), Priors.unknown()])
    again = Priors.from_dict(priors.with_row(1, rate_mean=2.0).to_dict())
    assert again.by_load.tolist() == [True, False]
    assert again.by_load.dtype == np.bool_


def test_waves_and_runs_are_of_the_calendar() -> None:
    for other in ("seasonal", "runs"):
        with pytest.raises(ValueError, match="by load"):
            Form(by_load=True, **{other: True})
