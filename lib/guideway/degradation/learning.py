"""What a sample of series teaches about all: priors of each group, interval factors, and how good forecasts were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from guideway.degradation.backtest import Scorecard, backtest, runs_of_groups
from guideway.degradation.calibration import Calibration
from guideway.degradation.choice import try_forms
from guideway.degradation.forms import Form
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import Floats, SeriesBatch
from guideway.threads import in_threads

HORIZONS_WEEKS = (4, 13, 26, 52)
ORIGIN_STEP_DAYS = 56.0
FIRST_ORIGIN_SHARE = 0.4
MOST_ORIGINS = 12
LEAST_SEEN_DAYS = 365.0
SAMPLE_POINTS = 12_000
"""Values of a group that are learned from: of 400 assets measured every four weeks those of two years and a little."""


@dataclass(frozen=True)
class Learned:
    """Priors and calibration for forecasts made on the day, and the scorecard of forecasts made before it."""

    priors: Priors
    calibration: Calibration
    scorecard: Scorecard


def learn(
    sample: SeriesBatch,
    groups: tuple[str, ...],
    as_of_days: float,
    parameters: DegradationParameters,
    isolated_defects: Sequence[bool] = (),
) -> Learned:
    """What ``learn_days`` teaches on one day."""
    return learn_days(sample, groups, (as_of_days,), parameters, isolated_defects)[0]


def learn_days(
    sample: SeriesBatch,
    groups: tuple[str, ...],
    days: Sequence[float],
    parameters: DegradationParameters,
    isolated_defects: Sequence[bool] = (),
) -> list[Learned]:
    """Priors from the sample, and a back-test on its past; each group gets the form that forecast best.

    Forms and priors are those of ``learning_days``, so that the fit of an asset changes when something comes for it,
    not every week. Each origin of the back-test has forms and priors of its own learning day, as the weekly job had:
    nothing a forecast is scored on was known to it. Days share the origins of the latest; of the scores each has those
    whose values had been measured by then.

    Args:
        sample: condition series of every group.
        groups: names of the groups of ``sample.group``.
        days: a few days, not far from each other; nothing after the latest is looked at.
        parameters: the engine's.
        isolated_defects: for each group, whether its limit forecasts count abrupt new maxima; all or none as the
            parameters say where empty.
    """
    latest = max(days)
    known = sample.until(latest)
    origins = backtest_origins(known, latest)
    moments = [*origins.tolist(), *days]
    taught_on = dict(zip(moments, learning_days(known, moments).tolist(), strict=True))
    known = thinned(known, taught_on[latest])
    usual = [Form.of(parameters)] * (len(groups) + 1)
    for row, isolated in enumerate(isolated_defects):
        usual[row] = replace(usual[row], isolated_defects=isolated)
    past = known.until(taught_on[latest])
    trials = try_forms(past, backtest_origins(past, taught_on[latest]), parameters, groups, usual)

    def at_load_of(day: float) -> tuple[float, float]:
        """The learning day, and the day whose traffic rates are at: where no form is by load, any will do."""
        taught = taught_on[day]
        return taught, day if any(form.by_load for form in trials.best(taught)) else taught

    def priors_of(days: tuple[float, float]) -> Priors:
        taught, load = days
        return estimate_priors(known.until(taught), parameters, groups, forms=trials.best(taught), as_of_days=load)

    different = sorted(set(map(at_load_of, moments)))
    priors: dict[tuple[float, float], Priors] = dict(zip(different, in_threads(priors_of, different), strict=True))

    def priors_on(day: float) -> Priors:
        return priors[at_load_of(day)]

    scored = backtest(known, priors_on(latest), origins, HORIZONS_WEEKS, parameters, priors_on=priors_on)
    return [
        Learned(then, *scored.known_on(day, runs_of_groups(known.until(day), then)))
        for day, then in zip(days, map(priors_on, days), strict=True)
    ]


def thinned(sample: SeriesBatch, until_days: float, most: int = SAMPLE_POINTS) -> SeriesBatch:
    """Every second (third, ...) series of groups with more than ``most`` values by a day: learning has an end."""
    group = sample.group.astype(np.int64) + 1
    values = np.bincount(group, np.diff(sample.until(until_days).offsets)).astype(np.int64)
    each = np.maximum(1, -(-values // most))
    order = np.argsort(group, kind="stable")
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    return sample.take(place % each[group] == 0)


def learning_days(known: SeriesBatch, days: Sequence[float]) -> Floats:
    """Day whose end forms and priors of forecasts made on each of ``days`` are learned at: the quarter before ended.

    As long as a group had not been seen for a year by then, all are learned on the day itself: the young learn fast.
    """
    moments = np.asarray(days, np.float64)
    groups, place = np.unique(known.group[known.owner()], return_inverse=True)
    first = np.full(len(groups), np.inf)
    np.minimum.at(first, place, known.t_days)
    quarters = quarter_start(moments)
    return np.where(quarters - first.max(initial=-np.inf) >= LEAST_SEEN_DAYS, quarters, moments)


def quarter_start(days: Floats) -> Floats:
    """Midnight at the start of the quarter that the day ending at each of ``days`` (since 1970-01-01 UTC) is in."""
    months = np.asarray(np.ceil(days) - 1.0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray((months - months % 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.float64))


def learn_priors(
    known: SeriesBatch, groups: tuple[str, ...], origins: Floats, as_of_days: float, parameters: DegradationParameters
) -> Priors:
    """Priors from before the first origin: what a forecaster could have known at every one of them."""
    first = float(origins[0]) if len(origins) else as_of_days
    return estimate_priors(known.until(first), parameters, groups)


def backtest_origins(known: SeriesBatch, as_of_days: float, most: int | None = MOST_ORIGINS) -> Floats:
    """Days to forecast from: every eight weeks, after the first 40 % of the history, up to the shortest horizon ago.

    Of more than ``most``, every second (third, ...) is taken, so that what a back-test costs has an end.
    """
    if not len(known.t_days):
        return np.empty(0)
    first = float(known.t_days.min())
    earliest = first + FIRST_ORIGIN_SHARE * (as_of_days - first)
    latest = as_of_days - 7.0 * HORIZONS_WEEKS[0]
    origins = np.arange(latest, earliest, -ORIGIN_STEP_DAYS)
    each = max(1, -(-len(origins) // most)) if most else 1
    return origins[::each][::-1]
