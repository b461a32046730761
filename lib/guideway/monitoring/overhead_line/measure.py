"""From wire measurements and pantograph sensors to the condition of the overhead line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Measurement, Quality
from guideway.monitoring.findings import (
    Finding,
    Subject,
    measurement,
    recorded_asset,
    samples_on,
    share_passed,
)
from guideway.monitoring.overhead_line.indicators import DOMAIN, INDICATORS
from guideway.monitoring.overhead_line.pantograph import ContactEvent, cleaned, find_contact_events
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.filters import stretches as joined
from guideway.signals.sensor_faults import without_spikes, without_standstill

__all__ = ["DOMAIN", "INDICATORS", "measure"]

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

_ASSETS = ("overhead_section", "track_section")
_LEAST_COVERAGE = 0.25
_LEAST_SAMPLES = 200
_STANDSTILL = 50
_GRADIENT_M = 10.0
_MERGE_S = 0.25
_RANGES = {
    "contact_wire_height": (3000.0, 8000.0),
    "contact_wire_stagger": (-1500.0, 1500.0),
    "contact_force": (-1000.0, 3000.0),
}
_SENSORS = ("", "_2", "_3", "_4")


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """Wire, contact force and shocks of every overhead or track section passed; shocks of the whole run.

    Overhead sections are measured where there are any on the track, else track sections. Chainage comes from the axis
    or channel ``position``; without one the run is filed as a whole under the pantograph or its vehicle. Gaps and dead
    sensors give nothing.
    """
    if recording.n_samples < 2 or not recording.step > 0:
        return Measurement()
    position = _position(recording)
    kinds = [stretch for stretch in stretches if stretch.asset_type == _ASSETS[0]]
    wanted = kinds or [stretch for stretch in stretches if stretch.asset_type == _ASSETS[1]]
    findings: list[Finding] = []
    if position is not None:
        channels = {name: values for name in _RANGES if (values := _channel(recording, name)) is not None}
        for stretch, inside in samples_on(position, wanted) if channels else ():
            findings += _wire(recording, channels, stretch, position, inside)
    findings += _shocks(recording, recorded_asset(recording, stretches), wanted, position)
    return measurement(findings, INDICATORS, rulebook)


def _position(recording: Recording) -> Array | None:
    if recording.axis == "distance":
        return recording.positions
    return recording.values("position").astype(np.float64) if recording.has("position") else None


def _channel(recording: Recording, name: str) -> Array | None:
    """Plausible samples of a channel; None where it is missing or stands still throughout."""
    if not recording.has(name):
        return None
    low, high = _RANGES[name]
    values = recording.values(name).astype(np.float64)
    with np.errstate(invalid="ignore"):
        values = np.where((values >= low) & (values <= high), values, np.nan)
    values = without_standstill(values, _STANDSTILL)
    if name != "contact_force":
        values = without_spikes(values)
    return values if np.isfinite(values).any() else None


def _wire(
    recording: Recording, channels: Mapping[str, Array], stretch: Stretch, position: Array, inside: Indices
) -> Iterator[Finding]:
    """Wire and contact force of one section."""
    for name, values in channels.items():
        part = values[inside]
        n = int(np.count_nonzero(np.isfinite(part)))
        covered = n / part.size * share_passed(position[inside], stretch)
        if covered < _LEAST_COVERAGE or n < 2:
            continue
        at_s = _passed_at(recording, inside)
        for indicator, value in _figures(name, part, position[inside]).items():
            yield Finding(Subject.of(stretch), indicator, value, n, covered, _quality(covered), at_s)


def _figures(name: str, part: Array, position: Array) -> dict[str, float]:
    if name == "contact_wire_stagger":
        return {"wire_stagger_max": float(np.nanmax(np.abs(part)))}
    if name == "contact_wire_height":
        return {
            "wire_height_min": float(np.nanmin(part)),
            "wire_height_max": float(np.nanmax(part)),
            "wire_gradient_max": _gradient(part, position),
        }
    mean, force = float(np.nanmean(part)), part[np.isfinite(part)]
    return {
        "contact_force_max": float(force.max()),
        "contact_force_sd_ratio": float(force.std(ddof=1)) / mean if mean > 0 else float("nan"),
        "contact_loss_share": 100.0 * float(np.mean(force <= 0)),
    }


def _gradient(height: Array, position: Array) -> float:
    """Greatest gradient between the means of neighbouring 10 m, mm/m; NaN for fewer than two."""
    known = np.isfinite(height) & np.isfinite(position)
    cell = np.floor((position[known] - position[known].min()) / _GRADIENT_M).astype(np.intp)
    count = np.bincount(cell)
    with np.errstate(invalid="ignore"):
        mean = np.where(count > 0, np.bincount(cell, weights=height[known]) / np.maximum(count, 1), np.nan)
    steps = np.abs(np.diff(mean)) / _GRADIENT_M
    return float(np.nanmax(steps)) if np.isfinite(steps).any() else float("nan")


def _shocks(
    recording: Recording, whole: Subject, wanted: Sequence[Stretch], position: Array | None
) -> Iterator[Finding]:
    """Shocks of the whole run, and of each section where a chainage is known; time axis only."""
    if recording.axis != "time":
        return
    names = [f"pantograph_acceleration_vertical{suffix}" for suffix in _SENSORS]
    live = [signal for name in names if recording.has(name) and (signal := cleaned(recording.values(name))) is not None]
    if not live:
        return
    events = [event for signal in live for event in find_contact_events(signal, recording.step)]
    yield from _shock_figures(recording, whole, live, events, np.arange(recording.n_samples))
    if position is not None:
        for stretch, inside in samples_on(position, wanted):
            share = share_passed(position[inside], stretch)
            if share >= _LEAST_COVERAGE:
                yield from _shock_figures(recording, Subject.of(stretch), live, events, inside, share)


def _shock_figures(
    recording: Recording, subject: Subject, live: Sequence[Array], events: Sequence[ContactEvent], inside: Indices,
    share: float = 1.0,
) -> Iterator[Finding]:  # fmt: skip
    """RMS, rate and greatest of the shocks among the samples ``inside``."""
    parts = [signal[inside] for signal in live]
    known = np.logical_or.reduce([np.isfinite(part) for part in parts])
    n = int(np.count_nonzero(known))
    if n < _LEAST_SAMPLES:
        return
    minutes = _measured_s(known, recording.step) / 60.0
    coverage = share * min(60.0 * minutes / (inside.size * recording.step), 1.0)
    quality = _quality(coverage)
    rms = max(float(np.sqrt(np.nanmean(np.square(part)))) for part in parts if np.isfinite(part).any())
    at_s = _passed_at(recording, inside)
    yield Finding(subject, "pantograph_acceleration_rms", rms, n, coverage, quality, at_s)
    moments = np.array([event.at for event in events], dtype=np.intp)
    here = [events[i] for i in np.flatnonzero(np.isin(moments, inside)).tolist()]
    places = _places(here, recording.step)
    yield Finding(subject, "pantograph_impact_rate", places / minutes, n, coverage, quality, at_s)
    if here:
        worst = max(here, key=lambda event: event.peak)
        moment = recording.start + worst.at * recording.step
        yield Finding(subject, "pantograph_impact_peak", worst.peak, n, coverage, quality, moment)


def _places(events: Sequence[ContactEvent], step_s: float) -> int:
    """Events of all sensors, those within 0.25 s counted once."""
    count, end = 0, -math.inf
    for event in sorted(events, key=lambda one: one.first):
        count += (event.first - end) * step_s > _MERGE_S
        end = max(end, event.last)
    return count


def _measured_s(known: Bools, step_s: float) -> float:
    """Time measured: a sensor slower than the grid leaves holes, so pauses up to 50 ms count as measured."""
    return sum(stop - first for first, stop in joined(known, max(1, round(0.05 / step_s)))) * step_s


def _passed_at(recording: Recording, inside: Indices) -> float:
    if recording.axis != "time" or not inside.size:
        return 0.0
    return float(recording.start + recording.step * inside.mean())


def _quality(coverage: float) -> Quality:
    if coverage < 0.5:
        return "poor"
    return "good" if coverage >= 0.8 else "suspect"
