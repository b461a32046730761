"""What a sample of series teaches about all: priors of each group, interval factors, and how good forecasts were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from guideway.degradation.backtest import Scorecard, backtest
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
    """Priors from all of the sample, and a back-test on its past; each group gets the form that forecast best.

    At each of its origins the form is chosen and the priors are learned anew from before it, as the weekly job does:
    nothing a forecast is scored on was known to it. Days share the origins of the latest; each has its own priors, and
    of the scores those whose values had been measured by then.

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
    usual = [Form.of(parameters)] * (len(groups) + 1)
    for row, isolated in enumerate(isolated_defects):
        usual[row] = replace(usual[row], isolated_defects=isolated)
    trials = try_forms(known, origins, parameters, groups, usual)

    def priors_on(day: float) -> Priors:
        return estimate_priors(known.until(day), parameters, groups, forms=trials.best(day), as_of_days=day)

    moments = [*origins.tolist(), *days]
    priors = dict(zip(moments, in_threads(priors_on, moments), strict=True))
    past = backtest(known, priors[latest], origins, HORIZONS_WEEKS, parameters, priors_on=priors.__getitem__)
    return [Learned(priors[day], *past.known_on(day)) for day in days]


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
