"""Values found for assets, on their way to condition rows and, where beyond a limit, to exceedances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Condition, Exceedance, Indicator, Measurement, Quality
from guideway.monitoring.track_geometry.defects import reason
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Subject:
    """The asset a value is about, and what its limits depend on."""

    asset_id: str
    asset_class: str = "*"
    speed_kmh: float = 0.0
    from_m: float = 0.0
    to_m: float = 0.0

    @classmethod
    def of(cls, stretch: Stretch) -> Subject:
        """An asset of a track; its class in the rule book is the line's mode."""
        return cls(stretch.asset_id, stretch.mode, stretch.speed_kmh, stretch.from_m, stretch.to_m)


@dataclass(frozen=True, slots=True)
class Finding:
    """Value of one indicator; an event (``is_event``) is judged where it lies and makes no condition row."""

    subject: Subject
    indicator: str
    value: float
    n_samples: int
    coverage: float
    quality: Quality = "good"
    at_offset_s: float = 0.0
    is_event: bool = False


def recorded_asset(recording: Recording, stretches: Sequence[Stretch]) -> Subject:
    """The asset a recording as a whole is about: the one it names, else the vehicle or sensor itself."""
    asset_id = recording.asset_id or recording.vehicle_or_sensor_id
    own = next((stretch for stretch in stretches if stretch.asset_id == asset_id), None)
    if own is not None:
        return Subject.of(own)
    modes = {stretch.mode for stretch in stretches if stretch.line_id == recording.line_id}
    fastest = max((s.speed_kmh for s in stretches if s.line_id == recording.line_id), default=0.0)
    return Subject(asset_id, modes.pop() if len(modes) == 1 else "*", fastest)


def samples_on(
    position_m: npt.NDArray[np.float64], stretches: Sequence[Stretch]
) -> Iterator[tuple[Stretch, npt.NDArray[np.intp]]]:
    """Every stretch that was passed, with the indices of the samples on it in rising order; NaN lies on none."""
    order = np.argsort(position_m, kind="stable")
    ranked = position_m[order]
    for stretch in stretches:
        first, stop = np.searchsorted(ranked, (stretch.from_m, stretch.to_m), side="left")
        if stop > first:
            yield stretch, np.sort(order[first:stop])


def share_passed(position_m: npt.NDArray[np.float64], stretch: Stretch) -> float:
    """Share of a stretch between the first and last of positions on it, half a sample more at each end, 0 to 1."""
    length = max(stretch.to_m - stretch.from_m, 1e-9)
    return min(float(np.ptp(position_m)) * (1.0 + 1.0 / max(position_m.size - 1, 1)) / length, 1.0)


def measurement(findings: Iterable[Finding], definitions: Iterable[Indicator], rulebook: Rulebook) -> Measurement:
    """Conditions of all finite values, and exceedances of those beyond a limit that are not of poor quality."""
    known = {one.name: one for one in definitions}
    conditions: list[Condition] = []
    beyond: list[Exceedance] = []
    for finding in findings:
        if not math.isfinite(finding.value):
            continue
        definition = known[finding.indicator]
        if not finding.is_event:
            conditions.append(_condition(finding, definition))
        exceedance = _exceedance(finding, definition, rulebook)
        if exceedance is not None:
            beyond.append(exceedance)
    return Measurement(tuple(conditions), tuple(beyond))


def beyond_limits(
    conditions: Iterable[Condition], stretch: Stretch | None, rulebook: Rulebook
) -> tuple[Exceedance, ...]:
    """Exceedances of one asset's conditions, by its line's mode and permitted speed; without a place any mode's."""
    where = Subject.of(stretch) if stretch else Subject("")
    found = []
    for condition in conditions:
        limit = rulebook.judge(condition.indicator, condition.value, where.asset_class, where.speed_kmh)
        if limit is not None:
            found.append(
                Exceedance(
                    asset_id=condition.asset_id,
                    indicator=condition.indicator,
                    from_m=where.from_m,
                    to_m=where.to_m,
                    peak=condition.value,
                    unit=condition.unit,
                    level=limit.level,
                    severity=limit.severity,
                    limit=limit.value,
                    reason=f"{limit.standard} {limit.edition}, {limit.clause}; {limit.provenance}",
                    at_offset_s=condition.at_offset_s,
                )
            )
    return tuple(found)


def _condition(finding: Finding, definition: Indicator) -> Condition:
    return Condition(
        asset_id=finding.subject.asset_id,
        indicator=finding.indicator,
        value=float(finding.value),
        unit=definition.unit,
        n_samples=int(finding.n_samples),
        coverage=min(max(float(finding.coverage), 0.0), 1.0),
        quality=finding.quality,
        at_offset_s=float(finding.at_offset_s),
    )


def _exceedance(finding: Finding, definition: Indicator, rulebook: Rulebook) -> Exceedance | None:
    where = finding.subject
    limit = rulebook.judge(finding.indicator, finding.value, where.asset_class, where.speed_kmh)
    if limit is None or finding.quality == "poor":
        return None
    return Exceedance(
        asset_id=where.asset_id,
        indicator=finding.indicator,
        from_m=where.from_m,
        to_m=where.to_m,
        peak=float(finding.value),
        unit=definition.unit,
        level=limit.level,
        severity=limit.severity,
        limit=limit.value,
        reason=reason(definition, float(finding.value), limit),
        at_offset_s=float(finding.at_offset_s),
    )
