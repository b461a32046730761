"""Failures that are only partly seen: recurrent replacements of a fleet, and the time to an event with censoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from guideway.prognostics.design import require
from guideway.prognostics.ragged import Floats


@dataclass(frozen=True)
class MeanCumulative:
    """Mean number of events a unit has had by each age.

    Attributes:
        age: ages at which events happened, rising; (n,).
        mean: mean cumulative number of events a unit; (n,).
        variance: its variance; (n,).
        at_risk: units watched at each age; (n,).
        n_units: units.
        n_events: events.
        ends: age at which each unit's observation ends, rising; (n_units,).
    """

    age: Floats
    mean: Floats
    variance: Floats
    at_risk: NDArray[np.int64]
    n_units: int
    n_events: int
    ends: Floats

    def watched(self, age: Floats) -> NDArray[np.int64]:
        """Units still watched at any ages."""
        left: NDArray[np.int64] = self.ends.size - np.searchsorted(self.ends, age, side="left")
        return left

    def at(self, age: Floats) -> tuple[Floats, Floats]:
        """Mean and variance at any ages; 0 before the first event."""
        index = np.searchsorted(self.age, age, side="right")
        return np.append(0.0, self.mean)[index], np.append(0.0, self.variance)[index]


def mean_cumulative(unit: NDArray[np.generic], age: Floats, is_event: NDArray[np.bool_]) -> MeanCumulative:
    """Nelson's estimate of the mean cumulative function of recurrent events, with its robust variance.

    Nelson (1995), Confidence limits for recurrence data; variance as in Lawless and Nadeau (1995), Some simple robust
    methods for the analysis of recurrent events, equation 2.3, which assumes no process, only independent units.

    Args:
        unit: unit of each row.
        age: age of the unit at each row.
        is_event: True for an event, False for the end of observation; the last row of a unit ends its observation.
    """
    names, index = np.unique(np.asarray(unit).astype(str), return_inverse=True)
    end = np.full(names.size, -np.inf)
    np.maximum.at(end, index, age)
    times = np.unique(age[is_event])
    watched = end[:, None] >= times[None, :]
    events = np.zeros((names.size, times.size))
    np.add.at(events, (index[is_event], np.searchsorted(times, age[is_event])), 1.0)
    at_risk = watched.sum(axis=0)
    step = events.sum(axis=0) / np.maximum(at_risk, 1)
    residual = watched * (events - step) / np.maximum(at_risk, 1)
    variance = (np.cumsum(residual, axis=1) ** 2).sum(axis=0)
    return MeanCumulative(times, np.cumsum(step), variance, at_risk, int(names.size), int(is_event.sum()), np.sort(end))


def difference(
    one: MeanCumulative, other: MeanCumulative, age: Floats, level: float = 0.95, min_units: int = 5
) -> pd.DataFrame:
    """Difference of two fleets' mean cumulative functions with a pointwise normal interval.

    Doganaksoy and Nelson (1998), A method to compare two samples of recurrence data.

    Returns:
        ``age``, ``difference``, ``low``, ``high``; only ages at which ``min_units`` of both fleets are watched.
    """
    kept = np.asarray(age, dtype=np.float64)
    kept = kept[np.minimum(one.watched(kept), other.watched(kept)) >= min_units]
    (mean_one, var_one), (mean_other, var_other) = one.at(kept), other.at(kept)
    half = norm.ppf((1 + level) / 2) * np.sqrt(var_one + var_other)
    gap = mean_one - mean_other
    return pd.DataFrame({"age": kept, "difference": gap, "low": gap - half, "high": gap + half})


@dataclass(frozen=True)
class TimeToEvent:
    """Weibull model of the time to an event: S(t) = exp(-(t / scale)^shape), log scale linear in covariates.

    Attributes:
        covariates: names, in order.
        centre: mean of each covariate in training; stands for one that is not known.
        spread: standard deviation of each.
        coefficients: intercept of the log scale, then one a standardised covariate.
        shape: above 1 where the risk grows with time.
        n: rows; n_events: events among them.
        concordance: share of comparable pairs in the right order, in training.
    """

    covariates: tuple[str, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    coefficients: tuple[float, ...]
    shape: float
    n: int
    n_events: int
    concordance: float

    def probability(self, frame: pd.DataFrame, days: float) -> Floats:
        """Probability of the event within ``days``."""
        log_scale = self.coefficients[0] + self.contributions(frame).sum(axis=1)
        reached: Floats = -np.expm1(-np.exp(self.shape * (np.log(max(days, 1e-9)) - log_scale)))
        return reached

    def median_days(self, frame: pd.DataFrame) -> Floats:
        """Days within which half of such assets have the event."""
        log_scale = self.coefficients[0] + self.contributions(frame).sum(axis=1)
        median: Floats = np.exp(np.minimum(log_scale + np.log(np.log(2)) / self.shape, 15.0))
        return median

    def contributions(self, frame: pd.DataFrame) -> Floats:
        """What each covariate adds to the log scale; below 0 the event comes sooner; (n, n_covariates)."""
        design = _standard(frame, self.covariates, np.array(self.centre), np.array(self.spread))
        added: Floats = design * np.array(self.coefficients[1:])
        return added


def constant_rate(days: Floats, reached: Floats) -> TimeToEvent:
    """The plain baseline: one rate for all, events by time watched, and half an event, so that none is not never."""
    rate = (float(reached.sum()) + 0.5) / max(float(days.sum()), 1e-9)
    return TimeToEvent((), (), (), (-float(np.log(rate)),), 1.0, int(days.size), int(reached.sum()), 0.5)


def fit_time_to_event(
    frame: pd.DataFrame,
    covariates: tuple[str, ...],
    *,
    duration: str = "days_to_limit",
    event: str = "limit_reached",
    penalty: float = 0.01,
) -> TimeToEvent | None:
    """Weibull accelerated failure time model, censored where the event column is 0.

    Args:
        frame: features and targets; rows that are beyond the limit already should be left out.
        covariates: columns to explain the time by.
        duration: column of the days to the event, or to the end of the watch.
        event: column that is 1 where the event was seen.
        penalty: ridge penalty of the coefficients.

    Returns:
        None with fewer than ten events: there is nothing to learn from.
    """
    # Imported late: it takes seconds, and only this function needs it.
    from lifelines import WeibullAFTFitter  # noqa: PLC0415

    require(frame, (duration, event, *covariates))
    days, reached = frame[duration].to_numpy(np.float64), frame[event].to_numpy(np.float64)
    use = np.isfinite(days) & (days > 0)
    if reached[use].sum() < 10:
        return None
    rows = frame[use]
    numbers = rows[list(covariates)].to_numpy(np.float64)
    known = np.isfinite(numbers)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, numbers, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (numbers - centre) ** 2, 0.0).sum(axis=0) / count)
    spread = np.where(spread > 1e-12, spread, 1.0)
    design = _standard(rows, covariates, centre, spread)
    table = pd.DataFrame(design, columns=[f"x{k}" for k in range(len(covariates))])
    table["days"], table["reached"] = days[use], reached[use]
    fitter = WeibullAFTFitter(penalizer=penalty).fit(table, duration_col="days", event_col="reached")
    values = fitter.params_
    slopes = [float(values.get(("lambda_", f"x{k}"), 0.0)) for k in range(len(covariates))]
    return TimeToEvent(
        covariates=tuple(covariates),
        centre=tuple(float(c) for c in centre),
        spread=tuple(float(s) for s in spread),
        coefficients=(float(values["lambda_", "Intercept"]), *slopes),
        shape=float(np.exp(values["rho_", "Intercept"])),
        n=int(use.sum()),
        n_events=int(reached[use].sum()),
        concordance=float(fitter.concordance_index_),
    )


def _standard(frame: pd.DataFrame, covariates: tuple[str, ...], centre: Floats, spread: Floats) -> Floats:
    numbers = frame[list(covariates)].to_numpy(np.float64)
    standard: Floats = np.clip(np.where(np.isfinite(numbers), (numbers - centre) / spread, 0.0), -6, 6)
    return standard
