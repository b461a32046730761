"""Empirical Bayes: the priors of each group from a sample of its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.correlation import Standalone, estimate_correlation, run_errors
from guideway.degradation.filtering import TRACE_COLUMNS, run_filter
from guideway.degradation.forms import Form
from guideway.degradation.interventions import Interventions, find_interventions, nothing
from guideway.degradation.load_axis import TimeAxis
from guideway.degradation.noise import noise_sigma, theil_sen
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import (
    LINEAR,
    NOISE_RATIO,
    NOISE_VAR,
    NUMBERS,
    PROCESS_VAR,
    RATE_MEAN,
    RATE_MEMORY,
    RATE_VAR,
    WIENER,
    Priors,
)
from guideway.degradation.restoration import estimate_effects, estimate_shifts
from guideway.degradation.runs import estimate_runs
from guideway.degradation.scale import ScaledSeries, scaled
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints, SeriesBatch
from guideway.degradation.spread import believed_mean, believed_spread
from guideway.degradation.trend_kernels import series_noise
from guideway.degradation.waves import estimate_season, without_season
from guideway.degradation.works import BEND, EFFECTIVE, KIND, POSITION

LEAST_SERIES = 4
ROUNDS = 3
CLIP, CLIPPED_SQUARE = 1.5, 0.7785  # and the mean square of standard normal numbers clipped there
ALONE = 1e4  # a variance of rates so wide that no series leans on its group
LARGEST = 1e50  # series beyond are no use to their group
PROCESS_GRID = (0.0, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0)
RATIO_GRID = (0.4, 0.55, 0.7, 0.85, 1.0, 1.15)
MEMORY_GRID = (0.0, 0.3, 0.6, 0.8, 0.9, 0.96, 0.99)
EM_ROUNDS = 6
LEAST_GAIN = 4.0  # log-likelihood a process variance must bring to be believed


def estimate_priors(
    batch: SeriesBatch,
    parameters: DegradationParameters | None = None,
    groups: tuple[str, ...] = (),
    sample: int = 400,
    forms: Sequence[Form] = (),
    as_of_days: float | None = None,
) -> Priors:
    """Priors of each group of ``batch.group``, from at most ``sample`` evenly spaced series of it.

    With ``groups`` empty, all series are one group (the last row). Groups of fewer than four usable series stay
    unknown: their series stand alone. For a back-test pass ``batch.until(first origin)``. ``forms`` says what is fitted
    to each group; without them it is what the parameters say. Rates of groups by load are at the traffic of
    ``as_of_days``, by default the day of the latest value.
    """
    chosen = parameters or DegradationParameters()
    forms = forms or [Form.of(chosen)] * (len(groups) + 1)
    unknown = Priors.unknown(groups)
    rows = unknown.rows(batch)
    sane = np.bincount(batch.owner()[np.abs(batch.values) > LARGEST], minlength=len(batch)) == 0
    usable = (np.diff(batch.offsets) >= 3) & sane
    learned = [Priors.unknown(model=form.start, by_load=form.by_load) for form in forms]
    standalone: list[Standalone | None] = [None] * len(forms)
    day = float(batch.t_days.max(initial=0.0)) if as_of_days is None else as_of_days
    for row in range(len(groups)) if groups else (0,):
        members = np.flatnonzero((rows == row) & usable)
        if len(members) < LEAST_SERIES:
            continue
        picked = members[np.linspace(0, len(members) - 1, min(sample, len(members))).astype(np.int64)]
        alone = replace(batch.take(picked), group=np.full(len(picked), -1, np.int32))
        with np.errstate(all="ignore"):
            learned[row], standalone[row] = _learned(alone, chosen, forms[row], day)
    priors = Priors.of_groups(groups, learned)
    correlation = estimate_correlation(standalone, priors.rate_mean, priors.rate_var)
    return replace(priors, correlation=correlation)


def _learned(
    batch: SeriesBatch, parameters: DegradationParameters, form: Form, day: float
) -> tuple[Priors, Standalone | None]:
    """The one row of priors that a batch outside any group has, and what its series say without them."""
    priors = Priors.unknown(model=form.start, by_load=form.by_load)
    series = scaled(batch, priors)
    if form.runs:
        priors = replace(priors, runs=estimate_runs(series.offsets, series.t_days, series.z, batch.cohort))
        series = scaled(batch, priors)
    if form.seasonal:
        priors = _with_season(priors, series, nothing(len(batch), len(series.z)))
    measured_days = series.t_days
    on_axis = TimeAxis.of(batch, priors, day).from_calendar(series.offsets, measured_days)
    series = replace(series, t_days=on_axis)
    works_with = partial(find_interventions, batch, parameters=parameters, as_of_days=day)
    noise = batch_noise(series.offsets, series.t_days, series.z) ** 2
    noise = noise[np.isfinite(noise) & (noise > 0) & (noise < 1e100)]
    if len(noise) < LEAST_SERIES:
        return priors, None
    priors = priors.with_row(0, noise_var=float(np.median(noise)), noise_ratio=1.0, n_series=len(batch))
    works = works_with(priors)
    for _ in range(2):
        mean, variance = pooled_rates(*_pieces(without_season(series, priors), works))
        if not np.isfinite(mean):
            return priors, None
        priors = priors.with_row(0, rate_mean=mean, rate_var=variance)
        works = works_with(priors)
    if form.seasonal:
        priors = _with_season(priors, series, works)
        works = works_with(priors)
        series = without_season(series, priors)
    years = years_since_first(series.offsets, series.t_days)
    steady = (series.offsets, years, series.z, batch_noise(series.offsets, years, series.z))
    for _ in range(ROUNDS):
        priors = priors.with_row(0, **estimate_effects(works, float(priors.noise_var[0])))
        if form.isolated_defects:
            priors = priors.with_row(0, **estimate_shifts(works, series))
        filtered = _Filtered(*steady, works.weights, works.events, works.event_offsets, parameters.noise_weight)
        priors = _with_process(priors, filtered, form)
        if priors.process_var[0] == 0.0:
            break
        works = works_with(priors)  # a level that wanders by itself needs fewer works
    filtered = _Filtered(*steady, works.weights, works.events, works.event_offsets, parameters.noise_weight)
    alone = priors.with_row(0, rate_var=ALONE * float(priors.noise_var[0] + priors.rate_mean[0] ** 2))
    rates, variances = final_rates(*filtered, alone.row(0))
    believed = believed_spread(rates, variances)
    errors = run_errors(series.offsets, series.t_days, series.z, filtered.sigma)
    standalone = Standalone(batch.asset, rates, variances, series.offsets, measured_days, errors)
    runs = priors.runs if form.runs else estimate_runs(series.offsets, measured_days, series.z, batch.cohort)
    mean = believed_mean(float(priors.rate_mean[0]), runs.error_of_mean(batch.cohort))
    return priors.with_row(0, rate_mean=mean, rate_var=float(np.fmax(priors.rate_var[0], believed))), standalone


class _Filtered(NamedTuple):
    """What the filter runs over, in the order the kernels take it; ``sigma`` is each series' own noise."""

    offsets: Ints
    years: Floats
    z: Floats
    sigma: Floats
    flags: Floats
    events: Floats
    event_offsets: Ints
    noise_weight: float


def _with_season(priors: Priors, series: ScaledSeries, works: Interventions) -> Priors:
    cosine, sine, spread = estimate_season(series, works)
    return priors.with_row(0, season_cos=cosine, season_sin=sine, season_var=spread)


def _pieces(series: ScaledSeries, works: Interventions) -> tuple[Floats, Floats]:
    found = piece_slopes(series.offsets, series.t_days, series.z, works.weights, works.events, works.event_offsets)
    return found[:, 0], found[:, 1]


@kernel
def pooled_rates(rates: Floats, variances: Floats) -> tuple[float, float]:
    """Mean of true rates and their variance, from estimates with known sampling variances.

    Paule and Mandel's (1982) moment equation with distances clipped at 1.5 and their mean square set to what clipped
    normal ones have (Huber's Proposal 2, 1964): up to a third of odd series cannot set it.
    """
    keep = np.isfinite(rates) & np.isfinite(variances) & (np.abs(rates) < 1e100)
    rates, variances = rates[keep], np.maximum(variances[keep], 1e-300)
    if len(rates) < LEAST_SERIES:
        return np.nan, np.nan
    spread = float(np.var(rates)) + 1e-300
    low, high = 0.0, 4.0 * spread
    mean = float(np.median(rates))
    for _ in range(60):
        middle = 0.5 * (low + high)
        weights = 1.0 / (middle + variances)
        clipped = np.clip((rates - mean) * np.sqrt(weights), -CLIP, CLIP)
        mean = float(mean + np.sum(clipped * np.sqrt(weights)) / np.sum(weights))
        if np.mean(clipped**2) > CLIPPED_SQUARE * (1.0 - 1.0 / len(rates)):
            low = middle
        else:
            high = middle
    return mean, max(0.5 * (low + high), (0.02 * mean) ** 2, 1e-6 * spread)


def _with_process(priors: Priors, filtered: _Filtered, form: Form) -> Priors:
    """Process variance, noise, rates and their memory by the likelihood of the filter's one-step forecasts."""
    noise = float(priors.noise_var[0] / priors.noise_ratio[0])
    model = form.model

    def best(row: Floats, columns: tuple[int, ...], numbers: Sequence[tuple[float, ...]]) -> Floats:
        trials = np.tile(row, (len(numbers), 1))
        trials[:, columns] = numbers
        scores = likelihoods(*filtered, trials) - LEAST_GAIN * (trials[:, PROCESS_VAR] > 0)
        return np.asarray(trials[np.argmax(scores)])

    def rated(row: Floats) -> Floats:
        row[[RATE_MEAN, RATE_VAR]] = pooled_by_filter(*filtered, row)
        return row

    ratios = [(noise * r, r) for r in RATIO_GRID]
    row = best(priors.row(0), (NOISE_VAR, NOISE_RATIO), ratios)
    if model != "linear":
        grid = PROCESS_GRID if model in ("auto", "exponential") else PROCESS_GRID[1:]
        for _ in range(2):
            row = best(row, (PROCESS_VAR,), [(noise * p,) for p in grid])
            row = rated(best(row, (NOISE_VAR, NOISE_RATIO), ratios))
    if model == "auto":
        priors = replace(priors, model=np.array([WIENER if row[PROCESS_VAR] > 0 else LINEAR], np.int8))
    row = rated(best(row, (RATE_MEMORY,), [(m,) for m in MEMORY_GRID]))
    return priors.with_row(0, **dict(zip(NUMBERS, row, strict=True)))


@kernel
def batch_noise(offsets: Ints, t: Floats, z: Floats) -> Floats:
    """Robust noise of each series (n,); NaN below four values."""
    n = len(offsets) - 1
    sigma = np.empty(n)
    for i in range(n):
        sigma[i] = noise_sigma(t[offsets[i] : offsets[i + 1]], z[offsets[i] : offsets[i + 1]])
    return sigma


@kernel
def piece_slopes(offsets: Ints, t: Floats, z: Floats, flags: Floats, events: Floats, event_offsets: Ints) -> Floats:
    """Theil-Sen slope a year and its sampling variance for each piece of four values or more; shape (pieces, 2)."""
    n = len(offsets) - 1
    found = np.empty((len(events) + n, 2))
    count = 0
    for i in range(n):
        start, e, last = offsets[i], event_offsets[i], event_offsets[i + 1]
        sigma = noise_sigma(t[offsets[i] : offsets[i + 1]], z[offsets[i] : offsets[i + 1]])
        while start < offsets[i + 1]:
            while e < last and (events[e, EFFECTIVE] == 0.0 or offsets[i] + events[e, POSITION] <= start):
                e += 1
            end = offsets[i + 1] if e >= last else offsets[i] + np.int64(events[e, POSITION])
            keep = flags[start:end] > 0.0
            days, level = t[start:end][keep], z[start:end][keep]
            if len(days) >= 4:
                years = (days - days[0]) / DAYS_PER_YEAR
                found[count, 0] = theil_sen(years, level)
                found[count, 1] = 1.1 * sigma**2 / np.sum((years - np.mean(years)) ** 2)
                count += 1
            start = end
    return found[:count].copy()


@kernel
def years_since_first(offsets: Ints, t: Floats) -> Floats:
    """Years of each value since the first of its series (m,)."""
    years = np.empty(len(t))
    for i in range(len(offsets) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            years[j] = (t[j] - t[offsets[i]]) / DAYS_PER_YEAR
    return years


@kernel
def likelihoods(
    offsets: Ints,
    years: Floats,
    z: Floats,
    sigma: Floats,
    flags: Floats,
    events: Floats,
    event_offsets: Ints,
    weight: float,
    trials: Floats,
) -> Floats:
    """Log-likelihood of all series' one-step forecasts under each row of priors in ``trials`` (k, 16); (k,)."""
    total = np.zeros(len(trials))
    trace = np.zeros((0, TRACE_COLUMNS))
    for i in range(len(offsets) - 1):
        a, b = offsets[i], offsets[i + 1]
        if b - a < 3:
            continue
        own = events[event_offsets[i] : event_offsets[i + 1]]
        for k in range(len(trials)):
            prior = trials[k]
            sigma2 = series_noise(sigma[i], z[a:b], prior, weight)
            if sigma2 > 0.0:
                part = run_filter(years[a:b], z[a:b], flags[a:b], own, prior, sigma2, prior[PROCESS_VAR], True, trace)[
                    1
                ]
                if np.isfinite(part):
                    total[k] += part
    return total


@kernel
def final_rates(
    offsets: Ints,
    years: Floats,
    z: Floats,
    sigma: Floats,
    flags: Floats,
    events: Floats,
    event_offsets: Ints,
    weight: float,
    prior: Floats,
) -> tuple[Floats, Floats]:
    """Mean and variance of each series' rate after its last value; NaN below three values, and where the series bent.

    The rate of a bend is a defect's own: it says nothing of the group.
    """
    n = len(offsets) - 1
    rates, variances = np.full(n, np.nan), np.full(n, np.nan)
    trace = np.zeros((0, TRACE_COLUMNS))
    for i in range(n):
        a, b = offsets[i], offsets[i + 1]
        if b - a < 3:
            continue
        sigma2 = series_noise(sigma[i], z[a:b], prior, weight)
        own = events[event_offsets[i] : event_offsets[i + 1]]
        if sigma2 > 0.0 and not np.any(own[:, KIND] == BEND):
            state = run_filter(years[a:b], z[a:b], flags[a:b], own, prior, sigma2, prior[PROCESS_VAR], True, trace)[0]
            rates[i], variances[i] = state[1], state[4]
    return rates, variances


@kernel
def pooled_by_filter(
    offsets: Ints,
    years: Floats,
    z: Floats,
    sigma: Floats,
    flags: Floats,
    events: Floats,
    event_offsets: Ints,
    weight: float,
    prior: Floats,
) -> tuple[float, float]:
    """Mean of the rates and their variance between series by expectation-maximisation over the filter's final rates."""
    start, mean, variance = prior.copy(), prior[RATE_MEAN], prior[RATE_VAR]
    for _ in range(EM_ROUNDS):
        start[RATE_MEAN], start[RATE_VAR] = mean, variance
        rates, variances = final_rates(offsets, years, z, sigma, flags, events, event_offsets, weight, start)
        keep = np.isfinite(rates) & np.isfinite(variances)
        if np.sum(keep) < LEAST_SERIES:
            break
        reach = 3.0 * np.sqrt(variance)  # a defect's own rate must not become its group's
        usual = np.clip(rates[keep], mean - reach, mean + reach)
        still_open = np.mean(np.minimum(variances[keep], variance))
        mean = np.mean(usual)
        variance = max(still_open + np.mean((usual - mean) ** 2), (0.02 * mean) ** 2)
    return mean, variance


__all__ = ["estimate_priors", "pooled_rates"]
