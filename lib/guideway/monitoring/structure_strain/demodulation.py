"""Bragg wavelength out of a reflected spectrum: centre of a fitted Gaussian, with its uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_LEAST_SAMPLES = 5
_ITERATIONS = 20


@dataclass(frozen=True, slots=True)
class BraggPeak:
    """Fitted peak; wavelengths in nm.

    Attributes:
        wavelength_nm: centre.
        uncertainty_nm: standard uncertainty of the centre from the residuals.
        width_nm: full width at half maximum.
        height: height above the background, in the spectrum's unit.
        status: ``ok``, ``no_peak`` (then the rest is NaN) or ``at_edge`` (the peak is cut off).
    """

    wavelength_nm: float
    uncertainty_nm: float
    width_nm: float
    height: float
    status: str


_NO_PEAK = BraggPeak(math.nan, math.nan, math.nan, math.nan, "no_peak")


def fit_bragg_peak(wavelength_nm: npt.ArrayLike, reflectance: npt.ArrayLike, least_snr: float = 8.0) -> BraggPeak:
    """Least-squares Gaussian and constant background about the highest sample of a spectrum.

    Gauss-Newton from the log-parabola through the upper half of the peak; samples within three standard deviations of
    the peak take part. ``no_peak`` where nothing stands ``least_snr`` times out of the noise of the rest.

    Args:
        wavelength_nm: rising wavelengths, shape (n,).
        reflectance: linear (not dB) reflected power, shape (n,); NaN is left out.
        least_snr: least ratio of the peak to the scatter of the spectrum.
    """
    w, r = np.asarray(wavelength_nm, dtype=np.float64), np.asarray(reflectance, dtype=np.float64)
    valid = np.isfinite(w) & np.isfinite(r)
    w, r = w[valid], r[valid]
    if w.size < _LEAST_SAMPLES:
        return _NO_PEAK
    background = float(np.median(r))
    scatter = 1.4826 * float(np.median(np.abs(r - background)))
    top = int(np.argmax(r))
    height = float(r[top]) - background
    if height <= least_snr * scatter or height <= 0.0:
        return _NO_PEAK
    start = _parabola(w, r - background, top)
    if start is None:
        return BraggPeak(float(w[top]), math.nan, math.nan, height, "at_edge")
    return _gauss_newton(w, r, np.array([start[0], start[1], height, background]))


def _parabola(w: Array, r: Array, top: int) -> tuple[float, float] | None:
    """Centre and standard deviation from the log of the upper half of the peak; None where it is cut off."""
    first = last = top
    while first > 0 and r[first - 1] > 0.5 * r[top]:
        first -= 1
    while last < r.size - 1 and r[last + 1] > 0.5 * r[top]:
        last += 1
    if first == 0 or last == r.size - 1:
        return None
    if last - first < 2:
        first, last = first - 1, last + 1
    x, y = w[first : last + 1] - w[top], np.log(np.maximum(r[first : last + 1], 1e-3 * r[top]))
    a, b, _ = np.polyfit(x, y, 2)
    return (float(w[top] - b / (2 * a)), math.sqrt(-0.5 / a)) if a < 0 else None


def _gauss_newton(w: Array, r: Array, start: Array) -> BraggPeak:
    """Centre, standard deviation, height and background by least squares."""
    p = start.copy()
    near = np.abs(w - p[0]) <= 3.0 * p[1]
    if np.count_nonzero(near) < _LEAST_SAMPLES:
        near = np.abs(w - p[0]) <= np.partition(np.abs(w - p[0]), _LEAST_SAMPLES)[_LEAST_SAMPLES]
    x, y = w[near], r[near]
    for _ in range(_ITERATIONS):
        jacobian, residual = _linearised(x, y, p)
        step, *_ = np.linalg.lstsq(jacobian, residual, rcond=None)
        p = p + np.clip(step, -p[1], p[1]) * np.array([1, 1, 0, 0]) + step * np.array([0, 0, 1, 1])
        p[1] = max(abs(p[1]), 1e-9)
        if abs(step[0]) < 1e-9:
            break
    jacobian, residual = _linearised(x, y, p)
    free = max(1, x.size - 4)
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * float(residual @ residual) / free
    width = 2.0 * math.sqrt(2.0 * math.log(2.0)) * float(p[1])
    if not w[0] < p[0] < w[-1]:
        return _NO_PEAK
    return BraggPeak(float(p[0]), math.sqrt(max(float(covariance[0, 0]), 0.0)), width, float(p[2]), "ok")


def _linearised(x: Array, y: Array, p: Array) -> tuple[Array, Array]:
    centre, sigma, height, background = p
    z = (x - centre) / sigma
    bell = np.exp(-0.5 * z**2)
    jacobian = np.column_stack((height * bell * z / sigma, height * bell * z**2 / sigma, bell, np.ones(x.size)))
    return jacobian, y - background - height * bell
