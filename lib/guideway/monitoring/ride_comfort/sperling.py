"""Sperling's ride index Wz."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len

Array = npt.NDArray[np.float64]

_CM = 100.0
_BLOCK_S = 5.0
_LATERAL = 1.25


def sperling_weighting(frequency_hz: npt.ArrayLike, lateral: bool) -> Array:
    """Weighting B(f) of acceleration for comfort, without unit.

    ``B = 0.588 sqrt((1.911 f^2 + (0.25 f^2)^2) / ((1 - 0.277 f^2)^2 + (1.563 f - 0.0368 f^3)^2))``, lateral 1.25 times
    as much (Garg and Dukkipati; as in [S39]).
    """
    f = np.asarray(frequency_hz, dtype=np.float64)
    above = 1.911 * f**2 + (0.25 * f**2) ** 2
    below = (1.0 - 0.277 * f**2) ** 2 + (1.563 * f - 0.0368 * f**3) ** 2
    return np.asarray((_LATERAL if lateral else 1.0) * 0.588 * np.sqrt(above / below))


def sperling_weighted(acceleration: Array, fs: float, lateral: bool) -> Array:
    """Acceleration weighted with B(f), zero phase, m/s2, shape (n,)."""
    size = int(next_fast_len(acceleration.size + math.ceil(2.0 * fs), real=True))
    gain = sperling_weighting(np.fft.rfftfreq(size, 1.0 / fs), lateral)
    return np.asarray(np.fft.irfft(np.fft.rfft(acceleration, size) * gain, size)[: acceleration.size])


def sperling_index(weighted_rms: npt.ArrayLike) -> Array:
    """``Wz = (weighted RMS in cm/s2)^0.3``, the input in m/s2."""
    return np.asarray((_CM * np.asarray(weighted_rms, dtype=np.float64)) ** 0.3)


def combined_index(values: Array) -> float:
    """Index of several blocks: ``(mean Wz^10)^(1/10)``; NaN blocks are left out."""
    known = values[np.isfinite(values)]
    return float(np.mean(known**10.0) ** 0.1) if known.size else math.nan
