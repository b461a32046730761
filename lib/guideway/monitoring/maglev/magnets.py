"""Current and temperature of a levitation magnet against what its gap and load should cause."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.maglev.run import nominal_gap, number, samples

Array = npt.NDArray[np.float64]

_LEAST_SAMPLES = 10


def current_at_nominal_gap(current_a: Array, gap_mm: Array, nominal_gap_mm: float) -> float:
    """Median of ``I * g0 / g`` in A; NaN if too short. Lift goes with (I/g)^2, so a constant load fixes I/g."""
    valid = np.isfinite(current_a) & np.isfinite(gap_mm) & (gap_mm > 0.1 * nominal_gap_mm)
    if np.count_nonzero(valid) < _LEAST_SAMPLES:
        return math.nan
    return float(np.median(current_a[valid] * nominal_gap_mm / gap_mm[valid]))


def temperature_residual(
    temperature_c: Array, current_a: Array, ambient_c: float, nominal_rise_k: float, nominal_current_a: float
) -> float:
    """Mean temperature less what ambient and Joule heat explain, K: ``T - Ta - dT0 * mean(I^2) / I0^2``."""
    t, i = temperature_c[np.isfinite(temperature_c)], current_a[np.isfinite(current_a)]
    if min(t.size, i.size) < _LEAST_SAMPLES or nominal_current_a <= 0:
        return math.nan
    return float(t.mean()) - ambient_c - nominal_rise_k * float(np.mean(np.square(i))) / nominal_current_a**2


def magnet_values(recording: Recording) -> dict[str, float]:
    """Magnet indicators of a run, by name.

    Nominal values come from the recording's attributes ``nominal_gap_mm``, ``nominal_current_a``,
    ``nominal_temperature_rise_k``; ambient from channel ``temperature``, else attribute ``ambient_temperature_c``.
    """
    values: dict[str, float] = {}
    current = _channel(recording, "magnet_current")
    temperature = _channel(recording, "magnet_temperature")
    nominal_current = number(recording.attributes.get("nominal_current_a"))
    gap = _channel(recording, "levitation_gap_left")
    if gap is None:
        gap = _channel(recording, "levitation_gap_right")
    if current is not None and gap is not None:
        nominal = nominal_gap(recording, gap)
        at_nominal = current_at_nominal_gap(current, gap, nominal) if nominal else math.nan
        values["magnet_current"] = at_nominal
        if nominal_current:
            values["magnet_current_residual"] = 100.0 * (at_nominal / nominal_current - 1.0)
    if temperature is not None and np.count_nonzero(np.isfinite(temperature)) >= _LEAST_SAMPLES:
        values["magnet_temperature"] = float(np.nanquantile(temperature, 0.95))
        ambient = _ambient(recording)
        rise = number(recording.attributes.get("nominal_temperature_rise_k"))
        if None not in (ambient, rise, nominal_current) and current is not None:
            values["magnet_temperature_residual"] = temperature_residual(
                temperature, current, ambient or 0.0, rise or 0.0, nominal_current or 0.0
            )
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _ambient(recording: Recording) -> float | None:
    measured = _channel(recording, "temperature")
    if measured is not None and np.isfinite(measured).any():
        return float(np.nanmean(measured))
    return number(recording.attributes.get("ambient_temperature_c"))


def _channel(recording: Recording, name: str) -> Array | None:
    return samples(recording, name) if recording.has(name) else None
