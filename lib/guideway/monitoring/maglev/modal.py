"""Operational modal analysis: natural frequencies and damping from ambient or free vibration alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh, toeplitz
from scipy.signal import butter, decimate, sosfiltfilt

Array = npt.NDArray[np.float64]

_LARGEST_ORDER = 24
_SAME = 0.01  # share of the frequency within which poles are one
_LAGS = 60  # short: long lags of a damped mode are noise and pull damping down and false modes in


@dataclass(frozen=True, slots=True)
class Mode:
    """A natural mode.

    Attributes:
        frequency_hz: natural frequency.
        damping_ratio: damping as a share of critical.
        stability: share of the model orders that show it.
        strength: its part of the vibration, relative to the strongest mode.
    """

    frequency_hz: float
    damping_ratio: float
    stability: float
    strength: float = 1.0


def operational_modes(
    acceleration: npt.ArrayLike,
    fs: float,
    band_hz: tuple[float, float],
    least_stability: float = 0.5,
    least_strength: float = 0.03,
) -> tuple[Mode, ...]:
    """Modes in a band by covariance-driven stochastic subspace identification of one channel (SSI-cov).

    Poles of model orders 4 to 24 are grouped within 1 % of frequency; a group that at least ``least_stability`` of the
    orders show, with damping between 0 and 20 %, is a mode (Peeters and De Roeck, 1999). Groups that hardly
    take part in the autocovariance are noise. Lowest frequency first; none for an empty, constant or short signal.

    Args:
        acceleration: signal without passages, shape (n,), no NaN.
        fs: sampling rate in Hz.
        band_hz: frequencies of interest.
        least_stability: share of orders a mode must appear in.
        least_strength: part of the vibration a mode must have, relative to the strongest.
    """
    x = np.asarray(acceleration, dtype=np.float64)
    if x.size < 20.0 * fs / band_hz[0] / 2.0 or float(np.ptp(x)) == 0.0:
        return ()
    x, rate = _limit_band(x, fs, band_hz)
    lags = min(_LAGS, x.size // 8)
    if lags <= _LARGEST_ORDER:
        return ()
    covariance = _autocovariance(x, 2 * lags)
    matrix = toeplitz(covariance[lags : 2 * lags], covariance[lags:0:-1])
    left, singular = _largest_singular(matrix, _LARGEST_ORDER)
    orders = range(4, _LARGEST_ORDER + 1, 2)
    poles = [_poles(left, singular, order, rate, band_hz) for order in orders]
    modes = _strengths(_group(poles, least_stability), covariance, rate)
    return tuple(mode for mode in modes if mode.strength >= least_strength)


def _largest_singular(matrix: Array, count: int) -> tuple[Array, Array]:
    """Left singular vectors and values of a square matrix, largest first."""
    n = matrix.shape[0]
    squared, vectors = eigh(matrix @ matrix.T, subset_by_index=(n - count, n - 1))
    return vectors[:, ::-1], np.sqrt(np.maximum(squared[::-1], 0.0))


def _limit_band(x: Array, fs: float, band_hz: tuple[float, float]) -> tuple[Array, float]:
    """High-pass below the band, decimated to 2.5 times its upper end."""
    upper = min(band_hz[1], 0.4 * fs)
    factor = max(1, int(fs / (2.5 * upper)))
    sos = butter(2, 0.5 * band_hz[0], btype="highpass", fs=fs, output="sos")
    x = sosfiltfilt(sos, x - x.mean())
    while factor > 1:
        step = min(factor, 10)
        x, fs, factor = decimate(x, step, ftype="fir", zero_phase=True), fs / step, factor // step
    return np.asarray(x, dtype=np.float64), fs


def _autocovariance(x: Array, lags: int) -> Array:
    size = 1 << math.ceil(math.log2(2 * x.size))
    power = np.abs(np.fft.rfft(x, size)) ** 2
    return np.asarray(np.fft.irfft(power, size)[: lags + 1] / np.arange(x.size, x.size - lags - 1, -1))


def _poles(left: Array, singular: Array, order: int, rate: float, band_hz: tuple[float, float]) -> Array:
    """Frequency and damping of the poles of one model order inside the band, shape (k, 2)."""
    observability = left[:, :order] * np.sqrt(singular[:order])
    transition, *_ = np.linalg.lstsq(observability[:-1], observability[1:], rcond=None)
    discrete = np.linalg.eigvals(transition)
    discrete = discrete[(np.abs(discrete) > 1e-6) & (discrete.imag > 0)]
    continuous = np.log(discrete) * rate
    frequency = np.abs(continuous) / (2.0 * math.pi)
    damping = -continuous.real / np.abs(continuous)
    inside = (frequency >= band_hz[0]) & (frequency <= band_hz[1]) & (damping > 0.0) & (damping < 0.2)
    return np.column_stack((frequency[inside], damping[inside]))


def _group(poles: list[Array], least_stability: float) -> tuple[Mode, ...]:
    """Modes from the poles of all orders: groups within 1 % of a pole that most orders agree on.

    A wider window would put the centre between a mode and the pole of noise that high orders place beside it.
    """
    every = np.vstack(poles)
    every = every[np.argsort(every[:, 0])]
    modes = []
    while every.size:
        counts = [np.count_nonzero(np.abs(every[:, 0] / f - 1.0) < _SAME) for f in every[:, 0]]
        centre = every[int(np.argmax(counts)), 0]
        members = np.abs(every[:, 0] / centre - 1.0) < _SAME
        shown = np.mean([bool(np.any(np.abs(p[:, 0] / centre - 1.0) < _SAME)) if p.size else False for p in poles])
        if shown < least_stability:
            break
        frequency, damping = np.median(every[members], axis=0)
        modes.append(Mode(float(frequency), float(damping), float(shown)))
        every = every[np.abs(every[:, 0] / centre - 1.0) >= 0.04]
    return tuple(sorted(modes, key=lambda mode: mode.frequency_hz))


def _strengths(modes: tuple[Mode, ...], covariance: Array, rate: float) -> tuple[Mode, ...]:
    """The modes with their strength: amplitude in the autocovariance, a sum of decaying cosines, by least squares."""
    if not modes:
        return ()
    lag = np.arange(1, covariance.size) / rate
    columns = []
    for mode in modes:
        w = 2.0 * math.pi * mode.frequency_hz
        decay = np.exp(-mode.damping_ratio * w * lag)
        damped = w * math.sqrt(1.0 - mode.damping_ratio**2)
        columns += [decay * np.cos(damped * lag), decay * np.sin(damped * lag)]
    weights, *_ = np.linalg.lstsq(np.column_stack(columns), covariance[1:], rcond=None)
    amplitudes = np.hypot(weights[::2], weights[1::2])
    strongest = max(float(amplitudes.max()), np.finfo(np.float64).tiny)
    return tuple(replace(mode, strength=float(a) / strongest) for mode, a in zip(modes, amplitudes, strict=True))
