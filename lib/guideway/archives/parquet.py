"""Apache Parquet files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from guideway.archives.pick import check_size, pick
from guideway.archives.pieces import piece_rows
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError

_BATCH_ROWS = 2**17
_BUFFER_BYTES = 2**20


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """The table of a Parquet file, a long one in pieces; units from the fields' metadata key ``unit``.

    Raises:
        DecodeError: ``missing_column``, ``not_a_number``, ``archive_bomb``, ``corrupt_file``.
    """
    with pa.parquet.ParquetFile(member.path(), buffer_size=_BUFFER_BYTES) as file:
        meta = file.metadata
        check_size(sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups)), profile.container)
        check_size(8 * meta.num_rows, profile.container)
        schema = file.schema_arrow
        chosen = pick(schema.names, profile)
        units = {chosen[label]: unit for label in chosen if (unit := _unit(schema.field(label))) is not None}
        metadata = {
            k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in (schema.metadata or {}).items()
        }
        first = 0
        for table in _tables(file, list(chosen), piece_rows(len(chosen), profile)):
            numbers: dict[str, Numbers] = {}
            texts: dict[str, pa.ChunkedArray] = {}
            for label, key in chosen.items():
                _read_column(table.column(label), label, key, numbers, texts)
            yield RawTable(numbers, table.num_rows, texts=texts, units=units, metadata=metadata, first_row=first)
            first += table.num_rows


def _tables(file: pa.parquet.ParquetFile, columns: list[str], rows: int) -> Iterator[pa.Table]:
    """The file in pieces of ``rows`` rows; one without rows gives one piece."""
    if file.metadata.num_rows <= rows:
        yield file.read(columns=columns, use_threads=False)
        return
    waiting: list[pa.RecordBatch] = []
    n = 0
    for group in range(file.metadata.num_row_groups):  # one by one: Arrow keeps what it has read of those it was asked
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False):
            waiting.append(batch)
            n += batch.num_rows
            if n >= rows:
                yield pa.Table.from_batches(waiting)
                waiting, n = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _read_column(
    column: pa.ChunkedArray, label: str, key: str, numbers: dict[str, Numbers], texts: dict[str, pa.ChunkedArray]
) -> None:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts[key] = column.cast(pa.string())
    elif pa.types.is_timestamp(kind):
        numbers[key] = _seconds(column, kind)
    elif pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        numbers[key] = column.cast(pa.float32() if pa.types.is_float32(kind) else pa.float64()).to_numpy()
    else:
        raise DecodeError("not_a_number", f"column {label!r} holds {kind}")


def _unit(field: pa.Field) -> str | None:
    unit = (field.metadata or {}).get(b"unit")
    return unit.decode("utf-8", "replace") if unit is not None else None


def _seconds(column: pa.ChunkedArray, kind: pa.TimestampType) -> Numbers:
    """Seconds since 1970; a time without a zone is taken as UTC."""
    micro = pc.cast(pc.cast(column, pa.timestamp("us", tz=kind.tz)), pa.int64())
    values: Numbers = pc.cast(micro, pa.float64(), safe=False).to_numpy().astype(np.float64) * 1e-6
    return values
