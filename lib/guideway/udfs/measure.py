"""Measure recordings inside Spark tasks: facts in, a row of conditions and exceedances a recording out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.definition import Measurement
from guideway.monitoring.facing import ReferenceRun, align_either_way
from guideway.monitoring.registry import measure, why_nothing
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.alignment import Alignment, corrected
from guideway.udfs.signal_files import joined, read_channels

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

    Input rows are those of ``bronze.recording`` with ``definition_hash``, ``is_reference`` and where the samples are:
    ``files`` and ``reference_files`` (addresses of table files), or ``signals`` and ``reference_signals`` (arrays of
    blocks). A recording that fails gives a row with status ``failed`` and the reason; samples that cannot be read fail
    the task.

    Args:
        network: gives the network, once a task.
        rulebooks: gives the rule books, once a task.
        schema: Arrow schema of ``MEASURED_DDL``.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        measuring = _Measuring(network(), rulebooks())
        for batch in batches:
            samples = _stored(batch) if "files" in batch.schema.names else _handed_over(batch)
            kept = [name for name in batch.schema.names if name not in _SAMPLES]
            for facts, (own, reference) in zip(batch.select(kept).to_pylist(), samples, strict=True):
                yield _row(measuring.measured(facts, own, reference), schema)

    return run


_SAMPLES = ("files", "reference_files", "signals", "reference_signals")
Samples = Iterator[tuple[list[Channel], list[Channel]]]
"""Channels of each recording, and of its reference run."""


def _stored(batch: pa.RecordBatch) -> Samples:
    """From the files of the table: each file is opened once for all recordings of the batch."""
    own, references = batch.column("recording_id").to_pylist(), batch.column("reference_recording_id").to_pylist()
    wanted = dict(zip(own, batch.column("files").to_pylist(), strict=True))
    shapes = zip(references, batch.column("reference_files").to_pylist(), strict=True)
    channels = read_channels({**{one: files for one, files in shapes if files}, **wanted})
    for recording_id, reference_id in zip(own, references, strict=True):
        yield channels[recording_id], channels.get(reference_id, [])


def _handed_over(batch: pa.RecordBatch) -> Samples:
    for row in zip(batch.column("signals"), batch.column("reference_signals"), strict=True):
        own, reference = (joined([pa.RecordBatch.from_struct_array(blocks.values)]) for blocks in row)
        yield own, reference


class _Measuring:
    """Measures one recording after the other; a reference run is made ready once for those in a row aligned to it."""

    def __init__(self, network: Network, rulebooks: Mapping[str, Rulebook]) -> None:
        self._network, self._rulebooks = network, rulebooks
        self._reference: tuple[str, ReferenceRun] | None = None

    def measured(
        self, facts: Mapping[str, Any], channels: Sequence[Channel], reference: Sequence[Channel]
    ) -> dict[str, Any]:
        """What becomes of a recording: values of the columns of ``MEASURED_DDL`` that are not null or empty."""
        row: dict[str, Any] = {"recording_id": facts["recording_id"], "definition_hash": facts["definition_hash"]}
        row |= {"status": "failed", "method": "none"}
        try:
            recording = _recording(facts, channels)
            if facts["is_reference"]:
                row["method"] = "reference"
            elif (run := self._reference_run(facts, recording.domain, reference)) and run.shares(recording):
                recording, alignment, turned = align_either_way(recording, run)
                method = "cross_correlation_mirrored" if turned else "cross_correlation"
                recording, row = corrected(recording, alignment), row | {"method": method, "fixes": alignment}
            stretches = self._network.stretches(recording.line_id, recording.track_id, recording.asset_id)
            if not stretches:
                reason = "no asset of the network at the place of this recording"
                return row | {"status": "no_indicator", "reason": reason}
            book_id = self._network.rulebook_ids.get(recording.line_id, "")
            return row | _found(
                measure(recording, stretches, self._rulebooks.get(book_id, Rulebook("none", ()))), recording
            )
        except Exception as error:  # one recording must not stop a network; the row says what happened
            return row | {"reason": f"{type(error).__name__}: {error}"}

    def _reference_run(self, facts: Mapping[str, Any], domain: str, channels: Sequence[Channel]) -> ReferenceRun | None:
        """The reference run, where it has channels to align on."""
        shapes = {channel.name: channel.values for channel in channels if channel.name in ALIGNED_ON.get(domain, ())}
        if not shapes:
            return None
        if self._reference is None or self._reference[0] != facts["reference_recording_id"]:
            samples = next(iter(shapes.values())).size
            position_m = facts["reference_start"] + facts["reference_step"] * np.arange(samples)
            self._reference = facts["reference_recording_id"], ReferenceRun(position_m, shapes)
        return self._reference[1]


def _found(measurement: Measurement, recording: Recording) -> dict[str, Any]:
    conditions = [condition for condition in measurement.conditions if np.isfinite(condition.value)]
    return {
        "status": "measured" if conditions else "no_indicator",
        "reason": None if conditions else why_nothing(recording),
        "conditions": conditions,
        "exceedances": measurement.exceedances,
        "sources": measurement.sources,
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


def _row(row: Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """One row; lists of things become arrays field by field, for there are thousands of conditions in a recording."""
    arrays = [
        _structs(row.get(field.name, ()), field.type)
        if pa.types.is_list(field.type)
        else pa.array([row.get(field.name)], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _structs(things: Alignment | Sequence[object], kind: pa.ListType) -> pa.ListArray:
    """One list of structs: attributes of each thing, or the arrays of an alignment."""
    fields = list(kind.value_type)
    if isinstance(things, Alignment):
        columns = [getattr(things, field.name) for field in fields]
        arrays = [
            pa.array(values, f.type, mask=~np.isfinite(values)) for values, f in zip(columns, fields, strict=True)
        ]
    else:
        arrays = [pa.array(list(map(attrgetter(field.name), things)), field.type) for field in fields]
    values = pa.StructArray.from_arrays(arrays, fields=fields)
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values, type=kind)
