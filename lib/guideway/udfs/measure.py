"""Measure recordings inside Spark tasks: blocks of samples in, a row of conditions and exceedances a recording out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.definition import Measurement
from guideway.monitoring.facing import ReferenceRun, align_either_way
from guideway.monitoring.registry import measure, why_nothing
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.alignment import Alignment, corrected

ALIGNED_ON: Mapping[str, tuple[str, ...]] = {
    "track_geometry": tuple(
        f"{quantity}{band}_{side}"
        for quantity in ("longitudinal_level", "alignment")
        for band in ("", "_d1")
        for side in ("left", "right")
    ),
}
"""Channels whose shape says where a run is, by domain; runs of other domains keep their stated positions."""

_FIX = "from_m double, to_m double, shift_m double, correlation double, comparable boolean"
_CONDITION = (
    "asset_id string, indicator string, value double, unit string, n_samples int, coverage double, quality string, "
    "at_offset_s double"
)
_EXCEEDANCE = (
    "asset_id string, indicator string, from_m double, to_m double, peak double, unit string, level string, "
    "severity int, limit double, reason string, at_offset_s double"
)
_SOURCE = (
    "asset_id string, quantity string, source_id string, kind string, n_passages int, n_found int, share double, "
    "total_db double, frequency_hz double, prominence_db double, speed_kmh double, at_offset_s double"
)
MEASURED_DDL = (
    "recording_id string, definition_hash string, status string, reason string, method string, "
    f"fixes array<struct<{_FIX}>>, conditions array<struct<{_CONDITION}>>, exceedances array<struct<{_EXCEEDANCE}>>, "
    f"sources array<struct<{_SOURCE}>>"
)


def measure_recordings(
    network: Callable[[], Network], rulebooks: Callable[[], Mapping[str, Rulebook]], schema: pa.Schema
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow`` over one row a recording that yields rows of ``MEASURED_DDL``.

    Input rows are those of ``bronze.recording`` with ``definition_hash``, ``is_reference``, ``signals`` and
    ``reference_signals`` (arrays of blocks). A recording that fails gives a row with status ``failed`` and the reason.

    Args:
        network: gives the network, once a task.
        rulebooks: gives the rule books, once a task.
        schema: Arrow schema of ``MEASURED_DDL``.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        assets, books = network(), rulebooks()
        for batch in batches:
            rows = [_measured(batch, index, assets, books) for index in range(batch.num_rows)]
            yield pa.RecordBatch.from_pylist(rows, schema=schema)

    return run


def _measured(batch: pa.RecordBatch, index: int, network: Network, rulebooks: Mapping[str, Rulebook]) -> dict[str, Any]:
    facts = {
        name: batch.column(name)[index].as_py()
        for name in batch.schema.names
        if name not in ("signals", "reference_signals")
    }
    row: dict[str, Any] = {"recording_id": facts["recording_id"], "definition_hash": facts["definition_hash"]}
    row |= {"status": "failed", "reason": None, "method": "none"}
    row |= {"fixes": [], "conditions": [], "exceedances": [], "sources": []}
    try:
        recording = _recording(facts, _channels(batch.column("signals"), index))
        if facts["is_reference"]:
            row["method"] = "reference"
        else:
            recording, alignment, method = _aligned(
                recording, _channels(batch.column("reference_signals"), index), facts
            )
            if alignment is not None:
                row |= {"method": method, "fixes": _fixes(alignment)}
        stretches = network.stretches(recording.line_id, recording.track_id, recording.asset_id)
        if not stretches:
            return row | {"status": "no_indicator", "reason": "no asset of the network at the place of this recording"}
        book = rulebooks.get(network.rulebook_ids.get(recording.line_id, ""), Rulebook("none", ()))
        return row | _found(measure(recording, stretches, book), recording)
    except Exception as error:  # one recording must not stop a network; the row says what happened
        return row | {"reason": f"{type(error).__name__}: {error}"}


def _found(measurement: Measurement, recording: Recording) -> dict[str, Any]:
    conditions = [asdict(condition) for condition in measurement.conditions if np.isfinite(condition.value)]
    return {
        "status": "measured" if conditions else "no_indicator",
        "reason": None if conditions else why_nothing(recording),
        "conditions": conditions,
        "exceedances": [asdict(exceedance) for exceedance in measurement.exceedances],
        "sources": [asdict(source) for source in measurement.sources],
    }


def _recording(facts: Mapping[str, Any], channels: Sequence[Channel]) -> Recording:
    return Recording(
        source_id=facts["source_id"],
        domain=facts["domain"],
        vehicle_or_sensor_id=facts["vehicle_or_sensor_id"],
        line_id=facts["line_id"],
        track_id=facts["track_id"],
        started_at=facts["started_at"],
        axis=facts["axis"],
        start=facts["start"],
        step=facts["step"],
        channels=tuple(channels),
        asset_id=facts["asset_id"],
        direction=facts["direction"],
        attributes=dict(facts["attributes"]),
    )


def _channels(column: pa.Array, index: int) -> list[Channel]:
    """The channels of one row of blocks, each channel's blocks joined in order."""
    blocks = column[index].values
    if blocks is None:
        return []
    names = blocks.field("channel").to_pylist()
    numbers = blocks.field("block").to_pylist()
    units = blocks.field("unit").to_pylist()
    values = blocks.field("values")
    order = sorted(range(len(names)), key=lambda i: (names[i], numbers[i]))
    parts: dict[str, list[npt.NDArray[np.float32]]] = {}
    unit_of: dict[str, str] = {}
    for i in order:
        parts.setdefault(names[i], []).append(values[i].values.to_numpy(zero_copy_only=False))
        unit_of[names[i]] = units[i]
    return [Channel(name, unit_of[name], np.concatenate(arrays)) for name, arrays in parts.items()]


def _aligned(
    recording: Recording, reference: Sequence[Channel], facts: Mapping[str, Any]
) -> tuple[Recording, Alignment | None, str]:
    """The recording on the chainage of the reference run, where both have channels to align on."""
    shared = {
        channel.name: channel.values
        for channel in reference
        if channel.name in ALIGNED_ON.get(recording.domain, ()) and recording.has(channel.name)
    }
    if not shared:
        return recording, None, "none"
    samples = next(iter(shared.values())).size
    reference_position = facts["reference_start"] + facts["reference_step"] * np.arange(samples)
    recording, alignment, turned = align_either_way(recording, ReferenceRun(reference_position, shared))
    method = "cross_correlation_mirrored" if turned else "cross_correlation"
    return corrected(recording, alignment), alignment, method


def _fixes(alignment: Alignment) -> list[dict[str, Any]]:
    columns = ("from_m", "to_m", "shift_m", "correlation", "comparable")
    arrays = [getattr(alignment, name).tolist() for name in columns]
    return [
        {
            name: None if isinstance(value, float) and not np.isfinite(value) else value
            for name, value in zip(columns, row, strict=True)
        }
        for row in zip(*arrays, strict=True)
    ]
