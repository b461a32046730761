"""Where a series breaks: drops, upward jumps, and bends where only the slope changes.

What degrades rises by itself. So a break upwards must beat a steady rise (a steep piece, see ``segmentation``) and be
worth twice the penalty of a drop; where the level goes on but the slope changes, it is a bend.
"""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.noise import isolated_outliers
from guideway.degradation.segmentation import optimal_breaks, piece_cost, piece_line, prefix_sums
from guideway.degradation.series import Floats, Ints

SHIFT_SIGMA = 4.0  # least upward jump that starts a new level
SHIFT_PRICE = 2.0  # what an upward jump must gain, in penalties of a drop
BURST_POINTS = 3  # a drop that is undone within so many runs is a burst of outliers

# kinds of breaks: a work steps down, a shift jumps up, a bend changes the slope
BEND, SHIFT, WORK = -1.0, 0.0, 1.0


@kernel
def break_penalties(t: Floats, works: Floats, settings: Floats) -> Floats:
    """Cost of a break before each point: low beside a recorded work, infinite where too few runs could confirm it."""
    n = len(t)
    penalty = np.full(n, settings[0] * np.log(max(n, 8)))
    confirm = int(settings[4])
    penalty[max(n - confirm + 1, 0) :] = np.inf
    penalty[: min(2, n)] = np.inf
    for work in works:
        for i in range(1, n):
            if t[i - 1] - settings[2] <= work <= t[i] + settings[2]:
                penalty[i] = settings[1]
    return penalty


@kernel
def jump_at(t: Floats, sums: Floats, start: int, at: int, end: int, slopes: Floats) -> tuple[float, float]:
    """Levels just before and after a break, from the lines of the pieces beside it, halfway through the gap."""
    middle = 0.5 * (t[at - 1] + t[at])
    left_t, left_y, left_slope, _ = piece_line(sums, start, at, slopes)
    right_t, right_y, right_slope, _ = piece_line(sums, at, end, slopes)
    return left_y + left_slope * (middle - left_t), right_y + right_slope * (middle - right_t)


@kernel
def break_gain(sums: Floats, start: int, at: int, end: int, slopes: Floats) -> float:
    """How much closer two pieces come than one: twice the log-likelihood ratio of the break."""
    whole = piece_cost(sums, start, end, slopes)
    return float(whole - piece_cost(sums, start, at, slopes) - piece_cost(sums, at, end, slopes))


@kernel
def wandering_chance(y: Floats, weights: Floats, start: int, at: int, end: int, noise: float, wander: float) -> float:
    """Squared size of the step at ``at``, in variances, if the level also wanders by ``wander`` a gap by itself.

    Levels on either side are exponentially weighted means with the steady gain of a Kalman filter for a random walk.
    """
    steady = 0.5 * (np.sqrt(wander * wander + 4.0 * wander * noise) - wander)
    keep = noise / (steady + wander + noise)
    step, variance = 0.0, wander
    for side in range(2):
        total, mean, square, factor = 0.0, 0.0, 0.0, 1.0
        i = at if side == 1 else at - 1
        while start <= i < end and factor > 1e-3:
            total += factor * weights[i]
            mean += factor * weights[i] * y[i]
            square += (factor * weights[i]) ** 2
            factor *= keep
            i += 1 if side == 1 else -1
        if total == 0.0:
            return 0.0
        step = mean / total - step
        variance += max(steady, noise * square / (total * total))
    return step * step / variance


@kernel
def bend_at(sums: Floats, start: int, at: int, end: int, slopes: Floats) -> tuple[float, float]:
    """Slopes before and after a break beside a steep piece; equal ones where neither piece is steep."""
    _, _, before, left_steep = piece_line(sums, start, at, slopes)
    _, _, after, right_steep = piece_line(sums, at, end, slopes)
    return (before, after) if left_steep or right_steep else (before, before)


@kernel
def local_step(y: Floats, weights: Floats, start: int, at: int, end: int) -> float:
    """Mean of the nearest three values after a break less that of the three before; no line is drawn out."""
    step = 0.0
    for side in range(2):
        total, count = 0.0, 0
        i = at if side == 1 else at - 1
        while start <= i < end and count < 3:
            if weights[i] > 0.0:
                total, count = total + y[i], count + 1
            i += 1 if side == 1 else -1
        if count == 0:
            return 0.0
        step = total / count - step
    return step


@kernel
def kind_of_break(
    y: Floats, weights: Floats, jump: float, is_bend: bool, start: int, at: int, end: int, least: float
) -> float:
    """``WORK`` for a clear drop, ``SHIFT`` for a clear upward jump, ``BEND`` where the level goes on.

    Beside a steep piece a line drawn out falls short where growth set in gradually: the runs themselves must drop, too.
    """
    if jump <= -least and (not is_bend or local_step(y, weights, start, at, end) <= -least):
        return WORK
    return SHIFT if jump >= SHIFT_SIGMA and at <= len(y) - 2 else BEND


@kernel
def wandering_bend(
    t: Floats, start: int, at: int, end: int, change: float, noise: float, wander: float, span: float
) -> float:
    """Squared change of slope at ``at``, in variances, if the level also wanders by ``wander`` a gap of ``span``.

    The slope of a random walk over a time T has the variance ``1.2 q / T`` (least squares).
    """
    variance = 0.0
    for piece in range(2):
        first, last = (start, at) if piece == 0 else (at, end)
        if last - first < 2:
            return 0.0
        time = t[last - 1] - t[first]
        variance += 1.2 * wander / span / time + 12.0 * noise / ((last - first) * time * time)
    return change * change / variance


@kernel
def evidence(
    t: Floats,
    y: Floats,
    sums: Floats,
    weights: Floats,
    penalty: Floats,
    slopes: Floats,
    numbers: Floats,
    edges: Ints,
    b: int,
) -> tuple[float, float, bool]:
    """Jump at edge ``b``, what the break gains beyond its price, and whether it is a drop, a shift or a bend."""
    start, at, end = edges[b - 1], edges[b], edges[b + 1]
    before, after = jump_at(t, sums, start, at, end, slopes)
    jump = after - before
    old, new = bend_at(sums, start, at, end, slopes)
    kind = kind_of_break(y, weights, jump, new != old, start, at, end, numbers[0])
    price = SHIFT_PRICE * penalty[at] if kind == SHIFT and new == old else penalty[at]
    gain = break_gain(sums, start, at, end, slopes) - price
    if numbers[2] > 0.0:
        chance = 0.0
        if kind != BEND:
            chance = wandering_chance(y, weights, start, at, end, numbers[1], numbers[2])
        if new != old:
            span = (t[len(t) - 1] - t[0]) / (len(t) - 1)
            chance = max(chance, wandering_bend(t, start, at, end, new - old, numbers[1], numbers[2], span))
        gain = min(gain, chance - price)
    return jump, gain, kind != BEND or new != old


@kernel
def credible_breaks(
    t: Floats, y: Floats, sums: Floats, weights: Floats, penalty: Floats, slopes: Floats, numbers: Floats
) -> Ints:
    """Breaks that are a clear drop, upward shift or bend; others are removed one by one, weakest first.

    ``numbers`` is the least size of a drop, the noise and the wandering a gap, all in units of ``y``.
    A drop undone within ``BURST_POINTS`` runs is a burst of outliers: both breaks go and its points get weight 0.
    """
    n = len(t)
    edges = np.zeros(n + 2, np.int64)
    inner = optimal_breaks(sums, penalty, slopes)
    count = len(inner)
    edges[1 : count + 1] = inner
    edges[count + 1] = n
    while count > 0:
        worst, lowest = -1, np.inf
        jumps = np.zeros(count + 2)
        for b in range(1, count + 1):
            jumps[b], gain, clear = evidence(t, y, sums, weights, penalty, slopes, numbers, edges, b)
            if not (clear and gain > 0.0) and (worst < 0 or gain < lowest):
                worst, lowest = b, gain
        drop = 1
        if worst < 0:
            for b in range(1, count):
                brief = edges[b + 1] - edges[b] <= BURST_POINTS
                if brief and jumps[b] < 0.0 and jumps[b + 1] > -0.6 * jumps[b]:
                    worst, drop = b, 2
                    weights[edges[b] : edges[b + 1]] = 0.0
                    break
        if worst < 0:
            break
        for b in range(worst, count + 2 - drop):
            edges[b] = edges[b + drop]
        count -= drop
    return edges[1 : count + 1].copy()


@kernel
def put_aside(t: Floats, y: Floats, sums: Floats, breaks: Ints, slopes: Floats, limit: float, weights: Floats) -> int:
    """Give weight 0 to inner points farther than ``limit`` from their piece's line; how many were."""
    n, changed, piece = len(t), 0, 0
    for i in range(1, n - 1):
        while piece < len(breaks) and i >= breaks[piece]:
            piece += 1
        start = breaks[piece - 1] if piece > 0 else 0
        end = breaks[piece] if piece < len(breaks) else n
        if end - start < 4 or weights[i] == 0.0:
            continue
        mid, level, slope, _ = piece_line(sums, start, end, slopes)
        if abs(y[i] - level - slope * (t[i] - mid)) > limit:
            weights[i] = 0.0
            changed += 1
    return changed


@kernel
def segmented(
    t: Floats, y: Floats, penalty: Floats, slopes: Floats, settings: Floats, numbers: Floats
) -> tuple[Ints, Floats, Floats]:
    """Breaks, prefix sums and weights of a standardised series; outliers are put aside and the search repeated once."""
    weights = isolated_outliers(t, y, 1.0, settings[6])
    sums = prefix_sums(t, y, weights)
    breaks = credible_breaks(t, y, sums, weights, penalty, slopes, numbers)
    if put_aside(t, y, sums, breaks, slopes, settings[6], weights) or np.any(weights == 0.0):
        sums = prefix_sums(t, y, weights)
        breaks = credible_breaks(t, y, sums, weights, penalty, slopes, numbers)
        sums = prefix_sums(t, y, weights)
    return breaks, sums, weights
