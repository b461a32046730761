"""A table written under an older contract is brought forward, or refused in words, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import deltalake
import pytest
from pyspark.sql import SparkSession

from guideway.contracts.reference import LINE
from guideway.contracts.schema import Column, Table
from guideway.errors import LakeError
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer

pytestmark = pytest.mark.spark

OLD = Table(
    "gold",
    "network_week",
    "An older contract.",
    key=("line_id",),
    columns=(Column("line_id", "string", "line"), Column("n", "bigint", "count"), Column("share", "double", "share")),
    checks={"share_is_one": "share <= 1"},
)
NEWER = replace(
    OLD,
    columns=(
        Column("line_id", "string", "line"),
        Column("n", "bigint", "count", nullable=True),
        Column("share", "double", "share"),
        Column("why", "array<string>", "the line's reason", nullable=True),
    ),
    checks={"share_is_one": "share BETWEEN 0 AND 1", "n_is_a_count": "n IS NULL OR n >= 0"},
)


@pytest.fixture
def old(spark: SparkSession, lake: Lake, writer: Writer) -> Lake:
    writer.append(spark.createDataFrame([("L1", 3, 0.5)], OLD.ddl), OLD)
    return lake


def test_a_new_column_is_missing_in_old_rows_and_there_in_new_ones(spark: SparkSession, old: Lake) -> None:
    before = old.version(OLD)
    assert [tuple(row)[-1] for row in old.read(NEWER).collect()] == [None], "readable before anybody upgraded it"
    lake = Lake(spark, old.root)
    Writer(lake, "run-2").append(spark.createDataFrame([("L2", None, 0.1, ["a"])], NEWER.ddl), NEWER)
    rows = {row.line_id: (row.n, row.share, row.why) for row in lake.read(NEWER).collect()}
    assert rows == {"L1": (3, 0.5, None), "L2": (None, 0.1, ["a"])}
    assert lake.read(NEWER, before).where("why IS NULL").count() == 1
    other_eyes = deltalake.DeltaTable(Path(lake.path(NEWER))).to_pyarrow_table(columns=["line_id", "why"]).to_pylist()
    assert sorted((row["line_id"], row["why"]) for row in other_eyes) == [("L1", None), ("L2", ["a"])]
    with pytest.raises(Exception, match=r"(?i)share_is_one"):
        Writer(lake, "run-3").append(spark.createDataFrame([("L3", 1, -0.1, None)], NEWER.ddl), NEWER)

    version = lake.version(NEWER)
    Lake(spark, old.root).delta(NEWER)
    assert lake.version(NEWER) == version, "an upgraded table needs no upgrade"


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column("n", "string", "count"), "n is bigint, the contract says string"),
        (Column("extra", "double", "new"), "extra is new and may not be missing"),
    ],
)
def test_what_would_need_a_rewrite_is_refused(spark: SparkSession, old: Lake, column: Column, said: str) -> None:
    columns = tuple(column if c.name == column.name else c for c in OLD.columns)
    columns += (column,) if column.name == "extra" else ()
    wanted = replace(OLD, columns=columns)
    version = old.version(OLD)
    with pytest.raises(LakeError, match=said):
        Lake(spark, old.root).delta(wanted)
    assert old.version(OLD) == version


def test_a_column_the_contract_gave_up_is_named(spark: SparkSession, old: Lake) -> None:
    with pytest.raises(LakeError, match=r"gold\.network_week .* share is not in the contract"):
        Lake(spark, old.root).delta(replace(OLD, columns=OLD.columns[:2], checks={}))


def test_a_check_the_rows_break_is_refused(spark: SparkSession, old: Lake) -> None:
    with pytest.raises(LakeError, match="cannot be brought to its contract by ADD CONSTRAINT"):
        Lake(spark, old.root).delta(replace(OLD, checks={"share_is_one": "share <= 1", "n_is_low": "n < 2"}))


def test_a_table_of_this_contract_is_not_touched(spark: SparkSession, lake: Lake) -> None:
    lake.delta(LINE)
    version = lake.version(LINE)
    Lake(spark, lake.root).delta(LINE)
    assert lake.version(LINE) == version == 0
