"""Truck hunting: sustained lateral swaying of a bogie frame (49 CFR 213.333)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

Array = npt.NDArray[np.float64]

HUNTING_S = 2.0
LEAST_RATE_HZ = 25.0
_BAND_HZ = (0.5, 10.0)


def hunting_rms(lateral: Array, fs: float) -> Array:
    """RMS over the 2 s around each sample of lateral frame acceleration about its mean there, 0.5-10 Hz, m/s2, (n,).

    Args:
        lateral: lateral acceleration of the bogie frame, shape (n,), m/s2, no NaN.
        fs: samples per second, at least 25.
    """
    size = max(1, round(HUNTING_S * fs))
    if lateral.size < size:
        return np.empty(0)
    sos = butter(2, _BAND_HZ, "bandpass", fs=fs, output="sos")
    swaying = sosfiltfilt(sos, lateral, padlen=min(round(HUNTING_S * fs), lateral.size - 1))
    mean = uniform_filter1d(swaying, size, mode="nearest")
    square = uniform_filter1d(np.square(swaying), size, mode="nearest")
    return np.asarray(np.sqrt(np.maximum(square - np.square(mean), 0.0)))
