"""The form of a group is the one whose past forecasts were best, by what was known on the day."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from guideway.degradation.choice import Trials, try_forms
from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.forms import Form
from guideway.degradation.learning import learn
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import fit_trends
from tests.unit.degradation.simulated import START, simulate

pytestmark = pytest.mark.slow

GROUPS = ("steady", "growing", "breathing")
ORIGINS = START + 5.0 + 28.0 * np.arange(30, 66, 9)
CANDIDATES = (Form("exponential"), Form(seasonal=True))
AUTO = DegradationParameters()


@pytest.fixture(scope="module")
def batch() -> SeriesBatch:
    """Three groups of forty: a line, growth in proportion to the level, a line with a yearly wave."""
    usual = {"points": 72, "outliers": 0.0, "work_level": 99.0}
    parts = [
        simulate(40, seed=1, **usual).batch,
        simulate(40, seed=2, process="exponential", mean_rate=0.4, **usual).batch,
        simulate(40, seed=3, season=0.3, **usual).batch,
    ]
    lists = [np.split(getattr(p, name), p.offsets[1:-1]) for name in ("t_days", "values") for p in parts]
    days, values = lists[0] + lists[1] + lists[2], lists[3] + lists[4] + lists[5]
    return SeriesBatch.from_lists(days, values, group=np.repeat([0, 1, 2], 40))


@pytest.fixture(scope="module")
def trials(batch: SeriesBatch) -> Trials:
    return try_forms(batch, ORIGINS, AUTO, GROUPS, candidates=CANDIDATES)


def test_each_group_gets_the_form_its_series_have(trials: Trials) -> None:
    steady, growing, breathing, nobody = trials.best(np.inf)
    assert steady == nobody == Form()
    assert growing == Form("exponential")
    assert breathing == Form(seasonal=True)


def test_the_usual_form_stays_until_forecasts_have_told(trials: Trials) -> None:
    assert set(trials.best(ORIGINS[1])) == {Form()}, "one origin is not three"


def test_values_from_after_a_day_do_not_choose_its_form(batch: SeriesBatch, trials: Trials) -> None:
    """All values after the day are those of another world: the choice on the day is the same."""
    day = ORIGINS[-1] + 30.0
    turned = np.where(batch.t_days > day, 9.0 - batch.values, batch.values)
    other = try_forms(dataclasses.replace(batch, values=turned), ORIGINS, AUTO, GROUPS, candidates=CANDIDATES)
    assert other.best(day) == trials.best(day)
    assert Form() in other.best(day)


def test_a_model_the_parameters_name_is_not_replaced(batch: SeriesBatch) -> None:
    named = DegradationParameters(model="exponential")
    assert set(try_forms(batch, ORIGINS, named, GROUPS).best(np.inf)) == {Form("exponential")}


def test_only_peaks_forecast_abrupt_new_maxima() -> None:
    """Two groups of the same jumps, one of them of peaks."""
    rng = np.random.default_rng(5)
    t = START + 28.0 * np.arange(48)
    jumps = np.cumsum((rng.random((40, 48)) < 0.03) * 2.0, axis=1)
    values = 2.0 + 0.1 * (t - START) / DAYS_PER_YEAR + rng.normal(0, 0.1, jumps.shape) + jumps
    both = SeriesBatch.from_lists([t] * 80, [*values, *values], group=np.repeat([0, 1], 40))
    named = DegradationParameters(model="linear")
    learned = learn(both, ("spread", "peak"), float(t[-1]) + 1.0, named, isolated_defects=[False, True])
    assert learned.priors.jump_rate[0] == 0.0
    assert learned.priors.jump_rate[1] == pytest.approx(0.03 * DAYS_PER_YEAR / 28.0, rel=0.3)
    trends = fit_trends(both, learned.priors, float(t[-1]) + 1.0)
    ahead = forecast_limits(trends, np.arange(81), trends.level_now + 3.0).probability_52w.reshape(2, 40)
    assert np.all(ahead[1] > ahead[0] + 0.02)
