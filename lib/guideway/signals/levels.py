"""Levels in decibels: reference values, conversion between them, energetic means, time weightings, exposure.

A level without its reference value is not a number: velocity levels re 5e-8 m/s (DIN 45672) and re 1e-9 m/s
(ISO 1683:2015) are 34 dB apart, acceleration levels re 1e-6 and 1e-5 m/s2 are 20 dB apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]

#: Reference values by name: (value in SI units, unit, where it is used).
REFERENCES: Mapping[str, tuple[float, str, str]] = MappingProxyType(
    {
        "sound_pressure": (20e-6, "Pa", "IEC 61672-1, 20 uPa"),
        "acceleration_iso": (1e-6, "m/s**2", "ISO 1683:2015 and GB 10070, 1e-6 m/s2"),
        "acceleration_jis": (1e-5, "m/s**2", "JIS C 1510, 1e-5 m/s2"),
        "velocity_iso": (1e-9, "m/s", "ISO 1683:2015, 1e-9 m/s"),
        "velocity_din": (5e-8, "m/s", "DIN 45672 and DIN 45630, 5e-8 m/s"),
        "velocity_fta": (25.4e-9, "m/s", "FTA, 1e-6 in/s, written VdB"),
        "roughness": (1e-6, "m", "EN 15610 and ISO 3095, 1 um"),
        "velocity_fta_metric": (1e-8, "m/s", "some papers write VdB re 1e-8 m/s"),
    }
)


def level_unit(reference: str) -> str:
    """Unit of levels on a reference of :data:`REFERENCES`, which names it: ``dB re 5e-8 m/s``."""
    value, unit, _ = REFERENCES[reference]
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"dB re {float(mantissa):g}e{int(exponent)} {unit}"


FAST_S = 0.125
SLOW_S = 1.0


def level(value: npt.ArrayLike, reference: str) -> Array:
    """Level in dB of an RMS or peak value in SI units: ``20 lg(value / reference)``; zero gives minus infinity.

    Raises:
        KeyError: no reference of that name in :data:`REFERENCES`.
    """
    with np.errstate(divide="ignore"):
        return 20.0 * np.log10(np.abs(np.asarray(value, dtype=np.float64)) / REFERENCES[reference][0])


def from_level(level_db: npt.ArrayLike, reference: str) -> Array:
    """Value in SI units of a level in dB."""
    return np.asarray(REFERENCES[reference][0] * 10.0 ** (np.asarray(level_db, dtype=np.float64) / 20.0))


def convert(level_db: npt.ArrayLike, from_reference: str, to_reference: str) -> Array:
    """The same quantity as a level on another reference value.

    Raises:
        ValueError: the two references are of different quantities; an acceleration is no velocity without a frequency.
    """
    (old, old_unit, _), (new, new_unit, _) = REFERENCES[from_reference], REFERENCES[to_reference]
    if old_unit != new_unit:
        raise ValueError(f"{from_reference} is in {old_unit} and {to_reference} in {new_unit}: no conversion")
    return np.asarray(level_db, dtype=np.float64) + 20.0 * math.log10(old / new)


def energy_mean(levels_db: npt.ArrayLike, weights: Array | None = None) -> float:
    """Energetic mean of levels in dB, ``10 lg(mean 10^(L/10))``; NaN where there is none."""
    values = np.asarray(levels_db, dtype=np.float64)
    if not values.size:
        return math.nan
    top = float(values.max())
    if not math.isfinite(top):
        return top
    return top + 10.0 * math.log10(float(np.average(10.0 ** ((values - top) / 10.0), weights=weights)))


def energy_sum(levels_db: npt.ArrayLike) -> float:
    """Energetic sum of levels in dB, ``10 lg(sum 10^(L/10))``; NaN where there is none."""
    values = np.asarray(levels_db, dtype=np.float64)
    return energy_mean(values) + 10.0 * math.log10(values.size) if values.size else math.nan


def running_rms(x: npt.ArrayLike, fs: float, time_constant_s: float) -> Array:
    """Running RMS with an exponential window, shape (n,).

    The step-invariant first-order average of the square: ``fast`` is 0.125 s, ``slow`` 1 s (IEC 61672-1, DIN 45669-1).
    It starts from zero energy.
    """
    square = np.square(np.asarray(x, dtype=np.float64))
    keep = math.exp(-1.0 / (fs * time_constant_s))
    return np.asarray(np.sqrt(np.maximum(lfilter([1.0 - keep], [1.0, -keep], square), 0.0)))


def equivalent_level(x: npt.ArrayLike, reference: str) -> float:
    """Equivalent level over the whole signal, ``10 lg(mean x^2 / reference^2)``, in dB."""
    square = np.square(np.asarray(x, dtype=np.float64))
    return float(level(math.sqrt(float(square.mean())), reference)) if square.size else math.nan


def exposure_level(equivalent_db: float, duration_s: float) -> float:
    """Exposure level: the equivalent level of the same energy in one second, ``L_eq + 10 lg(T / 1 s)``."""
    return equivalent_db + 10.0 * math.log10(duration_s)


def transit_exposure_level(exposure_db: float, passage_s: float) -> float:
    """Transit exposure level ``TEL = SEL - 10 lg(Tp / 1 s)``, Tp = time of the whole train (ISO 3095:2013 [K])."""
    return exposure_db - 10.0 * math.log10(passage_s)
