"""First passage of a fitted trend over a limit, with what is not known about level and rate.

Between two days the Wiener part of the path is a Brownian bridge whatever the rate: starting ``D0 > 0`` below the limit
and ending ``Dt > 0`` below it, the path crossed in between with probability ``exp(-2 D0 Dt / (q t))``. Level, rate and
process are jointly normal, so the probability of having crossed by ``t`` is one normal integral over ``D0`` (a
quadrature of few nodes), its inner integral over ``Dt`` closed. Without process noise it is the probability of being
beyond the limit at either end.
"""

from __future__ import annotations

import math

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.series import DAYS_PER_YEAR, Floats
from guideway.degradation.special import erfcx, gamma_tail, normal_cdf

HORIZON_YEARS = 10.0
_HERMITE = np.polynomial.hermite_e.hermegauss(5)
NODES, WEIGHTS = _HERMITE[0], _HERMITE[1] / math.sqrt(2.0 * math.pi)
_LEGENDRE = np.polynomial.legendre.leggauss(16)
LEGENDRE_NODES, LEGENDRE_WEIGHTS = _LEGENDRE[0], _LEGENDRE[1]
FEW_NODES, FEW_WEIGHTS = np.polynomial.legendre.leggauss(6)
GRID = 12


@kernel
def bridge_term(mean: float, variance: float, k: float) -> float:
    """``E[exp(-k D) 1(D > 0)]`` of a normal ``D``: closed, and stable for large ``k``."""
    sd = math.sqrt(variance)
    a = (mean - k * variance) / sd
    if a > 0.0:
        return math.exp(-k * mean + 0.5 * k * k * variance) * normal_cdf(a)
    return 0.5 * math.exp(-0.5 * mean * mean / variance) * erfcx(-a / math.sqrt(2.0))


@kernel
def crossed_from(start: float, mean: float, variance: float, spread: float) -> float:
    """Probability of having crossed, from ``start`` below the limit to a normal end with ``mean`` and ``variance``."""
    if start <= 0.0:
        return 1.0
    if variance <= 0.0:
        return 1.0 if mean <= 0.0 else 0.0
    beyond = normal_cdf(-mean / math.sqrt(variance))
    if spread <= 0.0:
        return beyond
    return beyond + bridge_term(mean, variance, 2.0 * start / spread)


@kernel
def wiener_crossed(distance: float, state: Floats, q: float, years: float, scale: float) -> float:
    """Probability that a Wiener (or straight) path has crossed a limit ``distance`` above the level by ``years``."""
    c = scale * scale
    var0 = c * state[2]
    covariance = c * (state[2] + years * state[3])
    vart = c * (state[2] + 2.0 * years * state[3] + years * years * state[4] + q * years)
    spread = c * q * years
    ahead = distance - years * state[1]
    if var0 <= 1e-14 * max(distance * distance, 1e-30):
        return crossed_from(distance, ahead, vart, spread)
    sd = math.sqrt(var0)
    slope = covariance / var0
    rest = max(vart - covariance * slope, 0.0)
    if distance > 5.0 * sd:
        total = 0.0
        for i in range(len(NODES)):
            offset = sd * NODES[i]
            total += WEIGHTS[i] * crossed_from(distance + offset, ahead + slope * offset, rest, spread)
        return min(total, 1.0)
    low = max(-distance / sd, -6.0)
    total = normal_cdf(-distance / sd)
    if low >= 6.0:
        return 1.0
    half = 0.5 * (6.0 - low)
    for i in range(len(LEGENDRE_NODES)):
        x = low + half * (1.0 + LEGENDRE_NODES[i])
        density = math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        crossed = crossed_from(distance + sd * x, ahead + slope * sd * x, rest, spread)
        total += half * LEGENDRE_WEIGHTS[i] * density * crossed
    return min(total, 1.0)


@kernel
def gamma_crossed(distance: float, state: Floats, q: float, years: float, scale: float) -> float:
    """Probability that a path that only grows has crossed: gamma growth with the mean and variance of the trend."""
    c = scale * scale
    mean = max(state[1], 1e-9) * years
    variance = max(c * (q * years + state[4] * years * years), 1e-12 * mean * mean)
    total = 0.0
    for i in range(len(NODES)):
        gap = distance + math.sqrt(c * state[2]) * NODES[i]
        if gap <= 0.0:
            total += WEIGHTS[i]
        elif variance > 0.0:  # on the day itself nothing has grown yet
            total += WEIGHTS[i] * gamma_tail(mean * mean / variance, gap * mean / variance)
    return min(total, 1.0)


@kernel
def jump_hazard(distance: float, state: Floats, q: float, years: float, rate: float, size: float) -> float:
    """Expected number of abrupt new maxima beyond the limit by ``years``: sizes exponential with mean ``size``."""
    total = 0.0
    for i in range(len(FEW_NODES)):
        u = 0.5 * years * (1.0 + FEW_NODES[i])
        variance = state[2] + 2.0 * u * state[3] + u * u * state[4] + q * u
        exponent = (u * state[1] - distance) / size + 0.5 * variance / (size * size)
        total += 0.5 * FEW_WEIGHTS[i] * math.exp(min(exponent, 0.0))
    return rate * years * total


@kernel
def wave_peak(day: float, years: float, wave: Floats) -> float:
    """Highest value of the yearly wave between ``day`` and ``years`` later."""
    amplitude = math.sqrt(wave[0] ** 2 + wave[1] ** 2)
    if amplitude == 0.0:
        return 0.0
    phase = 2.0 * math.pi * day / DAYS_PER_YEAR - math.atan2(wave[1], wave[0])
    phase -= 2.0 * math.pi * math.floor(phase / (2.0 * math.pi))
    end = phase + 2.0 * math.pi * years
    if end >= 2.0 * math.pi:
        return amplitude
    return amplitude * max(math.cos(phase), math.cos(end))


@kernel
def interpolated(x: float, places: Floats, numbers: Floats) -> float:
    """Linear interpolation; the end numbers outside."""
    if x <= places[0]:
        return float(numbers[0])
    for i in range(1, len(places)):
        if x <= places[i]:
            share = (x - places[i - 1]) / (places[i] - places[i - 1])
            return float(numbers[i - 1] + share * (numbers[i] - numbers[i - 1]))
    return float(numbers[-1])


@kernel
def crossed(
    limit: float, state: Floats, numbers: Floats, wave: Floats, years: float, weeks: Floats, scales: Floats
) -> float:
    """Probability of having crossed ``limit`` (model scale) by ``years``.

    ``numbers`` is process variance, 1 for a gamma process, jump rate, jump size and the day the state is for;
    ``scales`` are conformal factors at ``weeks``.
    """
    scale = interpolated(years * DAYS_PER_YEAR / 7.0, weeks, scales)
    distance = limit - state[0] - wave_peak(numbers[4], years, wave)
    if numbers[1] == 1.0:
        probability = gamma_crossed(distance, state, numbers[0], years, scale)
    else:
        probability = wiener_crossed(distance, state, numbers[0], years, scale)
    if numbers[2] > 0.0 and numbers[3] > 0.0 and distance > 0.0:
        hazard = jump_hazard(distance, state, numbers[0], years, numbers[2], numbers[3])
        probability = 1.0 - (1.0 - probability) * math.exp(-hazard)
    return float(probability)


@kernel
def passage(
    limit: float,
    state: Floats,
    numbers: Floats,
    wave: Floats,
    weeks: Floats,
    scales: Floats,
    horizons: Floats,
    levels: Floats,
    out: Floats,
) -> None:
    """Fill ``out``: days to crossing at probabilities ``levels``, NaN beyond ten years; then P within ``horizons``."""
    times, grid = np.zeros(GRID + 1), np.zeros(GRID + 1)
    grid[0] = crossed(limit, state, numbers, wave, 0.0, weeks, scales)
    for g in range(1, GRID + 1):
        times[g] = HORIZON_YEARS * 2.0 ** (g - GRID)
        grid[g] = max(grid[g - 1], crossed(limit, state, numbers, wave, times[g], weeks, scales))
    for k in range(len(levels)):
        out[k] = np.nan
        if grid[GRID] < levels[k]:
            continue
        g = 0
        while grid[g] < levels[k]:
            g += 1
        low, high = (times[g - 1], times[g]) if g > 0 else (0.0, 0.0)
        for _ in range(8 if g > 0 else 0):
            middle = 0.5 * (low + high)
            if crossed(limit, state, numbers, wave, middle, weeks, scales) < levels[k]:
                low = middle
            else:
                high = middle
        out[k] = 0.5 * (low + high) * DAYS_PER_YEAR
    before = grid[0]
    for h in range(len(horizons)):
        years = horizons[h] * 7.0 / DAYS_PER_YEAR
        value = crossed(limit, state, numbers, wave, years, weeks, scales)
        before = min(max(value, before), 1.0)
        out[len(levels) + h] = before
