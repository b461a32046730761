"""Works in one series: the drops at which it breaks, which record explains each, and how sure that is."""

from __future__ import annotations

import numpy as np

from guideway.degradation.breaks import (
    BEND,
    SHIFT,
    WORK,
    bend_at,
    break_gain,
    break_penalties,
    jump_at,
    kind_of_break,
    segmented,
)
from guideway.degradation.compiled import kernel
from guideway.degradation.series import Floats, Ints

# columns of a row that describes one event of a series; BEFORE and AFTER are levels, of a bend slopes a year
AT, POSITION, WORK_ROW, KIND, CONFIDENCE, BEFORE, AFTER, EFFECTIVE, SUCCESS, FROM, TO = range(11)
EVENT_COLUMNS = 11


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
    t: Floats, work: float, breaks: Ints, sums: Floats, slopes: Floats, settings: Floats, event: Floats
) -> None:
    """Fill the row of a recorded work that explains no visible drop."""
    n = len(t)
    at = runs_before(t, work)
    event[AT], event[POSITION], event[KIND] = work, at, WORK
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
    event[BEFORE], event[AFTER] = jump_at(t, sums, start, at, end, slopes)
    gain = break_gain(sums, start, at, end, slopes) if event[AFTER] < event[BEFORE] else 0.0
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
def describe_break(
    t: Floats, at: int, kind: float, before: float, after: float, confidence: float, event: Floats
) -> None:
    """Fill the row of an event before point ``at`` that no record explains; a bend may be at the first point."""
    event[FROM], event[TO] = t[max(at - 1, 0)], t[at]
    event[AT], event[POSITION], event[WORK_ROW] = 0.5 * (event[FROM] + event[TO]), at, -1.0
    event[KIND], event[EFFECTIVE], event[SUCCESS], event[CONFIDENCE] = kind, 1.0, 1.0, confidence
    event[BEFORE], event[AFTER] = before, after


@kernel
def explain(t: Floats, at: int, works: Floats, used: Floats, tolerance: float, event: Floats) -> None:
    """Give the nearest unused record to the work before point ``at``, if one is near enough."""
    record = nearest_record(t, at, works, used, tolerance)
    if record >= 0:
        used[record] = 1.0
        event[AT] = min(max(works[record], t[at - 1]), t[at])
        event[WORK_ROW], event[CONFIDENCE] = record, 1.0


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
    slopes = np.array([shrink, settings[0] * np.log(max(n, 8))])  # a steep piece is as rare as an unrecorded work
    breaks, sums, weights = segmented(years, y, penalty, slopes, settings, numbers)
    breaks = breaks[max(len(breaks) - room, 0) :]
    events = np.full((2 * len(breaks) + 1 + len(works), EVENT_COLUMNS), np.nan)
    used = np.zeros(len(works))
    row = 0
    for b in range(-1, len(breaks)):
        at = breaks[b] if b >= 0 else 0
        start = breaks[b - 1] if b > 0 else 0
        end = breaks[b + 1] if b + 1 < len(breaks) else n
        old, new = bend_at(sums, start, at, end, slopes)
        if b >= 0:
            before, after = jump_at(years, sums, start, at, end, slopes)
            kind = kind_of_break(y, weights, after - before, new != old, start, at, end, numbers[0])
            if kind != BEND:
                gain = break_gain(sums, start, at, end, slopes) - penalty[at]
                describe_break(t, at, kind, before, after, 1.0 / (1.0 + np.exp(-0.5 * min(gain, 50.0))), events[row])
                if kind == WORK:
                    explain(t, at, works, used, settings[2], events[row])
                row += 1
        if new != old:
            describe_break(t, at, BEND, old, new, 1.0, events[row])
            row += 1
    for k in range(len(works)):
        if used[k] == 0.0:
            describe_record(t, works[k], breaks, sums, slopes, settings, events[row])
            events[row, WORK_ROW] = k
            row += 1
    return in_order(events[:row]), weights


__all__ = [
    "AFTER",
    "AT",
    "BEFORE",
    "BEND",
    "CONFIDENCE",
    "EFFECTIVE",
    "EVENT_COLUMNS",
    "FROM",
    "KIND",
    "POSITION",
    "SHIFT",
    "SUCCESS",
    "TO",
    "WORK",
    "WORK_ROW",
    "runs_before",
    "series_events",
]
