"""Decode delivered files inside Spark tasks, in one pass: paths in; blocks of samples, or files of them, out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.accumulators import AccumulatorParam

from guideway.archives.decode import DecodedFile, decode_parts
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile
from guideway.archives.recording import Recording
from guideway.errors import DecodeError
from guideway.udfs.data_files import DataFileWriter, DataFolder

BLOCK_SAMPLES = 16_384
_BATCH_SAMPLES = 4_000_000

SIGNAL_SCHEMA = pa.schema(
    [
        ("recording_id", pa.string()),
        ("channel", pa.string()),
        ("block", pa.int32()),
        ("start", pa.float64()),
        ("step", pa.float64()),
        ("unit", pa.string()),
        ("values", pa.list_(pa.float32())),
        ("n_valid", pa.int32()),
        ("source_id", pa.string()),
    ]
)

Outcome = dict[str, Any]
Batches = Iterable[pa.RecordBatch]


class OutcomeList(AccumulatorParam[list[Outcome]]):
    """Collects what became of each file beside the samples; Spark adds a task's list once, when it has succeeded."""

    def zero(self, value: list[Outcome]) -> list[Outcome]:
        """An empty list."""
        return []

    def addInPlace(self, value1: list[Outcome], value2: list[Outcome]) -> list[Outcome]:  # noqa: N802
        """Both lists."""
        value1.extend(value2)
        return value1


def decode_files(
    landing: str,
    profiles: Mapping[str, Profile],
    report: Callable[[list[Outcome]], None],
    geometry: LineGeometry | None = None,
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow`` over rows (path, content_sha256, source_id) that yields rows of ``SIGNAL_SCHEMA``.

    Files are read in pieces, so that memory stays flat as they grow. A file that cannot be decoded has an outcome with
    status ``quarantined`` and the reason; what was yielded of it before that was known is to be taken back.
    """

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        for row in (row for batch in batches for row in batch.to_pylist()):
            parts = decode_parts(Path(landing, row["path"]), profiles[row["source_id"]], geometry)
            yield from _decode(parts, row, report)

    return run


def store_files(
    landing: str,
    profiles: Mapping[str, Profile],
    report: Callable[[list[Outcome]], None],
    folder: DataFolder,
    geometry: LineGeometry | None = None,
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """The same, but samples go into files of ``folder``, and what is yielded are rows of ``DATA_FILE_DDL``.

    A file holds samples of one source, and none of a delivery that could not be decoded to its end.
    """

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        rows = [row for batch in batches for row in batch.to_pylist()]
        rows.sort(key=itemgetter("source_id", "content_sha256"))
        for source_id, of_source in groupby(rows, key=itemgetter("source_id")):
            with DataFileWriter(folder, source_id, SIGNAL_SCHEMA) as writer:
                for row in of_source:
                    parts = decode_parts(Path(landing, row["path"]), profiles[source_id], geometry)
                    report([_store(parts, row, writer)])
                files = writer.finish()
            if files:
                yield pa.RecordBatch.from_pylist([asdict(file) for file in files])

    return run


def outcome(path: str, reason: str | None, rows_read: int = 0, rows_rejected: int = 0, **accepted: Any) -> Outcome:
    """What became of a file: quarantined with its reason, or accepted with its recordings."""
    return {
        "path": path,
        "status": "accepted" if accepted else "quarantined",
        "reason": reason,
        "rows_read": rows_read,
        "rows_rejected": rows_rejected,
        "recordings": accepted.get("recordings", []),
    }


def _store(parts: Iterator[DecodedFile], row: Mapping[str, str], writer: DataFileWriter) -> Outcome:
    told: list[Outcome] = []
    for blocks in _decode(parts, row, told.extend):
        writer.write(blocks)
    (became,) = told
    if became["status"] == "accepted":
        writer.keep()
    else:
        writer.discard()
    return became


def _decode(
    parts: Iterator[DecodedFile], row: Mapping[str, str], report: Callable[[list[Outcome]], None]
) -> Iterator[pa.RecordBatch]:
    recordings: list[Outcome] = []
    notes: dict[str, None] = {}
    rows_read = rows_rejected = 0
    try:
        for part in parts:
            for recording in part.recordings:
                recordings.append(_facts(recording, f"{row['content_sha256'][:24]}-{len(recordings)}"))
                yield from _blocks(recording, recordings[-1])
            notes |= dict.fromkeys(part.notes)
            rows_read, rows_rejected = rows_read + part.rows_read, rows_rejected + part.rows_rejected
        became = outcome(row["path"], "; ".join(notes) or None, rows_read, rows_rejected, recordings=recordings)
    except DecodeError as error:
        became = outcome(row["path"], str(error)) | {"recordings": recordings}
    except (OSError, MemoryError):
        raise  # a full or failing disk is the machine's fault, not the file's: the task fails and is tried again
    except Exception as error:  # a decoder's library may raise anything; one file must not stop a network
        became = outcome(row["path"], f"decoder_failed: {type(error).__name__}: {error}") | {"recordings": recordings}
    report([became])


def _facts(recording: Recording, recording_id: str) -> Outcome:
    return {
        "recording_id": recording_id,
        "source_id": recording.source_id,
        "domain": recording.domain,
        "vehicle_or_sensor_id": recording.vehicle_or_sensor_id,
        "line_id": recording.line_id,
        "track_id": recording.track_id,
        "asset_id": recording.asset_id,
        "started_at": recording.started_at,
        "axis": recording.axis,
        "start": float(recording.start),
        "step": float(recording.step),
        "n_samples": recording.n_samples,
        "channels": [channel.name for channel in recording.channels],
        "direction": recording.direction,
        "attributes": dict(recording.attributes),
    }


def _blocks(recording: Recording, facts: Outcome) -> Iterator[pa.RecordBatch]:
    rows: dict[str, list[Any]] = {name: [] for name in SIGNAL_SCHEMA.names}
    samples = 0
    for channel in recording.channels:
        for block, first in enumerate(range(0, channel.values.size, BLOCK_SAMPLES)):
            values = channel.values[first : first + BLOCK_SAMPLES]
            valid = np.isfinite(values)
            row = (
                facts["recording_id"],
                channel.name,
                block,
                recording.start + first * recording.step,
                recording.step,
                channel.unit,
                pa.array(values, type=pa.float32(), mask=~valid),
                int(valid.sum()),
                recording.source_id,
            )
            for column, value in zip(rows.values(), row, strict=True):
                column.append(value)
            samples += values.size
            if samples >= _BATCH_SAMPLES:
                yield _batch(rows)
                rows, samples = {name: [] for name in SIGNAL_SCHEMA.names}, 0
    if samples:
        yield _batch(rows)


def _batch(rows: Mapping[str, list[Any]]) -> pa.RecordBatch:
    lengths = [len(values) for values in rows["values"]]
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), type=pa.int32())
    arrays = [
        pa.ListArray.from_arrays(offsets, pa.concat_arrays(rows["values"]))
        if field.name == "values"
        else pa.array(rows[field.name], type=field.type)
        for field in SIGNAL_SCHEMA
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SIGNAL_SCHEMA)
