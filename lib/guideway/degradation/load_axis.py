"""Time that runs in traffic: a week of twice the tonnes counts for two.

Days are stretched so that today's traffic is the measure and ``as_of`` stays where it is. Trends fitted on the
stretched axis have rates "a year at today's traffic", and their forecasts are days at today's traffic: nothing needs
converting back but the days of works (:func:`calendar_days`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel
from guideway.degradation.series import Floats, Ints, SeriesBatch

LEAST_SHARE = 1e-3  # of today's load: a closed line still has an order of days


@dataclass(frozen=True)
class Traffic:
    """Daily loads of ``n`` series in ragged arrays, each load valid from its day until the next.

    Attributes:
        offsets: int64 (n + 1,).
        from_days: (k,) ascending within a series, days since 1970-01-01 UTC.
        load: (k,) gross tonnes or passages a day, at least 0.
    """

    offsets: Ints
    from_days: Floats
    load: Floats


def on_load_axis(batch: SeriesBatch, traffic: Traffic, as_of_days: float) -> SeriesBatch:
    """``batch`` with runs and works on stretched days; series without traffic keep their days."""
    arguments = (traffic.offsets, traffic.from_days, traffic.load, as_of_days)
    return replace(
        batch,
        t_days=stretched(batch.offsets, batch.t_days, *arguments, False),
        work_t_days=stretched(batch.work_offsets, batch.work_t_days, *arguments, False),
    )


def calendar_days(offsets: Ints, days: npt.ArrayLike, traffic: Traffic, as_of_days: float) -> Floats:
    """Calendar days of ``days`` on the load axis; ``offsets`` say which series each belongs to."""
    flat = np.ascontiguousarray(days, np.float64)
    return stretched(offsets, flat, traffic.offsets, traffic.from_days, traffic.load, as_of_days, True)


@kernel
def stretched(
    offsets: Ints, days: Floats, load_offsets: Ints, from_days: Floats, load: Floats, as_of: float, back: bool
) -> Floats:
    """Each day moved along its series' load axis, or ``back`` to the calendar."""
    out = days.copy()
    for i in range(len(offsets) - 1):
        first, last = load_offsets[i], load_offsets[i + 1]
        while last > first + 1 and from_days[last - 1] > as_of:
            last -= 1
        if first == last or not load[last - 1] > 0.0:
            continue
        today = load[last - 1]
        for j in range(offsets[i], offsets[i + 1]):
            here = there = as_of
            for k in range(last - 1, first - 1, -1):
                speed = max(load[k] / today, LEAST_SHARE)
                start = from_days[k] if k > first else -np.inf
                if k == last - 1 and days[j] >= as_of:
                    break
                target = days[j]
                position = there if back else here
                end = there - speed * (here - start) if back else start
                if target >= end or k == first:
                    step = position - target
                    here -= step / speed if back else step
                    there -= step if back else step * speed
                    break
                there -= speed * (here - start)
                here = start
            if days[j] < as_of:
                out[j] = here if back else there
    return out
