"""From a recording in the car body to comfort of the ride and of every section."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
from guideway.monitoring.ride_comfort.en_12299 import (
    BLOCKS_OF_STANDARD,
    EN_WEIGHTING,
    SEAT_WEIGHTING,
    SEATED_EVENT,
    SEATED_TRANSITION,
    STANDING_EVENT,
    STANDING_TRANSITION,
    block_rms,
    curve_transitions,
    discrete_events,
    mean_comfort,
    mean_comfort_seated,
    mean_comfort_standing,
)
from guideway.monitoring.ride_comfort.exposure import (
    ISO_WEIGHTING,
    dose,
    vector_sum,
    weighted_rms,
)
from guideway.monitoring.ride_comfort.hunting import LEAST_RATE_HZ, hunting_rms
from guideway.monitoring.ride_comfort.indicators import INDICATORS
from guideway.monitoring.ride_comfort.ride import AXES, Ride, prepare
from guideway.monitoring.ride_comfort.sperling import combined_index, sperling_index, sperling_weighted
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.levels import SLOW_S, running_rms
from guideway.signals.weightings import weight

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

_LEAST_S = 5.0
_LEAST_SHARE = 0.25
_SPERLING = {"y": "sperling_lateral", "z": "sperling_vertical"}
_POSTURES = {"": (STANDING_EVENT, STANDING_TRANSITION), "_seated": (SEATED_EVENT, SEATED_TRANSITION)}


@dataclass(frozen=True, slots=True)
class _Weighted:
    """Weighted signals of a ride, computed once and cut by section; events and transitions by posture."""

    iso: Mapping[str, Array]
    running: Mapping[str, Array]
    windows: Mapping[str, tuple[Array, Array]]
    sperling: Mapping[str, tuple[Array, Array]]
    events: Mapping[str, Array]
    transitions: Mapping[str, tuple[tuple[float, float], ...]]
    hunting: Array


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """Comfort of a ride as a whole, filed under the vehicle, and of every track section whose chainage it passed.

    Args:
        recording: car-body accelerations over time, or over distance with the speed. Chainage comes from the axis or
            from channel ``position``.
        stretches: assets of the track; those of type ``track_section`` are measured.
        rulebook: limits of comfort.
    """
    ride = prepare(recording)
    if ride is None:
        return Measurement()
    whole = recorded_asset(recording, stretches)
    weighted = _weigh(ride)
    findings = [*_of_asset(ride, weighted, whole, np.arange(ride.time_s.size)), *_mean(ride, whole)]
    if ride.position_m is not None:
        sections = [stretch for stretch in stretches if stretch.asset_type == "track_section"]
        for stretch, inside in samples_on(ride.position_m, sections):
            share = share_passed(ride.position_m[inside], stretch)
            if share >= _LEAST_SHARE:
                findings += _of_asset(ride, weighted, Subject.of(stretch), inside, share)
    return measurement(findings, INDICATORS, rulebook)


def _weigh(ride: Ride) -> _Weighted:
    iso = {axis: weight(signal, ride.fs, ISO_WEIGHTING[axis]) for axis, signal in ride.signals.items()}
    windows, sperling = {}, {}
    for axis, signal in ride.signals.items():
        usable = ride.moving & ride.valid[axis]
        windows[axis] = block_rms(weight(signal, ride.fs, EN_WEIGHTING[axis]), usable, ride.fs, hop_s=1.0)
        if axis in _SPERLING:
            felt = sperling_weighted(signal, ride.fs, lateral=axis == "y")
            middle, rms = block_rms(felt, usable, ride.fs, hop_s=1.0)
            sperling[axis] = middle, sperling_index(rms)
    lateral, roll = ride.signals.get("y"), ride.roll_rate
    events, transitions = {}, {}
    if lateral is not None:
        for posture, (event, transition) in _POSTURES.items():
            events[posture] = discrete_events(lateral, ride.fs, event)
            if roll is not None:
                transitions[posture] = curve_transitions(lateral, roll, ride.fs, transition)
    return _Weighted(
        iso=iso,
        running={axis: running_rms(signal, ride.fs, SLOW_S) for axis, signal in iso.items()},
        windows=windows,
        sperling=sperling,
        events=events,
        transitions=transitions,
        hunting=hunting_rms(ride.bogie, ride.fs)
        if ride.bogie is not None and ride.fs >= LEAST_RATE_HZ
        else np.empty(0),
    )


def _of_asset(
    ride: Ride, weighted: _Weighted, subject: Subject, inside: Indices, share: float = 1.0
) -> Iterator[Finding]:
    """Everything that can be said of a part of the ride: its samples ``inside`` cover ``share`` of the asset."""
    moving = inside[ride.moving[inside]]
    if not moving.size:
        return
    at_s = float(ride.time_s[moving].mean())
    rms: dict[str, float] = {}
    counts = []
    for axis in ride.signals:
        usable = moving[ride.valid[axis][moving]]
        coverage = share * usable.size / moving.size
        quality = _quality(coverage, ride)

        def found(name: str, value: float, n: int = usable.size, c: float = coverage, q: Quality = quality) -> Finding:
            return Finding(subject, name, value, n, c, q, at_s)

        middle, comfort = weighted.windows[axis]
        here = _middles_in(middle, inside, ride)
        yield found(f"comfort_continuous_{axis}", _greatest(comfort[here]))
        if axis in weighted.sperling:
            yield found(_SPERLING[axis], combined_index(weighted.sperling[axis][1][here]))
        if usable.size < _LEAST_S * ride.fs:
            continue
        counts.append(usable.size)
        part = weighted.iso[axis][usable]
        rms[axis] = weighted_rms(part)
        yield found(f"weighted_acceleration_{axis}", rms[axis])
        yield found(f"transient_vibration_{axis}", float(weighted.running[axis][usable].max()))
        yield found(f"vibration_dose_{axis}", dose(part, ride.fs))
    if rms.keys() == AXES.keys():
        coverage = share * min(counts) / moving.size
        total = vector_sum(tuple(rms.values()))
        quality = _quality(coverage, ride)
        yield Finding(subject, "weighted_acceleration_total", total, min(counts), coverage, quality, at_s)
    if weighted.events:
        yield from _lateral(ride, weighted, subject, moving, share)
    usable = moving[ride.valid["bogie_y"][moving]] if weighted.hunting.size else moving[:0]
    if usable.size >= _LEAST_S * ride.fs:
        worst = usable[int(np.argmax(weighted.hunting[usable]))]
        value, at_s = float(weighted.hunting[worst]), float(ride.time_s[worst])
        coverage = share * usable.size / moving.size
        quality = _quality(coverage, ride, needs_full_band=False)
        yield Finding(subject, "truck_hunting_rms", value, usable.size, coverage, quality, at_s)


def _lateral(ride: Ride, weighted: _Weighted, subject: Subject, moving: Indices, share: float) -> Iterator[Finding]:
    """Discrete events and curve transitions, standing and seated."""
    usable = moving[ride.valid["y"][moving]]
    coverage = share * usable.size / moving.size
    quality = _quality(coverage, ride, needs_full_band=False)
    for posture, events in weighted.events.items():
        if usable.size >= _LEAST_S * ride.fs:
            worst = usable[int(np.argmax(events[usable]))]
            value, at_s = float(events[worst]), float(ride.time_s[worst])
            yield Finding(subject, f"comfort_discrete_events{posture}", value, usable.size, coverage, quality, at_s)
    for posture, transitions in weighted.transitions.items():
        moments = np.array([moment for moment, _ in transitions])
        passed = [transitions[i] for i in np.flatnonzero(_middles_in(moments, usable, ride)).tolist()]
        if passed:
            moment, value = max(passed, key=lambda one: one[1])
            at_s = float(ride.time_s[0] + moment)
            yield Finding(subject, f"comfort_curve_transitions{posture}", value, usable.size, coverage, quality, at_s)


def _mean(ride: Ride, whole: Subject) -> Iterator[Finding]:
    """Mean comfort of the whole ride: the standard method, and the complete ones, standing and seated."""
    weighting = EN_WEIGHTING | SEAT_WEIGHTING
    blocks = {
        key: block_rms(weight(signal, ride.fs, weighting[key]), ride.moving & ride.valid[key], ride.fs)[1]
        for key, signal in (*ride.signals.items(), *ride.seat.items())
    }
    for name, formula, keys in (
        ("comfort_mean", mean_comfort, ("x", "y", "z")),
        ("comfort_mean_standing", mean_comfort_standing, ("x", "y", "z")),
        ("comfort_mean_seated", mean_comfort_seated, ("z", "pan_y", "pan_z", "back_x")),
    ):
        if blocks.keys() >= set(keys):
            known = np.logical_and.reduce([np.isfinite(blocks[key]) for key in keys])
            enough = int(np.count_nonzero(known))
            quality: Quality = "good" if enough >= BLOCKS_OF_STANDARD and ride.holds_full_band else "suspect"
            share, n = enough / max(known.size, 1), round(enough * _LEAST_S * ride.fs)
            value = formula(*(blocks[key] for key in keys))
            yield Finding(whole, name, value, n, share, quality, float(ride.time_s[0]))


def _middles_in(middle_s: Array, inside: Indices, ride: Ride) -> Bools:
    """Which moments, in seconds from sample 0, fall on samples ``inside`` (rising), shape as given."""
    if not middle_s.size or not inside.size:
        return np.zeros(middle_s.size, dtype=np.bool_)
    sample = np.minimum((middle_s * ride.fs).astype(np.intp), ride.time_s.size - 1)
    nearest = np.minimum(np.searchsorted(inside, sample), inside.size - 1)
    return np.asarray(inside[nearest] == sample)


def _greatest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else math.nan


def _quality(coverage: float, ride: Ride, *, needs_full_band: bool = True) -> Quality:
    if coverage < 0.7:
        return "poor"
    if coverage < 0.95 or (needs_full_band and not ride.holds_full_band):
        return "suspect"
    return "good"
