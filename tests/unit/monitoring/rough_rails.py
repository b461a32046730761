"""Rail profiles with stated roughness levels, and those of Niederwangen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

STEP_M = 5e-4


def niederwangen(shared_data: Path) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Wavelength in m and level in dB re 1 um of every measurement, by its number."""
    table = pd.read_csv(shared_data / "ch-niederwangen-passby-noise" / "rail_roughness.csv")
    return {
        int(number): (rows["wl"].to_numpy() / 100.0, rows["R"].to_numpy()) for number, rows in table.groupby("r_id")
    }


def rail_with_levels(wavelength_m: np.ndarray, level_db: np.ndarray, seed: int, length_m: float = 240.0) -> np.ndarray:
    """Profile in um of random phase whose one-third-octave bands have these levels exactly."""
    rng = np.random.default_rng(seed)
    n = round(length_m / STEP_M)
    f = np.fft.rfftfreq(n, STEP_M)
    line = np.zeros(f.size, dtype=complex)
    half = 10**0.05
    for w, level in zip(wavelength_m, level_db, strict=True):
        inside = (f >= 1 / w / half) & (f < 1 / w * half)
        line[inside] = np.exp(2j * np.pi * rng.random(np.count_nonzero(inside)))
        line[inside] *= n * 10 ** (level / 20) / np.sqrt(2 * np.count_nonzero(inside))
    return np.fft.irfft(line, n)
