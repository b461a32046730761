"""Power spectral density on one convention, and the strength of single lines in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len
from scipy.signal import welch

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One-sided power spectral density; its integral is the mean square.

    Attributes:
        frequency_hz: cell centres, shape (k,), Hz (or cycles per metre for a signal along a track).
        density: unit squared per Hz, shape (k,).
        resolution_hz: width of a cell.
    """

    frequency_hz: Array
    density: Array
    resolution_hz: float


@dataclass(frozen=True, slots=True)
class Line:
    """A spectral line: its frequency, its RMS and how far it stands above the spectrum around it, in dB."""

    frequency_hz: float
    rms: float
    prominence_db: float


def power_spectral_density(x: npt.ArrayLike, fs: float, resolution_hz: float) -> Spectrum:
    """Welch estimate with Hann windows overlapping by half, mean removed.

    Args:
        x: signal, shape (n,), no NaN.
        fs: samples per second (or per metre).
        resolution_hz: wished cell width; a short signal gives ``fs / n``.
    """
    signal = np.asarray(x, dtype=np.float64)
    if not signal.size:
        return Spectrum(np.zeros(1), np.zeros(1), fs)
    segment = max(1, min(signal.size, math.ceil(fs / resolution_hz)))
    window = "hann" if segment > 2 else "boxcar"
    frequency, density = welch(signal - signal.mean(), fs=fs, window=window, nperseg=segment, detrend=False)
    return Spectrum(frequency, density, fs / segment)


def line_at(spectrum: Spectrum, frequency_hz: float, half_width_hz: float) -> Line | None:
    """The strongest line within ``frequency_hz +- half_width_hz``, or None where the spectrum does not reach there.

    The background is the median density of the cells around the search band, as wide as the band on either side (at
    least eight cells); the RMS is the energy above it within two cells of the peak.
    """
    f, cell = spectrum.frequency_hz, spectrum.resolution_hz
    searched = np.flatnonzero(np.abs(f - frequency_hz) <= max(half_width_hz, 0.5 * cell))
    if not searched.size or frequency_hz + half_width_hz > f[-1]:
        return None
    peak = int(searched[np.argmax(spectrum.density[searched])])
    margin = max(searched.size, 8)
    around = np.arange(max(1, searched[0] - margin), min(f.size, searched[-1] + margin + 1))
    around = around[np.abs(around - peak) > 2]
    if not around.size:
        return None
    background = max(float(np.median(spectrum.density[around])), np.finfo(np.float64).tiny)
    cells = slice(max(0, peak - 2), peak + 3)
    energy = float(np.sum(np.maximum(spectrum.density[cells] - background, 0.0))) * cell
    ratio = max(float(spectrum.density[peak]), np.finfo(np.float64).tiny) / background
    return Line(float(f[peak]), math.sqrt(energy), 10.0 * math.log10(ratio))


def harmonics(spectrum: Spectrum, base_hz: float, orders: Sequence[int], half_width_hz: float) -> tuple[Line, ...]:
    """Lines at multiples of a base frequency, each searched within the same half width; none beyond the spectrum."""
    lines = (line_at(spectrum, base_hz * order, half_width_hz) for order in orders)
    return tuple(line for line in lines if line is not None)


def differentiate(x: npt.ArrayLike, fs: float, order: int, lowest_hz: float, highest_hz: float) -> Array:
    """Time derivative (``order`` 1, 2) or integral (-1, -2) in the frequency domain, limited to a band, shape (n,).

    The band keeps an integral from drifting and a derivative from blowing up noise. Ends are padded.
    """
    signal = np.asarray(x, dtype=np.float64)
    size = int(next_fast_len(signal.size + math.ceil(2.0 * fs / lowest_hz), real=True))
    f = np.fft.rfftfreq(size, 1.0 / fs)
    factor = np.zeros(f.size, dtype=np.complex128)
    inside = (f >= lowest_hz) & (f <= highest_hz)
    factor[inside] = (2j * np.pi * f[inside]) ** order
    return np.asarray(np.fft.irfft(np.fft.rfft(signal - signal.mean(), size) * factor, size)[: signal.size])
