"""Parquet files of tables that tasks read by themselves: opened wherever the lake is, and named when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from guideway.errors import LakeError
from guideway.object_store import open_place


@contextmanager
def opened(address: str, **options: Any) -> Iterator[pq.ParquetFile]:
    """The file at an address, with options of ``ParquetFile``.

    Raises:
        LakeError: it is missing or damaged; the message names it.
    """
    with ExitStack() as opening:
        with named(address):
            system, path = open_place(address)
            source = opening.enter_context(system.open_input_file(path))
            file = opening.enter_context(pq.ParquetFile(source, **options))
        yield file


@contextmanager
def named(address: str) -> Iterator[None]:
    """Whatever cannot be read inside is said to be the file at this address."""
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"{address} cannot be read: {error}") from error


def column_of(group: pq.RowGroupMetaData, name: str) -> pq.ColumnChunkMetaData:
    """What a row group tells of a column, by its path."""
    return next(one for one in map(group.column, range(group.num_columns)) if one.path_in_schema == name)


def bounds_of(group: pq.RowGroupMetaData, name: str) -> tuple[Any, Any] | None:
    """Least and greatest value of a column in a row group; None where that is not told."""
    column = column_of(group, name)
    told = column.statistics if column.is_stats_set else None
    return (told.min, told.max) if told is not None and told.has_min_max else None
