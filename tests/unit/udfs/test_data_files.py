"""Files a task writes itself: rows of good deliveries, each in one place, and statistics a reader may trust."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

from guideway.udfs.data_files import DataFile, DataFileWriter, DataFolder

ROWS = pa.schema([("recording_id", pa.string()), ("start", pa.float64()), ("values", pa.list_(pa.float32()))])
SMALL, LARGE = 3, 100


def folder(path: Path, run_id: str = "run") -> DataFolder:
    return DataFolder(fs.LocalFileSystem(), str(path), {"run_id": run_id}, frozenset({*ROWS.names, "run_id"}))


def writer_into(path: Path) -> DataFileWriter:
    """One that puts some small deliveries into a row group, and keeps no large one in memory."""
    return DataFileWriter(folder(path), "car", ROWS, group_bytes=250, own_file_bytes=600)


def blocks(name: str, first: int, samples: int) -> pa.RecordBatch:
    """Two blocks."""
    values = [[None, *[1.0] * (samples - 1)]] * 2
    return pa.RecordBatch.from_pydict(
        {"recording_id": [name] * 2, "start": [float(first), first + 1.0], "values": values}, ROWS
    )


def written(path: Path, deliveries: list[tuple[int, bool, bool]]) -> list[DataFile]:
    """Deliveries as (batches of two rows, is it large, is it good), named by their number."""
    with writer_into(path) as writer:
        for number, (batches, is_large, is_good) in enumerate(deliveries):
            for batch in range(batches):
                writer.write(blocks(f"r{number}", 2 * batch, LARGE if is_large else SMALL))
            writer.keep() if is_good else writer.discard()
        return writer.finish()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=6))
def test_files_hold_all_of_a_good_delivery_in_one_place_and_nothing_of_a_bad_one(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[tuple[int, bool, bool]]
) -> None:
    path = tmp_path_factory.mktemp("table")
    files = written(path, deliveries)
    tables = [pq.read_table(path / file.name, columns=["recording_id", "start", "run_id"]) for file in files]
    assert {file.name for file in files} == {found.name for found in path.iterdir()}
    seen = [row for table in tables for row in table.to_pylist()]
    good = [(f"r{n}", batches) for n, (batches, _, is_good) in enumerate(deliveries) if is_good]
    assert sorted((row["recording_id"], row["start"]) for row in seen) == [
        (name, float(i)) for name, batches in good for i in range(2 * batches)
    ]
    order = [row["recording_id"] for row in seen]
    assert [name for name, _ in groupby(order)] == [*dict.fromkeys(order)]
    assert {row["run_id"] for row in seen} <= {"run"}
    assert [file.rows for file in files] == [len(table) for table in tables]


def test_statistics_are_those_of_the_rows(tmp_path: Path) -> None:
    (file,) = written(tmp_path, [(2, False, True), (3, False, True), (1, False, False)])
    assert json.loads(file.stats) == {
        "numRecords": 10,
        "minValues": {"recording_id": "r0", "start": 0.0, "run_id": "run"},
        "maxValues": {"recording_id": "r1", "start": 5.0, "run_id": "run"},
        "nullCount": {"recording_id": 0, "start": 0, "run_id": 0},
    }
    assert file.size_bytes == (tmp_path / file.name).stat().st_size


@pytest.mark.parametrize("column", ["recording_id", "values"])
def test_a_value_that_must_be_there_is_and_a_failed_task_leaves_nothing(tmp_path: Path, column: str) -> None:
    few, index = blocks("r1", 2, SMALL), ROWS.names.index(column)
    cells = pa.array([None, *few.column(column).to_pylist()[1:]], ROWS[index].type)
    with writer_into(tmp_path) as writer:
        writer.write(blocks("r1", 0, LARGE))
        writer.write(few.set_column(index, ROWS[index], cells))
        assert len(list(tmp_path.iterdir())) == 1
        with pytest.raises(ValueError, match=f"rows without {column}"):
            writer.keep()
    assert list(tmp_path.iterdir()) == []


def test_names_tell_the_run_and_suit_every_file_system(tmp_path: Path) -> None:
    names = {folder(tmp_path, "scheduled__2026-01-05T00:00:00+00:00~ab12cd.0").new_name() for _ in range(3)}
    assert len(names) == 3
    for name in names:
        assert name.startswith("part-scheduled__2026-01-05T00-00-00-00-00-ab12cd.0-")
