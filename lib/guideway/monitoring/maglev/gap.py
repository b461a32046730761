"""Levitation gap on one girder: level, spread, excursions, touch-downs, span frequency."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def gap_statistics(gaps_mm: Array, nominal_mm: float, excursion_mm: float, touch_gap_mm: float) -> dict[str, float]:
    """Indicators of the gap over one girder, by name.

    Args:
        gaps_mm: gap of each side, shape (sides, n), NaN where missing; every side needs a valid sample.
        nominal_mm: nominal gap.
        excursion_mm: distance to the nominal gap beyond which a sample is an excursion.
        touch_gap_mm: a gap at or below this is a touch-down.
    """
    valid = np.isfinite(gaps_mm)
    deviation = np.abs(gaps_mm[valid] - nominal_mm)
    return {
        "levitation_gap_mean": float(np.nanmean(gaps_mm)),
        "levitation_gap_sd": math.sqrt(float(np.mean(np.nanvar(gaps_mm, axis=1)))),
        "levitation_gap_min": float(np.nanmin(gaps_mm)),
        "levitation_gap_max": float(np.nanmax(gaps_mm)),
        "levitation_gap_deviation": float(deviation.max()),
        "levitation_gap_excursion_share": float(np.mean(deviation > excursion_mm)),
        "levitation_touch_downs": float(touch_downs(gaps_mm, touch_gap_mm)),
    }


def touch_downs(gaps_mm: Array, touch_gap_mm: float) -> int:
    """Times a side's gap falls to the touch gap or below; NaN counts as not touching. Shape (sides, n)."""
    touching = np.nan_to_num(gaps_mm, nan=np.inf) <= touch_gap_mm
    before = np.zeros((touching.shape[0], 1), dtype=bool)
    return int(np.count_nonzero(np.diff(np.hstack((before, touching)).astype(np.int8), axis=1) == 1))


def span_amplitude(position_m: Array, gap_mm: Array, span_m: float) -> float:
    """Amplitude in mm of the gap at wavelength span (temporal frequency v/L), least squares with a line taken out.

    NaN where the samples cover less than a span and a half.
    """
    valid = np.isfinite(gap_mm)
    x, y = position_m[valid], gap_mm[valid]
    if x.size < 8 or x[-1] - x[0] < 1.5 * span_m:
        return math.nan
    phase = 2.0 * math.pi * (x - x[0]) / span_m
    design = np.column_stack((np.ones(x.size), x - x.mean(), np.cos(phase), np.sin(phase)))
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    return math.hypot(float(coefficients[2]), float(coefficients[3]))


def ratios_by_speed(values: Array, speeds_kmh: Array, bin_kmh: float, least: int = 5) -> Array:
    """Each value over the median of its speed bin, shape (n,); NaN where the bin holds fewer than ``least`` values."""
    bins = np.floor(speeds_kmh / bin_kmh)
    ratios = np.full(values.size, np.nan)
    for number in np.unique(bins[np.isfinite(bins)]):
        members = (bins == number) & np.isfinite(values)
        if np.count_nonzero(members) >= least:
            median = float(np.median(values[members]))
            if median > 0:
                ratios[members] = values[members] / median
    return ratios
