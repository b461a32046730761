"""Pieces of a task: however many values are held at a time, and whatever a file tells of its row groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guideway.errors import LakeError
from guideway.udfs import cell_files
from guideway.udfs.cell_files import CellFile, SeriesPlan, SeriesTask, cells_by_asset, read_series

ASSETS = [f"A{number:02d}" for number in range(12)]
POINT = pa.struct([(name, pa.float64()) for name in ("t_days", "value", "known_days", "lapsed_days")])
LIMITS = pa.schema(
    [("kind", pa.int32()), ("indicator", pa.string()), ("limits", pa.list_(pa.struct([("limit", pa.float64())])))]
)


def cells(year: int) -> pa.Table:
    """Two indicators of every asset, five values each."""
    rng = np.random.default_rng(year)
    rows = []
    for asset in ASSETS:
        for indicator in ("cant", "gauge"):
            days = 365.0 * (year - 1970) + np.sort(rng.uniform(0, 365, 5))
            points = [(t, v, t, None) for t, v in zip(days.tolist(), rng.normal(size=5).tolist(), strict=True)]
            rows.append({"asset_id": asset, "indicator": indicator, "unit": "mm", "points": points})
    types = [("asset_id", pa.string()), ("indicator", pa.string()), ("unit", pa.string()), ("points", pa.list_(POINT))]
    return pa.Table.from_pylist(rows, pa.schema(types))


@pytest.fixture(params=[True, False], ids=["statistics", "no statistics"])
def plan(request: pytest.FixtureRequest, tmp_path: Path) -> SeriesPlan:
    files = []
    for year in (2023, 2024):
        file = tmp_path / f"{year}.parquet"
        pq.write_table(cells(year), file, row_group_size=6, write_statistics=request.param)
        files.append(CellFile(str(file), "L1", year))
    kinds = [pa.array(ASSETS), pa.array(["section"] * 12), pa.nulls(12, pa.int32())]
    assets = pa.RecordBatch.from_arrays(kinds, ["asset_id", "asset_type", "kind"])
    task = SeriesTask(assets, tuple(files))
    return SeriesPlan([task], {"L1": "metro"}, {"gauge": 1, "cant": -1}, LIMITS.empty_table(), 1e6)


def read(plan: SeriesPlan) -> list[pa.RecordBatch]:
    sent = pa.RecordBatch.from_pylist(
        [{"task": 0, "asset_id": None, "work_t_days": None}],
        pa.schema([("task", pa.int32()), ("asset_id", pa.string()), ("work_t_days", pa.list_(pa.float64()))]),
    )
    return list(read_series(lambda: plan)([sent]))


def test_pieces_are_of_whole_assets_and_hold_no_more_than_they_may(
    plan: SeriesPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = read(plan)
    assert whole.num_rows == 24
    assert whole.column("asset_id").to_pylist() == sorted(ASSETS * 2)
    assert whole.column("pool").to_pylist()[:2] == ["cant|metro|section", "gauge|metro|section"]
    days = whole.column("t_days").to_pylist()
    assert all(len(one) == 10 and one == sorted(one) for one in days), "years are one after the other"
    for most in (1, 60, 130):
        monkeypatch.setattr(cell_files, "_PIECE_POINTS", most)
        pieces = read(plan)
        assert len(pieces) > 1
        assert pa.Table.from_batches(pieces).combine_chunks().to_batches()[0].equals(whole)
        of_piece = [set(piece.column("asset_id").to_pylist()) for piece in pieces]
        assert sum(map(len, of_piece)) == len(set.union(*of_piece)) == len(ASSETS)


def test_cells_are_counted_by_asset_and_a_torn_file_is_named(plan: SeriesPlan) -> None:
    file = plan.tasks[0].files[0]
    assert cells_by_asset(file).to_pylist() == [{"asset_id": a, "line_id": "L1", "cells": 2} for a in ASSETS]
    path = Path(file.address)
    path.write_bytes(path.read_bytes()[:-9])
    for reading in (lambda: cells_by_asset(file), lambda: read(plan)):
        with pytest.raises(LakeError, match=r"2023\.parquet cannot be read"):
            reading()
