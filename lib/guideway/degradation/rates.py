"""Rates of series and of their group: from the pieces between works, and by the filter; compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.filtering import TRACE_COLUMNS, run_filter
from guideway.degradation.noise import noise_sigma, theil_sen
from guideway.degradation.priors import PROCESS_VAR, RATE_MEAN, RATE_VAR
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints
from guideway.degradation.spread import LEAST_SERIES
from guideway.degradation.trend_kernels import series_noise
from guideway.degradation.works import BEND, EFFECTIVE, KIND, POSITION

CLIP, CLIPPED_SQUARE = 1.5, 0.7785  # and the mean square of standard normal numbers clipped there
EM_ROUNDS = 6


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


class Filtered(NamedTuple):
    """Series as the filter runs over them: ragged arrays, and the works of each.

    Attributes:
        offsets: int64 (n + 1,), start of each series in ``years``, ``z`` and ``flags``.
        years: (m,) since the first value of the series.
        z: (m,) values on the model's scale.
        sigma: (n,) noise of each series by itself.
        flags: (m,) weights of the values.
        events: works, shifts and bends, see ``works``.
        event_offsets: int64 (n + 1,), start of each series' events.
        noise_weight: how much a series' own noise counts beside its group's.
    """

    offsets: Ints
    years: Floats
    z: Floats
    sigma: Floats
    flags: Floats
    events: Floats
    event_offsets: Ints
    noise_weight: float


@kernel
def _filtered(of: Filtered, i: int, prior: Floats) -> tuple[Floats, float]:
    """Final state of series ``i`` and log-likelihood of its one-step forecasts; NaN below three values."""
    a, b = of.offsets[i], of.offsets[i + 1]
    state, likelihood = np.full(5, np.nan), np.nan
    if b - a >= 3:
        z = of.z[a:b]
        sigma2 = series_noise(of.sigma[i], z, prior, of.noise_weight)
        if sigma2 > 0.0:
            events = of.events[of.event_offsets[i] : of.event_offsets[i + 1]]
            trace = np.zeros((0, TRACE_COLUMNS))
            found = run_filter(of.years[a:b], z, of.flags[a:b], events, prior, sigma2, prior[PROCESS_VAR], True, trace)
            state, likelihood = found[0], found[1]
    return state, likelihood


@kernel
def likelihoods(of: Filtered, trials: Floats) -> Floats:
    """Log-likelihood of all series' one-step forecasts under each row of priors in ``trials`` (k, 16); (k,)."""
    total = np.zeros(len(trials))
    for i in range(len(of.offsets) - 1):
        for k in range(len(trials)):
            part = _filtered(of, i, trials[k])[1]
            if np.isfinite(part):
                total[k] += part
    return total


@kernel
def final_rates(of: Filtered, prior: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of each series' rate after its last value; NaN below three values, and where the series bent.

    The rate of a bend is a defect's own: it says nothing of the group.
    """
    n = len(of.offsets) - 1
    rates, variances = np.full(n, np.nan), np.full(n, np.nan)
    for i in range(n):
        if not np.any(of.events[of.event_offsets[i] : of.event_offsets[i + 1], KIND] == BEND):
            state = _filtered(of, i, prior)[0]
            rates[i], variances[i] = state[1], state[4]
    return rates, variances


@kernel
def pooled_by_filter(of: Filtered, prior: Floats) -> tuple[float, float]:
    """Mean of the rates and their variance between series by expectation-maximisation over the filter's final rates."""
    start, mean, variance = prior.copy(), prior[RATE_MEAN], prior[RATE_VAR]
    for _ in range(EM_ROUNDS):
        start[RATE_MEAN], start[RATE_VAR] = mean, variance
        rates, variances = final_rates(of, start)
        keep = np.isfinite(rates) & np.isfinite(variances)
        if np.sum(keep) < LEAST_SERIES:
            break
        reach = 3.0 * np.sqrt(variance)  # a defect's own rate must not become its group's
        usual = np.clip(rates[keep], mean - reach, mean + reach)
        still_open = np.mean(np.minimum(variances[keep], variance))
        mean = np.mean(usual)
        variance = max(still_open + np.mean((usual - mean) ** 2), (0.02 * mean) ** 2)
    return mean, variance
