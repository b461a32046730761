"""The planning job: forecasts in the lake become works after the day, once."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from pyspark.sql import SparkSession

from guideway.contracts.gold import FAILURE_RISK, LIMIT_FORECAST, WORK_PLAN
from guideway.contracts.reference import ASSET, LINE, SECTION
from guideway.contracts.schema import Table
from guideway.job import JobContext
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.settings import Settings
from jobs.plan_maintenance import run

pytestmark = pytest.mark.spark
AS_OF = date(2025, 12, 29)


def fill(spark: SparkSession, writer: Writer, table: Table, rows: list[tuple[object, ...]]) -> None:
    writer.append(spark.createDataFrame(rows, ", ".join(f"`{c.name}` {c.type}" for c in table.columns)), table)


def context(lake: Lake, writer: Writer) -> JobContext:
    settings = Settings(lake="", network_name="North & South")
    return JobContext(lake, writer, settings, AS_OF, lambda _: None)


def network(spark: SparkSession, writer: Writer) -> None:
    fill(spark, writer, LINE, [("L1", "North", "conventional", "en_13848", "Europe/Helsinki", 0.0, 2000.0)])
    places = [(f"A{i}", 200.0 * i, 200.0 * (i + 1)) for i in range(4)]
    fill(spark, writer, ASSET, [(a, "track_section", "L1", "1", s, e, a, None, {}) for a, s, e in places])
    facts = (120.0, 0.0, 0.0, "earthwork", "ballasted", None, None)
    fill(spark, writer, SECTION, [(a, "L1", "1", s, e, *facts) for a, s, e in places])


def forecast(asset: str, days: float, chances: tuple[float, ...]) -> tuple[object, ...]:
    where = (asset, "twist_3m_peak", "IAL", AS_OF, "L1", 7.0, "mm/m", 5.0)
    return (*where, days * 0.9, days, days * 1.1, *chances, "test")


def test_the_plan_is_written_once_and_lies_after_the_day(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    network(spark, writer)
    near, far = (0.0, 0.3, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)
    rows = [forecast("A1", 100.0, near), forecast("A2", 100.0, near), forecast("A3", 3000.0, far)]
    fill(spark, writer, LIMIT_FORECAST, rows)
    risk = ("A1", "exceeds_ial_13w:twist_3m_peak", AS_OF, "L1", 0.4, None, "model", "1", [])
    fill(spark, writer, FAILURE_RISK, [risk])
    message, facts = run(context(lake, writer))
    version = lake.version(WORK_PLAN)
    works = lake.read(WORK_PLAN).collect()
    assert facts["safety_missed"] == 0
    assert facts["works"] == len(works)
    assert f"{len(works)} works" in message
    assert {asset for row in works for asset in row.asset_ids} == {"A1", "A2"}
    assert {row.plan_id for row in works} == {"north-south-2025-12-29"}
    assert [row.work_no for row in works] == list(range(1, len(works) + 1))
    assert all(row.window_start > datetime(2025, 12, 30, tzinfo=timezone.utc).replace(tzinfo=None) for row in works)
    assert all("Peak of twist" in row.reason for row in works)
    run(context(lake, Writer(lake, "run-2")))
    assert lake.version(WORK_PLAN) == version, "the same forecasts make no commit"


def test_without_forecasts_the_plan_is_empty(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    network(spark, writer)
    message, facts = run(context(lake, writer))
    assert facts["status"] == "empty"
    assert message.startswith("0 works")
    assert lake.read(WORK_PLAN).count() == 0
