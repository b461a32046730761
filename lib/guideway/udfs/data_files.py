"""Parquet files a task writes into a table's folder itself: rows of whole deliveries only, nobody's until committed.

Samples that Spark writes go from Arrow through Java's rows into its Parquet writer, value by value. Here they go from
Arrow's arrays into Arrow's writer, and only what the files are called and hold leaves the task.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

GROUP_BYTES = 4 << 20
"""A row group holds whole deliveries, as many as it takes to be this large in memory."""

OWN_FILE_BYTES = 32 << 20
"""A delivery larger than this does not wait in memory for its end: it goes to a file of its own meanwhile."""

DATA_FILE_DDL = "name string, source_id string, size_bytes bigint, modified_ms bigint, rows bigint, stats string"


@dataclass(frozen=True)
class DataFolder:
    """Where files of a table go, and what all their rows say of the run that writes them; tasks are sent this.

    Attributes:
        filesystem: of the lake.
        path: the table's folder in it.
        stamp: values of the provenance columns.
        not_null: columns that must have a value in every row.
    """

    filesystem: fs.FileSystem
    path: str
    stamp: dict[str, str]
    not_null: frozenset[str]

    def schema(self, rows: pa.Schema) -> pa.Schema:
        """Schema of the files: that of the rows, and the stamp."""
        fields = [*rows, *(pa.field(name, pa.string()) for name in self.stamp)]
        return pa.schema([field.with_nullable(field.name not in self.not_null) for field in fields])

    def stamped(self, batches: Sequence[pa.RecordBatch]) -> pa.Table:
        """The rows as they are written.

        Raises:
            ValueError: a column that must have a value in every row has not.
        """
        rows = pa.Table.from_batches(batches)
        for name, value in self.stamp.items():
            rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
        missing = sorted(name for name in self.not_null if rows.column(name).null_count)
        if missing:
            raise ValueError(f"{self.path}: rows without {', '.join(missing)}")
        return rows.cast(self.schema(batches[0].schema))

    def new_name(self) -> str:
        """A name no other attempt has, which tells the run."""
        run = re.sub(r"[^\w.-]", "-", self.stamp["run_id"], flags=re.ASCII)
        return f"part-{run}-{uuid.uuid4().hex}.snappy.parquet"


@dataclass(frozen=True)
class DataFile:
    """A finished file: a row of ``DATA_FILE_DDL``.

    Attributes:
        name: in the table's folder.
        source_id: source profile of all its rows.
        size_bytes: its size.
        modified_ms: when it was finished, milliseconds since 1970 UTC.
        rows: its rows.
        stats: number of rows; least and greatest value and number of missing ones by column: JSON of Delta's protocol.
    """

    name: str
    source_id: str
    size_bytes: int
    modified_ms: int
    rows: int
    stats: str


class DataFileWriter:
    """Writes the deliveries of one source, one after the other, and forgets those that turn out to be bad.

    ``write`` takes rows of the delivery that is being read, ``keep`` or ``discard`` ends it. Rows of a delivery are in
    one file, next to each other; only a delivery above ``OWN_FILE_BYTES`` reaches a file before it has ended.
    """

    def __init__(
        self,
        folder: DataFolder,
        source_id: str,
        rows: pa.Schema,
        group_bytes: int = GROUP_BYTES,
        own_file_bytes: int = OWN_FILE_BYTES,
    ) -> None:
        self._source_id, self._group_bytes, self._own_file_bytes = source_id, group_bytes, own_file_bytes
        self._schema = folder.schema(rows)
        self._shared, self._own = _File(folder, self._schema), _File(folder, self._schema)
        self._good: list[pa.RecordBatch] = []
        self._doubtful: list[pa.RecordBatch] = []
        self._finished: list[DataFile] = []

    def __enter__(self) -> DataFileWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take back what was not finished."""
        self._own.discard()
        self._shared.discard()

    def write(self, rows: pa.RecordBatch) -> None:
        """Rows of the delivery that is being read."""
        self._doubtful.append(rows)
        if _bytes(self._doubtful) > self._own_file_bytes:
            self._own.write(self._doubtful)
            self._doubtful = []

    def keep(self) -> None:
        """The delivery was good to its end."""
        if self._own.is_open:
            self._own.write(self._doubtful)
            self._finished += self._own.finish(self._source_id)
        else:
            self._good += self._doubtful
        self._doubtful = []
        if _bytes(self._good) >= self._group_bytes:
            self._flush()

    def discard(self) -> None:
        """The delivery was bad: none of its rows will be in a finished file."""
        self._own.discard()
        self._doubtful = []

    def finish(self) -> list[DataFile]:
        """The files, all of them finished."""
        self._flush()
        return self._finished + self._shared.finish(self._source_id)

    def _flush(self) -> None:
        self._shared.write(self._good)
        self._good = []


class _File:
    """One Parquet file after another; none is opened before there is a row for it."""

    def __init__(self, folder: DataFolder, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema
        self._name = ""
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None
        self._told: list[pq.FileMetaData] = []

    @property
    def is_open(self) -> bool:
        return self._writer is not None

    @property
    def _path(self) -> str:
        return f"{self._folder.path}/{self._name}"

    def write(self, batches: Sequence[pa.RecordBatch]) -> None:
        """The rows as one row group."""
        if not batches:
            return
        if self._writer is None:
            self._name, self._told = self._folder.new_name(), []
            self._sink = self._folder.filesystem.open_output_stream(self._path)
            self._writer = pq.ParquetWriter(self._sink, self._schema, metadata_collector=self._told)
        rows = self._folder.stamped(batches)
        self._writer.write_table(rows, row_group_size=rows.num_rows)

    def finish(self, source_id: str) -> list[DataFile]:
        """The file, where there is one."""
        if self._writer is None or self._sink is None:
            return []
        self._writer.close()
        self._sink.close()
        self._writer = self._sink = None
        info, (told,) = self._folder.filesystem.get_file_info(self._path), self._told
        stats = json.dumps(statistics(told))
        return [DataFile(self._name, source_id, info.size, info.mtime_ns // 1_000_000, told.num_rows, stats)]

    def discard(self) -> None:
        """Close the file and remove it, as far as that works: no commit will name it."""
        if self._writer is None or self._sink is None:
            return
        with suppress(OSError):
            self._writer.close()
            self._sink.close()
            self._folder.filesystem.delete_file(self._path)
        self._writer = self._sink = None


def statistics(written: pq.FileMetaData) -> dict[str, Any]:
    """What the writer counted, as Delta's protocol has it (its PROTOCOL.md, Per-file Statistics).

    Of lists and what is in them nothing is told; that is allowed.
    """
    least: dict[str, Any] = {}
    greatest: dict[str, Any] = {}
    missing: dict[str, int] = {}
    for group in (written.row_group(i) for i in range(written.num_row_groups)):
        for column in (group.column(i) for i in range(group.num_columns)):
            name, found = column.path_in_schema, column.statistics
            if "." in name:
                continue
            missing[name] = missing.get(name, 0) + found.null_count
            if found.has_min_max:
                least[name] = min(least.get(name, found.min), found.min)
                greatest[name] = max(greatest.get(name, found.max), found.max)
    return {"numRecords": written.num_rows, "minValues": least, "maxValues": greatest, "nullCount": missing}


def _bytes(batches: Sequence[pa.RecordBatch]) -> int:
    return sum(batch.nbytes for batch in batches)
