"""Works done on the network, and what the railway's own history says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.simulate.layout import Layout
from guideway.simulate.network import NetworkSpec
from guideway.simulate.streams import stream
from guideway.simulate.wayside import Receiver

Floats = npt.NDArray[np.float64]

_STRETCHES_A_YEAR_PER_KM = {"conventional": 0.22, "high_speed": 0.10, "metro": 0.15}


@dataclass(frozen=True, slots=True)
class Work:
    """A work on the sections ``first`` to ``last`` (both included), finished on ``day`` (days since the first).

    Attributes:
        effects: share removed from each section's standard deviation, shape (last - first + 1,); for other works the
            reduction in the unit of ``effect_unit``.
        recorded: whether the railway's history knows it.
    """

    work_id: str
    work_type: str
    line_id: str
    track_id: str
    from_m: float
    to_m: float
    day: float
    first: int
    last: int
    effects: Floats
    effect_unit: str
    recorded: bool


def tampings(layout: Layout, spec: NetworkSpec) -> tuple[Work, ...]:
    """Tamping of a line, in order of time: stretches of 3 to 8 sections, chosen at random, some of them twice.

    The first tamping of a section removes 30-60 % of its standard deviation, each further one 15 % less than that.
    """
    line = layout.line
    rng = stream(spec.seed, line.line_id, "works")
    years = spec.weeks * 7 / 365.25
    expected = _STRETCHES_A_YEAR_PER_KM.get(line.mode, 0.0) * line.km * years
    count = int(expected) + int(rng.random() < expected % 1.0)
    # one gang a line: never two works on one day
    days = np.unique(np.floor(rng.uniform(0.1, 0.9, count) * spec.weeks * 7))
    done = np.zeros(layout.n, dtype=np.int64)
    works: list[Work] = []
    for number, day in enumerate(days):
        length = min(int(rng.integers(3, 9)), layout.n)
        first = int(rng.integers(0, layout.n - length + 1))
        at = slice(first, first + length)
        # ballast only: on slab there is nothing to tamp
        effects = np.where(layout.track_form[at] == "ballasted", rng.uniform(0.3, 0.6, length) * 0.85 ** done[at], 0.0)
        if not effects.any():
            continue
        done[at] += 1
        works.append(
            Work(
                work_id=f"{line.line_id}-T{number + 1:03d}",
                work_type="tamping",
                line_id=line.line_id,
                track_id=line.track_id,
                from_m=float(layout.from_m[first]),
                to_m=float(layout.to_m[first + length - 1]),
                day=float(day + 0.15),
                first=first,
                last=first + length - 1,
                effects=effects,
                effect_unit="1",
                recorded=bool(rng.random() >= spec.share_of_works_missing),
            )
        )
    return tuple(works)


@dataclass(frozen=True, slots=True)
class WorkRecord:
    """What the history says of a work: metres and days are off."""

    work: Work
    from_m: float
    to_m: float
    day: float


def recorded(works: tuple[Work, ...], layout: Layout, spec: NetworkSpec) -> tuple[WorkRecord, ...]:
    """The railway's record of its works: some are missing, the rest is off by metres and by days."""
    out: list[WorkRecord] = []
    for work in works:
        if not work.recorded:
            continue
        rng = stream(spec.seed, work.work_id, "record")
        # girders are numbered, track is paced off
        off_m = 1.0 if layout.asset_type == "girder" else 12.0
        start, end = work.from_m + rng.normal(0.0, off_m), work.to_m + rng.normal(0.0, off_m)
        start = float(np.clip(start, layout.from_m[0], layout.to_m[-1] - 1.0))
        late = float(np.clip(np.round(rng.normal(0.5, 2.0)), -4, 7))
        out.append(
            WorkRecord(
                work, round(start, 0), round(float(np.clip(end, start + 1.0, layout.to_m[-1])), 0), work.day + late
            )
        )
    return tuple(out)


def rail_works(layout: Layout, receivers: tuple[Receiver, ...], spec: NetworkSpec) -> tuple[Work, ...]:
    """Grinding and damper fitting beside the receivers of a metro line; each covers three sections."""
    works: list[Work] = []
    for receiver in receivers:
        for work_type, day, effect in (
            ("grinding", receiver.ground_day, receiver.ground_db),
            ("damper_fitting", receiver.damper_day, receiver.damper_db),
        ):
            if day >= spec.weeks * 7:
                continue
            first, last = max(receiver.section - 1, 0), min(receiver.section + 1, layout.n - 1)
            work_id = f"{receiver.asset_id}-{work_type[0].upper()}01"
            rng = stream(spec.seed, work_id)
            works.append(
                Work(
                    work_id=work_id,
                    work_type=work_type,
                    line_id=layout.line.line_id,
                    track_id=layout.line.track_id,
                    from_m=float(layout.from_m[first]),
                    to_m=float(layout.to_m[last]),
                    day=day,
                    first=first,
                    last=last,
                    effects=np.full(last - first + 1, effect),
                    effect_unit="dB",
                    # dampers are parts of the track, bought and stocked: the register never misses them
                    recorded=work_type == "damper_fitting" or bool(rng.random() >= spec.share_of_works_missing),
                )
            )
    return tuple(works)
