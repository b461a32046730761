"""Empirical Bayes: the priors of each group from a sample of its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.filtering import TRACE_COLUMNS, run_filter
from guideway.degradation.forms import Form
from guideway.degradation.interventions import Interventions, find_interventions, nothing
from guideway.degradation.noise import noise_sigma, theil_sen
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import LINEAR, NUMBERS, PROCESS_VAR, WIENER, Priors
from guideway.degradation.restoration import estimate_effects, estimate_shifts
from guideway.degradation.runs import estimate_runs
from guideway.degradation.scale import ScaledSeries, scaled
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints, SeriesBatch
from guideway.degradation.spread import believed_spread
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
LEAST_GAIN = 4.0  # log-likelihood a process variance must bring to be believed


def estimate_priors(
    batch: SeriesBatch,
    parameters: DegradationParameters | None = None,
    groups: tuple[str, ...] = (),
    sample: int = 400,
    forms: Sequence[Form] = (),
) -> Priors:
    """Priors of each group of ``batch.group``, from at most ``sample`` evenly spaced series of it.

    With ``groups`` empty, all series are one group (the last row). Groups of fewer than four usable series stay
    unknown: their series stand alone. For a back-test pass ``batch.until(first origin)``. ``forms`` says what is fitted
    to each group; without them it is what the parameters say.
    """
    chosen = parameters or DegradationParameters()
    forms = forms or [Form.of(chosen)] * (len(groups) + 1)
    priors = Priors.unknown(groups)
    priors = replace(priors, model=np.array([form.start for form in forms], np.int8))
    rows = priors.rows(batch)
    sane = np.bincount(batch.owner()[np.abs(batch.values) > LARGEST], minlength=len(batch)) == 0
    for row in range(len(groups)) if groups else (0,):
        members = np.flatnonzero((rows == row) & (np.diff(batch.offsets) >= 3) & sane)
        if len(members) < LEAST_SERIES:
            continue
        picked = members[np.linspace(0, len(members) - 1, min(sample, len(members))).astype(np.int64)]
        with np.errstate(all="ignore"):
            priors = _with_group(priors, row, batch.take(picked), chosen, forms[row])
    return priors


def _with_group(priors: Priors, row: int, batch: SeriesBatch, parameters: DegradationParameters, form: Form) -> Priors:
    series = scaled(batch, priors)
    if form.runs:
        runs = estimate_runs(series.offsets, series.t_days, series.z, batch.cohort)
        priors = replace(priors, runs=priors.runs.joined(runs))
        series = scaled(batch, priors)
    if form.seasonal:
        priors = _with_season(priors, row, series, nothing(len(batch), len(series.z)))
    noise = batch_noise(series.offsets, series.t_days, series.z) ** 2
    noise = noise[np.isfinite(noise) & (noise > 0) & (noise < 1e100)]
    if len(noise) < LEAST_SERIES:
        return priors
    priors = priors.with_row(row, noise_var=float(np.median(noise)), noise_ratio=1.0, n_series=len(batch))
    works = find_interventions(batch, priors, parameters)
    for _ in range(2):
        mean, variance = pooled_rates(*_pieces(without_season(series, priors), works))
        if not np.isfinite(mean):
            return priors
        priors = priors.with_row(row, rate_mean=mean, rate_var=variance)
        works = find_interventions(batch, priors, parameters)
    if form.seasonal:
        priors = _with_season(priors, row, series, works)
        works = find_interventions(batch, priors, parameters)
        series = without_season(series, priors)
    for _ in range(ROUNDS):
        priors = priors.with_row(row, **estimate_effects(works, float(priors.noise_var[row])))
        if form.isolated_defects:
            priors = priors.with_row(row, **estimate_shifts(works, series))
        priors = _with_process(priors, row, series, works, parameters, form)
        if priors.process_var[row] == 0.0:
            break
        works = find_interventions(batch, priors, parameters)  # a level that wanders by itself needs fewer works
    alone = priors.with_row(row, rate_var=ALONE * float(priors.noise_var[row] + priors.rate_mean[row] ** 2))
    believed = believed_spread(*final_rates(*_own(series, works), alone.row(row), parameters.noise_weight))
    return priors.with_row(row, rate_var=float(np.fmax(priors.rate_var[row], believed)))


def _with_season(priors: Priors, row: int, series: ScaledSeries, works: Interventions) -> Priors:
    cosine, sine, spread = estimate_season(series, works)
    return priors.with_row(row, season_cos=cosine, season_sin=sine, season_var=spread)


def _own(series: ScaledSeries, works: Interventions) -> tuple[Ints, Floats, Floats, Floats, Floats, Ints]:
    return series.offsets, series.t_days, series.z, works.weights, works.events, works.event_offsets


def _pieces(series: ScaledSeries, works: Interventions) -> tuple[Floats, Floats]:
    found = piece_slopes(*_own(series, works))
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


def _with_process(
    priors: Priors, row: int, series: ScaledSeries, works: Interventions, parameters: DegradationParameters, form: Form
) -> Priors:
    """Process variance, noise, rates and their memory by the likelihood of the filter's one-step forecasts."""
    own = _own(series, works)
    weight = parameters.noise_weight
    noise = float(priors.noise_var[row] / priors.noise_ratio[row])

    def best(names: tuple[str, ...], numbers: Sequence[tuple[float, ...]], start: Priors) -> Priors:
        trial, places, scores = start.row(row), [NUMBERS.index(name) for name in names], []
        for values in numbers:
            trial[places] = values
            scores.append(batch_likelihood(*own, trial, weight) - LEAST_GAIN * (trial[PROCESS_VAR] > 0))
        return start.with_row(row, **dict(zip(names, numbers[int(np.argmax(scores))], strict=True)))

    ratios = [(noise * r, r) for r in RATIO_GRID]
    priors = best(("noise_var", "noise_ratio"), ratios, priors)
    model = form.model
    if model != "linear":
        for _ in range(2):
            grid = PROCESS_GRID if model in ("auto", "exponential") else PROCESS_GRID[1:]
            priors = best(("process_var",), [(noise * p,) for p in grid], priors)
            priors = best(("noise_var", "noise_ratio"), ratios, priors)
            priors = _with_rates(priors, row, own, weight)
    if model == "auto":
        column = priors.model.copy()
        column[row] = WIENER if priors.process_var[row] > 0 else LINEAR
        priors = replace(priors, model=column)
    priors = best(("rate_memory",), [(m,) for m in MEMORY_GRID], priors)
    return _with_rates(priors, row, own, weight)


def _with_rates(
    priors: Priors, row: int, own: tuple[Ints, Floats, Floats, Floats, Floats, Ints], weight: float, rounds: int = 6
) -> Priors:
    """Mean and variance of the rates by expectation-maximisation over the filter's final rates."""
    for _ in range(rounds):
        rates, variances = final_rates(*own, priors.row(row), weight)
        keep = np.isfinite(rates) & np.isfinite(variances)
        if keep.sum() < LEAST_SERIES:
            break
        reach = 3.0 * float(np.sqrt(priors.rate_var[row]))  # a defect's own rate must not become its group's
        usual = np.clip(rates[keep], priors.rate_mean[row] - reach, priors.rate_mean[row] + reach)
        mean = float(np.mean(usual))
        spread = float(np.mean(np.minimum(variances[keep], priors.rate_var[row]) + (usual - mean) ** 2))
        priors = priors.with_row(row, rate_mean=mean, rate_var=max(spread, (0.02 * mean) ** 2))
    return priors


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
def batch_likelihood(
    offsets: Ints,
    t: Floats,
    z: Floats,
    flags: Floats,
    events: Floats,
    event_offsets: Ints,
    prior: Floats,
    weight: float,
) -> float:
    """Log-likelihood of all series' one-step forecasts under a row of priors."""
    total = 0.0
    trace = np.zeros((0, TRACE_COLUMNS))
    for i in range(len(offsets) - 1):
        a, b = offsets[i], offsets[i + 1]
        if b - a < 3:
            continue
        years = (t[a:b] - t[a]) / DAYS_PER_YEAR
        sigma2 = series_noise(years, z[a:b], prior, weight)
        own = events[event_offsets[i] : event_offsets[i + 1]]
        if sigma2 > 0.0:
            part = run_filter(years, z[a:b], flags[a:b], own, prior, sigma2, prior[PROCESS_VAR], True, trace)[1]
            if np.isfinite(part):
                total += part
    return total


@kernel
def final_rates(
    offsets: Ints,
    t: Floats,
    z: Floats,
    flags: Floats,
    events: Floats,
    event_offsets: Ints,
    prior: Floats,
    weight: float,
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
        years = (t[a:b] - t[a]) / DAYS_PER_YEAR
        sigma2 = series_noise(years, z[a:b], prior, weight)
        own = events[event_offsets[i] : event_offsets[i + 1]]
        if sigma2 > 0.0 and not np.any(own[:, KIND] == BEND):
            state = run_filter(years, z[a:b], flags[a:b], own, prior, sigma2, prior[PROCESS_VAR], True, trace)[0]
            rates[i], variances[i] = state[1], state[4]
    return rates, variances


__all__ = ["estimate_priors", "pooled_rates"]
