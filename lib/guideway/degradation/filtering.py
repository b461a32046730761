"""Level and rate of one series by a robust Kalman filter that steps down at works.

State: level (unit of z) and rate (a year). Between runs the level grows by the rate and, for a Wiener process, gains
variance ``q`` a year. A work lowers the level by ``alpha + beta * level`` (fading by ``memory`` with each further work)
and pulls the rate towards its group's; an upward shift forgets the level and keeps the rate; a bend keeps the level and
widens the rate by as much as the slope changed. Runs far off get more
noise (Huber 1964 weights, iterated on the smoothed residuals after Rauch, Tung and Striebel 1965).
"""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.priors import (
    EFFECT_ALPHA,
    EFFECT_BETA,
    EFFECT_MEMORY,
    EFFECT_VAR,
    RATE_MEAN,
    RATE_MEMORY,
    RATE_VAR,
)
from guideway.degradation.series import Floats
from guideway.degradation.works import AFTER, BEFORE, BEND, EFFECTIVE, KIND, POSITION, SHIFT, SUCCESS, WORK

UNLIKE_SIGMA = 3.0  # a drop so far from what works of the group bring says how far they may be off
DIFFUSE = 1e6  # variance of an unknown level, in noise variances
INNOVATION_K = 2.5
DEFAULT_RATE_MEMORY = 0.9

# columns of the filter's trace: predicted mean and covariance, filtered mean and covariance, transition
TRACE_COLUMNS = 14


@kernel
def grow(state: Floats, dt: float, q: float) -> None:
    """Advance ``state`` = (level, rate, var level, cov, var rate) by ``dt`` years."""
    state[0] += dt * state[1]
    state[2] += dt * (2.0 * state[3] + dt * state[4]) + q * dt
    state[3] += dt * state[4]


@kernel
def apply_event(state: Floats, event: Floats, prior: Floats, sigma2: float, n_works: int) -> tuple[float, float]:
    """Step ``state`` over an event of any kind; the factors on level and rate are returned for smoothing."""
    if event[KIND] == BEND:
        state[4] += (event[AFTER] - event[BEFORE]) ** 2
        return 1.0, 1.0
    if event[KIND] == SHIFT or not np.isfinite(prior[EFFECT_BETA]):
        state[2] += DIFFUSE * sigma2
        if event[KIND] == SHIFT:
            return 1.0, 1.0
        keep, alpha, variance = 1.0, 0.0, 0.0
    else:
        fade = prior[EFFECT_MEMORY] ** n_works if np.isfinite(prior[EFFECT_MEMORY]) else 1.0
        success = event[SUCCESS]
        alpha, beta = prior[EFFECT_ALPHA] * fade, prior[EFFECT_BETA] * fade
        drop = alpha + beta * state[0]
        variance = success * prior[EFFECT_VAR] + success * (1.0 - success) * drop * drop
        surprise = event[BEFORE] - event[AFTER] - success * drop  # NaN where no run shows the work yet
        if abs(surprise) > UNLIKE_SIGMA * np.sqrt(variance + sigma2):
            variance = surprise * surprise
        keep, alpha = 1.0 - success * beta, success * alpha
    hold = prior[RATE_MEMORY] if np.isfinite(prior[RATE_MEMORY]) else DEFAULT_RATE_MEMORY
    state[0] = keep * state[0] - alpha
    state[1] = prior[RATE_MEAN] + hold * (state[1] - prior[RATE_MEAN])
    state[2] = keep * keep * state[2] + variance
    state[3] *= keep * hold
    state[4] = hold * hold * state[4] + (1.0 - hold * hold) * prior[RATE_VAR]
    return keep, hold


@kernel
def run_filter(
    years: Floats,
    z: Floats,
    weights: Floats,
    events: Floats,
    prior: Floats,
    sigma2: float,
    q: float,
    robust: bool,
    trace: Floats,
) -> tuple[Floats, float, float, int]:
    """Filter one series.

    Args:
        years: times in years from the first value on.
        z: the values.
        weights: noise variance of value i is ``sigma2 / weights[i]``; 0 leaves it out.
        events: works, shifts and bends of the series (see ``works``).
        prior: row of ``Priors.table()`` with known rate mean and variance.
        sigma2: noise variance.
        q: process variance a year.
        robust: whether to widen the noise of surprising values on the way (Huber on innovations).
        trace: (n, 14) array filled for the smoother, or (0, 14) to skip it.

    Returns:
        Final state, log-likelihood without the first value (innovations clipped at 3 sigma), the sum of clipped squared
        standardised innovations, and how many there were.
    """
    n = len(z)
    state = np.array([np.median(z[: min(3, n)]), prior[RATE_MEAN], DIFFUSE * sigma2, 0.0, prior[RATE_VAR]])
    likelihood, squares, count, e, n_works = 0.0, 0.0, 0, 0, 0
    for i in range(n):
        dt = years[i] - years[i - 1] if i > 0 else 0.0
        grow(state, dt, q)
        a00, a01, a11 = 1.0, dt, 1.0
        fresh = i == 0
        while e < len(events) and events[e, POSITION] <= i:
            if events[e, EFFECTIVE] == 1.0 and (i > 0 or events[e, KIND] == BEND):
                keep, hold = apply_event(state, events[e], prior, sigma2, n_works)
                a00, a01, a11 = keep * a00, keep * a01, hold * a11
                n_works += 1 if events[e, KIND] == WORK else 0
                fresh = True
            e += 1
        if len(trace):
            trace[i, :5] = state
            trace[i, 10], trace[i, 11], trace[i, 12], trace[i, 13] = a00, a01, a11, 0.0
        if weights[i] > 0.0:
            innovation = z[i] - state[0]
            noise = sigma2 / weights[i]
            total = state[2] + noise
            surprise = abs(innovation) / np.sqrt(total)
            if not fresh:
                clipped = min(surprise, 3.0) ** 2
                likelihood -= 0.5 * (np.log(total) + clipped)
                squares += clipped
                count += 1
            if robust and surprise > INNOVATION_K:
                total = state[2] + noise * surprise / INNOVATION_K
            g0, g1 = state[2] / total, state[3] / total
            state[0] += g0 * innovation
            state[1] += g1 * innovation
            state[4] -= g1 * state[3]
            state[3] *= 1.0 - g0
            state[2] *= 1.0 - g0
        if len(trace):
            trace[i, 5:10] = state
    return state, likelihood, squares, count


@kernel
def smoothed_levels(trace: Floats) -> Floats:
    """Level at each value given all of them (n,): the backward pass over the filter's trace."""
    n = len(trace)
    levels = np.empty(n)
    s0, s1 = trace[n - 1, 5], trace[n - 1, 6]
    levels[n - 1] = s0
    for i in range(n - 2, -1, -1):
        after = trace[i + 1]
        a00, a01, a11 = after[10], after[11], after[12]
        p00, p01, p11 = trace[i, 7], trace[i, 8], trace[i, 9]
        c00, c01 = p00 * a00 + p01 * a01, p01 * a11
        c10, c11 = p01 * a00 + p11 * a01, p11 * a11
        v00, v01, v11 = after[2], after[3], after[4]
        determinant = v00 * v11 - v01 * v01
        d0, d1 = s0 - after[0], s1 - after[1]
        s0, s1 = trace[i, 5], trace[i, 6]
        if determinant > 0.0:
            u0 = (v11 * d0 - v01 * d1) / determinant
            u1 = (v00 * d1 - v01 * d0) / determinant
            s0 += c00 * u0 + c01 * u1
            s1 += c10 * u0 + c11 * u1
        levels[i] = s0
    return levels


@kernel
def huber_weights(residuals: Floats, sigma: float, k: float, flags: Floats) -> Floats:
    """``min(1, k sigma / |residual|)`` times ``flags``; shape (n,)."""
    weights = np.empty(len(residuals))
    for i in range(len(residuals)):
        size = abs(residuals[i])
        weights[i] = flags[i] * (1.0 if size <= k * sigma else k * sigma / size)
    return weights


@kernel
def robust_fit(
    years: Floats,
    z: Floats,
    flags: Floats,
    events: Floats,
    prior: Floats,
    sigma2: float,
    q: float,
    huber_k: float,
    trace: Floats,
) -> tuple[Floats, Floats]:
    """Final state of the reweighted filter and the smoothed levels; ``flags`` are 0 for values put aside."""
    run_filter(years, z, flags, events, prior, sigma2, q, True, trace)
    state = np.zeros(5)
    levels = smoothed_levels(trace)
    for _ in range(2):
        weights = huber_weights(z - levels, np.sqrt(sigma2), huber_k, flags)
        state = run_filter(years, z, weights, events, prior, sigma2, q, False, trace)[0]
        levels = smoothed_levels(trace)
    return state, levels
