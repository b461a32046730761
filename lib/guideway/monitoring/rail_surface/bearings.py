"""Rolling bearings: defect frequencies from geometry, and their lines in the envelope spectrum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, hilbert, sosfiltfilt

from guideway.signals.spectra import harmonics, power_spectral_density

Array = npt.NDArray[np.float64]

PARTS = ("outer", "inner", "roller", "cage")
_ORDERS = (1, 2, 3)
_SLIP = 0.02
_LEAST_TURNS = 40


@dataclass(frozen=True, slots=True)
class BearingGeometry:
    """Rolling elements, their diameter, the pitch diameter (mm) and the contact angle (degrees)."""

    rollers: int
    roller_mm: float
    pitch_mm: float
    contact_deg: float = 0.0


def defect_frequencies(geometry: BearingGeometry, shaft_hz: float) -> dict[str, float]:
    """Frequencies in Hz at which a defect of each part is struck, outer ring fixed (kinematics without slip).

    ``cage = f/2 (1 - g)``, ``outer = n f/2 (1 - g)``, ``inner = n f/2 (1 + g)``, ``roller = f D/(2 d) (1 - g^2)`` with
    ``g = d/D cos(angle)``.
    """
    g = geometry.roller_mm / geometry.pitch_mm * math.cos(math.radians(geometry.contact_deg))
    return {
        "outer": 0.5 * geometry.rollers * shaft_hz * (1.0 - g),
        "inner": 0.5 * geometry.rollers * shaft_hz * (1.0 + g),
        "roller": 0.5 * shaft_hz * geometry.pitch_mm / geometry.roller_mm * (1.0 - g**2),
        "cage": 0.5 * shaft_hz * (1.0 - g),
    }


def envelope_lines(
    acceleration: npt.ArrayLike, fs: float, frequencies: Mapping[str, float], band_hz: tuple[float, float]
) -> dict[str, float]:
    """Prominence in dB of each part's lines in the spectrum of the squared envelope, mean of the first three orders.

    Each line is searched within 2 % of its frequency, for rollers slip. A part whose lines lie beyond the spectrum or
    that the record does not resolve (fewer than 40 of its periods) is left out.

    Args:
        acceleration: shape (n,), m/s2, no NaN, at constant speed.
        fs: samples per second.
        frequencies: of the parts, Hz.
        band_hz: band in which the structure rings; cut at 0.45 fs.
    """
    signal = np.asarray(acceleration, dtype=np.float64)
    lower, upper = band_hz[0], min(band_hz[1], 0.45 * fs)
    if signal.size < 64 or not 0 < lower < upper or not np.ptp(signal) > 0:
        return {}
    sos = butter(4, (lower, upper), "bandpass", fs=fs, output="sos")
    squared = np.abs(hilbert(sosfiltfilt(sos, signal, padlen=min(100, signal.size - 1)))) ** 2
    found = {}
    for part, frequency in frequencies.items():
        duration = signal.size / fs
        if frequency <= 0 or duration * frequency < _LEAST_TURNS or 3.2 * frequency > 0.5 * (upper - lower):
            continue
        spectrum = power_spectral_density(squared, fs, resolution_hz=max(0.01 * frequency, 2.0 / duration))
        lines = harmonics(spectrum, frequency, _ORDERS, _SLIP * frequency)
        if lines:
            found[part] = float(np.mean([line.prominence_db for line in lines]))
    return found
