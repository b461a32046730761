"""The trend of every series since its last effective work: level, rate, their uncertainty and a status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from guideway.degradation.correlation import lean_on_companions
from guideway.degradation.interventions import Interventions, find_interventions
from guideway.degradation.load_axis import TimeAxis
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import (
    EXPONENTIAL,
    GAMMA,
    JUMP_MEAN,
    JUMP_RATE,
    POOLED_PRIOR,
    RATE_MEAN,
    RATE_VAR,
    Priors,
)
from guideway.degradation.scale import scaled, to_values
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints, SeriesBatch
from guideway.degradation.trend_kernels import (
    CONSTANT,
    COV,
    FAILED,
    LEVEL,
    N_POINTS,
    NO_DATA,
    OK,
    POOLED,
    RATE,
    SIGMA2,
    SINCE,
    STATUS,
    STATUSES,
    TOO_FEW_POINTS,
    VAR_LEVEL,
    VAR_RATE,
    WAVE_COS,
    WAVE_VAR,
    Q,
    batch_trends,
    carry_on,
    keep_rates_positive,
)
from guideway.degradation.works import AT, BEND, KIND

__all__ = [
    "CONSTANT",
    "FAILED",
    "NO_DATA",
    "OK",
    "POOLED",
    "STATUSES",
    "TOO_FEW_POINTS",
    "Trends",
    "fit_states",
    "fit_trends",
    "trends_on",
]


@dataclass(frozen=True)
class Trends:
    """Trends of ``n`` series on a day; NaN where there is none.

    Attributes:
        as_of_days: (n,) the day the trend is for, days since 1970-01-01 UTC.
        model: int8, position in ``priors.MODELS``; ``pooled_prior`` where the group says more than the series.
        status: int8, position in ``STATUSES``.
        rate_per_year: slope now, in the indicator's unit a year; in groups by load a year at the day's traffic.
        rate_low, rate_high: interval of the rate (80 % unless the parameters say otherwise).
        level_now: fitted value on the day, without noise, in the indicator's unit.
        sigma: robust standard deviation of one measurement around the trend, in the indicator's unit.
        n_points: values since the last effective work.
        since_days: that work, or the first value; days since 1970-01-01 UTC.
        direction: +1 where higher is worse, -1 where lower is.
        group: row of the priors each series used.
        is_log, is_gamma: the level is a logarithm; the process only grows.
        state: (n, 5) level, rate a year, variance of the level, covariance, variance of the rate, on the model's scale.
        noise_var, process_var: variance of a measurement; variance the level gains a year.
        season: (n, 3) cosine and sine of the yearly wave and the variance of either.
        jump_rate, jump_mean: abrupt new maxima a year and their mean size; 0 where the group has none.
    """

    as_of_days: Floats
    model: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    rate_per_year: Floats
    rate_low: Floats
    rate_high: Floats
    level_now: Floats
    sigma: Floats
    n_points: Ints
    since_days: Floats
    direction: Floats
    group: Ints
    is_log: npt.NDArray[np.bool_]
    is_gamma: npt.NDArray[np.bool_]
    state: Floats
    noise_var: Floats
    process_var: Floats
    season: Floats
    jump_rate: Floats
    jump_mean: Floats

    def __len__(self) -> int:
        """Number of series."""
        return len(self.status)


def fit_trends(
    batch: SeriesBatch,
    priors: Priors,
    as_of_days: npt.ArrayLike,
    parameters: DegradationParameters | None = None,
    interventions: Interventions | None = None,
) -> Trends:
    """The trend of every series as known on ``as_of_days``; arguments and errors are those of ``fit_states``."""
    chosen = parameters or DegradationParameters()
    states = fit_states(batch, priors, as_of_days, chosen, interventions)
    return trends_on(states, as_of_days, as_of_days, priors.rows(batch), batch.direction, priors, chosen)


def fit_states(
    batch: SeriesBatch,
    priors: Priors,
    as_of_days: npt.ArrayLike,
    parameters: DegradationParameters | None = None,
    interventions: Interventions | None = None,
) -> Floats:
    """What is known of every series on ``as_of_days`` (one day, or one a series): (n, 13), see ``trend_kernels``.

    Values and works after that day are not looked at. ``interventions`` saves finding them again; they must be those of
    ``batch.until(as_of_days)``, found with the same day. Never raises on what a series holds: see ``STATUSES``.

    Raises:
        ValueError: the interventions are those of another batch.
    """
    chosen = parameters or DegradationParameters()
    known = batch.until(as_of_days)
    works = interventions if interventions is not None else find_interventions(known, priors, chosen, as_of_days)
    on_scale = scaled(known, priors)
    if len(works.weights) != len(on_scale.z):
        raise ValueError("interventions do not belong to batch.until(as_of_days)")
    day = np.broadcast_to(np.asarray(as_of_days, np.float64), (len(batch),)).copy()
    table = priors.table()
    numbers = np.array([chosen.noise_weight, chosen.huber_k, chosen.min_points])
    axis = TimeAxis.of(known, priors, day)
    events = works.events.copy()
    events[:, AT] = axis.from_calendar(works.event_offsets, works.events[:, AT])
    result = batch_trends(
        on_scale.offsets,
        axis.from_calendar(on_scale.offsets, on_scale.t_days),
        on_scale.z,
        works.weights,
        events,
        works.event_offsets,
        on_scale.rows,
        table,
        numbers,
        day,
    )
    result[:, SINCE] = axis.to_calendar(np.arange(len(batch) + 1), result[:, SINCE])
    states = result[:, LEVEL : VAR_RATE + 1]
    mean, variance = table[on_scale.rows, RATE_MEAN], table[on_scale.rows, RATE_VAR]
    lean_on_companions(states, _companions(known, works, result), on_scale.rows, mean, variance, priors.correlation)
    if chosen.nonnegative_rate:
        keep_rates_positive(states, (mean > 0.0) & (mean**2 > variance))
    result[:, [SIGMA2, VAR_LEVEL, COV, VAR_RATE]] += priors.runs.shared(known.cohort, day)
    return result


def trends_on(
    states: Floats,
    states_days: npt.ArrayLike,
    as_of_days: npt.ArrayLike,
    rows: Ints,
    direction: npt.ArrayLike,
    priors: Priors,
    parameters: DegradationParameters | None = None,
) -> Trends:
    """Trends on ``as_of_days`` of series that nothing came for since ``states_days``: what fitting then would say.

    All that a later day does to a fit is to let its state grow; leaning on companions, keeping rates positive and what
    runs share go with that growth in any order.

    Args:
        states: (n, 13) what ``fit_states`` gave.
        states_days: for that day, for all or one a series; not after ``as_of_days``.
        as_of_days: the day of the trends, for all or one a series.
        rows: (n,) row of the priors of each series.
        direction: (n,) +1 where higher is worse, -1 where lower is.
        priors: those of the fit.
        parameters: those of the fit.
    """
    day = np.broadcast_to(np.asarray(as_of_days, np.float64), (len(states),)).copy()
    result = np.array(states, np.float64)
    carry_on(result, (day - np.asarray(states_days, np.float64)) / DAYS_PER_YEAR)
    sign = np.asarray(direction, np.float64)
    return _described(result, day, rows, sign, priors, parameters or DegradationParameters())


def _companions(known: SeriesBatch, works: Interventions, result: Floats) -> npt.NDArray[np.int32]:
    """Asset of each series (n,); -1 without a trend, and where the series bent: such a rate is a defect's own."""
    fitted = (result[:, STATUS] == OK) | (result[:, STATUS] == POOLED)
    owner = np.repeat(np.arange(len(known)), np.diff(works.event_offsets))
    bent = np.bincount(owner[works.events[:, KIND] == BEND], minlength=len(known)) > 0
    return np.where(fitted & ~bent, known.asset, -1).astype(np.int32)


def _described(
    result: Floats,
    day: Floats,
    rows: Ints,
    direction: Floats,
    priors: Priors,
    parameters: DegradationParameters,
) -> Trends:
    is_log = priors.model[rows] == EXPONENTIAL
    status = result[:, STATUS].astype(np.int8)
    fitted = (status == OK) | (status == POOLED) | (status == CONSTANT)
    wave = np.nan_to_num(result[:, WAVE_COS : WAVE_VAR + 1])
    angle = 2.0 * np.pi * day / DAYS_PER_YEAR
    now = result[:, LEVEL] + wave[:, 0] * np.cos(angle) + wave[:, 1] * np.sin(angle)
    level = to_values(now, direction, is_log)
    with np.errstate(over="ignore", invalid="ignore"):
        slope = np.where(is_log, direction * level, direction)
        half = ndtri(0.5 + parameters.interval / 2) * np.sqrt(result[:, VAR_RATE])
        rate, low, high = (slope * r for r in (result[:, RATE], result[:, RATE] - half, result[:, RATE] + half))
        sigma = np.sqrt(result[:, SIGMA2]) * np.abs(slope)
    usable = np.isfinite(level) & (~fitted | np.isfinite(rate + low + high + sigma))
    status[fitted & ~usable] = FAILED
    fitted &= usable
    model = np.where(status == POOLED, POOLED_PRIOR, priors.model[rows])
    table = priors.table()[rows]
    return Trends(
        as_of_days=day,
        model=np.where(fitted, model, 0).astype(np.int8),
        status=status,
        rate_per_year=np.where(fitted, rate, np.nan),
        rate_low=np.where(fitted, np.minimum(low, high), np.nan),
        rate_high=np.where(fitted, np.maximum(low, high), np.nan),
        level_now=np.where(usable, level, np.nan),
        sigma=np.where(fitted, sigma, np.nan),
        n_points=result[:, N_POINTS].astype(np.int64),
        since_days=result[:, SINCE],
        direction=direction,
        group=rows,
        is_log=is_log,
        is_gamma=priors.model[rows] == GAMMA,
        state=np.where(fitted[:, None], result[:, LEVEL : VAR_RATE + 1], np.nan),
        noise_var=np.where(fitted, result[:, SIGMA2], np.nan),
        process_var=np.where(fitted, result[:, Q], np.nan),
        season=wave,
        jump_rate=np.nan_to_num(table[:, JUMP_RATE]),
        jump_mean=np.nan_to_num(table[:, JUMP_MEAN]),
    )
