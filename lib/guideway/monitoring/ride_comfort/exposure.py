"""Whole-body vibration of ISO 2631-1: weighted RMS, running RMS, transient maximum and dose."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guideway.signals.levels import SLOW_S, running_rms

Array = npt.NDArray[np.float64]

#: Weighting of each axis at the feet or seat, comfort (ISO 2631-1:1997, table 1).
ISO_WEIGHTING = {"x": "Wd", "y": "Wd", "z": "Wk"}


def weighted_rms(weighted: Array) -> float:
    """``a_w = sqrt(mean a_w(t)^2)``, m/s2 (ISO 2631-1:1997, 6.1); NaN for nothing."""
    return math.sqrt(float(np.mean(np.square(weighted)))) if weighted.size else math.nan


def maximum_transient(weighted: Array, fs: float) -> float:
    """MTVV: greatest running RMS with an exponential window of 1 s, m/s2 (ISO 2631-1:1997, 6.3.1)."""
    return float(running_rms(weighted, fs, SLOW_S).max()) if weighted.size else math.nan


def dose(weighted: Array, fs: float) -> float:
    """VDV ``= (integral a_w^4 dt)^(1/4)``, m/s^1.75 (ISO 2631-1:1997, 6.3.2)."""
    return float((np.sum(np.square(np.square(weighted))) / fs) ** 0.25) if weighted.size else math.nan


def vector_sum(values: tuple[float, ...], factors: tuple[float, ...] = (1.0, 1.0, 1.0)) -> float:
    """``a_v = sqrt(sum k^2 a_w^2)``, m/s2 (ISO 2631-1:1997, 6.5); k = 1 for comfort."""
    return math.sqrt(sum((k * a) ** 2 for k, a in zip(factors, values, strict=True)))
