"""Indicators of a girder from sensors on it: deflection under trains, natural frequency between them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, median_filter

from guideway.archives.recording import Recording
from guideway.monitoring.maglev.modal import Mode, operational_modes
from guideway.monitoring.maglev.run import number, samples
from guideway.monitoring.maglev.settings import MaglevSettings
from guideway.network.stretches import Stretch
from guideway.signals.passages import PassageSearch, find_passages

Array = npt.NDArray[np.float64]

_NOISE_FACTOR = 8.0
_LEAST_QUIET_S = 10.0
_CLEAR_STRENGTH = 0.2


def largest_deflection(deflection_mm: Array) -> float:
    """Largest absolute deflection from the median, mm; NaN unless it stands eight times out of the median noise.

    A median over three samples takes out single spikes.
    """
    valid = deflection_mm[np.isfinite(deflection_mm)]
    if valid.size < 16:
        return math.nan
    away = np.abs(median_filter(valid, 3) - np.median(valid))
    noise = 1.4826 * float(np.median(away))
    peak = float(away.max())
    return peak if peak > _NOISE_FACTOR * noise and peak > 0 else math.nan


def first_mode(
    acceleration: Array, fs: float, settings: MaglevSettings, deflection_mm: Array | None = None
) -> Mode | None:
    """First natural mode from the parts without a train; None where they are below 10 s or show no stable pole.

    Where the deflection was measured, a train is there while it exceeds a tenth of its largest, and a second before and
    after: that is far clearer than the acceleration, in which wind makes much the same of a light girder.
    """
    valid = np.isfinite(acceleration)
    if np.count_nonzero(valid) < _LEAST_QUIET_S * fs:
        return None
    x = np.where(valid, acceleration, float(np.median(acceleration[valid])))
    quiet = valid & ~(_passed(x, fs) if deflection_mm is None else _loaded(deflection_mm, fs))
    if np.count_nonzero(quiet) < _LEAST_QUIET_S * fs:
        return None
    modes = operational_modes(_longest(x, quiet), fs, settings.frequency_band_hz, least_strength=_CLEAR_STRENGTH)
    return modes[0] if modes else None


def girder_values(recording: Recording, stretch: Stretch | None, settings: MaglevSettings) -> dict[str, float]:
    """Indicators of a girder's own record by name; its attributes ``span_m`` and ``nominal_frequency_hz`` are read."""
    values: dict[str, float] = {}
    span_m = span_of(stretch)
    deflection = samples(recording, "girder_deflection") if recording.has("girder_deflection") else None
    if deflection is not None:
        values["girder_deflection"] = largest_deflection(deflection)
        if span_m and values["girder_deflection"] > 0:
            values["girder_deflection_ratio"] = 1000.0 * span_m / values["girder_deflection"]
    if recording.has("girder_acceleration") and recording.step > 0:
        acceleration = samples(recording, "girder_acceleration")
        seen = deflection if math.isfinite(values.get("girder_deflection", math.nan)) else None
        mode = first_mode(acceleration, 1.0 / recording.step, settings, seen)
        if mode is not None:
            values["girder_frequency"] = mode.frequency_hz
            values["girder_damping"] = 100.0 * mode.damping_ratio
            if span_m and stretch and stretch.speed_kmh > 0:
                values["girder_resonance_margin"] = resonance_speed(mode.frequency_hz, span_m) / stretch.speed_kmh
            nominal = number(stretch.attributes.get("nominal_frequency_hz")) if stretch else None
            if nominal:
                values["girder_frequency_ratio"] = mode.frequency_hz / nominal
    return {name: value for name, value in values.items() if math.isfinite(value)}


def resonance_speed(frequency_hz: float, span_m: float) -> float:
    """Speed in km/h at which the span frequency v/L meets a natural frequency."""
    return 3.6 * frequency_hz * span_m


def span_of(stretch: Stretch | None) -> float | None:
    """Span in metres: attribute ``span_m``, else the girder's length; None where neither is known."""
    if stretch is None:
        return None
    stated = number(stretch.attributes.get("span_m"))
    if stated and stated > 0:
        return stated
    return stretch.to_m - stretch.from_m if stretch.to_m > stretch.from_m else None


def _passed(acceleration: Array, fs: float) -> npt.NDArray[np.bool_]:
    """Samples within a train passage that stands out of the acceleration."""
    inside = np.zeros(acceleration.size, dtype=bool)
    for passage in find_passages(acceleration, fs, PassageSearch(least_duration_s=0.5)):
        inside[round(passage.train[0] * fs) : round(passage.train[1] * fs)] = True
    return inside


def _loaded(deflection_mm: Array, fs: float) -> npt.NDArray[np.bool_]:
    """Samples within a second of a deflection beyond a tenth of the largest."""
    valid = np.isfinite(deflection_mm)
    away = np.where(valid, np.abs(deflection_mm - np.median(deflection_mm[valid])), 0.0)
    return np.asarray(binary_dilation(away > 0.1 * away.max(), iterations=max(1, round(fs))))


def _longest(x: Array, keep: npt.NDArray[np.bool_]) -> Array:
    """The longest run of kept samples; short gaps of a few samples do not split it."""
    joined = binary_dilation(keep, iterations=2)
    change = np.flatnonzero(np.diff(np.concatenate(([0], joined.astype(np.int8), [0]))))
    starts, ends = change[::2], change[1::2]
    longest = int(np.argmax(ends - starts))
    return x[starts[longest] : ends[longest]]
