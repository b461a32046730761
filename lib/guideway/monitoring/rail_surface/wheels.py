"""Wheels: what repeats with every turn, as impact ratio and as out-of-round by order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ORDERS = tuple(range(1, 21))
_LEAST_TURNS = 20
_PHASES = 256
_HARMONIC_SAMPLES = 4.0


@dataclass(frozen=True, slots=True)
class WheelRecord:
    """What repeats with each turn of a wheel.

    Attributes:
        impact_ratio: greatest amount of the mean turn over the RMS of what does not repeat.
        out_of_round_um: amplitude of radial deviation of orders 1 to 20, um, shape (20,).
        turns: turns averaged.
    """

    impact_ratio: float
    out_of_round_um: Array
    turns: int


def average_turn(
    acceleration: npt.ArrayLike, distance_m: npt.ArrayLike, circumference_m: float, fs: float
) -> WheelRecord | None:
    """Synchronous average of axle-box acceleration over the turns of its wheel.

    Order k of the mean turn at frequency ``f = k v / circumference`` is a radial deviation of amplitude
    ``a / (2 pi f)^2`` as long as the wheel follows the rail (rigid contact; below the P2 resonance).

    Args:
        acceleration: shape (n,), m/s2, no NaN.
        distance_m: way run at each sample, shape (n,), rising, m.
        circumference_m: of the wheel, m; known to better than one in a few hundred, or the average smears.
        fs: samples per second.

    Returns:
        None for fewer than 20 turns or fewer than four samples a turn and order.
    """
    a, way = np.asarray(acceleration, dtype=np.float64), np.asarray(distance_m, dtype=np.float64)
    if a.size < 2 or not circumference_m > 0 or not np.all(np.isfinite(way)):
        return None
    turn = (way - way[0]) / circumference_m
    turns = int(turn[-1])
    speed = (way[-1] - way[0]) * fs / (a.size - 1)
    if turns < _LEAST_TURNS or fs * circumference_m < _HARMONIC_SAMPLES * ORDERS[-1] * speed:
        return None
    a = a - a.mean()
    phase = (np.floor(turn * _PHASES).astype(np.intp)) % _PHASES
    count = np.bincount(phase, minlength=_PHASES)
    if (count == 0).any():
        return None
    mean = np.bincount(phase, weights=a, minlength=_PHASES) / count
    residual = a - mean[phase]
    rms = float(np.sqrt(np.mean(residual**2)))
    lines = 2.0 * np.abs(np.fft.rfft(mean))[list(ORDERS)] / _PHASES
    frequency = np.array(ORDERS) * speed / circumference_m
    ratio = float(np.abs(mean).max()) / rms if rms > 0 else math.nan
    return WheelRecord(ratio, 1e6 * lines / (2.0 * math.pi * frequency) ** 2, turns)
