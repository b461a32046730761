"""Empirical Bayes: the priors of each group from a sample of its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from guideway.degradation.correlation import Standalone, estimate_correlation, run_errors
from guideway.degradation.forms import Form
from guideway.degradation.interventions import Interventions, find_interventions, nothing
from guideway.degradation.load_axis import TimeAxis
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
from guideway.degradation.rates import (
    Filtered,
    batch_noise,
    final_rates,
    likelihoods,
    piece_slopes,
    pooled_by_filter,
    pooled_rates,
    years_since_first,
)
from guideway.degradation.restoration import estimate_effects, estimate_shifts
from guideway.degradation.runs import estimate_runs
from guideway.degradation.scale import ScaledSeries, scaled
from guideway.degradation.series import Floats, SeriesBatch
from guideway.degradation.spread import LEAST_SERIES, believed_mean, believed_spread
from guideway.degradation.waves import estimate_season, without_season

ROUNDS = 3
ALONE = 1e4  # a variance of rates so wide that no series leans on its group
LARGEST = 1e50  # series beyond are no use to their group
PROCESS_GRID = (0.0, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0)
RATIO_GRID = (0.4, 0.55, 0.7, 0.85, 1.0, 1.15)
MEMORY_GRID = (0.0, 0.3, 0.6, 0.8, 0.9, 0.96, 0.99)
LEAST_GAIN = 1.0  # log-likelihood a process variance must bring to be believed (Akaike 1974)


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
        filtered = Filtered(*steady, works.weights, works.events, works.event_offsets, parameters.noise_weight)
        priors = _with_process(priors, filtered, form)
        if priors.process_var[0] == 0.0:
            break
        works = works_with(priors)  # a level that wanders by itself needs fewer works
    filtered = Filtered(*steady, works.weights, works.events, works.event_offsets, parameters.noise_weight)
    alone = priors.with_row(0, rate_var=ALONE * float(priors.noise_var[0] + priors.rate_mean[0] ** 2))
    rates, variances = final_rates(filtered, alone.row(0))
    believed = believed_spread(rates, variances)
    errors = run_errors(series.offsets, series.t_days, series.z, filtered.sigma)
    standalone = Standalone(batch.asset, rates, variances, series.offsets, measured_days, errors)
    runs = priors.runs if form.runs else estimate_runs(series.offsets, measured_days, series.z, batch.cohort)
    mean = believed_mean(float(priors.rate_mean[0]), runs.error_of_mean(batch.cohort))
    return priors.with_row(0, rate_mean=mean, rate_var=float(np.fmax(priors.rate_var[0], believed))), standalone


def _with_season(priors: Priors, series: ScaledSeries, works: Interventions) -> Priors:
    cosine, sine, spread = estimate_season(series, works)
    return priors.with_row(0, season_cos=cosine, season_sin=sine, season_var=spread)


def _pieces(series: ScaledSeries, works: Interventions) -> tuple[Floats, Floats]:
    found = piece_slopes(series.offsets, series.t_days, series.z, works.weights, works.events, works.event_offsets)
    return found[:, 0], found[:, 1]


def _with_process(priors: Priors, filtered: Filtered, form: Form) -> Priors:
    """Process variance, noise, rates and their memory by the likelihood of the filter's one-step forecasts."""
    noise = float(priors.noise_var[0] / priors.noise_ratio[0])
    model = form.model

    def best(row: Floats, columns: tuple[int, ...], numbers: Sequence[tuple[float, ...]]) -> Floats:
        trials = np.tile(row, (len(numbers), 1))
        trials[:, columns] = numbers
        scores = likelihoods(filtered, trials) - LEAST_GAIN * (trials[:, PROCESS_VAR] > 0)
        return np.asarray(trials[np.argmax(scores)])

    def rated(row: Floats) -> Floats:
        row[[RATE_MEAN, RATE_VAR]] = pooled_by_filter(filtered, row)
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
