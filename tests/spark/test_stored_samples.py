"""Where samples are, as Spark plans it, leads tasks to exactly the samples that are in the table's version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts.bronze import SIGNAL
from guideway.errors import LakeError
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.transforms.samples import _address, stored
from guideway.udfs.signal_files import read_channels

from .test_series import frame

pytestmark = pytest.mark.spark
ODD = "a lake% #1 é+%20?"


def put(lake: Lake, run: str, blocks: Iterable[tuple[str, int]]) -> None:
    """Blocks of recordings, written by a run; each block of a recording has a value of its own."""
    rows = [
        {
            "recording_id": recording, "channel": "gauge", "block": block, "start": float(block), "step": 0.25,
            "unit": "mm", "values": [value_of(recording, block), None], "n_valid": 1, "source_id": "car",
        }
        for recording, block in blocks
    ]  # fmt: skip
    Writer(lake, run).append(frame(lake.spark, SIGNAL, rows).coalesce(1), SIGNAL)


def value_of(recording: str, block: int) -> float:
    return float(1000 * ord(recording) + block)


def due_of(spark: SparkSession, references: Mapping[str, str | None]) -> DataFrame:
    rows = [(one, other, one == other, 4, ["gauge"]) for one, other in references.items()]
    ddl = "recording_id string, reference_recording_id string, is_reference boolean, n_samples long"
    return spark.createDataFrame(rows, f"{ddl}, channels array<string>")


def read(frame: DataFrame) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Values by recording, of its own and of its reference run, as tasks read them."""
    own: dict[str, list[float]] = {}
    reference: dict[str, list[float]] = {}
    for row in frame.collect():
        for files, found in ((row.files, own), (row.reference_files, reference)):
            channels = read_channels({"a" if found is reference else row.recording_id: files or []})
            found[row.recording_id] = [float(v) for channel in channels.values() for c in channel for v in c.values]
    return own, reference


def expected(recording: str, blocks: int = 2) -> list[float]:
    return [value for block in range(blocks) for value in (value_of(recording, block), np.nan)]


def test_files_are_those_of_the_version_whatever_was_undone_compacted_or_left_behind(
    spark: SparkSession, tmp_path: Path
) -> None:
    """In a folder with an odd name: a recording over two files, one undone and written again, orphans, a compaction."""
    lake = Lake(spark, str(tmp_path / ODD))
    put(lake, "run-1", [("a", 0), ("b", 0), ("b", 1)])
    put(lake, "run-2", [("a", 1), ("c", 0), ("c", 1)])
    put(lake, "killed", [("d", 0), ("d", 1)])
    Writer(lake, "undo").delete(SIGNAL, F.col("run_id") == "killed")
    put(lake, "run-3", [("d", 0), ("d", 1)])
    due = due_of(spark, {"a": "a", "b": "a", "c": None, "d": "a", "nothing of it": "a"})
    before = stored(due, lake.read(SIGNAL))
    assert len(lake.read(SIGNAL).inputFiles()) == 3
    spark.sql(f"OPTIMIZE delta.`{lake.path(SIGNAL)}`").collect()
    assert len(lake.read(SIGNAL).inputFiles()) == 1
    for planned in (before, stored(due, lake.read(SIGNAL))):
        own, reference = read(planned)
        assert own.keys() == set("abcd"), "a recording without samples is left out"
        for name, values in own.items():
            np.testing.assert_array_equal(values, expected(name))
            np.testing.assert_array_equal(reference[name], expected("a") if name in "bd" else [])


def test_recordings_that_lie_together_share_a_task_and_those_of_a_reference_are_in_a_row(
    spark: SparkSession, lake: Lake
) -> None:
    names = "hgfedcba"
    for number, part in enumerate((names[:4], names[4:])):
        put(lake, f"run-{number}", [(name, 0) for name in part])
    due = due_of(spark, {name: "xy"[k % 2] for k, name in enumerate(names)})
    planned = stored(due, lake.read(SIGNAL)).withColumn("task", F.spark_partition_id())
    tasks: dict[int, list[tuple[str, str]]] = {}
    for row in planned.collect():
        tasks.setdefault(row.task, []).append((row.recording_id, row.files[0]))
    assert len(tasks) == min(len(names), 2 * spark.sparkContext.defaultParallelism)
    assert all(len({file for _, file in rows}) == 1 for rows in tasks.values())
    aligned_to = [["xy"[names.index(name) % 2] for name, _ in rows] for rows in tasks.values()]
    assert aligned_to == [sorted(one) for one in aligned_to]


def test_a_table_whose_files_do_not_tell_its_rows_is_refused_until_the_advice_is_followed(
    spark: SparkSession, lake: Lake
) -> None:
    lake.require_plain(SIGNAL)
    put(lake, "run-1", [("a", 0)])
    lake.require_plain(SIGNAL)
    spark.sql(f"ALTER TABLE delta.`{lake.path(SIGNAL)}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    with pytest.raises(LakeError, match="deletionVectors") as caught:
        lake.require_plain(SIGNAL)
    told = str(caught.value)
    spark.sql(told[told.index("ALTER TABLE") : told.index(" takes it off")])
    lake.require_plain(SIGNAL)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("file:/a%20lake%25%20%231/x.parquet", "/a lake% #1/x.parquet"),
        ("file:///plain/x.parquet", "/plain/x.parquet"),
        ("s3a://bucket/a%20lake%3F/x.parquet", "s3a://bucket/a lake?/x.parquet"),
    ],
)
def test_addresses_spark_tells_are_paths_or_those_of_the_object_store(told: str, address: str) -> None:
    assert _address(told) == address
