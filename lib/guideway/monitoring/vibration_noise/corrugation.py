"""Corrugation as a receiver sees it: level of its band, and how far its peak stands out of the spectrum."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from guideway.signals.levels import level
from guideway.signals.octave_bands import Bands, band_mean_squares
from guideway.signals.spectra import power_spectral_density

Array = npt.NDArray[np.float64]

SHORTEST_M, LONGEST_M = 0.025, 0.3
_CELLS_AN_OCTAVE = 24
_PEAK_CELLS = 6  # a quarter of an octave
_LEAST_BAND = 1.26


def corrugation_level(acceleration: Array, fs: float, speed_kmh: float) -> float:
    """Acceleration level re 1e-6 m/s2 in the band of corrugation, wavelengths 25 to 300 mm at this speed.

    NaN where sampling does not reach a third of an octave of the band.
    """
    edges = _band(fs, speed_kmh)
    if edges is None or acceleration.size < 2:
        return math.nan
    band = Bands(*(np.array([f]) for f in (math.sqrt(edges[0] * edges[1]), *edges)))
    mean_square = float(band_mean_squares(acceleration, fs, band)[0])
    return float(level(math.sqrt(mean_square), "acceleration_iso")) if mean_square > 0 else math.nan


def corrugation_prominence(acceleration: Array, fs: float, speed_kmh: float) -> tuple[float, float]:
    """How far the highest quarter-octave of the corrugation band stands out, dB, and its wavelength, m.

    The surroundings are the running median of the spectrum over an octave on each side, so train, speed, ground and
    sensor drop out and corrugation, which is narrow, stays. NaN where sampling does not reach the band.
    """
    edges = _band(fs, speed_kmh)
    if edges is None or acceleration.size < fs:
        return math.nan, math.nan
    low, high = edges[0] / 2.0, min(2.0 * edges[1], 0.45 * fs)
    spectrum = power_spectral_density(acceleration, fs, resolution_hz=max(1.0, 4.0 * fs / acceleration.size))
    low = max(low, 2.0 * spectrum.resolution_hz)
    f = low * 2.0 ** (np.arange(int(_CELLS_AN_OCTAVE * math.log2(high / low))) / _CELLS_AN_OCTAVE)
    half = 2.0 ** (0.5 * _PEAK_CELLS / _CELLS_AN_OCTAVE)
    bands = Bands(f, f / half, f * half)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = 10.0 * np.log10(band_mean_squares(acceleration, fs, bands))
    usable = np.isfinite(height)
    if np.count_nonzero(usable) < _CELLS_AN_OCTAVE:
        return math.nan, math.nan
    f, height = f[usable], height[usable]
    above = height - median_filter(height, 2 * _CELLS_AN_OCTAVE + 1, mode="nearest")
    inside = np.flatnonzero((f >= edges[0]) & (f <= edges[1]))
    if not inside.size:
        return math.nan, math.nan
    peak = int(inside[np.argmax(above[inside])])
    return float(above[peak]), speed_kmh / 3.6 / float(f[peak])


def _band(fs: float, speed_kmh: float) -> tuple[float, float] | None:
    """Frequencies of corrugation at a speed, as far as sampling reaches; None where that is too little."""
    lower, upper = speed_kmh / 3.6 / LONGEST_M, min(speed_kmh / 3.6 / SHORTEST_M, 0.4 * fs)
    return (lower, upper) if lower > 0 and upper >= _LEAST_BAND * lower else None
