"""Compiled part of the trends: one series at a time, all series in one call."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel
from guideway.degradation.filtering import TRACE_COLUMNS, apply_event, grow, robust_fit
from guideway.degradation.noise import noise_sigma
from guideway.degradation.priors import (
    EFFECT_BETA,
    NOISE_RATIO,
    NOISE_VAR,
    PROCESS_VAR,
    RATE_MEAN,
    RATE_VAR,
    SEASON_COS,
    SEASON_SIN,
    SEASON_VAR,
)
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints
from guideway.degradation.works import AT, BEND, EFFECTIVE, KIND, POSITION, WORK

STATUSES = ("ok", "pooled", "too_few_points", "constant", "no_data", "failed")
OK, POOLED, TOO_FEW_POINTS, CONSTANT, NO_DATA, FAILED = range(6)

# columns of the kernel's result
LEVEL, RATE, VAR_LEVEL, COV, VAR_RATE, SIGMA2, Q, N_POINTS, SINCE, STATUS, WAVE_COS, WAVE_SIN, WAVE_VAR = range(13)
RESULT_COLUMNS = 13

UNSHOWN_SIGMA = 2.0  # what a work may change without showing, in standard deviations of the noise (min_effect_sigma)


@kernel
def series_noise(sigma: float, z: Floats, prior: Floats, weight: float) -> float:
    """Noise variance of a series: its own and its group's, weighted by points; NaN where neither is known.

    ``sigma`` is what ``noise_sigma`` says of the series alone.
    """
    own = sigma**2
    if np.isfinite(prior[NOISE_RATIO]):
        own *= prior[NOISE_RATIO]
    group, count = prior[NOISE_VAR], 0.4 * (len(z) - 2)
    if not np.isfinite(group):
        spread = np.max(z) - np.min(z)
        return float(max(own, (1e-6 * spread) ** 2))
    return float((weight * group + count * own) / (weight + count)) if np.isfinite(own) else float(group)


@kernel
def keep_rates_positive(states: Floats, degrading: npt.NDArray[np.bool_]) -> None:
    """``keep_rate_positive`` of the chosen rows of ``states`` (n, 5)."""
    for i in np.flatnonzero(degrading):
        keep_rate_positive(states[i])


@kernel
def keep_rate_positive(state: Floats) -> None:
    """Replace the rate by its distribution above zero (moments of a truncated normal), the level with it."""
    sd = np.sqrt(state[4])
    if not sd > 0.0 or state[1] > 4.0 * sd:
        return
    cut = -state[1] / sd
    if cut > 6.0:
        ratio = cut + 1.0 / cut
    else:
        tail = 0.5 * math.erfc(cut / np.sqrt(2.0))
        ratio = np.exp(-0.5 * cut * cut) / (np.sqrt(2.0 * np.pi) * tail)
    mean = state[1] + sd * ratio
    variance = state[4] * max(1.0 + cut * ratio - ratio * ratio, 1e-3)
    gain = state[3] / state[4]
    state[0] += gain * (mean - state[1])
    state[2] += gain * gain * (variance - state[4])
    state[3] = gain * variance
    state[1], state[4] = mean, variance


@kernel
def yearly_wave(days: Floats, residuals: Floats, weights: Floats, sigma2: float, prior: Floats) -> Floats:
    """Cosine, sine and variance of a yearly wave in the residuals, shrunk to the group's wave (ridge)."""
    a = b = c = d = e = 0.0
    for i in range(len(days)):
        angle = 2.0 * np.pi * days[i] / DAYS_PER_YEAR
        x, y, w = np.cos(angle), np.sin(angle), weights[i]
        r = residuals[i] - prior[SEASON_COS] * x - prior[SEASON_SIN] * y
        a, b, c = a + w * x * x, b + w * x * y, c + w * y * y
        d, e = d + w * x * r, e + w * y * r
    ridge = sigma2 / prior[SEASON_VAR] if prior[SEASON_VAR] > 0.0 else 1e12
    a, c = a + ridge, c + ridge
    determinant = a * c - b * b
    wave = np.array([prior[SEASON_COS], prior[SEASON_SIN], 0.5 * sigma2 * (a + c) / determinant])
    wave[0] += (c * d - b * e) / determinant
    wave[1] += (a * e - b * d) / determinant
    return wave


@kernel
def wave_at(days: Floats, wave: Floats) -> Floats:
    """Values of a yearly wave on ``days``."""
    angle = 2.0 * np.pi * days / DAYS_PER_YEAR
    values: Floats = wave[0] * np.cos(angle) + wave[1] * np.sin(angle)
    return values


@kernel
def to_day(
    state: Floats, last: float, day: float, n: int, events: Floats, prior: Floats, sigma2: float, q: float
) -> float:
    """Advance the state from the last value to ``day`` over works no value has seen yet; the start of the trend."""
    n_works, since = 0, np.nan
    for e in range(len(events)):
        event = events[e]
        if event[EFFECTIVE] != 1.0 or event[POSITION] == 0.0:
            continue
        since = event[AT]
        if event[POSITION] >= n:
            at = min(max(event[AT], last), day)
            grow(state, (at - last) / DAYS_PER_YEAR, q)
            if event[KIND] == WORK and not np.isfinite(prior[EFFECT_BETA]):
                state[2] += UNSHOWN_SIGMA**2 * sigma2  # such works do not show in this group: the level is not lost
            else:
                apply_event(state, event, prior, sigma2, n_works)
            last = at
        n_works += 1 if event[KIND] == WORK else 0
    grow(state, max(day - last, 0.0) / DAYS_PER_YEAR, q)
    return since


@kernel
def carry_on(results: Floats, years: Floats) -> None:
    """Grow the states of rows of the kernel's result by ``years`` (n,), in place; what has no trend stays."""
    for i in range(len(results)):
        if np.isfinite(results[i, RATE]):
            grow(results[i, LEVEL : VAR_RATE + 1], years[i], results[i, Q])


@kernel
def series_trend(
    days: Floats,
    z: Floats,
    flags: Floats,
    events: Floats,
    group: Floats,
    numbers: Floats,
    day: float,
    trace: Floats,
    out: Floats,
) -> None:
    """Fill ``out`` (see the column names) with the trend of one series on ``day``."""
    n = len(z)
    out[STATUS], out[N_POINTS] = NO_DATA, n
    if n == 0:
        return
    out[SINCE] = days[0]
    if n >= 3 and np.all(z == z[0]):
        out[LEVEL], out[STATUS] = z[0], CONSTANT
        out[RATE : Q + 1] = 0.0
        return
    years = (days - days[0]) / DAYS_PER_YEAR
    prior = group.copy()
    sigma2 = series_noise(noise_sigma(years, z), z, group, numbers[0])
    out[STATUS] = TOO_FEW_POINTS
    out[LEVEL] = np.median(z[max(n - 3, 0) :])
    knows_rate = np.isfinite(group[RATE_MEAN]) and np.isfinite(group[RATE_VAR])
    if np.isnan(sigma2) or not (knows_rate or n >= max(numbers[2], 3)):
        return
    out[STATUS] = FAILED
    if not knows_rate:
        prior[RATE_MEAN] = 0.0
        prior[RATE_VAR] = (10.0 * (np.max(z) - np.min(z)) / years[n - 1]) ** 2
    q = group[PROCESS_VAR]
    wave = np.zeros(3)
    rest = z
    rounds = 1
    if group[SEASON_VAR] > 0.0:
        wave[0], wave[1] = group[SEASON_COS], group[SEASON_SIN]
        rest = z - wave_at(days, wave)
        rounds = 3
    state, levels = robust_fit(years, rest, flags, events, prior, sigma2, q, numbers[1], trace)
    for _ in range(rounds - 1):
        wave = yearly_wave(days, z - levels, flags, sigma2, group)
        state, levels = robust_fit(years, z - wave_at(days, wave), flags, events, prior, sigma2, q, numbers[1], trace)
    since = to_day(state, days[n - 1], day, n, events, prior, sigma2, q)
    if np.isfinite(since):
        out[SINCE] = since
        out[N_POINTS] = 0
        for e in range(len(events)):
            if events[e, EFFECTIVE] == 1.0 and events[e, POSITION] > 0.0:
                out[N_POINTS] = n - events[e, POSITION]
    state[2], state[4] = max(state[2], 0.0), max(state[4], 0.0)
    if not (np.all(np.isfinite(state)) and np.isfinite(sigma2) and np.max(np.abs(state)) < 1e150):
        out[LEVEL] = np.nan
        return
    out[LEVEL : VAR_RATE + 1] = state
    out[SIGMA2], out[Q] = sigma2, q
    out[WAVE_COS], out[WAVE_SIN], out[WAVE_VAR] = wave[0], wave[1], wave[2]
    own_rate = len(events) > 0 and events[len(events) - 1, KIND] == BEND  # not the group's, however wide
    out[STATUS] = POOLED if knows_rate and state[4] > 0.5 * group[RATE_VAR] and not own_rate else OK


@kernel
def batch_trends(
    offsets: Ints,
    t: Floats,
    z: Floats,
    flags: Floats,
    events: Floats,
    event_offsets: Ints,
    rows: Ints,
    table: Floats,
    numbers: Floats,
    day: Floats,
) -> Floats:
    """Trends of all series; (n, 13), NaN where there is none."""
    n = len(offsets) - 1
    longest = 0
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    trace = np.zeros((longest, TRACE_COLUMNS))
    out = np.full((n, RESULT_COLUMNS), np.nan)
    for i in range(n):
        a, b = offsets[i], offsets[i + 1]
        own = events[event_offsets[i] : event_offsets[i + 1]]
        series_trend(t[a:b], z[a:b], flags[a:b], own, table[rows[i]], numbers, day[i], trace[: b - a], out[i])
    return out
