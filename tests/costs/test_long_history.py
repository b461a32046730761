"""The gate against a fit that grows with the history: a week after seven and after fourteen years, in counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from guideway.contracts.gold import DEGRADATION_TREND, INTERVENTION, LIMIT_FORECAST
from guideway.contracts.jobs import FIT_DEGRADATION
from guideway.contracts.silver import CONDITION_SERIES, SERIES_FIT
from guideway.job import execute
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.settings import Settings
from jobs.fit_degradation import run
from tests.costs.counting import Counts, counting
from tests.costs.long_history import LAST_RUN, Railway

pytestmark = pytest.mark.spark
SHORT, LONG = 7, 14
SECTIONS = 100


@pytest.fixture(scope="module")
def weeks(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, tuple[Railway, Counts]]:
    """Two lines with so many years of runs, fitted; a week later a run of one line comes, and is fitted."""
    found = {}
    for years in (SHORT, LONG):
        ours = settings.model_copy(update={"lake": str(tmp_path_factory.mktemp("costs") / "lake")})
        world = Railway(Lake(spark, ours.lake), sections=SECTIONS)
        world.lay()
        world.measure(world.runs(-world.runs_in(years), -1), "history")
        day = LAST_RUN.date()
        execute(FIT_DEGRADATION, run, ours, spark=spark, as_of=day - timedelta(days=7), run_id="before")
        world.measure(world.runs(0, 0, lines=1), "week")
        with counting(spark) as counts:
            execute(FIT_DEGRADATION, run, ours, spark=spark, as_of=day, run_id="week")
        found[years] = (world, counts)
    return found


def test_a_week_costs_the_same_after_a_longer_history(weeks: dict[int, tuple[Railway, Counts]]) -> None:
    (_, short), (_, long) = weeks[SHORT], weeks[LONG]
    assert long.python_bytes == pytest.approx(short.python_bytes, rel=0.02), "series reach Python longer than they were"
    assert long.jobs == pytest.approx(short.jobs, abs=6)
    assert long.shuffled_bytes < 1.2 * short.shuffled_bytes
    # the fingerprints of all cells are looked at: a file a line and year
    assert long.files - short.files <= 2 * (LONG - SHORT)


def test_a_week_touches_the_series_that_received_data(weeks: dict[int, tuple[Railway, Counts]]) -> None:
    lake = weeks[LONG][0].lake
    day = LAST_RUN.date()
    rows = lake.read(CONDITION_SERIES).where("run_id LIKE 'week%'").select("line_id", "year").distinct().collect()
    assert [tuple(row) for row in rows] == [("L0", 2025)]
    assert lake.read(CONDITION_SERIES).select("year").distinct().count() >= LONG
    by_run = ("line_id", "fitted_on", F.substring_index("run_id", "~", 1).alias("run"))
    fits = lake.read(SERIES_FIT).groupBy(*by_run).count().collect()
    assert {(row.line_id, row.fitted_on, row.run): row["count"] for row in fits} == {
        ("L0", day, "week"): SECTIONS,
        ("L1", day - timedelta(days=7), "before"): SECTIONS,
    }
    trends = lake.read(DEGRADATION_TREND).groupBy("as_of").count().collect()
    assert {row.as_of: row["count"] for row in trends} == {
        day - timedelta(days=7 * weeks): 2 * SECTIONS for weeks in (0, 1, 2)
    }


def test_fits_are_the_same_to_the_last_bit_whenever_they_were_made(
    spark: SparkSession, settings: Settings, weeks: dict[int, tuple[Railway, Counts]]
) -> None:
    world, _ = weeks[SHORT]
    lake, day = world.lake, LAST_RUN.date()
    ours = settings.model_copy(update={"lake": lake.root})
    versions = {table: lake.version(table) for table in (DEGRADATION_TREND, LIMIT_FORECAST, INTERVENTION)}
    execute(FIT_DEGRADATION, run, ours, spark=spark, as_of=day, run_id="again")
    assert {table: lake.version(table) for table in versions} == versions, "all are carried on, and nothing changes"
    Writer(lake, "forget").delete(SERIES_FIT, F.lit(True))
    execute(FIT_DEGRADATION, run, ours, spark=spark, as_of=day, run_id="whole")
    assert {table: lake.version(table) for table in versions} == versions, "all are fitted, and nothing changes"
    assert lake.read(SERIES_FIT).count() == 2 * SECTIONS
    assert lake.read(INTERVENTION).count() > SECTIONS
