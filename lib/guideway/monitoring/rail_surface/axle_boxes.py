"""A run with axle-box acceleration made ready, and what it says of wheels and bearings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.findings import Finding, Subject
from guideway.monitoring.rail_surface.bearings import PARTS, BearingGeometry, defect_frequencies, envelope_lines
from guideway.monitoring.rail_surface.impacts import LEAST_RATE_HZ
from guideway.monitoring.rail_surface.wheels import average_turn

Array = npt.NDArray[np.float64]

_BEYOND_REASON = 1e5
_LEAST_COVERAGE = 0.9
_BEARING_BAND_HZ = (500.0, 10_000.0)
_STEADY = 0.04
_NOT_BY_SPEED_MS = 0.5


@dataclass(frozen=True, slots=True)
class BoxRun:
    """Axle-box accelerations over time in the order they were measured.

    Attributes:
        fs: samples per second.
        position_m: chainage, or way run from 0 where no chainage is known, shape (n,).
        way_m: way run, rising, shape (n,).
        has_chainage: whether ``position_m`` is a chainage.
        boxes: acceleration by rail, shape (n,), m/s2, gaps bridged.
        coverage: least share of valid samples of a box.
    """

    fs: float
    position_m: Array
    way_m: Array
    has_chainage: bool
    boxes: Mapping[str, Array]
    coverage: float


def prepare_boxes(recording: Recording) -> BoxRun | None:
    """The run of a recording; None without axle boxes, 500 samples a second, or position or speed."""
    boxes, shares = {}, []
    for rail in ("left", "right"):
        name = f"axle_box_acceleration_vertical_{rail}"
        if recording.has(name):
            samples = recording.values(name).astype(np.float64)
            good = np.abs(samples) < _BEYOND_REASON
            if samples.size > 1 and good.mean() >= _LEAST_COVERAGE and np.ptp(samples[good]) > 0:
                index = np.arange(samples.size)
                boxes[rail] = np.interp(index, index[good], samples[good])
                shares.append(float(good.mean()))
    if not boxes or not recording.step > 0:
        return None
    speed = _known(recording, "speed")
    if recording.axis == "distance":
        if speed is None or not np.median(np.abs(speed)) > 0:
            return None
        fs = float(np.median(np.abs(speed))) / 3.6 / recording.step
        position = recording.positions
    else:
        fs = 1.0 / recording.step
        chainage = _known(recording, "position")
        if chainage is None and speed is None:
            return None
        position = chainage if chainage is not None else np.cumsum(np.abs(speed)) / 3.6 / fs  # type: ignore[arg-type]
    if fs < LEAST_RATE_HZ or not np.ptp(position) > 0:
        return None
    way = np.maximum.accumulate(np.abs(position - position[0]))
    has_chainage = recording.axis == "distance" or recording.has("position")
    return BoxRun(fs, position, way, has_chainage, boxes, min(shares))


def wheel_findings(recording: Recording, run: BoxRun, subject: Subject) -> Iterator[Finding]:
    """Wheels and bearings of the measuring axle, filed under the vehicle."""
    diameter = _number(recording, "wheel_diameter_m")
    if diameter is None or not 0.2 < diameter < 2.0:
        return
    n = run.way_m.size
    records = [average_turn(box, run.way_m, math.pi * diameter, run.fs) for box in run.boxes.values()]
    known = [record for record in records if record is not None]
    if known:
        ratio = max(record.impact_ratio for record in known)
        deviation = max(float(record.out_of_round_um.max()) for record in known)
        yield Finding(subject, "wheel_impact_ratio", ratio, n, run.coverage)
        yield Finding(subject, "wheel_out_of_round", deviation, n, run.coverage)
    geometry = _geometry(recording)
    shaft_hz = _steady_turns(run, diameter)
    if geometry is None or shaft_hz is None:
        return
    frequencies = defect_frequencies(geometry, shaft_hz)
    found = [envelope_lines(box, run.fs, frequencies, _BEARING_BAND_HZ) for box in run.boxes.values()]
    for part in PARTS:
        values = [lines[part] for lines in found if part in lines]
        if values:
            yield Finding(subject, f"bearing_{part}_prominence", max(values), n, run.coverage)


def _steady_turns(run: BoxRun, diameter_m: float) -> float | None:
    """Turns a second; None where the speed changes by more than 4 % or the vehicle stands."""
    parts = np.array_split(run.way_m, 8)
    speeds = np.array([(part[-1] - part[0]) * run.fs / (part.size - 1) for part in parts if part.size > 1])
    mean = float(speeds.mean()) if speeds.size else 0.0
    if mean < _NOT_BY_SPEED_MS or float(np.ptp(speeds)) > _STEADY * mean:
        return None
    return mean / (math.pi * diameter_m)


def _geometry(recording: Recording) -> BearingGeometry | None:
    rollers, roller, pitch = (
        _number(recording, name) for name in ("bearing_rollers", "bearing_roller_mm", "bearing_pitch_mm")
    )
    if rollers is None or roller is None or pitch is None or rollers < 3 or not 0 < roller < pitch:
        return None
    return BearingGeometry(round(rollers), roller, pitch, _number(recording, "bearing_contact_deg") or 0.0)


def _known(recording: Recording, name: str) -> Array | None:
    if not recording.has(name):
        return None
    values = recording.values(name).astype(np.float64)
    good = np.abs(values) < 1e9
    if good.mean() < _LEAST_COVERAGE:
        return None
    return np.interp(np.arange(values.size), np.flatnonzero(good), values[good])


def _number(recording: Recording, name: str) -> float | None:
    try:
        value = float(recording.attributes[name])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) else None
