"""What goes wrong with sensors and deliveries, and what the ingest should make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from guideway.simulate.streams import stream

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault: what it is, and the status and reason the ledger should give the file.

    ``reason`` is None where none is expected; ``|`` divides reasons of different formats.
    """

    name: str
    status: str
    reason: str | None = None


NONE = FaultKind("none", "accepted")
KINDS: Mapping[str, FaultKind] = {
    kind.name: kind
    for kind in (
        NONE,
        FaultKind("late", "accepted"),
        FaultKind("dead_channel", "accepted"),
        FaultKind("stuck_channel", "accepted"),
        FaultKind("spikes", "accepted"),
        FaultKind("missing_samples", "accepted"),
        FaultKind("superseded", "accepted"),
        FaultKind("correction", "accepted"),
        FaultKind("duplicate", "duplicate", "duplicate"),
        FaultKind("truncated", "quarantined", "truncated|corrupt_file|missing_column"),
        FaultKind("unreadable", "quarantined", "unreadable_encoding"),
        FaultKind("empty", "quarantined", "empty"),
        FaultKind("missing_column", "quarantined", "missing_column"),
        FaultKind("wrong_unit", "quarantined", "implausible_unit"),
        FaultKind("clock", "quarantined", "clock_fault"),
        FaultKind("unknown_source", "quarantined", "unknown_source"),
    )
}

# a station with a single channel has nothing left when that is dead
_SINGLE_CHANNEL = {"dead_channel": FaultKind("dead_channel", "quarantined", "no_valid_sample")}

# which faults a source shows, in the order they are dealt to its files
CATALOGUE: Mapping[str, tuple[str, ...]] = {
    "sim_measuring_train": ("truncated", "duplicate", "dead_channel", "late", "wrong_unit"),
    "sim_hsr_inspection": ("spikes", "superseded", "missing_samples", "missing_column", "duplicate"),
    "sim_metro_geometry": ("stuck_channel", "late", "unreadable", "clock"),
    "sim_maglev_vehicle": ("truncated", "duplicate", "dead_channel", "missing_column"),
    "sim_maglev_girder": ("missing_samples", "late", "empty", "spikes"),
    "sim_wayside_vibration": ("truncated", "duplicate", "wrong_unit", "late"),
    "sim_wayside_noise": ("duplicate", "dead_channel", "truncated"),
}


def expected(source_id: str, fault: str) -> FaultKind:
    """What should become of a file of a source with a fault."""
    return _SINGLE_CHANNEL.get(fault, KINDS[fault]) if source_id == "sim_wayside_noise" else KINDS[fault]


def deal(source_id: str, line_id: str, n_files: int, seed: int) -> dict[int, str]:
    """Which file of a source on a line has which fault; never the first two or the last, nor more than a third."""
    kinds = CATALOGUE[source_id]
    rng = stream(seed, line_id, source_id, "faults")
    places = rng.permutation(np.arange(2, max(n_files - 1, 2)))[: min(len(kinds), n_files // 3)]
    return {int(place): kind for place, kind in zip(places, kinds, strict=False)}


def fail_sensor(
    kind: str, channels: Mapping[str, Floats], rng: np.random.Generator, required: str
) -> dict[str, Floats]:
    """The channels as a failing sensor gives them.

    Args:
        kind: name of a fault; one that is not about sensors changes nothing.
        channels: what a healthy system would record.
        rng: random stream.
        required: channel that is missing where a column is missing.
    """
    out = {name: values.copy() for name, values in channels.items()}
    usable = [name for name in out if name not in ("position", "speed")]
    victim = str(rng.choice(usable))
    n = out[victim].size
    if kind == "dead_channel":
        out[victim] = np.full(n, np.nan)
    elif kind == "stuck_channel":
        start = int(rng.integers(0, n // 2))
        out[victim][start : start + n // 5] = out[victim][start]
    elif kind == "spikes":
        at = rng.choice(n, max(3, n // 2000), replace=False)
        out[victim][at] += rng.choice((-1.0, 1.0), at.size) * 60.0 * max(float(np.std(out[victim])), 0.1)
    elif kind == "missing_samples":
        for start in rng.integers(0, n - n // 50, 4):
            for name in usable:
                out[name][start : start + n // 50] = np.nan
    elif kind == "missing_column":
        del out[required]
    elif kind == "wrong_unit":
        out = {name: values if name in ("position", "speed") else values / 25.4 for name, values in out.items()}
        if required.startswith("vibration"):
            out = {name: values * 25.4e3 for name, values in out.items()}
    elif kind == "superseded":
        for name in usable:
            if name.startswith("longitudinal_level"):
                out[name] = 1.3 * out[name]
    return out


def spoil(kind: str, data: bytes, rng: np.random.Generator) -> bytes:
    """The file's bytes as a failing delivery leaves them."""
    if kind == "truncated":
        return data[: int(len(data) * rng.uniform(0.4, 0.8))]
    if kind == "unreadable":
        return rng.integers(0, 256, 40_000, dtype=np.uint8).tobytes()
    if kind == "empty":
        return b""
    return data


def delay(kind: str, rng: np.random.Generator) -> timedelta:
    """Time from the end of a measurement to its delivery: hours, or weeks where it is late."""
    if kind == "late":
        return timedelta(days=float(rng.uniform(21.0, 45.0)))
    return timedelta(hours=float(rng.uniform(2.0, 30.0)))
