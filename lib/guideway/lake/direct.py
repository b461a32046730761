"""Rows of the lake's tables without Spark, for questions that must be answered in seconds.

The log says which files the newest version uses; pyarrow reads them. Lakes in folders only.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from guideway.contracts import Table
from guideway.errors import LakeError
from guideway.lake.table_log import TableLog, TornLogError

_NOT_PLAIN = {"delta.enableDeletionVectors": "true", "delta.columnMapping.mode": "name"}


class DirectLake:
    """A lake in a folder, read file by file."""

    def __init__(self, root: Path) -> None:
        """Open the lake at ``root``."""
        self._root = root

    def fetch(
        self, table: Table, *columns: str, as_of: date | None = None, at_least: tuple[str, float] | None = None
    ) -> pd.DataFrame:
        """Rows of the table's newest version; none where it was never written.

        Args:
            table: the table.
            columns: names of its columns; one that files do not have yet is missing in every row.
            as_of: only the rows of this day.
            at_least: only rows whose column (the first) is not below the value (the second).

        Raises:
            LakeError: the table has a feature that plain files do not tell, or a file is missing or torn.
        """
        unknown = set(columns) - {column.name for column in table.all_columns}
        if unknown:
            raise LakeError(f"{table.full_name} has no column {', '.join(sorted(unknown))}")
        folder = self._root / table.layer / table.name
        if not (folder / "_delta_log").is_dir():
            return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
        log = TableLog(folder)
        state = log.metadata()
        strange = [key for key, value in _NOT_PLAIN.items() if state["configuration"].get(key) == value]
        if strange or state["partitionColumns"]:
            raise LakeError(f"{table.full_name} cannot be read without Spark: {strange or state['partitionColumns']}")
        wanted = ds.scalar(True)
        if as_of is not None:
            wanted &= ds.field("as_of") == as_of
        if at_least is not None:
            wanted &= ds.field(at_least[0]) >= at_least[1]
        files = [folder / name for name in sorted(log.files(log.latest))]
        try:
            parts = [_rows(file, columns, wanted) for file in files]
        except (OSError, pa.ArrowInvalid) as error:
            raise TornLogError(folder, f"cannot be read: {error}") from error
        if not parts:
            return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
        rows = pa.concat_tables(parts, promote_options="permissive")
        found: pd.DataFrame = rows.to_pandas(maps_as_pydicts="lossy")
        return found


def _rows(file: Path, columns: tuple[str, ...], wanted: ds.Expression) -> pa.Table:
    there = pq.read_schema(file).names
    rows = ds.dataset(file, format="parquet").to_table([name for name in columns if name in there], filter=wanted)
    for name in columns:
        if name not in there:
            rows = rows.append_column(name, pa.nulls(rows.num_rows))
    return rows.select(list(columns))
