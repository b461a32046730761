"""Acoustic roughness of the rail head: one-third-octave levels in wavelength, and the limit of a rule book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.rulebooks.limit import Limit
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.octave_bands import band_mean_squares, third_octaves

Array = npt.NDArray[np.float64]

LONGEST_M, SHORTEST_M = 2.0, 0.0008
#: Bands of the reprofiling standard EN 13231-3, shortest and longest wavelength in mm.
REPROFILING_BANDS_MM = ((10, 30), (30, 100), (100, 300), (300, 1000))
_NOMINAL = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
_LEAST_BAND_CYCLES = 5.0


@dataclass(frozen=True, slots=True)
class RoughnessSpectrum:
    """Levels in dB re 1 um at exact wavelengths in m, longest first, shape (bands,); NaN where not known."""

    wavelength_m: Array
    level_db: Array


@dataclass(frozen=True, slots=True)
class AboveLimit:
    """Where a spectrum stands highest above its limit curve: level less limit in dB, wavelength in m, limit row."""

    excess_db: float
    wavelength_m: float
    level_db: float
    limit: Limit


def roughness_spectrum(profile_um: npt.ArrayLike, step_m: float) -> RoughnessSpectrum:
    """One-third-octave levels ``20 lg(r_rms / 1 um)`` of a rail head profile (EN 15610:2019 [S66, K]).

    Bands are those of base ten, 2 m to 0.8 mm; a band is known where sampling resolves it and the profile is at least
    five of its wavelengths long.

    Args:
        profile_um: profile along the running band, shape (n,), um, no NaN.
        step_m: distance between samples, m.
    """
    profile = np.asarray(profile_um, dtype=np.float64)
    bands = third_octaves(1.0 / LONGEST_M, 1.0 / SHORTEST_M)
    wavelength = 1.0 / bands.centre
    if profile.size < 8 or not step_m > 0:
        return RoughnessSpectrum(wavelength, np.full(wavelength.size, np.nan))
    square = band_mean_squares(profile, 1.0 / step_m, bands)
    known = (square > 0) & (profile.size * step_m >= _LEAST_BAND_CYCLES * wavelength)
    level = 10.0 * np.log10(np.where(known, square, 1.0))
    return RoughnessSpectrum(wavelength, np.where(known, level, np.nan))


def band_rms(profile_um: npt.ArrayLike, step_m: float, band_mm: tuple[int, int]) -> float:
    """RMS of a profile between two wavelengths, um; NaN where the profile is too short or too coarse for the band."""
    profile = np.asarray(profile_um, dtype=np.float64)
    shortest, longest = (edge / 1000.0 for edge in band_mm)
    if profile.size < 8 or profile.size * step_m < _LEAST_BAND_CYCLES * longest or 2.0 * step_m > shortest:
        return float("nan")
    f = np.fft.rfftfreq(profile.size, step_m)
    window = np.hanning(profile.size)
    power = np.abs(np.fft.rfft((profile - profile.mean()) * window)) ** 2
    inside = (f >= 1.0 / longest) & (f < 1.0 / shortest)
    return float(np.sqrt(2.0 * power[inside].sum() / (profile.size * np.sum(window**2))))


def limit_name(wavelength_m: float) -> str:
    """Name under which a rule book files the limit of a band: ``rail_roughness_<nominal wavelength>_mm``."""
    number = round(10.0 * np.log10(1000.0 * wavelength_m))
    nominal = _NOMINAL[number % 10] * 10.0 ** (number // 10)
    return f"rail_roughness_{nominal:.4g}_mm".replace(".", "p")


def above_limit(
    spectrum: RoughnessSpectrum, rulebook: Rulebook, asset_class: str, speed_kmh: float
) -> AboveLimit | None:
    """Highest excess over the limit curve, negative where all bands keep it; None where no band has a limit."""
    found = []
    for wavelength, level in zip(spectrum.wavelength_m.tolist(), spectrum.level_db.tolist(), strict=True):
        rows = rulebook.limits(limit_name(wavelength), asset_class, speed_kmh) if np.isfinite(level) else ()
        if rows:
            found.append(AboveLimit(level - rows[0].value, wavelength, level, rows[0]))
    return max(found, key=lambda one: one.excess_db, default=None)
