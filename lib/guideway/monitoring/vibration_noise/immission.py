"""Vibration in buildings by DIN 4150-2: KB signal, clock maxima, rating severity; DIN 45672 exposure."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guideway.signals.levels import FAST_S, running_rms
from guideway.signals.weightings import weight

Array = npt.NDArray[np.float64]

CLOCK_S = 30.0
_NEGLIGIBLE = 0.1


def kb_fast(velocity_mm_s: npt.ArrayLike, fs: float) -> Array:
    """Running KB_F(t) of a velocity in mm/s: KB weighting, exponential RMS of 0.125 s (DIN 45669-1), shape (n,)."""
    return running_rms(weight(velocity_mm_s, fs, "KB"), fs, FAST_S)


def clock_maxima(kb: Array, fs: float, first_offset_s: float) -> dict[int, float]:
    """Largest KB_F of each 30 s clock interval: number of the interval -> KB_FTi.

    Args:
        kb: running KB_F, shape (n,).
        fs: sampling rate in Hz.
        first_offset_s: time of its first sample on the clock the intervals count from.
    """
    if not kb.size:
        return {}
    first = math.floor(first_offset_s / CLOCK_S)
    last = math.floor((first_offset_s + (kb.size - 1) / fs) / CLOCK_S)
    numbers = range(first, last + 1)
    starts = [min(max(0, math.ceil((number * CLOCK_S - first_offset_s) * fs)), kb.size - 1) for number in numbers]
    return dict(zip(numbers, np.maximum.reduceat(kb, starts).tolist(), strict=True))


def rating_severity(clock: npt.ArrayLike, period_s: float) -> float:
    """KB_FTr from the clock maxima of a period of assessment; maxima up to 0.1 count as 0 (DIN 4150-2:1999, 6.4 [K]).

    Args:
        clock: KB_FTi of the intervals with trains, shape (n,); all others are 0.
        period_s: length of the period of assessment (16 h of day, 8 h of night).
    """
    values = np.asarray(clock, dtype=np.float64)
    counted = values[values > _NEGLIGIBLE]
    intervals = max(period_s / CLOCK_S, float(counted.size))
    return math.sqrt(float(np.square(counted).sum()) / intervals) if intervals > 0 else 0.0


def hourly_velocity(rms_whole: npt.ArrayLike, whole_s: npt.ArrayLike) -> float:
    """Energy-equivalent velocity of an hour, ``sqrt(sum v3^2 T3 / 3600)`` over its passages (DIN 45672-2 [S35])."""
    rms, duration = np.asarray(rms_whole, dtype=np.float64), np.asarray(whole_s, dtype=np.float64)
    return math.sqrt(float(np.sum(np.square(rms) * duration)) / 3600.0)
