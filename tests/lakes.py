"""Two lakes compared, read by delta-rs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from deltalake import DeltaTable

from guideway.contracts import TABLES, Table

OF_THE_RUN = ["run_id", "code_version", "made_of"]
"""Columns that tell which run wrote a row; the fingerprint of a cell has the run that measured in it."""


def rows(lake: Path, table: Table) -> pd.DataFrame | None:
    """A table by key, without what tells runs apart; None where it is not there."""
    path = lake / table.layer / table.name
    if not (path / "_delta_log").is_dir():
        return None
    frame = DeltaTable(path).to_pyarrow_table().to_pandas().drop(columns=OF_THE_RUN, errors="ignore")
    return frame.sort_values(list(table.key)).reset_index(drop=True)


def same_tables(one: Path, other: Path) -> dict[str, int]:
    """Rows of the tables both lakes have, once it is sure that they are equal by key, floats to the last digits."""
    compared = {}
    for table in TABLES:
        left, right = rows(one, table), rows(other, table)
        assert (left is None) == (right is None), table.full_name
        if left is not None and right is not None:
            pd.testing.assert_frame_equal(left, right, rtol=1e-9, obj=table.full_name)
            compared[table.full_name] = len(left)
    return compared
