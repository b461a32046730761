"""A profile for tests and files written for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from guideway.archives.decode import DecodedFile, decode_file
from guideway.archives.profile import Profile

HEADER = "Position [m];Level left [mm];Gauge [mm]"


def profile(**changes: Any) -> Profile:
    """A track-geometry profile; ``changes`` replace its keys, dotted keys reach inside."""
    data: dict[str, Any] = {
        "source_id": "test-car",
        "domain": "track_geometry",
        "title": "a car for tests",
        "decode": {"format": "text", "delimiter": ";", "decimal": ","},
        "channels": [
            {"name": "longitudinal_level_left", "column": "Level left", "unit": "mm"},
            {"name": "gauge", "column": "Gauge", "unit": "mm"},
        ],
        "locate": {"line": "L1", "track": "1", "chainage": {"columns": "Position"}},
        "time": {"started_at": "2024-05-01T10:00:00", "zone": "UTC"},
        "axis": {"kind": "distance", "step": 0.25},
    }
    for key, value in changes.items():
        target = data
        *path, last = key.split("__")
        for part in path:
            target = target[part]
        target[last] = value
    return Profile.model_validate(data)


def rows(n: int = 40, start: float = 1000.0, step: float = 0.25) -> list[str]:
    """``n`` rows of the test car, decimal comma."""
    return [
        f"{start + i * step:.2f};{0.1 * (i % 7):.3f};{1435 + 0.01 * (i % 5):.2f}".replace(".", ",") for i in range(n)
    ]


def write(folder: Path, text: str | bytes, name: str = "run.csv") -> Path:
    """A file with these bytes, text as UTF-8."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(*parts: str) -> str:
    """Lines, each with its end."""
    return "".join(part + "\n" for part in parts)


def decode(folder: Path, text: str | bytes, *, name: str = "run.csv", **changes: Any) -> DecodedFile:
    """Write and decode with the test car's profile."""
    return decode_file(write(folder, text, name), profile(**changes))
