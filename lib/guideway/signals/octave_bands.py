"""One-third-octave bands: exact centres, band levels of stationary windows, a class-checked bank for running maxima."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt, sosfreqz

from guideway.signals.levels import running_rms
from guideway.signals.spectra import power_spectral_density

Array = npt.NDArray[np.float64]

OCTAVE_RATIO = 10.0**0.3
_NOMINAL = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)

# IEC 61260-1:2014, table 1, as PyOctaveBand transcribes it: exponents of G at the break points of an octave filter, and
# at each the largest attenuation of the pass band and the least of the stop band in dB for classes 1 and 2.
_PASS_BAND = ((0.0, 0.4, 0.6), (0.125, 0.5, 0.7), (0.25, 0.7, 0.9), (0.375, 1.4, 1.7), (0.5, 5.3, 5.8))
_STOP_BAND = ((0.5, 1.2, 0.8), (1.0, 16.6, 15.6), (2.0, 40.5, 39.5), (3.0, 60.0, 54.0), (4.0, 70.0, 60.0))
_LEAST_IN_PASS_BAND = {1: -0.4, 2: -0.6}


@dataclass(frozen=True, slots=True)
class Bands:
    """One-third-octave bands: exact centres and edges in Hz (IEC 61260-1:2014, base ten), shape (k,)."""

    centre: Array
    lower: Array
    upper: Array

    @property
    def nominal(self) -> Array:
        """Rounded centres people write: 31.5, 40, 50, ... shape (k,)."""
        return np.array([_nominal(c) for c in self.centre])


def _nominal(centre: float) -> float:
    number = round(10.0 * math.log10(centre))
    return _NOMINAL[number % 10] * 10.0 ** (number // 10)


def third_octaves(lowest_hz: float, highest_hz: float) -> Bands:
    """All one-third-octave bands whose nominal centres lie in the closed range.

    Raises:
        ValueError: the range is empty or not positive.
    """
    if not 0 < lowest_hz <= highest_hz:
        raise ValueError(f"no bands between {lowest_hz} and {highest_hz} Hz")
    numbers = np.arange(round(10.0 * math.log10(lowest_hz)), round(10.0 * math.log10(highest_hz)) + 1)
    centre = 10.0 ** (numbers / 10.0)
    half = OCTAVE_RATIO ** (1.0 / 6.0)
    return Bands(centre, centre / half, centre * half)


def band_mean_squares(x: npt.ArrayLike, fs: float, bands: Bands) -> Array:
    """Mean square of a stationary window in each band, shape (k,), from its integrated power spectral density.

    Spectrum cells that straddle an edge are shared in proportion. Bands beyond the Nyquist frequency or narrower than
    the resolution of the window (``upper - lower < fs / n``) are NaN.
    """
    signal = np.asarray(x, dtype=np.float64)
    resolution = fs / max(signal.size, 1)
    usable = (bands.upper <= 0.5 * fs) & (bands.upper - bands.lower >= resolution)
    if not usable.any():
        return np.full(bands.centre.size, np.nan)
    finest = float((bands.upper - bands.lower)[usable].min())
    spectrum = power_spectral_density(signal, fs, resolution_hz=max(0.25 * finest, resolution))
    cumulative = np.concatenate(([0.0], np.cumsum(spectrum.density) * spectrum.resolution_hz))
    edges = np.concatenate((spectrum.frequency_hz, [spectrum.frequency_hz[-1] + spectrum.resolution_hz]))
    edges = edges - 0.5 * spectrum.resolution_hz
    upper, lower = np.interp(bands.upper, edges, cumulative), np.interp(bands.lower, edges, cumulative)
    return np.where(usable, upper - lower, np.nan)


@lru_cache(maxsize=256)
def _band_sos(fs: float, lower: float, upper: float) -> Array:
    sos: Array = np.asarray(butter(3, (lower, upper), btype="bandpass", fs=fs, output="sos"), dtype=np.float64)
    return sos


def band_filter(fs: float, lower_hz: float, upper_hz: float) -> Array:
    """Sixth-order Butterworth band filter as second-order sections; :func:`filter_class` tells its class.

    Raises:
        ValueError: the upper edge is not below the Nyquist frequency.
    """
    if upper_hz >= 0.5 * fs:
        raise ValueError(f"band up to {upper_hz:.4g} Hz needs more than {fs:.4g} samples a second")
    return _band_sos(float(fs), float(lower_hz), float(upper_hz)).copy()


def running_maxima(x: npt.ArrayLike, fs: float, bands: Bands, time_constant_s: float) -> Array:
    """Largest running RMS of each band, shape (k,), NaN for bands beyond the Nyquist frequency.

    The filters start from rest at sample 0: let the signal begin some periods of the lowest band before the event.
    """
    signal = np.asarray(x, dtype=np.float64)
    maxima = np.full(bands.centre.size, np.nan)
    if not signal.size:
        return maxima
    for k, (lower, upper) in enumerate(zip(bands.lower, bands.upper, strict=True)):
        if upper < 0.5 * fs:
            filtered = sosfilt(band_filter(fs, lower, upper), signal)
            maxima[k] = running_rms(filtered, fs, time_constant_s).max()
    return maxima


def filter_class(sos: Array, fs: float, centre_hz: float) -> int | None:
    """Class (1 or 2) of a one-third-octave filter by the attenuation limits of IEC 61260-1:2014, None where neither.

    Attenuation counts from that at the exact centre; the check ends at the Nyquist frequency.
    """
    grid = np.concatenate((np.linspace(0.0, 0.5, 200), np.linspace(0.5, 4.5, 400)))
    upward = _third_octave_ratio(grid)
    ratios = np.concatenate((1.0 / upward[::-1], upward))
    ratios = ratios[centre_hz * ratios < 0.5 * fs]
    _, response = sosfreqz(sos, worN=centre_hz * np.append(ratios, 1.0), fs=fs)
    gain = np.maximum(np.abs(response), 1e-15)
    attenuation = -20.0 * np.log10(gain[:-1] / gain[-1])
    for number in (1, 2):
        least, most = attenuation_limits(ratios, number)
        if bool(np.all((attenuation >= least - 1e-9) & (attenuation <= most + 1e-9))):
            return number
    return None


def attenuation_limits(ratios: Array, number: int) -> tuple[Array, Array]:
    """Least and most attenuation in dB of a one-third-octave filter of class 1 or 2 at ratios f/fm, shape as given.

    Linear in the logarithm of the ratio between the break points (IEC 61260-1:2014, 5.10).
    """
    omega = np.log(np.maximum(ratios, 1.0 / ratios))
    pass_band, stop_band = np.array(_PASS_BAND), np.array(_STOP_BAND)
    pass_points, stop_points = (np.log(_third_octave_ratio(table[:, 0])) for table in (pass_band, stop_band))
    inside = omega <= pass_points[-1] + 1e-12
    least = np.where(inside, _LEAST_IN_PASS_BAND[number], np.interp(omega, stop_points, stop_band[:, number]))
    return least, np.where(inside, np.interp(omega, pass_points, pass_band[:, number]), np.inf)


def _third_octave_ratio(exponent: Array) -> Array:
    """Frequency ratio of a one-third-octave filter that corresponds to ``G^exponent`` of an octave filter."""
    factor = (OCTAVE_RATIO ** (1.0 / 6.0) - 1.0) / (OCTAVE_RATIO**0.5 - 1.0)
    return np.asarray(1.0 + factor * (OCTAVE_RATIO**exponent - 1.0))
