"""reference.*: the railway's own tables, taken from CSV files of the landing folder's ``reference`` folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.archives.landing import Delivery
from guideway.archives.reference import read_reference, reference_table
from guideway.contracts import Table
from guideway.contracts.reference import LIMIT
from guideway.errors import DecodeError
from guideway.rulebooks.rulebook import Rulebook
from guideway.udfs.decode import Outcome, outcome


def reference_frame(spark: SparkSession, rows: pa.Table, table: Table) -> DataFrame:
    """Rows of a reference file as a frame of the table's columns."""
    frame = spark.createDataFrame(rows)
    for column in table.columns:
        if column.type == "map<string,string>":
            parsed = F.from_json(F.coalesce(F.col(column.name), F.lit("{}")), column.type)
            frame = frame.withColumn(column.name, parsed)
    return frame


def read_references(landing: Path, deliveries: Sequence[Delivery]) -> tuple[dict[Table, pa.Table], dict[str, Outcome]]:
    """Rows by table of the delivered reference files, and what became of each file.

    Of two deliveries for one table the later is taken; deliveries come in the order they were delivered.
    """
    rows: dict[Table, pa.Table] = {}
    outcomes: dict[str, Outcome] = {}
    for delivery in deliveries:
        path = landing / delivery.path
        table = reference_table(path)
        if table is None:
            outcomes[delivery.path] = outcome(delivery.path, "unknown_reference: no reference table has this name")
            continue
        try:
            rows[table] = read_reference(path, table)
        except DecodeError as error:
            outcomes[delivery.path] = outcome(delivery.path, str(error))
        else:
            outcomes[delivery.path] = outcome(delivery.path, None, rows[table].num_rows, recordings=[])
    return rows, outcomes


def limit_rows(rulebooks: Mapping[str, Rulebook]) -> list[tuple[object, ...]]:
    """Every limit of the rule books, in the columns of ``reference.limit``."""
    names = [column.name for column in LIMIT.columns]
    return [tuple(getattr(limit, name) for name in names) for book in rulebooks.values() for limit in book.rows]


def limits_differ(rows: Sequence[tuple[object, ...]], table: DataFrame) -> bool:
    """Whether ``reference.limit`` says anything else than these rows; a look at a few hundred rows on the driver."""
    current = table.select(*[column.name for column in LIMIT.columns]).toArrow().to_pylist()
    return {tuple(row.values()) for row in current} != set(rows)


def limit_frame(spark: SparkSession, rows: Sequence[tuple[object, ...]]) -> DataFrame:
    """The rows as a frame, for ``reference.limit``."""
    return spark.createDataFrame(rows, LIMIT.ddl)
