"""Time that runs in traffic: a week of twice the tonnes counts for two.

In groups whose form is by load, days are stretched so that the traffic of the day a trend is for is the measure, and
that day stays where it is. Rates are then "a year at that day's traffic", and forecasts are days at that traffic: only
past days are ever moved, and none of them leaves the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel
from guideway.degradation.priors import Priors
from guideway.degradation.series import Floats, Ints, SeriesBatch, Traffic

LEAST_SHARE = 1e-3  # of today's load: a closed line still has an order of days
LEAST_CHANGE = 1.2  # highest over lowest load; below, statements of the same traffic differ as much


@dataclass(frozen=True)
class TimeAxis:
    """The axis the trends of ``n`` series run along: load in groups by load, the calendar for all others.

    Series without traffic keep to the calendar, and so do those on whose day there is none to measure by.

    Attributes:
        traffic: of the series.
        by_load: (n,) which series are in a group by load; all others keep their days to the last bit.
        as_of_days: (n,) the day whose traffic is the measure; traffic stated after it is not looked at.
    """

    traffic: Traffic
    by_load: npt.NDArray[np.bool_]
    as_of_days: Floats

    @classmethod
    def of(cls, batch: SeriesBatch, priors: Priors, as_of_days: npt.ArrayLike | None = None) -> TimeAxis:
        """The axis of a batch on a day (one for all, or one a series); by default that of its latest value."""
        day = batch.t_days.max(initial=0.0) if as_of_days is None else as_of_days
        days = np.broadcast_to(np.asarray(day, np.float64), (len(batch),)).copy()
        return cls(batch.traffic, priors.by_load[priors.rows(batch)], days)

    def from_calendar(self, offsets: Ints, days: Floats) -> Floats:
        """Places on the axis of calendar ``days`` (m,); ``offsets`` (n + 1,) say which belong to which series."""
        return self._moved(offsets, days, False)

    def to_calendar(self, offsets: Ints, places: Floats) -> Floats:
        """The inverse of :meth:`from_calendar`; NaN stays NaN."""
        return self._moved(offsets, places, True)

    def _moved(self, offsets: Ints, days: Floats, back: bool) -> Floats:
        if not self.by_load.any():
            return days
        traffic = self.traffic
        arguments = (traffic.offsets, traffic.from_days, traffic.load, self.by_load, self.as_of_days, back)
        return stretched(offsets, np.ascontiguousarray(days), *arguments)


@kernel
def stretched(
    offsets: Ints,
    days: Floats,
    load_offsets: Ints,
    from_days: Floats,
    load: Floats,
    by_load: npt.NDArray[np.bool_],
    as_of_days: Floats,
    back: bool,
) -> Floats:
    """Each day moved along its series' load axis, or ``back`` to the calendar."""
    out = days.copy()
    for i in range(len(offsets) - 1):
        as_of = as_of_days[i]
        first, last = load_offsets[i], load_offsets[i + 1]
        while last > first + 1 and from_days[last - 1] > as_of:
            last -= 1
        if not by_load[i] or first == last or not load[last - 1] > 0.0:
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


@kernel
def traffic_changed(
    offsets: Ints, t: Floats, load_offsets: Ints, from_days: Floats, load: Floats, until_days: float
) -> npt.NDArray[np.bool_]:
    """Whether the traffic of each series (n,) changed by a fifth or more from its first value to ``until_days``."""
    changed = np.zeros(len(offsets) - 1, np.bool_)
    for i in range(len(offsets) - 1):
        if offsets[i] == offsets[i + 1]:
            continue
        lowest, highest = np.inf, 0.0
        for k in range(load_offsets[i], load_offsets[i + 1]):
            is_over = k + 1 < load_offsets[i + 1] and from_days[k + 1] <= t[offsets[i]]
            if from_days[k] <= until_days and not is_over:
                lowest, highest = min(lowest, load[k]), max(highest, load[k])
        changed[i] = highest > 0.0 and highest >= LEAST_CHANGE * lowest
    return changed
