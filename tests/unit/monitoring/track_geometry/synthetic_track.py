"""Synthetic geometry recordings and sections."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.definition import Condition, Measurement
from guideway.network.stretches import Stretch

STEP = 0.25
START = 1000.0
Floats = npt.NDArray[np.float64]
_UNITS = {"speed": "km/h", "curvature": "1/km", "twist_3m": "mm/m"}


def recording(step: float = STEP, direction: int | None = 1, **channels: npt.ArrayLike) -> Recording:
    """A recording from ``START`` on with these channels."""
    return Recording(
        source_id="s",
        domain="track_geometry",
        vehicle_or_sensor_id="v",
        line_id="L",
        track_id="1",
        started_at=datetime(2024, 1, 1, tzinfo=timezone.utc),
        axis="distance",
        start=START,
        step=step,
        channels=tuple(
            Channel(name, _UNITS.get(name, "mm"), np.asarray(values, dtype=np.float32))
            for name, values in channels.items()
        ),
        direction=direction,
    )


def sections(count: int, **facts: object) -> list[Stretch]:
    """Sections of 200 m from ``START`` on, 120 km/h unless said otherwise."""
    settings: dict[str, object] = {"mode": "conventional", "speed_kmh": 120.0, **facts}
    return [
        Stretch(
            asset_id=f"s{i}",
            asset_type="track_section",
            line_id="L",
            track_id="1",
            from_m=START + 200 * i,
            to_m=START + 200 * (i + 1),
            **settings,  # type: ignore[arg-type]
        )
        for i in range(count)
    ]


def places(km: float, step: float = STEP) -> Floats:
    """Distance from the start of the recording, m."""
    return np.arange(round(1000 * km / step)) * step


def rails(name: str, values: npt.ArrayLike, right: npt.ArrayLike | None = None) -> dict[str, npt.ArrayLike]:
    """The same values on both rails unless ``right`` differs."""
    return {f"{name}_left": values, f"{name}_right": values if right is None else right}


def noise(seed: int, n: int, *, longest_m: float = 150.0, shortest_m: float = 1.0) -> Floats:
    """Irregularity with waves between two lengths, SD 1."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(n, STEP)
    inside = (frequency > 1 / longest_m) & (frequency < 1 / shortest_m)
    amplitude = np.where(inside, np.maximum(frequency, 1e-6) ** -1.0, 0.0)
    shape = np.fft.irfft(amplitude * np.exp(2j * np.pi * rng.random(frequency.size)), n)
    return np.asarray(shape / shape.std())


def full_run(km: float, seed: int = 0) -> dict[str, npt.ArrayLike]:
    """All seven geometry channels and speed."""
    n = places(km).size
    return {
        **rails("longitudinal_level", 3 * noise(seed, n), 3 * noise(seed + 1, n)),
        **rails("alignment", 2 * noise(seed + 2, n), 2 * noise(seed + 3, n)),
        "gauge": 1436 + 1.2 * noise(seed + 4, n),
        "cross_level": 1.5 * noise(seed + 5, n, shortest_m=3.0),
        "curvature": np.interp(places(km), [250, 450], [0.0, 2.0]) + 0.01 * noise(seed + 6, n),
        "speed": np.full(n, 90.0),
    }


def found(measured: Measurement, asset_id: str = "s1") -> dict[str, Condition]:
    """Conditions of one section, by indicator."""
    return {one.indicator: one for one in measured.conditions if one.asset_id == asset_id}
