"""The planning job: forecasts in the lake become works after the day, once."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from pyspark.sql import SparkSession

from guideway.contracts.gold import (
    DEFERRAL,
    DEGRADATION_TREND,
    FAILURE_RISK,
    LIMIT_FORECAST,
    POLICY_COMPARISON,
    WORK_PLAN,
)
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
    deferrals = lake.read(DEFERRAL).collect()
    assert len(deferrals) == facts["deferred"]
    run(context(lake, Writer(lake, "run-2")))
    assert lake.version(WORK_PLAN) == version, "the same forecasts make no commit"


def test_without_forecasts_the_plan_is_empty(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    network(spark, writer)
    message, facts = run(context(lake, writer))
    assert facts["status"] == "empty"
    assert message.startswith("0 works")
    assert lake.read(WORK_PLAN).count() == 0


def test_what_waits_and_what_the_policy_is_worth_are_in_the_lake(
    spark: SparkSession, lake: Lake, writer: Writer
) -> None:
    network(spark, writer)
    far = (
        "A1",
        "longitudinal_level_sd",
        "AL",
        AS_OF,
        "L1",
        2.0,
        "mm",
        1.0,
        300.0,
        345.0,
        390.0,
        0.0,
        0.0,
        0.0,
        0.6,
        "t",
    )
    fill(spark, writer, LIMIT_FORECAST, [far])
    known = {"asset_id": "A1", "indicator": "longitudinal_level_sd", "as_of": AS_OF, "line_id": "L1", "unit": "mm"}
    known |= {"rate_per_year": 1.0, "rate_low": 0.9, "rate_high": 1.1, "level_now": 1.0, "sigma": 0.05, "n_points": 9}
    known |= {"model": "linear", "status": "ok"}
    fill(spark, writer, DEGRADATION_TREND, [tuple(known.get(c.name) for c in DEGRADATION_TREND.columns)])
    _, facts = run(context(lake, writer))
    assert facts["works"] == 0
    waiting = lake.read(DEFERRAL).collect()
    assert [(row.deferral_no, row.asset_ids) for row in waiting] == [(1, ["A1"])]
    assert "Deferred: waiting is expected to cost" in waiting[0].reason
    rows = {(r.policy, r.against, r.measure, r.growth): r for r in lake.read(POLICY_COMPARISON).collect()}
    own, other = (rows[name, "", "exceedance_days", "all"].value for name in ("condition_based", "corrective"))
    assert own < other, "a limit crossed within the year is seen coming"
    assert rows["condition_based", "corrective", "exceedance_days", "all"].value == pytest.approx(own - other)
    assert {r.sections for r in rows.values()} == {1}
