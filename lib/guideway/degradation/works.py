"""Works in one series: where it breaks downwards, which record explains it, and how sure that is."""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.noise import isolated_outliers
from guideway.degradation.segmentation import optimal_breaks, piece_cost, piece_line, prefix_sums
from guideway.degradation.series import Floats, Ints

SHIFT_SIGMA = 4.0  # least upward jump that starts a new level
BURST_POINTS = 3  # a drop that is undone within so many runs is a burst of outliers

# columns of a row that describes one event of a series
AT, POSITION, WORK_ROW, IS_WORK, CONFIDENCE, BEFORE, AFTER, EFFECTIVE, SUCCESS, FROM, TO = range(11)
EVENT_COLUMNS = 11


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
def jump_at(t: Floats, sums: Floats, start: int, at: int, end: int, shrink: float) -> tuple[float, float]:
    """Levels just before and after a break, from the lines of the pieces beside it, halfway through the gap."""
    middle = 0.5 * (t[at - 1] + t[at])
    left_t, left_y, left_slope = piece_line(sums, start, at, shrink)
    right_t, right_y, right_slope = piece_line(sums, at, end, shrink)
    return left_y + left_slope * (middle - left_t), right_y + right_slope * (middle - right_t)


@kernel
def break_gain(sums: Floats, start: int, at: int, end: int, shrink: float) -> float:
    """How much closer two pieces come than one: twice the log-likelihood ratio of the break."""
    whole = piece_cost(sums, start, end, shrink)
    return float(whole - piece_cost(sums, start, at, shrink) - piece_cost(sums, at, end, shrink))


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
def credible_breaks(
    t: Floats, y: Floats, sums: Floats, weights: Floats, penalty: Floats, shrink: float, numbers: Floats
) -> Ints:
    """Breaks that are a clear drop or a clear upward shift; others are removed one by one, weakest first.

    ``numbers`` is the least size of a drop, the noise and the wandering a gap, all in units of ``y``.
    A drop undone within ``BURST_POINTS`` runs is a burst of outliers: both breaks go and its points get weight 0.
    """
    n = len(t)
    edges = np.zeros(n + 2, np.int64)
    inner = optimal_breaks(sums, penalty, shrink)
    count = len(inner)
    edges[1 : count + 1] = inner
    edges[count + 1] = n
    while count > 0:
        worst, lowest = -1, np.inf
        jumps = np.zeros(count + 2)
        for b in range(1, count + 1):
            before, after = jump_at(t, sums, edges[b - 1], edges[b], edges[b + 1], shrink)
            jump = after - before
            jumps[b] = jump
            gain = break_gain(sums, edges[b - 1], edges[b], edges[b + 1], shrink) - penalty[edges[b]]
            if numbers[2] > 0.0:
                step = wandering_chance(y, weights, edges[b - 1], edges[b], edges[b + 1], numbers[1], numbers[2])
                gain = min(gain, step - penalty[edges[b]])
            clear = jump <= -numbers[0] or (jump >= SHIFT_SIGMA and edges[b] <= n - 2)
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
def put_aside(t: Floats, y: Floats, sums: Floats, breaks: Ints, shrink: float, limit: float, weights: Floats) -> int:
    """Give weight 0 to inner points farther than ``limit`` from their piece's line; how many were."""
    n, changed, piece = len(t), 0, 0
    for i in range(1, n - 1):
        while piece < len(breaks) and i >= breaks[piece]:
            piece += 1
        start = breaks[piece - 1] if piece > 0 else 0
        end = breaks[piece] if piece < len(breaks) else n
        if end - start < 4 or weights[i] == 0.0:
            continue
        mid, level, slope = piece_line(sums, start, end, shrink)
        if abs(y[i] - level - slope * (t[i] - mid)) > limit:
            weights[i] = 0.0
            changed += 1
    return changed


@kernel
def segmented(
    t: Floats, y: Floats, penalty: Floats, shrink: float, settings: Floats, numbers: Floats
) -> tuple[Ints, Floats, Floats]:
    """Breaks, prefix sums and weights of a standardised series; outliers are put aside and the search repeated once."""
    weights = isolated_outliers(t, y, 1.0, settings[6])
    sums = prefix_sums(t, y, weights)
    breaks = credible_breaks(t, y, sums, weights, penalty, shrink, numbers)
    if put_aside(t, y, sums, breaks, shrink, settings[6], weights) or np.any(weights == 0.0):
        sums = prefix_sums(t, y, weights)
        breaks = credible_breaks(t, y, sums, weights, penalty, shrink, numbers)
        sums = prefix_sums(t, y, weights)
    return breaks, sums, weights


@kernel
def runs_before(t: Floats, day: float) -> int:
    """How many of the ascending ``t`` are before ``day``."""
    count = 0
    while count < len(t) and t[count] < day:
        count += 1
    return count


@kernel
def in_order(events: Floats) -> Floats:
    """Events by position in the series, then by day (insertion sort: they are few)."""
    order = np.arange(len(events))
    for i in range(1, len(events)):
        j = i
        while j > 0:
            a, b = events[order[j - 1]], events[order[j]]
            if a[POSITION] < b[POSITION] or (a[POSITION] == b[POSITION] and a[AT] <= b[AT]):
                break
            order[j - 1], order[j] = order[j], order[j - 1]
            j -= 1
    return events[order]


@kernel
def describe_record(
    t: Floats, work: float, breaks: Ints, sums: Floats, shrink: float, settings: Floats, event: Floats
) -> None:
    """Fill the row of a recorded work that explains no visible drop."""
    n = len(t)
    at = runs_before(t, work)
    event[AT], event[POSITION], event[IS_WORK] = work, at, 1.0
    event[FROM], event[TO] = work, work
    event[CONFIDENCE], event[SUCCESS] = settings[5], settings[5]
    event[BEFORE], event[AFTER] = np.nan, np.nan
    event[EFFECTIVE] = 1.0 if at == n else 0.0
    if at in (0, n):
        return
    start, end = 0, n
    for b in breaks:
        if b <= at:
            start = b
        if b > at:
            end = min(end, b)
    if start == at:  # a neighbour's record already explains this drop
        return
    event[BEFORE], event[AFTER] = jump_at(t, sums, start, at, end, shrink)
    gain = break_gain(sums, start, at, end, shrink) if event[AFTER] < event[BEFORE] else 0.0
    doubt = 0.5 * settings[0] * np.log(max(n, 8))
    event[CONFIDENCE] = settings[5] / (1.0 + np.exp(-0.5 * min(gain - doubt, 50.0)))


@kernel
def nearest_record(t: Floats, at: int, works: Floats, used: Floats, tolerance: float) -> int:
    """The unused record nearest to the gap before point ``at``, or -1 where none is within ``tolerance``."""
    best, found = np.inf, -1
    for k in range(len(works)):
        distance = max(t[at - 1] - works[k], works[k] - t[at], 0.0)
        if used[k] == 0.0 and distance <= tolerance and distance < best:
            best, found = distance, k
    return found


@kernel
def series_events(
    t: Floats, years: Floats, y: Floats, works: Floats, shrink: float, settings: Floats, numbers: Floats, room: int
) -> tuple[Floats, Floats]:
    """Events of one series as rows (see the column names above), in time order, and the weights of its points.

    Args:
        t: days.
        years: the same in years from the first point on.
        y: the standardised series without the group's rate.
        works: days of the recorded works, ascending.
        shrink: weight of the ridge on a piece's slope.
        settings: numbers of ``DegradationParameters`` in the order ``interventions.settings`` gives them.
        numbers: least size of a drop, noise variance and wandering a gap, in units of ``y``.
        room: most breaks that are kept.
    """
    n = len(t)
    penalty = break_penalties(t, works, settings)
    breaks, sums, weights = segmented(years, y, penalty, shrink, settings, numbers)
    breaks = breaks[max(len(breaks) - room, 0) :]
    events = np.full((len(breaks) + len(works), EVENT_COLUMNS), np.nan)
    used = np.zeros(len(works))
    for b in range(len(breaks)):
        at = breaks[b]
        start = breaks[b - 1] if b > 0 else 0
        end = breaks[b + 1] if b + 1 < len(breaks) else n
        event = events[b]
        before, after = jump_at(years, sums, start, at, end, shrink)
        gain = break_gain(sums, start, at, end, shrink) - penalty[at]
        event[AT], event[POSITION], event[WORK_ROW] = 0.5 * (t[at - 1] + t[at]), at, -1.0
        event[IS_WORK], event[EFFECTIVE], event[SUCCESS] = (1.0 if after < before else 0.0), 1.0, 1.0
        event[CONFIDENCE] = 1.0 / (1.0 + np.exp(-0.5 * min(gain, 50.0)))
        event[BEFORE], event[AFTER] = before, after
        event[FROM], event[TO] = t[at - 1], t[at]
        if after < before:
            record = nearest_record(t, at, works, used, settings[2])
            if record >= 0:
                used[record] = 1.0
                event[AT] = min(max(works[record], t[at - 1]), t[at])
                event[WORK_ROW], event[CONFIDENCE] = record, 1.0
    row = len(breaks)
    for k in range(len(works)):
        if used[k] == 0.0:
            describe_record(t, works[k], breaks, sums, shrink, settings, events[row])
            events[row, WORK_ROW] = k
            row += 1
    return in_order(events[:row]), weights
