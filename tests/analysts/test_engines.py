"""Every table an analyst may open holds the same rows in Spark, delta-rs, DuckDB and Polars, value by value."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import polars as pl
import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from guideway.contracts import TABLES, Table
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from tests.analysts.conftest import rows_for

pytestmark = pytest.mark.spark
GOLD = [table for table in TABLES if table.layer in ("gold", "ops")]
N = 30


def duck() -> duckdb.DuckDBPyConnection:
    """DuckDB with its Delta extension, which comes as a package and needs no network."""
    (place,) = find_spec("duckdb_ext").submodule_search_locations  # type: ignore[union-attr, misc]
    (extension,) = Path(place).rglob("delta.duckdb_extension")
    connection = duckdb.connect()
    connection.sql(f"LOAD '{extension}'")
    connection.sql("SET TimeZone = 'UTC'")
    return connection


def plain(value: Any) -> Any:
    """One spelling of a value, whatever the engine."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)
    if isinstance(value, dict):
        return sorted(value.items()) if set(value) != {"key", "value"} else (value["key"], value["value"])
    if isinstance(value, list):
        return [plain(item) for item in value]
    return tuple(plain(item) for item in value) if isinstance(value, tuple) else value


def rows_of(frame: pa.Table, table: Table) -> list[tuple[Any, ...]]:
    names = [column.name for column in table.all_columns]
    assert set(frame.column_names) == set(names)
    columns = [[plain(value) for value in frame[name].to_pylist()] for name in names]
    keys = [names.index(name) for name in table.key]
    return sorted(zip(*columns, strict=True), key=lambda row: [str(row[place]) for place in keys])


@pytest.mark.parametrize("table", GOLD, ids=lambda table: table.full_name)
def test_all_engines_read_the_same_rows(lake: Lake, table: Table) -> None:
    writer = Writer(lake, "run-1")
    frame = lake.spark.createDataFrame(rows_for(table, N, seed=len(table.name)), table.ddl)
    writer.append(frame.coalesce(2), table)
    key, gone = table.key[0], frame.first()[0]  # type: ignore[index]
    writer.delete(table, F.col(key) == F.lit(gone))

    expected = rows_of(lake.read(table).toArrow(), table)
    assert 0 < len(expected) < N
    path = lake.path(table)
    assert rows_of(deltalake.DeltaTable(path).to_pyarrow_table(), table) == expected
    assert rows_of(pl.read_delta(path).to_arrow(), table) == expected
    with duck() as connection:
        found = connection.sql(f"SELECT * FROM delta_scan('{path}')").to_arrow_table()
    assert rows_of(found, table) == expected
    features = deltalake.DeltaTable(path).protocol()
    assert (features.min_reader_version, features.reader_features) == (1, None), "no feature an engine may lack"
