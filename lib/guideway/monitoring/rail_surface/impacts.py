"""Joints and squats: short impacts in axle-box acceleration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from guideway.signals.filters import stretches

Array = npt.NDArray[np.float64]
Kind = Literal["joint", "squat"]

LEAST_RATE_HZ = 500.0
_BAND_HZ = (100.0, 2000.0)
_TIMES_USUAL = 6.0
_LEAST_PEAK = 20.0  # m/s2
_MERGE_M = 0.3
_SAME_PLACE_M = 1.0
_SURROUNDINGS_S = 2.0


@dataclass(frozen=True, slots=True)
class RailImpact:
    """An impact on the rails.

    Attributes:
        position_m: chainage.
        sample: index of its peak.
        peak: greatest envelope of the acceleration, m/s2.
        kind: ``joint`` where both rails are struck at one place, ``squat`` where one is.
        rail: ``left``, ``right`` or ``both``.
    """

    position_m: float
    sample: int
    peak: float
    kind: Kind
    rail: str


def envelope(acceleration: Array, fs: float) -> Array:
    """Running peak of acceleration between 100 Hz and 2 kHz, m/s2, shape (n,)."""
    upper = min(_BAND_HZ[1], 0.45 * fs)
    sos = butter(2, (_BAND_HZ[0], upper), "bandpass", fs=fs, output="sos")
    banded = sosfiltfilt(sos, acceleration, padlen=min(200, acceleration.size - 1))
    return np.asarray(maximum_filter1d(np.abs(banded), max(1, round(0.005 * fs)), mode="nearest"))


def find_impacts(left: Array | None, right: Array | None, position_m: Array, fs: float) -> tuple[RailImpact, ...]:
    """Impacts along a run, in order of the samples.

    An impact stands at least six times above the surrounding level (mean over 4 s of the envelope, held at no more than
    three times its median) and above 20 m/s2. A joint gap or a crossing strikes both wheels of an axle at one place; a
    squat lies in one rail. With one rail measured every impact counts as a squat.

    Args:
        left: acceleration of the left axle box, shape (n,), m/s2, no NaN, or None.
        right: the right one.
        position_m: chainage of each sample, shape (n,).
        fs: samples per second, at least 500.
    """
    sides = [
        (rail, sample, peak)
        for rail, signal in (("left", left), ("right", right))
        if signal is not None
        for sample, peak in _of_rail(signal, position_m, fs)
    ]
    sides.sort(key=lambda one: one[1])
    found: list[RailImpact] = []
    for rail, sample, peak in sides:
        where = float(position_m[sample])
        last = found[-1] if found else None
        if last and last.rail not in ("both", rail) and abs(last.position_m - where) <= _SAME_PLACE_M:
            found[-1] = RailImpact(last.position_m, last.sample, max(last.peak, peak), "joint", "both")
        else:
            found.append(RailImpact(where, sample, peak, "squat", rail))
    return tuple(found)


def _of_rail(signal: Array, position_m: Array, fs: float) -> list[tuple[int, float]]:
    if signal.size < fs * 0.5:
        return []
    height = envelope(signal, fs)
    ceiling = 3.0 * float(np.median(height))
    usual = uniform_filter1d(np.minimum(height, ceiling), max(1, round(2 * _SURROUNDINGS_S * fs)), mode="nearest")
    beyond = (height > _TIMES_USUAL * usual) & (height > _LEAST_PEAK)
    travelled = abs(float(position_m[-1] - position_m[0])) / position_m.size
    gap = round(_MERGE_M / travelled) if travelled > 0 else 0
    return [
        (first + int(np.argmax(height[first:stop])), float(height[first:stop].max()))
        for first, stop in stretches(beyond, gap)
    ]
