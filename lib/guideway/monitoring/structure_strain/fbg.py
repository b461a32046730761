"""Strain and temperature from Bragg wavelengths, compensated and with their uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grating:
    """Calibration of a grating: ``dl/l = (1 - p_e) eps + (alpha + xi) dT + quadratic dT^2``.

    The defaults give about 1.2 pm per um/m and 10 pm per degree at 1550 nm (handbook 1.7 [K; 10 pm: S85]); the response
    to temperature is quadratic over -30 to 80 degrees [S86], so a calibrated grating states ``quadratic_per_k2``.

    Attributes:
        wavelength_nm: Bragg wavelength at the reference temperature without strain.
        reference_c: reference temperature.
        photoelastic: effective photoelastic coefficient p_e.
        expansion_per_k: thermal expansion alpha of the fibre; of the structure for a grating bonded along it.
        thermooptic_per_k: thermo-optic coefficient xi.
        quadratic_per_k2: quadratic term of the response to temperature.
    """

    wavelength_nm: float
    reference_c: float = 20.0
    photoelastic: float = 0.22
    expansion_per_k: float = 0.55e-6
    thermooptic_per_k: float = 6.0e-6
    quadratic_per_k2: float = 0.0

    @property
    def strain_pm(self) -> float:
        """Sensitivity to strain, pm per um/m."""
        return self.wavelength_nm * 1e3 * (1.0 - self.photoelastic) * 1e-6

    @property
    def temperature_pm(self) -> float:
        """Sensitivity to temperature at the reference temperature, pm per K."""
        return self.wavelength_nm * 1e3 * (self.expansion_per_k + self.thermooptic_per_k)


@dataclass(frozen=True, slots=True)
class StrainUncertainty:
    """Standard uncertainties behind a strain: wavelength in pm, temperature in K, sensitivities as shares.

    The defaults are of a usual interrogator (1 pm) and thermometer (0.2 K) [K].
    """

    wavelength_pm: float = 1.0
    temperature_k: float = 0.2
    strain_sensitivity: float = 0.02
    temperature_sensitivity: float = 0.03


def wavelength_of(strain_um_m: npt.ArrayLike, temperature_c: npt.ArrayLike, grating: Grating) -> Array:
    """Bragg wavelength in nm of a strain and temperature: the forward model, shape by broadcasting."""
    strain = np.asarray(strain_um_m, dtype=np.float64) * 1e-6
    return grating.wavelength_nm * (1.0 + (1.0 - grating.photoelastic) * strain + _thermal(temperature_c, grating))


def strain_of(wavelength_nm: npt.ArrayLike, temperature_c: npt.ArrayLike, grating: Grating) -> Array:
    """Strain in um/m compensated for temperature, shape by broadcasting; NaN where an input is NaN."""
    shift = np.asarray(wavelength_nm, dtype=np.float64) / grating.wavelength_nm - 1.0
    return np.asarray((shift - _thermal(temperature_c, grating)) / (1.0 - grating.photoelastic) * 1e6)


def temperature_of(wavelength_nm: npt.ArrayLike, grating: Grating) -> Array:
    """Temperature in degC of a strain-free grating (the second of a pair); root next to the linear solution."""
    shift = np.asarray(wavelength_nm, dtype=np.float64) / grating.wavelength_nm - 1.0
    linear, quadratic = grating.expansion_per_k + grating.thermooptic_per_k, grating.quadratic_per_k2
    if quadratic == 0.0:
        return np.asarray(grating.reference_c + shift / linear)
    root = np.sqrt(np.maximum(linear**2 + 4.0 * quadratic * shift, 0.0))
    return np.asarray(grating.reference_c + 2.0 * shift / (linear + root))


def expanded_strain_uncertainty(
    strain_um_m: npt.ArrayLike,
    temperature_c: npt.ArrayLike,
    grating: Grating,
    standard: StrainUncertainty | None = None,
    coverage_factor: float = 2.0,
) -> Array:
    """Expanded uncertainty of a compensated strain in um/m (GUM, first order, independent parts), shape (n,)."""
    u = standard or StrainUncertainty()
    delta = np.asarray(temperature_c, dtype=np.float64) - grating.reference_c
    slope = grating.expansion_per_k + grating.thermooptic_per_k + 2.0 * grating.quadratic_per_k2 * delta
    per_kelvin = slope / (1.0 - grating.photoelastic) * 1e6
    apparent = _thermal(temperature_c, grating) / (1.0 - grating.photoelastic) * 1e6
    variance = (
        (u.wavelength_pm / grating.strain_pm) ** 2
        + (per_kelvin * u.temperature_k) ** 2
        + (u.strain_sensitivity * np.asarray(strain_um_m, dtype=np.float64)) ** 2
        + (u.temperature_sensitivity * apparent) ** 2
    )
    return np.asarray(coverage_factor * np.sqrt(variance))


def fit_temperature_response(temperature_c: npt.ArrayLike, wavelength_nm: npt.ArrayLike, reference_c: float) -> Grating:
    """Calibration of a strain-free grating from a temperature cycle, linear and quadratic terms by least squares.

    The linear term is put into ``thermooptic_per_k`` (with the default expansion taken off).

    Raises:
        ValueError: fewer than 4 valid points, or all at one temperature.
    """
    t, w = np.asarray(temperature_c, dtype=np.float64), np.asarray(wavelength_nm, dtype=np.float64)
    valid = np.isfinite(t) & np.isfinite(w)
    if np.count_nonzero(valid) < 4 or math.isclose(float(np.ptp(t[valid])), 0.0):
        raise ValueError("a temperature calibration needs 4 points at different temperatures")
    quadratic, linear, base = np.polyfit(t[valid] - reference_c, w[valid] - w[valid].mean(), 2)
    wavelength = float(base + w[valid].mean())
    plain = Grating(wavelength, reference_c)
    return Grating(
        wavelength_nm=wavelength,
        reference_c=reference_c,
        thermooptic_per_k=float(linear) / wavelength - plain.expansion_per_k,
        quadratic_per_k2=float(quadratic) / wavelength,
    )


def _thermal(temperature_c: npt.ArrayLike, grating: Grating) -> Array:
    """Relative shift of the wavelength due to temperature."""
    delta = np.asarray(temperature_c, dtype=np.float64) - grating.reference_c
    linear = grating.expansion_per_k + grating.thermooptic_per_k
    return np.asarray(linear * delta + grating.quadratic_per_k2 * delta**2)
