"""The maglev guideway: girders on piers, what slowly goes wrong with them, and the profile a vehicle follows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from guideway.simulate.layout import GIRDER_M, Layout, lay_out
from guideway.simulate.network import DAYS_PER_YEAR, LineSpec, NetworkSpec
from guideway.simulate.shapes import band_noise
from guideway.simulate.streams import stream
from guideway.simulate.works import Work

Floats = npt.NDArray[np.float64]

PROFILE_STEP_M = 0.1

# kind -> (usual growth a year, limit of the physical quantity, its unit)
_KINDS = {
    "settling_pier": (10.0, 8.0, "mm"),
    "loosening_bolt": (1.3, 1.0, "mm"),
    "softening_bearing": (0.24, 0.19, "1"),
}
MAGNET_KIND = "weakening_magnet"
_MAGNET_RATE, _MAGNET_LIMIT = 0.21, 1.0 / 6.0


@dataclass(frozen=True, slots=True)
class SlowDefect:
    """A defect that begins on a day and grows at a steady rate until its physical quantity passes a limit.

    ``severity`` is in ``unit``: settlement of the pier at the girder's start (mm), step at the joint at its start (mm),
    loss of stiffness or of magnet force (share).
    """

    asset_id: str
    index: int
    kind: str
    onset_day: float
    rate_per_year: float
    limit: float
    unit: str
    repair_day: float = math.inf

    def severity(self, day: float) -> float:
        """Size of the defect on a day; a repair ends it for good."""
        if day >= self.repair_day:
            return 0.0
        return self.rate_per_year * max(0.0, day - self.onset_day) / DAYS_PER_YEAR

    @property
    def limit_day(self) -> float:
        """Day on which the limit is passed."""
        return self.onset_day + self.limit / self.rate_per_year * DAYS_PER_YEAR


class Guideway:
    """The simulated guideway of one maglev line, drawn once from the seed and the line."""

    def __init__(self, line: LineSpec, spec: NetworkSpec) -> None:
        self.line, self.spec = line, spec
        self.layout: Layout = lay_out(line, spec.seed)
        n = self.layout.n
        rng = stream(spec.seed, line.line_id, "guideway")
        self._camber = rng.normal(0.0, 0.3, n)
        self._pier = rng.normal(0.0, 0.35, n + 1)
        self._pier_rate = rng.normal(0.0, 0.12, n + 1)
        self._step = rng.normal(0.0, 0.08, n)
        self.deflection_mm: Floats = 2.2 * rng.lognormal(0.0, 0.06, n)
        self.frequency_hz: Floats = 6.4 * rng.lognormal(0.0, 0.02, n)
        count = round((self.layout.to_m[-1] - line.from_m) / PROFILE_STEP_M) + 1
        self._grid = line.from_m + PROFILE_STEP_M * np.arange(count)
        self._girder = np.clip(((self._grid - line.from_m) / GIRDER_M).astype(np.int64), 0, n - 1)
        self._along = (self._grid - line.from_m) / GIRDER_M - self._girder
        self._rough = [
            band_noise(rng, count, PROFILE_STEP_M, longest_m=6.0, shortest_m=0.6, slope=2.0) for _ in range(3)
        ]
        self._wave = [
            band_noise(rng, count, PROFILE_STEP_M, longest_m=120.0, shortest_m=25.0, slope=2.5) for _ in range(2)
        ]
        self.defects: tuple[SlowDefect, ...] = _girder_defects(self.layout, spec)

    def stiffness_loss(self, girder: int, day: float) -> float:
        """Share of a girder's stiffness that is lost."""
        return sum(d.severity(day) for d in self.defects if d.index == girder and d.kind == "softening_bearing")

    def profile(self, day: float, speed_m_s: float) -> tuple[Floats, dict[str, Floats]]:
        """Height and lateral place of the running surface under a vehicle, mm.

        Each girder carries its camber, the line between its two piers, a step at its start and the deflection under the
        vehicle (half a sine, rising with speed towards the resonance at ``speed = frequency * span``).

        Returns:
            Chainage, and the profiles ``left``, ``right`` (vertical) and ``lateral``.
        """
        years = day / DAYS_PER_YEAR
        pier = self._pier + self._pier_rate * years
        step = self._step.copy()
        soft = np.zeros(self.layout.n)
        for defect in self.defects:
            if defect.kind == "settling_pier":
                pier[defect.index] -= defect.severity(day)
            elif defect.kind == "loosening_bolt":
                step[defect.index] += defect.severity(day)
            else:
                soft[defect.index] += defect.severity(day)
        ratio = speed_m_s / (self.frequency_hz * np.sqrt(1.0 - soft) * GIRDER_M)
        dynamic = self.deflection_mm / (1.0 - soft) / np.maximum(np.abs(1.0 - ratio**2), 0.3)
        arch = np.sin(np.pi * self._along)
        i, s = self._girder, self._along
        height = pier[i] * (1.0 - s) + pier[i + 1] * s + (self._camber - 0.55 * dynamic)[i] * arch + step[i] * (1.0 - s)
        height = height + 0.5 * self._wave[0]
        return self._grid, {
            "left": height + 0.06 * self._rough[0],
            "right": height + 0.06 * self._rough[1],
            "lateral": 0.7 * self._wave[1] + 0.08 * self._rough[2],
        }


def monitored_girders(guideway: Guideway) -> tuple[int, ...]:
    """Girders with a wayside system: those with a defect and three healthy ones."""
    faulty = {defect.index for defect in guideway.defects}
    rng = stream(guideway.spec.seed, guideway.line.line_id, "monitored")
    healthy = [int(i) for i in rng.permutation(guideway.layout.n) if int(i) not in faulty]
    return tuple(sorted(faulty | set(healthy[:3])))


def magnet_defects(line: LineSpec, spec: NetworkSpec, magnet_ids: tuple[str, ...]) -> tuple[SlowDefect, ...]:
    """About one in three magnets of the vehicle weakens during the archive."""
    rng = stream(spec.seed, line.line_id, "magnets")
    chosen = np.sort(rng.choice(len(magnet_ids), max(1, len(magnet_ids) // 3), replace=False))
    return tuple(
        SlowDefect(
            asset_id=magnet_ids[index],
            index=int(index),
            kind=MAGNET_KIND,
            onset_day=float(rng.uniform(0.2, 0.6) * spec.weeks * 7),
            rate_per_year=float(_MAGNET_RATE * rng.uniform(0.8, 1.4)),
            limit=_MAGNET_LIMIT,
            unit="1",
        )
        for index in chosen
    )


def repairs(guideway: Guideway) -> tuple[Work, ...]:
    """Adjustments of girders whose defect was repaired within the archive; some are missing from the history."""
    line, layout, spec = guideway.line, guideway.layout, guideway.spec
    return tuple(
        Work(
            work_id=f"{defect.asset_id}-A01",
            work_type="girder_adjustment",
            line_id=line.line_id,
            track_id=line.track_id,
            from_m=float(layout.from_m[defect.index]),
            to_m=float(layout.to_m[defect.index]),
            day=defect.repair_day,
            first=defect.index,
            last=defect.index,
            effects=np.array([defect.severity(np.nextafter(defect.repair_day, -np.inf))]),
            effect_unit=defect.unit,
            recorded=bool(stream(spec.seed, defect.asset_id, "repair").random() >= spec.share_of_works_missing),
        )
        for defect in guideway.defects
        if defect.repair_day < spec.weeks * 7
    )


def _girder_defects(layout: Layout, spec: NetworkSpec) -> tuple[SlowDefect, ...]:
    """One defect of each kind for every 80 girders or part of it, on girders apart from each other.

    Two in five are repaired, some weeks after they passed their limit.
    """
    rng = stream(spec.seed, layout.line.line_id, "defects")
    wanted = [kind for kind in _KINDS for _ in range(-(-layout.n // 80))]
    places = rng.permutation(np.arange(2, max(layout.n - 2, 3), 4))[: len(wanted)]
    out = []
    for kind, index in zip(wanted, places, strict=False):
        rate, limit, unit = _KINDS[kind]
        defect = SlowDefect(
            asset_id=layout.asset_ids[int(index)],
            index=int(index),
            kind=kind,
            onset_day=float(rng.uniform(0.15, 0.6) * spec.weeks * 7),
            rate_per_year=float(rate * rng.uniform(0.8, 1.4)),
            limit=limit,
            unit=unit,
        )
        repaired = float(np.floor(defect.limit_day + rng.uniform(15.0, 60.0))) + 0.1
        out.append(replace(defect, repair_day=repaired) if rng.random() < 0.4 else defect)
    return tuple(sorted(out, key=lambda defect: defect.index))
