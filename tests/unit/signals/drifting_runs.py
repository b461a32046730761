"""Two runs over one synthetic track, the second with a drifting odometer: what alignment has to undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Channel, Recording

Floats = npt.NDArray[np.float64]
STEP = 0.25


@dataclass(frozen=True)
class Runs:
    """``shift`` is what must be added to ``stated`` to get the reference's chainage."""

    stated: Floats
    values: Floats
    shift: Floats
    reference: Floats
    reference_values: Floats

    def residual(self, found: Floats, section_m: float = 200.0) -> Floats:
        """Mean absolute error of found shifts at ``stated``, one value a whole section, m."""
        per = round(section_m / STEP)
        error = np.abs(found - self.shift)
        return error[: error.size // per * per].reshape(-1, per).mean(axis=1)


def irregularity(rng: np.random.Generator, n: int) -> Floats:
    """Track irregularity with the spectrum tracks have: waves of 2 to 120 m, longer ones higher."""
    frequency = np.fft.rfftfreq(n, STEP)
    inside = (frequency > 1 / 120) & (frequency < 1 / 2)
    amplitude = np.where(inside, np.maximum(frequency, 1e-6) ** -1.5, 0.0)
    shape = np.fft.irfft(amplitude * np.exp(2j * np.pi * rng.random(frequency.size)), n)
    return shape / shape.std()


def random_drift(rng: np.random.Generator, x: Floats, bound_m: float) -> Floats:
    """Odometer error whose rate walks at random, up to ``bound_m`` either way."""
    rate = np.cumsum(rng.normal(size=int(x[-1] // 100) + 2))
    drift = np.cumsum(np.interp(x, np.arange(rate.size) * 100.0, rate - rate.mean()))
    return bound_m * drift / np.abs(drift).max()


def drifting_runs(
    seed: int,
    km: float,
    *,
    bound_m: float = 30.0,
    offset_m: float = 0.0,
    evolved: float = 0.3,
    noise_mm: float = 0.15,
    channels: int = 2,
    gaps: int = 0,
) -> Runs:
    """A reference run and a later one: part of the geometry changed, noise, a drifting odometer and gaps."""
    rng = np.random.default_rng(seed)
    n = round(km * 1000 / STEP)
    x = np.arange(n) * STEP
    base = np.stack([2 * irregularity(rng, n) for _ in range(channels)])
    change = np.stack([2 * evolved * irregularity(rng, n) for _ in range(channels)])
    drift = random_drift(rng, x, bound_m) + offset_m
    stated_of_true = x - drift
    first = np.ceil(stated_of_true[0] / STEP) * STEP
    stated = np.arange(first, stated_of_true[-1], STEP)
    true = np.interp(stated, stated_of_true, x)
    values = np.stack([np.interp(true, x, row) for row in base + change])
    values += rng.normal(0.0, noise_mm, values.shape)
    for _ in range(gaps):
        start = rng.integers(0, stated.size - 400)
        values[:, start : start + rng.integers(4, 200)] = np.nan
    return Runs(stated, values, true - stated, x, base + rng.normal(0.0, noise_mm, base.shape))


def recording_of(
    runs: Runs, names: tuple[str, ...] = ("longitudinal_level_left", "longitudinal_level_right")
) -> Recording:
    """The run as a track recording of one channel a row of values, mm."""
    channels = tuple(Channel(name, "mm", row.astype(np.float32)) for name, row in zip(names, runs.values, strict=True))
    return Recording(
        source_id="s",
        domain="track_geometry",
        vehicle_or_sensor_id="v",
        line_id="L",
        track_id="1",
        started_at=datetime(2024, 1, 1, tzinfo=timezone.utc),
        axis="distance",
        start=float(runs.stated[0]),
        step=STEP,
        channels=channels,
    )
