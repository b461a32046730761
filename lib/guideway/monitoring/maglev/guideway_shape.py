"""Shape of the guideway as the gap shows it: steps and kinks at joints, settled piers, short and long waves.

The magnet follows the guideway up to the frequency of its control loop, so the gap shows short features as they are and
long ones, like a settled pier, only in part. Where times are known, :func:`guideway_profile` undoes the loop.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.integrate import cumulative_trapezoid
from scipy.signal import butter, sosfiltfilt

Array = npt.NDArray[np.float64]

_LEAST_SAMPLES = 4


def guideway_profile(time_s: Array, error_mm: Array, control_hz: float, control_damping: float) -> Array:
    """Height of the guideway in mm out of the gap error of a magnet under control, shape (n,); NaN without times.

    Control leaves ``s^2 / (s^2 + 2 z w s + w^2)`` of the profile as error ``e``, so the profile is
    ``e + 2 z w int e + w^2 int int e``. The integrals leave a slow parabola in it: compare heights locally only.

    Args:
        time_s: times of the samples, shape (n,), any order; constant where unknown.
        error_mm: gap less nominal gap, positive where the guideway is higher than the magnet follows; missing samples
            are bridged by lines in time, the mean is taken out.
        control_hz: natural frequency of the loop.
        control_damping: damping ratio of the loop.
    """
    profile = np.full(error_mm.size, np.nan)
    valid = np.isfinite(error_mm)
    if np.count_nonzero(valid) < _LEAST_SAMPLES or float(np.ptp(time_s)) == 0.0:
        return profile
    order = np.argsort(time_s, kind="stable")
    t, known = time_s[order], valid[order]
    error = np.interp(t, t[known], error_mm[order][known])
    error = error - error.mean()
    omega = 2.0 * math.pi * control_hz
    once = cumulative_trapezoid(error, t, initial=0.0)
    twice = cumulative_trapezoid(once, t, initial=0.0)
    profile[order] = error + 2.0 * control_damping * omega * once + omega**2 * twice
    return profile


def joint_step_and_kink(
    position_m: Array, gap_mm: Array, joint_m: float, window_m: float, clear_m: float = 0.0
) -> tuple[float, float]:
    """Signed step in mm and kink in mm/m of the gap at a joint: lines fitted before and after, compared at the joint.

    Samples within ``clear_m`` of the joint are left out. NaN where a side has fewer than 4 valid samples.
    """
    x = position_m - joint_m
    near = np.isfinite(gap_mm) & (np.abs(x) <= window_m)
    before, after = near & (x < -clear_m), near & (x >= clear_m)
    if min(np.count_nonzero(before), np.count_nonzero(after)) < _LEAST_SAMPLES:
        return math.nan, math.nan
    slope_before, level_before = np.polyfit(x[before], gap_mm[before], 1)
    slope_after, level_after = np.polyfit(x[after], gap_mm[after], 1)
    return float(level_after - level_before), float(slope_after - slope_before)


def pier_offset(position_m: Array, height_mm: Array, pier_m: float, span_before_m: float, span_after_m: float) -> float:
    """Height in mm of the triangle over the two spans that meet at a pier: how far it stands above its neighbours.

    Least squares of a straight line, the bending that both spans share (half a sine each) and the triangle (1 at the
    pier, 0 at its neighbours), over the two spans; NaN where a span has fewer than 4 valid samples.
    """
    x = position_m - pier_m
    along = x / np.where(x < 0, span_before_m, span_after_m)
    near = np.isfinite(height_mm) & (np.abs(along) <= 1.0)
    if min(np.count_nonzero(near & (x < 0)), np.count_nonzero(near & (x >= 0))) < _LEAST_SAMPLES:
        return math.nan
    u = along[near]
    design = np.column_stack((np.ones(u.size), u, np.abs(np.sin(math.pi * u)), 1.0 - np.abs(u)))
    coefficients, *_ = np.linalg.lstsq(design, height_mm[near] - height_mm[near].mean(), rcond=None)
    return float(coefficients[3])


def less_neighbours(values: Array, neighbours: int) -> Array:
    """Each value less the median of up to ``neighbours`` values on either side of it (itself left out), shape (n,)."""
    result = np.full(values.size, np.nan)
    for i, value in enumerate(values):
        around = np.concatenate((values[max(0, i - neighbours) : i], values[i + 1 : i + 1 + neighbours]))
        around = around[np.isfinite(around)]
        if math.isfinite(value) and around.size >= 2:
            result[i] = value - float(np.median(around))
    return result


def wave_band(position_m: Array, gap_mm: Array, wavelengths_m: tuple[float, float]) -> Array:
    """The gap within a band of wavelengths at every sample, zero phase, shape (n,).

    The gap is put on a uniform grid as fine as the samples' median spacing; missing samples are bridged by lines. NaN
    where the run is shorter than two of the longest waves or sampled too coarsely for the band.
    """
    nothing = np.full(position_m.size, np.nan)
    valid = np.isfinite(gap_mm)
    if np.count_nonzero(valid) < 16:
        return nothing
    spacing = np.diff(position_m)
    step = float(np.median(spacing[spacing > 0])) if (spacing > 0).any() else 0.0
    shortest, longest = wavelengths_m
    length = float(position_m[-1] - position_m[0])
    if step <= 0.0 or length < 2.0 * longest:
        return nothing
    grid = np.arange(position_m[0], position_m[-1], step)
    nyquist = 0.5 / step
    upper = min(1.0 / shortest, 0.9 * nyquist)
    if upper <= 1.5 / longest:
        return nothing
    sos = butter(2, (1.0 / longest, upper), btype="bandpass", fs=1.0 / step, output="sos")
    on_grid = np.interp(grid, position_m[valid], gap_mm[valid])
    filtered = sosfiltfilt(sos, on_grid - on_grid.mean(), padlen=min(grid.size - 1, math.ceil(longest / step)))
    return np.where(valid, np.interp(position_m, grid, filtered), np.nan)
