"""Writing: nothing lost, nothing doubled, nothing changed without need."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts.gold import CONDITION
from guideway.contracts.reference import ASSET, LINE
from guideway.contracts.silver import MEASUREMENT
from guideway.errors import LakeError
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer

pytestmark = pytest.mark.spark
MONDAY = datetime(2025, 6, 2, tzinfo=timezone.utc)


def conditions(spark: SparkSession, values: dict[str, float], recording: str = "r1") -> DataFrame:
    rows = [
        (asset, "longitudinal_level_sd", recording, "L1", MONDAY, value, "mm", 800, 1.0, "good")
        for asset, value in values.items()
    ]
    return spark.createDataFrame(rows, CONDITION.ddl)


def lines(spark: SparkSession, names: dict[str, str]) -> DataFrame:
    rows = [(line, name, "metro", "metro", "UTC", 0.0, 1000.0) for line, name in names.items()]
    return spark.createDataFrame(rows, LINE.ddl)


def assets(spark: SparkSession, attributes: dict[str, str]) -> DataFrame:
    row = ("A1", "girder", "L1", "1", 0.0, 25.0, "girder 1", None, attributes)
    return spark.createDataFrame([row], ASSET.ddl)


def test_a_table_follows_its_contract(lake: Lake) -> None:
    lake.delta(CONDITION)
    fields = {field.name: field for field in lake.read(CONDITION).schema.fields}
    assert list(fields) == [column.name for column in CONDITION.all_columns]
    for column in CONDITION.columns:
        assert column.comment in (fields[column.name].metadata["comment"])
    assert (
        lake.delta(CONDITION).detail().collect()[0]["properties"]["guideway.key"] == "asset_id,indicator,recording_id"
    )


def test_a_constraint_refuses_the_whole_write(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    with pytest.raises(Py4JJavaError, match="value_is_a_number"):
        writer.append(conditions(spark, {"A": 1.0, "B": float("nan")}), CONDITION)
    assert lake.read(CONDITION).count() == 0


def test_upsert_changes_only_what_differs(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    assert writer.upsert(lines(spark, {"L1": "North", "L2": "South"}), LINE) == 2
    version = lake.version(LINE)
    again = Writer(lake, "run-2")
    assert again.upsert(lines(spark, {"L1": "North", "L2": "South"}), LINE) == 0
    assert lake.version(LINE) == version
    assert again.upsert(lines(spark, {"L2": "South West", "L3": "East"}), LINE) == 2
    rows = {
        row.line_id: (row.name, row.run_id) for row in lake.read(LINE).select("line_id", "name", "run_id").collect()
    }
    assert rows == {"L1": ("North", "run-1"), "L2": ("South West", "run-2"), "L3": ("East", "run-2")}


def test_upsert_compares_map_columns(spark: SparkSession, writer: Writer) -> None:
    assert writer.upsert(assets(spark, {"span_m": "24.768", "kind": "concrete"}), ASSET) == 1
    assert writer.upsert(assets(spark, {"kind": "concrete", "span_m": "24.768"}), ASSET) == 0
    assert writer.upsert(assets(spark, {"kind": "steel", "span_m": "24.768"}), ASSET) == 1


def test_a_key_that_comes_twice_is_named(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    twice = lines(spark, {"L1": "North"}).union(lines(spark, {"L1": "Nord"}))
    with pytest.raises(LakeError, match=r"reference\.line: .*'line_id': 'L1'"):
        writer.upsert(twice, LINE)
    assert lake.version(LINE) is None


def test_replace_is_one_commit_or_none(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    window, sql = F.col("recording_id") == "r1", "recording_id = 'r1'"
    writer.append(conditions(spark, {"A": 9.0}, recording="r0"), CONDITION)
    assert writer.replace(conditions(spark, {"A": 1.0, "B": 2.0}), CONDITION, window, sql) == 2
    version = lake.version(CONDITION)
    assert Writer(lake, "run-2").replace(conditions(spark, {"B": 2.0, "A": 1.0}), CONDITION, window, sql) == 0
    assert lake.version(CONDITION) == version
    assert writer.replace(conditions(spark, {"A": 1.5}), CONDITION, window, sql) == 1
    now = {(row.recording_id, row.asset_id): row.value for row in lake.read(CONDITION).collect()}
    assert now == {("r0", "A"): 9.0, ("r1", "A"): 1.5}
    before = lake.read(CONDITION, version).where(window).count()
    assert before == 2, "time travel shows the window as it was"


def test_the_first_rows_of_a_table_lie_in_their_window_too(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    window, sql = F.col("recording_id") == "r1", "recording_id = 'r1'"
    with pytest.raises(LakeError, match="there are rows outside of recording_id = 'r1'"):
        writer.replace(conditions(spark, {"A": 9.0}, recording="r0"), CONDITION, window, sql)
    assert not lake.exists(CONDITION)
    assert writer.replace(conditions(spark, {"A": 1.0}), CONDITION, window, sql) == 1


def test_rows_of_a_run_that_never_reached_the_ledger_are_undone(spark: SparkSession, lake: Lake) -> None:
    ledger = spark.createDataFrame([("r1", "h", "measured", None, 1, 0)], MEASUREMENT.ddl)
    done, killed = Writer(lake, "done"), Writer(lake, "killed")
    done.append(conditions(spark, {"A": 1.0}), CONDITION)
    done.append(ledger, MEASUREMENT)
    killed.append(conditions(spark, {"A": 2.0, "B": 2.0}, recording="r2"), CONDITION)
    assert Writer(lake, "next").undo_unacknowledged(MEASUREMENT, (CONDITION,)) == {"gold.condition": 2}
    assert [row.run_id for row in lake.read(CONDITION).collect()] == ["done"]
    assert Writer(lake, "next").undo_unacknowledged(MEASUREMENT, (CONDITION,)) == {}


def test_a_foreign_commit_is_noticed(
    spark: SparkSession, lake: Lake, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer beside us means that the lock was bypassed: its rows must not be counted as ours."""
    writer.append(conditions(spark, {"A": 1.0}), CONDITION)
    original = Writer._write

    def beside(self: Writer, *arguments: object) -> object:
        if self is writer:
            Writer(lake, "intruder").append(conditions(spark, {"C": 3.0}, recording="r9"), CONDITION)
        return original(self, *arguments)

    monkeypatch.setattr(Writer, "_write", beside)
    with pytest.raises(LakeError, match="another driver wrote beside run run-1"):
        writer.append(conditions(spark, {"B": 1.0}, recording="r2"), CONDITION)
