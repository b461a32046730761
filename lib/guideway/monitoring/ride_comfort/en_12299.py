"""Passenger comfort of EN 12299: continuous and mean comfort, curve transitions, discrete events."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from guideway.signals.filters import stretches

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Weighting of each axis on the floor.
EN_WEIGHTING = {"x": "Wd", "y": "Wd", "z": "Wb"}
#: Weighting of each signal at the seat: pan lateral and vertical, back longitudinal.
SEAT_WEIGHTING = {"pan_y": "Wd", "pan_z": "Wb", "back_x": "Wc"}
BLOCK_S = 5.0
BLOCKS_OF_STANDARD = 60
LEAST_BLOCKS = 12
_FACTOR = 6.0
_QUANTILE = 95.0
_G_PERCENT = 100.0 / 9.80665
_LATERAL_HZ = 2.0
_EVENT_S = 2.0
_TRANSITION_JERK = 0.1  # m/s3 of the 1 s mean: a transition curve is being run through
_LEAST_TRANSITION_S = 2.0

# factors of acceleration in % g, jerk in % g per s, constant, roll rate in deg/s and its exponent. EN 12299 writes the
# same per cents in SI units as 100 (max(0.2854 y + 0.2069 j - 0.111, 0) + (3.64 r)^2.283) standing [K]; "100 max" with
# the factors below, as some summaries print it, would count the hundred twice.
STANDING_TRANSITION = (2.80, 2.03, 11.1, 0.185, 2.283)
SEATED_TRANSITION = (0.88, 0.95, 5.9, 0.120, 1.626)
# factors of peak-to-peak and mean lateral acceleration in m/s2, constant
STANDING_EVENT = (16.62, 27.01, 37.0)
SEATED_EVENT = (8.46, 13.05, 21.7)


def block_rms(weighted: Array, usable: Bools, fs: float, hop_s: float = BLOCK_S) -> tuple[Array, Array]:
    """RMS of weighted acceleration over blocks of 5 s: middles in s from sample 0, and values, shape (blocks,).

    Args:
        weighted: weighted acceleration, shape (n,), m/s2.
        usable: samples that count; a block with less than nine tenths of them is NaN.
        fs: samples per second.
        hop_s: seconds from block to block; 5 s gives blocks side by side.
    """
    size = round(BLOCK_S * fs)
    first = np.arange(0, weighted.size - size + 1, max(1, round(hop_s * fs)))
    if not first.size:
        return np.empty(0), np.empty(0)
    energy = np.concatenate(([0.0], np.cumsum(np.where(usable, np.square(weighted), 0.0))))
    count = np.concatenate(([0], np.cumsum(usable)))
    n = count[first + size] - count[first]
    square = np.maximum(energy[first + size] - energy[first], 0.0) / np.maximum(n, 1)
    middle = np.asarray((first + 0.5 * size) / fs, dtype=np.float64)
    return middle, np.where(n >= 0.9 * size, np.sqrt(square), np.nan)


def mean_comfort(x: Array, y: Array, z: Array) -> float:
    """``N_MV = 6 sqrt(x95^2 + y95^2 + z95^2)`` of 5 s block values on the floor (EN 12299:2009, 6 [K]).

    NaN for fewer than 12 blocks known on all axes; the standard asks for 60.
    """
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(z)
    if np.count_nonzero(known) < LEAST_BLOCKS:
        return math.nan
    return _FACTOR * math.sqrt(sum(float(np.percentile(axis[known], _QUANTILE)) ** 2 for axis in (x, y, z)))


def mean_comfort_standing(x: Array, y: Array, z: Array) -> float:
    """``N_VD = 3 sqrt(16 x50^2 + 4 y50^2 + z50^2) + 5 y95`` of 5 s block values on the floor (EN 12299:2009, 7 [K]).

    The complete method for standing passengers; NaN as :func:`mean_comfort`.
    """
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(z)
    if np.count_nonzero(known) < LEAST_BLOCKS:
        return math.nan
    x50, y50, z50 = (float(np.median(axis[known])) for axis in (x, y, z))
    y95 = float(np.percentile(y[known], _QUANTILE))
    return 3.0 * math.sqrt(16.0 * x50**2 + 4.0 * y50**2 + z50**2) + 5.0 * y95


def mean_comfort_seated(floor_z: Array, pan_y: Array, pan_z: Array, back_x: Array) -> float:
    """``N_VA = 4 z_P95 + 2 sqrt(y_A95^2 + z_A95^2) + 4 x_D95`` of 5 s block values (EN 12299:2009, 7 [K]).

    The complete method for seated passengers: floor and seat pan vertical with Wb, seat pan lateral with Wd, backrest
    longitudinal with Wc; NaN as :func:`mean_comfort`.
    """
    known = np.logical_and.reduce([np.isfinite(axis) for axis in (floor_z, pan_y, pan_z, back_x)])
    if np.count_nonzero(known) < LEAST_BLOCKS:
        return math.nan
    z_p, y_a, z_a, x_d = (float(np.percentile(axis[known], _QUANTILE)) for axis in (floor_z, pan_y, pan_z, back_x))
    return 4.0 * z_p + 2.0 * math.hypot(y_a, z_a) + 4.0 * x_d


def lateral_filtered(lateral: Array, fs: float) -> Array:
    """Lateral acceleration below 2 Hz, zero phase, m/s2."""
    sos = butter(2, _LATERAL_HZ, "lowpass", fs=fs, output="sos")
    return np.asarray(sosfiltfilt(sos, lateral, padlen=min(round(2.0 * fs), lateral.size - 1)))


def discrete_events(lateral: Array, fs: float, factors: tuple[float, float, float] = STANDING_EVENT) -> Array:
    """P_DE at each moment, per cent: ``max(a y_p + b y_m - c, 0)``, shape (n,) (EN 12299:2009, 9 [K]).

    ``y_p`` is the peak-to-peak and ``y_m`` the absolute mean of lateral acceleration below 2 Hz in 2 s, both in m/s2.
    """
    smooth = lateral_filtered(lateral, fs)
    size = max(1, round(_EVENT_S * fs))
    peak_to_peak = maximum_filter1d(smooth, size, mode="nearest") - minimum_filter1d(smooth, size, mode="nearest")
    mean = np.abs(uniform_filter1d(smooth, size, mode="nearest"))
    a, b, c = factors
    return np.asarray(np.maximum(a * peak_to_peak + b * mean - c, 0.0))


def curve_transitions(
    lateral: Array,
    roll_rate: Array,
    fs: float,
    factors: tuple[float, float, float, float, float] = STANDING_TRANSITION,
) -> tuple[tuple[float, float], ...]:
    """P_CT of every transition into a curve: (seconds from sample 0, per cent of passengers disturbed).

    ``P_CT = max(A y + B j - C, 0) + D r^E``: greatest 1 s mean of lateral acceleration from the begin of the transition
    to 1.6 s after its end in % g, greatest change of it over 1 s in % g per s, greatest roll rate in deg/s
    (EN 12299:2009, 8; constants of ENV 12299 [K]). A transition is a stretch of at least 2 s in which the amount of the
    1 s mean grows by more than 0.1 m/s3.
    """
    second = max(1, round(fs))
    if lateral.size <= 3 * second:
        return ()
    mean = uniform_filter1d(lateral_filtered(lateral, fs), second, mode="nearest")
    jerk = np.zeros_like(mean)
    jerk[second // 2 : second // 2 + mean.size - second] = mean[second:] - mean[:-second]
    growing = (np.sign(mean) * jerk) > _TRANSITION_JERK
    roll = np.abs(uniform_filter1d(roll_rate, max(1, round(0.4 * fs)), mode="nearest"))
    a, b, c, d, e = factors
    found = []
    for first, stop in stretches(growing, round(0.5 * fs)):
        if stop - first >= _LEAST_TRANSITION_S * fs:
            y = float(np.abs(mean[first : stop + round(1.6 * fs)]).max()) * _G_PERCENT
            j = float(np.abs(jerk[max(0, first - second) : stop]).max()) * _G_PERCENT
            r = float(roll[first:stop].max())
            found.append((0.5 * (first + stop) / fs, max(a * y + b * j - c, 0.0) + d * r**e))
    return tuple(found)
