"""Questions about the past: what a report was made of, and what the lake knew at a moment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyspark.sql import functions as F

from guideway.contracts.gold import LIMIT_FORECAST, NETWORK_WEEK, REPORT_VERSION
from guideway.errors import ConfigurationError
from guideway.lake.lake import Lake
from guideway.lake.travel import versions_known
from guideway.lake.writer import Writer
from tests.analysts.conftest import rows_for

pytestmark = pytest.mark.spark
ASKED = "SELECT count(*) AS n, count(DISTINCT run_id) AS runs FROM gold.limit_forecast"


@pytest.fixture
def history(lake: Lake) -> Lake:
    """A first run, the report of it, and a second run that replaced half and added as much."""
    first, second = rows_for(LIMIT_FORECAST, 20, seed=1), rows_for(LIMIT_FORECAST, 30, seed=2)
    Writer(lake, "run-1").append(lake.spark.createDataFrame(first, LIMIT_FORECAST.ddl).coalesce(1), LIMIT_FORECAST)
    version = lake.version(LIMIT_FORECAST)
    pins = [(date(2025, 3, 3), LIMIT_FORECAST.full_name, "2025-W10", version)]
    Writer(lake, "report").append(lake.spark.createDataFrame(pins, REPORT_VERSION.ddl).coalesce(1), REPORT_VERSION)
    Writer(lake, "run-2").upsert(
        lake.spark.createDataFrame(second[10:], LIMIT_FORECAST.ddl).coalesce(1), LIMIT_FORECAST
    )
    return lake


def test_a_report_is_asked_as_it_read_and_today_as_it_is(history: Lake) -> None:
    spark = history.spark
    versions = versions_known(history, report="2025-W10")
    assert versions == {LIMIT_FORECAST.full_name: 1}
    history.register(versions=versions)
    assert tuple(spark.sql(ASKED).first()) == (20, 1)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no report of week '2025-W09'; there are 2025-W10"):
        versions_known(history, report="2025-W09")

    spark.sql("DROP DATABASE gold CASCADE")
    history.register(versions=versions_known(history))
    assert tuple(spark.sql(ASKED).first()) == (30, 2)  # type: ignore[arg-type]


def test_what_was_known_at_a_moment(history: Lake) -> None:
    """Between any two commits the answer is that of the version between them; before the first there is none."""
    commits = sorted(history.commits(LIMIT_FORECAST, None), key=lambda commit: commit.version)
    assert [commit.version for commit in commits] == [0, 1, 2]
    for commit, later in zip(commits, [*commits[1:], None], strict=True):
        moments = [commit.at] if later is None else [commit.at, later.at - timedelta(milliseconds=1)]
        for moment in moments:
            known = versions_known(history, at=moment)
            assert known is not None
            assert known[LIMIT_FORECAST.full_name] == commit.version
    with pytest.raises(ConfigurationError, match="knew nothing yet"):
        versions_known(history, at=commits[0].at - timedelta(seconds=1))
    naive = commits[1].at.replace(tzinfo=None)
    assert versions_known(history, at=naive) == versions_known(history, at=commits[1].at), "no time zone means UTC"

    known = versions_known(history, at=commits[1].at)
    history.register(versions=known)
    tables = {row.tableName for row in history.spark.sql("SHOW TABLES IN gold").collect()}
    assert "limit_forecast" in tables
    assert NETWORK_WEEK.name not in tables, "a table that was not there then is not there now"
    rows = history.spark.table("gold.limit_forecast")
    assert rows.where(F.col("run_id") != "run-1").isEmpty()
