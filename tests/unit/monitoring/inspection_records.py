"""Records of vehicles, rails, wires and switches with known truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from guideway.archives.decode import decode_file
from guideway.archives.profile import load_profiles
from guideway.archives.recording import Axis, Channel, Recording
from guideway.monitoring.definition import Measurement
from guideway.network.stretches import Stretch

START = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
UNITS = {
    "position": "m", "speed": "km/h", "rail_roughness": "um", "motor_power": "W", "contact_force": "N",
    "contact_wire_height": "mm", "contact_wire_stagger": "mm", "angular_rate_x": "deg/s",
}  # fmt: skip


def record(
    domain: str, step: float, channels: Mapping[str, np.ndarray], *, axis: Axis = "time", start: float = 0.0,
    attributes: Mapping[str, str] | None = None, direction: int | None = None,
) -> Recording:  # fmt: skip
    made = tuple(
        Channel(
            name, UNITS.get(name, "um" if "corrugation" in name else "m/s**2"), np.asarray(values, dtype=np.float32)
        )
        for name, values in channels.items()
    )
    return Recording(
        "s", domain, "V1", "L", "1", START, axis, start, step, made, direction=direction, attributes=attributes or {}
    )


def sections(count: int, length_m: float = 200.0, mode: str = "conventional") -> list[Stretch]:
    return [
        Stretch(f"s{i}", "track_section", "L", "1", mode, i * length_m, (i + 1) * length_m, 120.0) for i in range(count)
    ]


def values(measured: Measurement, asset_id: str) -> dict[str, float]:
    return {one.indicator: one.value for one in measured.conditions if one.asset_id == asset_id}


def real(path: Path, source_id: str) -> Recording:
    (recording,) = decode_file(path, load_profiles()[source_id]).recordings
    return recording
