"""From a strain record to conditions: live load, mean strain at reference temperature, drift."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Condition, Measurement, Quality
from guideway.monitoring.findings import beyond_limits
from guideway.monitoring.structure_strain.drift import strain_drift
from guideway.monitoring.structure_strain.fbg import Grating, expanded_strain_uncertainty, strain_of
from guideway.monitoring.structure_strain.indicators import INDICATORS
from guideway.monitoring.structure_strain.live_load import find_crossings
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook

Array = npt.NDArray[np.float64]

_LEAST_DRIFT_S = 30 * 86400.0
_CELLS = 2000
_BEYOND_REASON = 1e9


_UNITS = {indicator.name: indicator.unit for indicator in INDICATORS}


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """Conditions and exceedances of one strain sensor; the asset is ``asset_id``, else the sensor itself.

    A grating's calibration comes from the attributes ``wavelength_nm``, ``reference_c``, ``photoelastic``,
    ``expansion_per_k``, ``thermooptic_per_k``, ``quadratic_per_k2``; all but the wavelength have defaults.
    """
    asset_id = recording.asset_id or recording.vehicle_or_sensor_id
    strain, uncertainty = _strain(recording)
    if strain is None or recording.axis != "time" or recording.step <= 0:
        return Measurement()
    valid = np.isfinite(strain)
    if np.count_nonzero(valid) < 16:
        return Measurement()
    fs = 1.0 / recording.step
    values = {"mean_strain": float(np.median(strain[valid]))}
    if uncertainty is not None:
        values["strain_uncertainty"] = uncertainty
    crossings = find_crossings(strain, fs) if fs >= 5.0 else ()
    at_s = 0.0
    if crossings:
        worst = max(crossings, key=lambda crossing: crossing.span)
        values["live_load_strain"] = worst.span
        at_s = recording.start + worst.from_s
    if recording.n_samples * recording.step >= _LEAST_DRIFT_S:
        values |= _drift(recording, strain)
    coverage = float(valid.mean())
    quality: Quality = "good" if coverage >= 0.95 else "suspect" if coverage >= 0.7 else "poor"
    count = int(np.count_nonzero(valid))
    conditions = tuple(
        Condition(asset_id, name, value, _UNITS[name], count, coverage, quality, at_s if "live" in name else 0.0)
        for name, value in values.items()
        if math.isfinite(value)
    )
    stretch = next((s for s in stretches if s.asset_id == asset_id), None)
    return Measurement(conditions, beyond_limits(conditions, stretch, rulebook))


def _strain(recording: Recording) -> tuple[Array | None, float | None]:
    """Strain in um/m, compensated where it comes from a grating, and its expanded uncertainty."""
    if recording.has("bragg_wavelength", "temperature"):
        grating = _grating(recording)
        if grating is None:
            return None, None
        temperature = _samples(recording, "temperature")
        strain = strain_of(_samples(recording, "bragg_wavelength"), temperature, grating)
        if not np.isfinite(strain).any():
            return None, None
        expanded = expanded_strain_uncertainty(np.nanmedian(strain), np.nanmedian(temperature), grating)
        return strain, float(expanded)
    if recording.has("strain"):
        return _samples(recording, "strain"), None
    return None, None


def _samples(recording: Recording, name: str) -> Array:
    """A channel in double precision, NaN for whatever is not finite or beyond 1e9, shape (n,)."""
    values = recording.values(name).astype(np.float64)
    return np.where(np.abs(values) < _BEYOND_REASON, values, np.nan)


def _grating(recording: Recording) -> Grating | None:
    """Calibration out of the recording's attributes; None without a wavelength or with something that is no number."""
    fields = (
        "wavelength_nm",
        "reference_c",
        "photoelastic",
        "expansion_per_k",
        "thermooptic_per_k",
        "quadratic_per_k2",
    )
    try:
        stated = {name: float(recording.attributes[name]) for name in fields if name in recording.attributes}
    except ValueError:
        return None
    return Grating(**stated) if stated.get("wavelength_nm", 0.0) > 0 else None


def _drift(recording: Recording, strain: Array) -> dict[str, float]:
    """Drift on up to 2,000 cells of the record; empty where the fit is too short."""
    size = max(1, strain.size // _CELLS)
    cells = strain.size // size
    time = recording.positions[: cells * size].reshape(cells, size).mean(axis=1)
    means = _cell_means(strain, cells, size)
    heat = None
    if recording.has("temperature"):
        heat = _cell_means(_samples(recording, "temperature"), cells, size)
    drift = strain_drift(time, means, heat)
    if drift.status != "ok":
        return {}
    return {"strain_drift": 0.0 if drift.low <= 0.0 <= drift.high else abs(drift.per_year)}


def _cell_means(x: Array, cells: int, size: int) -> Array:
    """Mean of the valid samples of each cell, NaN where it has none, shape (cells,)."""
    block = x[: cells * size].reshape(cells, size)
    valid = np.isfinite(block)
    counts = valid.sum(axis=1)
    sums = np.where(valid, block, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
