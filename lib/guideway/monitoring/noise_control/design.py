"""Columns of a regression of passage levels: speed on a log scale, train types, further decibel covariates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

LEVEL = "level_db"
SPEED = "speed_kmh"
TRAIN_TYPE = "train_type"


def complete_passages(passages: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Rows with a level and a value in each of these columns; speeds must be positive.

    Raises:
        KeyError: a column is missing; names it.
    """
    missing = [name for name in (LEVEL, *columns) if name not in passages.columns]
    if missing:
        raise KeyError(f"passages have no column {missing[0]!r}; they have {list(passages.columns)}")
    rows = passages.dropna(subset=[LEVEL, *columns])
    if SPEED in columns:
        rows = rows[rows[SPEED] > 0]
    return rows.reset_index(drop=True)


def design_matrix(
    rows: pd.DataFrame, covariates: Sequence[str], reference_speed_kmh: float
) -> tuple[Array, tuple[str, ...]]:
    """Design matrix, shape (n, k), and the names of its columns.

    A constant; ``lg(v / v0)`` where speed varies; one column a train type but the most frequent; the covariates less
    their means, where they vary. Columns that the others explain are left out, later ones first.
    """
    columns: list[tuple[str, Array]] = [("constant", np.ones(len(rows)))]
    if SPEED in rows:
        columns.append(("speed", np.log10(rows[SPEED].to_numpy(dtype=np.float64) / reference_speed_kmh)))
    if TRAIN_TYPE in rows:
        types = rows[TRAIN_TYPE].astype(str)
        names = types.value_counts().sort_index().sort_values(ascending=False, kind="stable").index.tolist()
        columns.extend((f"{TRAIN_TYPE}={name}", (types == name).to_numpy(dtype=np.float64)) for name in names[1:])
    for name in covariates:
        value = rows[name].to_numpy(dtype=np.float64)
        columns.append((name, value - value.mean()))
    kept: list[tuple[str, Array]] = []
    for name, column in columns:
        if np.linalg.matrix_rank(_scaled([*(c for _, c in kept), column]), tol=1e-8) > len(kept):
            kept.append((name, column))
    return np.column_stack([column for _, column in kept]), tuple(name for name, _ in kept)


def _scaled(columns: list[Array]) -> Array:
    """Columns of unit length, so that rank does not depend on their units; zero columns stay zero."""
    matrix = np.column_stack(columns)
    norms = np.linalg.norm(matrix, axis=0)
    return np.asarray(matrix / np.where(norms > 1e-12, norms, np.inf))
