"""Files that tasks wrote themselves: once adopted they are rows like any others, and before that they are nobody's."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from guideway.contracts.bronze import SIGNAL
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.udfs.data_files import DataFile, DataFileWriter
from guideway.udfs.decode import SIGNAL_SCHEMA

pytestmark = pytest.mark.spark
VALUES = [1.5, None, -2.25]


def file_of(writer: Writer, recording: str, blocks: int) -> DataFile:
    """A file with one recording of one channel, as a task writes it."""
    rows = {
        "recording_id": [recording] * blocks,
        "channel": ["gauge"] * blocks,
        "block": list(range(blocks)),
        "start": [0.75 * block for block in range(blocks)],
        "step": [0.25] * blocks,
        "unit": ["mm"] * blocks,
        "values": [VALUES] * blocks,
        "n_valid": [2] * blocks,
        "source_id": ["car"] * blocks,
    }
    with DataFileWriter(writer.folder(SIGNAL), "car", SIGNAL_SCHEMA) as files:
        files.write(pa.RecordBatch.from_pydict(rows, SIGNAL_SCHEMA))
        files.keep()
        (file,) = files.finish()
    return file


def test_adopted_files_are_one_append_of_the_run_that_every_reader_sees(spark: SparkSession, lake: Lake) -> None:
    run = "scheduled__2026-01-05T00:00:00+00:00~ab12cd.0"
    writer = Writer(lake, run)
    files = [file_of(writer, "r1", 3), file_of(writer, "r2", 2)]
    stale = file_of(writer, "r1", 3)  # of an attempt whose task came second
    assert lake.read(SIGNAL).count() == 0
    assert writer.adopt(files, SIGNAL) == writer.rows["bronze.signal"] == 5
    (commit, created) = lake.commits(SIGNAL, None)
    assert (commit.operation, commit.run_id, commit.version) == ("WRITE", run, created.version + 1)
    assert (commit.metrics["numFiles"], commit.metrics["numOutputRows"]) == (2, 5)
    rows = lake.read(SIGNAL)
    for name, check in SIGNAL.checks.items():
        assert rows.where(f"NOT coalesce({check}, false)").count() == 0, name
    frame = spark.createDataFrame(rows.limit(0).collect(), lake.ddl(SIGNAL))
    assert rows.dtypes == frame.dtypes
    told = [(r["recording_id"], r["block"], r["values"], r["run_id"]) for r in rows.collect()]
    assert sorted(told) == [(r, b, VALUES, run) for r, n in (("r1", 3), ("r2", 2)) for b in range(n)]
    outside = DeltaTable(lake.path(SIGNAL)).to_pyarrow_table()
    assert sorted(outside.column("recording_id").to_pylist()) == ["r1"] * 3 + ["r2"] * 2
    assert np.isnan(outside.column("values").combine_chunks().flatten().to_numpy(zero_copy_only=False)).sum() == 5
    assert Path(lake.path(SIGNAL), stale.name).is_file(), "left to upkeep"


def test_adopted_files_are_skipped_by_run_and_recording_compacted_and_undone(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    files: dict[str, list[DataFile]] = {}
    for run in ("run-0", "run-1", "run-2"):
        writer = Writer(lake, run)
        files[run] = [file_of(writer, f"{run}{part}", 2) for part in "ab"]
        writer.adopt(files[run], SIGNAL)
    rows, folder = lake.read(SIGNAL), Path(lake.path(SIGNAL))
    for wanted, needed in (
        (F.col("run_id") == "run-1", files["run-1"]),
        (F.col("recording_id") == "run-2b", files["run-2"][1:]),
    ):
        away = [Path(shutil.move(path, tmp_path)) for path in folder.glob("*.parquet")]
        for file in needed:
            shutil.move(tmp_path / file.name, folder)
        assert len(rows.where(wanted).collect()) == 2 * len(needed), "files that are not needed are not opened"
        for path in away:
            if path.is_file():
                shutil.move(path, folder)
    lake.delta(SIGNAL).optimize().executeCompaction()
    assert lake.read(SIGNAL).count() == 12
    assert Writer(lake, "undo").delete(SIGNAL, F.col("run_id") == "run-2") == 4
    assert {row.run_id for row in lake.read(SIGNAL).collect()} == {"run-0", "run-1"}
    assert Writer(lake, "none").adopt([], SIGNAL) == 0
