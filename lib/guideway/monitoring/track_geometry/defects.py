"""Isolated defects: stretches in which a signal is beyond a limit, with extent, peak and reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.monitoring.definition import Exceedance, Indicator
from guideway.monitoring.track_geometry.statistics import Sections
from guideway.rulebooks.limit import Limit
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.filters import stretches

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """A signal judged sample by sample.

    Attributes:
        indicator: definition; its direction says which side is worse.
        values: samples, shape (n,), or (2, n) for left and right rail; of rails the worse one counts.
        asset_class: overrides the mode of chosen sections, by section index.
    """

    indicator: Indicator
    values: Floats
    asset_class: dict[int, str]

    @property
    def worst(self) -> Floats:
        """The worse rail at each sample, shape (n,)."""
        return self.values if self.values.ndim == 1 else np.fmax(self.values[0], self.values[1])

    def rail(self, sample: int) -> str:
        """Which rail is the worse one at a sample; empty for a quantity of the whole track."""
        if self.values.ndim == 1:
            return ""
        left, right = self.values[:, sample]
        return "right rail " if right >= left or np.isnan(left) else "left rail "


@dataclass(frozen=True)
class Place:
    """Where samples lie and whose they are.

    Attributes:
        sections: sections of the recording.
        owner: index of the section each sample lies in, -1 for none, shape (n,).
        start: chainage of sample 0, m.
        step: distance between samples, m.
        times: seconds from the recording's start to each sample, shape (n,).
    """

    sections: Sections
    owner: npt.NDArray[np.intp]
    start: float
    step: float
    times: Floats

    @classmethod
    def of(cls, sections: Sections, start: float, step: float, times: Floats) -> Place:
        """Owner of every sample; where sections overlap the later one owns."""
        owner = np.full(times.size, -1, dtype=np.intp)
        for i, (first, stop) in enumerate(zip(sections.first.tolist(), sections.stop.tolist(), strict=True)):
            owner[first:stop] = i
        return cls(sections, owner, start, step, times)


def find_defects(trace: Trace, place: Place, rulebook: Rulebook, merge_m: float) -> list[Exceedance]:
    """Stretches beyond the mildest limit, each judged by its peak.

    Args:
        trace: the signal.
        place: where its samples lie.
        rulebook: limits.
        merge_m: stretches closer than this are one defect.
    """
    limits = [
        rulebook.limits(trace.indicator.name, trace.asset_class.get(i, stretch.mode), stretch.speed_kmh)
        for i, stretch in enumerate(place.sections.stretches)
    ]
    mildest = np.array([rows[0].value if rows else np.nan for rows in limits] + [np.nan])
    if not np.isfinite(mildest).any():
        return []
    sign = 1.0 if trace.indicator.direction == "above" else -1.0
    worst = sign * trace.worst
    with np.errstate(invalid="ignore"):
        beyond = worst > sign * mildest[place.owner]
    if not beyond.any():
        return []
    found = []
    for first, stop in stretches(beyond, round(merge_m / place.step)):
        peak = first + int(np.nanargmax(np.where(beyond[first:stop], worst[first:stop], -np.inf)))
        section = int(place.owner[peak])
        found.append(_exceedance(trace, place, limits[section], (first, stop), peak))
    return found


def _exceedance(
    trace: Trace, place: Place, limits: tuple[Limit, ...], extent: tuple[int, int], peak: int
) -> Exceedance:
    value = float(trace.worst[peak])
    above = trace.indicator.direction == "above"
    limit = [row for row in limits if (value > row.value if above else value < row.value)][-1]
    return Exceedance(
        asset_id=place.sections.stretches[int(place.owner[peak])].asset_id,
        indicator=trace.indicator.name,
        from_m=place.start + place.step * extent[0],
        to_m=place.start + place.step * (extent[1] - 1),
        peak=value,
        unit=trace.indicator.unit,
        level=limit.level,
        severity=limit.severity,
        limit=limit.value,
        reason=reason(trace.indicator, value, limit, trace.rail(peak)),
        at_offset_s=float(place.times[peak]),
    )


def reason(indicator: Indicator, value: float, limit: Limit, rail: str = "") -> str:
    """The rule in words: value, limit, standard, clause, speed band, provenance."""
    relation = "above" if limit.direction == "above" else "below"
    return (
        f"{indicator.title} {rail}{value:.4g} {indicator.unit} is {relation} "
        f"{limit.level} {limit.value:g} {limit.unit} "
        f"({limit.standard} {limit.edition}, {limit.clause}, {limit.speed_from_kmh:g}-{limit.speed_to_kmh:g} km/h; "
        f"{limit.provenance})"
    )
