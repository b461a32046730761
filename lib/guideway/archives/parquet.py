"""Apache Parquet files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from guideway.archives.pick import check_size, pick
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """The table of a Parquet file; units from the fields' metadata key ``unit``.

    Raises:
        DecodeError: ``missing_column``, ``not_a_number``, ``archive_bomb``, ``corrupt_file``.
    """
    with pa.parquet.ParquetFile(member.path()) as file:
        meta = file.metadata
        check_size(sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups)), profile.container)
        check_size(8 * meta.num_rows, profile.container)
        schema = file.schema_arrow
        chosen = pick(schema.names, profile)
        table = file.read(columns=list(chosen), use_threads=False)
    numbers: dict[str, Numbers] = {}
    texts: dict[str, pa.ChunkedArray] = {}
    units: dict[str, str] = {}
    for label, key in chosen.items():
        column, field = table.column(label), schema.field(label)
        if field.metadata and b"unit" in field.metadata:
            units[key] = field.metadata[b"unit"].decode("utf-8", "replace")
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts[key] = column.cast(pa.string())
        elif pa.types.is_timestamp(field.type):
            numbers[key] = _seconds(column, field.type)
        elif pa.types.is_floating(field.type) or pa.types.is_integer(field.type) or pa.types.is_decimal(field.type):
            single = pa.types.is_float32(field.type)
            numbers[key] = column.cast(pa.float32() if single else pa.float64()).to_numpy()
        else:
            raise DecodeError("not_a_number", f"column {label!r} holds {field.type}")
    metadata = {k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in (schema.metadata or {}).items()}
    yield RawTable(numbers, table.num_rows, texts=texts, units=units, metadata=metadata)


def _seconds(column: pa.ChunkedArray, kind: pa.TimestampType) -> Numbers:
    """Seconds since 1970; a time without a zone is taken as UTC."""
    micro = pc.cast(pc.cast(column, pa.timestamp("us", tz=kind.tz)), pa.int64())
    values: Numbers = pc.cast(micro, pa.float64(), safe=False).to_numpy().astype(np.float64) * 1e-6
    return values
