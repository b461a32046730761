"""The planning job: forecasts in the lake become works after the day, once."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from guideway.cli import app
from guideway.contracts.gold import (
    DEFERRAL,
    DEGRADATION_TREND,
    FAILURE_RISK,
    LIMIT_FORECAST,
    MAINTENANCE_PLAN,
    POLICY_COMPARISON,
    WORK_PLAN,
)
from guideway.contracts.reference import ASSET, LINE, SECTION
from guideway.contracts.schema import Table
from guideway.errors import LakeError
from guideway.job import JobContext
from guideway.lake.direct import DirectLake
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.rulebooks.load import load_rulebooks
from guideway.settings import Settings
from guideway.transforms.planning import gather_planning, limits_by_asset, through_spark
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
    (whole,) = lake.read(MAINTENANCE_PLAN).collect()
    assert (whole.plan_id, whole.works, whole.deferred) == ("north-south-2025-12-29", len(works), len(deferrals))
    assert whole.gap == pytest.approx(facts["gap"], abs=1e-4)
    run(context(lake, Writer(lake, "run-2")))
    assert lake.version(WORK_PLAN) == version, "the same forecasts make no commit"


def test_without_forecasts_the_plan_is_empty(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    network(spark, writer)
    message, facts = run(context(lake, writer))
    assert facts["status"] == "empty"
    assert message.startswith("0 works")
    assert lake.read(WORK_PLAN).count() == 0
    (whole,) = lake.read(MAINTENANCE_PLAN).collect()
    assert (whole.status, whole.works, whole.cost) == ("empty", 0, 0.0)


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


def test_rows_from_the_files_are_those_of_spark(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    network(spark, writer)
    known = f"delta.`{lake.path(ASSET)}`"
    spark.sql(f"UPDATE {known} SET attributes = map('receiver_zone', 'housing') WHERE asset_id = 'A1'")
    rows = [forecast(name, days, (0.0, 0.3, 1.0, 1.0)) for name, days in (("A1", 100.0), ("A2", 90.0), ("A3", 80.0))]
    fill(spark, writer, LIMIT_FORECAST, rows)
    today = F.col("as_of") == F.lit(AS_OF)
    fewer = lake.read(LIMIT_FORECAST).where("asset_id <> 'A3'")
    writer.replace(fewer, LIMIT_FORECAST, today, f"as_of = DATE '{AS_OF.isoformat()}'")
    direct, slow = DirectLake(Path(lake.root)).fetch, through_spark(lake.read)
    books = load_rulebooks()
    for every in (True, False):
        one, two = (gather_planning(fetch, books, AS_OF, every=every) for fetch in (direct, slow))
        assert sorted(one.forecasts["asset_id"]) == ["A1", "A2"], "what was replaced is gone"
        for name in ("forecasts", "risk"):
            same(getattr(one, name), getattr(two, name))
        for name in ("lines", "assets", "sections"):
            same(getattr(one.facts, name), getattr(two.facts, name))
    same(direct(ASSET, "asset_id", "attributes"), slow(ASSET, "asset_id", "attributes"))
    assert limits_by_asset(direct, books) == limits_by_asset(slow, books) != {}
    assert len(direct(LIMIT_FORECAST, "asset_id", as_of=AS_OF, at_least=("days_p50", 95.0))) == 1
    assert direct(LIMIT_FORECAST, "asset_id", as_of=date(2025, 1, 6)).empty
    with pytest.raises(LakeError, match="no column nothing"):
        direct(LIMIT_FORECAST, "nothing")


def same(one: pd.DataFrame, two: pd.DataFrame) -> None:
    key = list(one.columns[:1])
    ordered = [frame.sort_values(key).reset_index(drop=True) for frame in (one, two)]
    pd.testing.assert_frame_equal(*ordered, check_dtype=False)


def test_a_question_is_answered_from_the_files_without_java(
    spark: SparkSession, lake: Lake, writer: Writer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    network(spark, writer)
    near = (0.0, 0.3, 1.0, 1.0)
    fill(spark, writer, LIMIT_FORECAST, [forecast("A1", 100.0, near), forecast("A3", 100.0, near)])

    def no_java(*_: object) -> None:
        raise AssertionError("a Spark session was asked for")

    monkeypatch.setattr("guideway.lake.session.open_session", no_java)
    asked = ["plan", "--what-if", "--lake", lake.root, "--as-of", AS_OF.isoformat(), "--budget", "0", "--json"]
    with pytest.raises(SystemExit) as ended:
        app(asked)
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    figures = {row["figure"]: (row["before"], row["after"]) for row in said["figures"]}
    assert figures["works"][0] > 0
    assert figures["works"][1] == figures["cost"][1] == 0
    assert {row["change"] for row in said["works"]} == {"gone"}
    assert lake.version(WORK_PLAN) is None, "nothing is written"
