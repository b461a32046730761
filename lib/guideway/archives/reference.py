"""Reference files: CSV in the columns of the contract, read strictly; a wrong one is named, never guessed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from guideway.archives.line_geometry import LineGeometry
from guideway.contracts import Column, Table
from guideway.contracts.reference import LINE_GEOMETRY, TABLES
from guideway.errors import DecodeError

_TYPES = {
    "string": pa.string(),
    "double": pa.float64(),
    "int": pa.int32(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "map<string,string>": pa.string(),
}


def reference_table(path: Path) -> Table | None:
    """The table a file of the reference folder is for, by its name (``line.csv`` is ``reference.line``)."""
    name = path.name.lower().removesuffix(".csv")
    return next((table for table in TABLES if table.name == name), None)


def read_reference(path: Path, table: Table) -> pa.Table:
    """The rows of a reference file; a map column is JSON text.

    Raises:
        DecodeError: a column is missing or unknown, a value does not fit its type, or a required value is empty.
    """
    try:
        options = pacsv.ConvertOptions(
            column_types={column.name: _TYPES[column.type] for column in table.columns},
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=False,
        )
        rows = pacsv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise DecodeError("unreadable_reference", str(error).splitlines()[0]) from error
    _check_columns(rows, table)
    for column in table.columns:
        _check_present(rows, column)
    return rows.select([column.name for column in table.columns])


def read_geometry(path: Path) -> LineGeometry:
    """Where tracks run, from a reference file ``line_geometry.csv``.

    Raises:
        DecodeError: as for any reference file.
    """
    return geometry_of(read_reference(path, LINE_GEOMETRY))


def geometry_of(rows: pa.Table) -> LineGeometry:
    """Where tracks run, from rows of ``reference.line_geometry``."""
    names = ("line_id", "track_id", "chainage_m", "latitude", "longitude")
    return LineGeometry.of(list(zip(*(rows[name].to_pylist() for name in names), strict=True)))


def _check_columns(rows: pa.Table, table: Table) -> None:
    expected = {column.name for column in table.columns}
    missing = sorted(expected - set(rows.column_names))
    if missing:
        raise DecodeError("missing_column", f"{table.full_name} needs {', '.join(missing)}")
    unknown = sorted(set(rows.column_names) - expected)
    if unknown:
        raise DecodeError("unknown_column", f"{table.full_name} has no {', '.join(unknown)}")


def _check_present(rows: pa.Table, column: Column) -> None:
    values = rows[column.name]
    if values.null_count and not column.nullable:
        row = values.is_null().to_pylist().index(True) + 2
        raise DecodeError("missing_value", f"row {row}: {column.name} is empty")
