"""Station stops found in the acceleration of a car body alone: no speed, no position needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from guideway.signals.filters import stretches

Array = npt.NDArray[np.float64]

_SHAKE_HZ = 2.0
_LONGEST_DISTURBANCE_S = 8.0
_LEAST_STOP_S = 6.0
_LEAST_CONTRAST = 0.5  # of the decimal logarithm of vibration between running and standing
_RATE_HZ = 10.0
_SEARCH_S = (9.0, 5.0)
_JERK_S = 0.6


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of a vehicle: seconds on the record's axis at which it came to rest and pulled away."""

    stop_s: float
    start_s: float


def find_stops(longitudinal: npt.ArrayLike, across: npt.ArrayLike, fs: float) -> tuple[Stop, ...]:
    """Stops between two runs, in order; none where running and standing cannot be told apart.

    A running vehicle shakes several times as much as a standing one: the logarithm of the vibration above 2 Hz is split
    in two (Otsu's threshold). Near the ends of each quiet stretch the vehicle came to rest at the end of the last great
    change of longitudinal acceleration (the jerk passengers feel) and pulled away at the begin of the first one; no
    level is used, for phones that remove gravity let it creep.

    Args:
        longitudinal: acceleration along the track, shape (n,), m/s2, no NaN; either sign, offset allowed.
        across: the other two axes, shape (2, n), no NaN.
        fs: samples per second, above 8.
    """
    along = np.asarray(longitudinal, dtype=np.float64)
    others = np.atleast_2d(np.asarray(across, dtype=np.float64))
    hop = max(1, round(fs / _RATE_HZ))
    if fs <= 4.0 * _SHAKE_HZ or along.size < 4.0 * _LEAST_STOP_S * fs:
        return ()
    shake = _shake(others, fs)[::hop]
    smooth = uniform_filter1d(along, max(1, round(0.5 * fs)), mode="nearest")[::hop]
    rate = fs / hop
    threshold = _otsu(shake)
    if threshold is None:
        return ()
    calm = median_filter(shake, round(3.0 * rate) | 1, mode="nearest") < threshold
    gap, least = round(_LONGEST_DISTURBANCE_S * rate), round(_LEAST_STOP_S * rate)
    found = []
    for first, last in stretches(calm, gap):
        if last - first >= least and first > 0 and last < calm.size:
            found.append(_refine(smooth, first, last, rate))
    return tuple(stop for stop in found if stop.start_s > stop.stop_s)


def _shake(others: Array, fs: float) -> Array:
    """Decimal logarithm of the running RMS (1 s) above 2 Hz over the axes, shape (n,)."""
    sos = butter(2, _SHAKE_HZ, "highpass", fs=fs, output="sos")
    energy = np.square(sosfiltfilt(sos, others, axis=1)).sum(axis=0)
    return np.asarray(np.log10(np.maximum(uniform_filter1d(energy, round(fs), mode="nearest"), 1e-12)) / 2.0)


def _otsu(values: Array) -> float | None:
    """Threshold that splits values best in two; None where the two lie too close together."""
    ordered = np.sort(values)
    count = np.arange(1, ordered.size)
    total = np.cumsum(ordered)
    below, above = total[:-1] / count, (total[-1] - total[:-1]) / (ordered.size - count)
    best = int(np.argmax(count * (ordered.size - count) * (above - below) ** 2))
    if above[best] - below[best] < _LEAST_CONTRAST:
        return None
    return float(0.5 * (below[best] + above[best]))


def _refine(smooth: Array, first: int, last: int, rate: float) -> Stop:
    """Stop at the end of the last braking jerk, start at the first pulling one, near the ends of a quiet stretch."""
    before, after = (round(seconds * rate) for seconds in _SEARCH_S)
    middle = (first + last) // 2
    step = max(1, round(_JERK_S * rate))
    change = np.abs(smooth[step:] - smooth[:-step])
    low, high = max(0, first - before), min(middle, first + after)
    stop = _last_peak(change[low:high]) + low + step
    low, high = max(middle, last - after), min(change.size, last + before)
    near = change[low:high]
    start = low + int(np.argmax(near > 0.5 * near.max())) if near.size else last
    return Stop(stop / rate, start / rate)


def _last_peak(change: Array) -> int:
    """Index of the last peak at least half as high as the highest."""
    high = np.flatnonzero(change >= 0.5 * change.max())
    begin = int(high[np.flatnonzero(np.diff(high, prepend=-2) > 1)[-1]])
    return begin + int(np.argmax(change[begin : int(high[-1]) + 1]))
