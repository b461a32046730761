"""A ride made ready: car-body accelerations on a uniform axis of time, with position and motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.ride_comfort.stops import Stop, find_stops
from guideway.signals.filters import stretches

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AXES = {"x": "longitudinal", "y": "lateral", "z": "vertical"}
SEAT = {
    "pan_y": "seat_pan_acceleration_lateral",
    "pan_z": "seat_pan_acceleration_vertical",
    "back_x": "seat_back_acceleration_longitudinal",
}
LEAST_RATE_HZ = 20.0
FULL_BAND_RATE_HZ = 160.0
BOGIE = {"bogie_y": "bogie_acceleration_lateral"}
_STANDING_KMH = 5.0
_BEYOND_REASON = 100.0
_LEAST_COVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class Ride:
    """Samples of one ride at ``fs`` a second.

    Attributes:
        fs: samples per second.
        time_s: seconds since the recording started, shape (n,).
        position_m: chainage, shape (n,), NaN where unknown; None without a position.
        moving: whether the vehicle moves, shape (n,); True where nothing tells.
        stops: stops found in the accelerations, seconds after sample 0; none where a speed tells.
        signals: acceleration of each axis about its median, m/s2, gaps filled, shape (n,).
        seat: accelerations at the seat, keys of ``SEAT``, like ``signals``.
        bogie: lateral acceleration of the bogie frame like ``signals``, or None.
        valid: whether each sample of an axis, at the seat or of the bogie (``bogie_y``) was measured.
        roll_rate: angular rate about the longitudinal axis, deg/s, or None.
    """

    fs: float
    time_s: Array
    position_m: Array | None
    moving: Bools
    stops: tuple[Stop, ...]
    signals: Mapping[str, Array]
    seat: Mapping[str, Array]
    bogie: Array | None
    valid: Mapping[str, Bools]
    roll_rate: Array | None

    @property
    def holds_full_band(self) -> bool:
        """Whether sampling reaches 80 Hz, the upper end of the comfort band."""
        return self.fs >= FULL_BAND_RATE_HZ


def prepare(recording: Recording) -> Ride | None:
    """The ride of a recording; None without accelerations of body or bogie, speed over distance, or 20 Hz.

    A distance axis becomes time by way of the speed. A standstill is taken from the speed where there is one, else from
    stops found in the accelerations.
    """
    floor = {axis: f"car_body_acceleration_{word}" for axis, word in AXES.items()}
    wanted = {key: name for key, name in (floor | SEAT | BOGIE).items() if recording.has(name)}
    if not wanted or recording.n_samples < 2 or not recording.step > 0:
        return None
    clock = _clock(recording)
    if clock is None:
        return None
    time, order = clock
    fs = 1.0 / float(np.median(np.diff(time)))
    if not LEAST_RATE_HZ <= fs < 1e6 or (time[-1] - time[0]) * fs > 4.0 * time.size:
        return None
    uniform = time[0] + np.arange(int((time[-1] - time[0]) * fs + 1e-6) + 1) / fs
    found = {
        key: one for key, name in wanted.items() if (one := _acceleration(recording.values(name), uniform, time, order))
    }
    signals = {axis: found[axis][0] for axis in AXES if axis in found}
    bogie = found["bogie_y"][0] if "bogie_y" in found else None
    if not signals and bogie is None:
        return None
    seat = {key: found[key][0] for key in SEAT if key in found}
    valid = {key: good for key, (_, good) in found.items()}
    channel = {name: _channel(recording, name, uniform, time, order) for name in ("position", "speed")}
    position = recording.positions[order] if recording.axis == "distance" else None
    where = channel["position"] if position is None else np.interp(uniform, time, position)
    moving, stops = _motion(channel["speed"], signals, fs, uniform.size)
    return Ride(fs, uniform, where, moving, stops, signals, seat, bogie, valid, _roll(recording, uniform, time, order))


def stops_of(recording: Recording) -> tuple[Stop, ...]:
    """Stops found in the accelerations of a ride without a speed, in seconds from the recording's first sample."""
    ride = prepare(recording)
    return ride.stops if ride else ()


def _acceleration(
    values: npt.NDArray[np.float32], uniform: Array, time: Array, order: npt.NDArray[np.intp]
) -> tuple[Array, Bools] | None:
    """Samples on the uniform axis and which of them were measured; None where half is missing or nothing changes."""
    samples = _on(uniform, time, values.astype(np.float64)[order])
    good = np.abs(samples) < _BEYOND_REASON
    if good.mean() < _LEAST_COVERAGE or not np.ptp(samples[good]) > 0:
        return None
    return _filled(samples, good), good


def _clock(recording: Recording) -> tuple[Array, npt.NDArray[np.intp]] | None:
    """Rising time of the samples and the order that makes it rise."""
    n = recording.n_samples
    if recording.axis == "time":
        return recording.positions, np.arange(n)
    if not recording.has("speed"):
        return None
    speed = np.abs(recording.values("speed").astype(np.float64)) / 3.6
    known = np.isfinite(speed) & (speed > _STANDING_KMH / 3.6) & (speed < 300.0)
    if known.mean() < _LEAST_COVERAGE:
        return None
    filled = np.interp(np.arange(n), np.flatnonzero(known), speed[known])
    order = np.arange(n)[::-1] if recording.direction == -1 else np.arange(n)
    elapsed = np.concatenate(([0.0], np.cumsum(recording.step / filled[order][:-1])))
    return elapsed, order


def _on(uniform: Array, time: Array, samples: Array) -> Array:
    if uniform.size == time.size and np.allclose(uniform, time):
        return samples
    return np.interp(uniform, time, samples)


def _filled(samples: Array, good: Bools) -> Array:
    """About the median; gaps up to a tenth of a second or so are bridged by lines, longer ones stand at zero."""
    centred = samples - float(np.median(samples[good]))
    index = np.arange(samples.size)
    bridged = np.interp(index, index[good], centred[good])
    for first, stop in stretches(~good, 0):
        if stop - first > 5:
            bridged[first:stop] = 0.0
    return bridged


def _channel(recording: Recording, name: str, uniform: Array, time: Array, order: npt.NDArray[np.intp]) -> Array | None:
    if not recording.has(name):
        return None
    values = recording.values(name).astype(np.float64)[order]
    known = np.abs(values) < 1e9
    return np.interp(uniform, time[known], values[known]) if known.any() else None


def _roll(recording: Recording, uniform: Array, time: Array, order: npt.NDArray[np.intp]) -> Array | None:
    rate = _channel(recording, "angular_rate_x", uniform, time, order)
    return None if rate is None else rate - float(np.median(rate))


def _motion(speed_kmh: Array | None, signals: Mapping[str, Array], fs: float, n: int) -> tuple[Bools, tuple[Stop, ...]]:
    if speed_kmh is not None:
        return np.asarray(np.abs(speed_kmh) >= _STANDING_KMH), ()
    moving = np.ones(n, dtype=np.bool_)
    if signals.keys() != AXES.keys():
        return moving, ()
    found = find_stops(signals["x"], np.stack((signals["y"], signals["z"])), fs)
    for stop in found:
        moving[round(stop.stop_s * fs) : round(stop.start_s * fs)] = False
    return moving, found
