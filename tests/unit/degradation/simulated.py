"""Condition series with known truth: levels that worsen, works that help, noise, outliers and missing records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch

START = 18_000.0
Process = Literal["linear", "wiener", "exponential", "gamma"]


@dataclass(frozen=True)
class Simulated:
    batch: SeriesBatch
    rate: np.ndarray  # true rate a year (relative for exponential)
    works: tuple[np.ndarray, ...]  # true days of works
    recorded: tuple[np.ndarray, ...]  # bool: is it in the records
    level_end: np.ndarray


def simulate(
    n: int = 200,
    points: int = 60,
    process: Process = "linear",
    seed: int = 1,
    noise: float = 0.05,
    unrecorded: float = 0.3,
    outliers: float = 0.02,
    process_sd: float = 0.1,
    mean_rate: float = 0.2,
    direction: int = 1,
    step_days: float = 28.0,
    work_level: float = 1.9,
    season: float = 0.0,
) -> Simulated:
    """Runs every ``step_days`` with scatter; a work drops the level by 0.3-0.8 once ``work_level`` is passed."""
    rng = np.random.default_rng(seed)
    times = START + np.arange(points) * step_days + rng.uniform(-2, 2, (n, points))
    rate = rng.gamma(4.0, mean_rate / 4, n)
    level = rng.uniform(0.8, 1.6, n)
    values = np.empty((n, points))
    works: list[list[float]] = [[] for _ in range(n)]
    for j in range(points):
        if j:
            dt = (times[:, j] - times[:, j - 1]) / DAYS_PER_YEAR
            level = level + _growth(process, rate, level, dt, process_sd, rng)
        for i in np.flatnonzero(level > work_level) if j else ():
            works[i].append(float(rng.uniform(times[i, j - 1], times[i, j])))
            level[i] -= rng.uniform(0.3, 0.8)
        values[:, j] = level
    wave = season * np.cos(2 * np.pi * times / DAYS_PER_YEAR)
    measured = values + wave + rng.normal(0, noise, values.shape)
    odd = rng.random(values.shape) < outliers
    measured = measured + odd * rng.normal(0, 10 * noise, values.shape)
    recorded = tuple(rng.random(len(w)) >= unrecorded for w in works)
    records = [np.asarray(w)[r] + rng.normal(0, 3, r.sum()) for w, r in zip(works, recorded, strict=True)]
    batch = SeriesBatch.from_lists(list(times), list(direction * measured), records, direction=np.full(n, direction))
    return Simulated(batch, rate, tuple(np.asarray(w) for w in works), recorded, level)


def _growth(process: Process, rate, level, dt, process_sd, rng):
    if process == "exponential":
        return level * np.expm1(rate * dt)
    if process == "wiener":
        return rate * dt + rng.normal(0, process_sd, len(rate)) * np.sqrt(dt)
    if process == "gamma":
        shape = rate**2 / process_sd**2
        return rng.gamma(np.maximum(shape * dt, 1e-9), process_sd**2 / rate)
    return rate * dt


def matches(
    simulated: Simulated, series: int, found: np.ndarray, tolerance: float, only_unrecorded: bool
) -> np.ndarray:
    """(hits, missed, false alarms) of ``found`` days against true works that two runs on either side could show."""
    t = simulated.batch.t_days[simulated.batch.offsets[series] : simulated.batch.offsets[series + 1]]
    true = simulated.works[series]
    wanted = true[~simulated.recorded[series]] if only_unrecorded else true
    wanted = wanted[(wanted > t[1]) & (wanted < t[-2])]
    hits = sum(bool(np.any(np.abs(found - w) <= tolerance)) for w in wanted)
    false = sum(not np.any(np.abs(true - f) <= tolerance) for f in found)
    return np.array([hits, len(wanted) - hits, false])
