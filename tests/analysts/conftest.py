"""A lake of each test's own, and rows that keep a contract."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from guideway.contracts import TABLES, Table
from guideway.lake.lake import Lake

START = datetime(2025, 6, 2, 1, 2, 3, 456789, tzinfo=timezone.utc)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Iterator[Lake]:
    """A lake; afterwards its names are gone from the session's catalog."""
    yield Lake(spark, str(tmp_path / "lake"), lock_wait_seconds=5)
    for layer in {table.layer for table in TABLES}:
        spark.sql(f"DROP DATABASE IF EXISTS {layer} CASCADE")


def rows_for(table: Table, n: int, seed: int) -> list[tuple[Any, ...]]:
    """``n`` rows that keep the table's key and checks: numbers rise in the order of columns and counts fall."""
    rng = np.random.default_rng(seed)
    allowed = {
        name: ast.literal_eval(f"[{values}]")
        for check in table.checks.values()
        for name, values in re.findall(r"(\w+) IN \(([^)]*)\)", check)
    }
    width = len(table.columns)
    rows = []
    for number in range(n):
        share = float(rng.random())
        row: list[Any] = []
        for place, column in enumerate(table.columns):
            values: dict[str, Any] = {
                "string": f"{column.name} é 鐵 {number}",
                "double": share * (place + 1) / width,
                "int": 1_000 * (number + 1) - place,
                "bigint": 2**40 + number - place,
                "boolean": number % 3 == 0,
                "date": date(2025, 1, 1) + timedelta(days=number),
                "timestamp": START + timedelta(days=number, microseconds=place),
                "array<string>": [f"a{k}" for k in range(number % 3)],
                "map<string,bigint>": {f"k{k}": 2**33 + k for k in range(number % 3)},
            }
            missing = column.nullable and number % 5 == place % 5
            known = allowed.get(column.name, [values[column.type]])
            row.append(None if missing else known[number % len(known)])
        rows.append(tuple(row))
    return rows
