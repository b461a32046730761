"""The gate against a fit that grows with the history: a week after seven and after fourteen years, in counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from guideway.contracts.gold import DEGRADATION_TREND
from guideway.contracts.jobs import FIT_DEGRADATION
from guideway.contracts.silver import CONDITION_SERIES
from guideway.job import JobContext, execute
from guideway.lake.lake import Lake
from guideway.settings import Settings
from jobs.fit_degradation import renew_cells, run
from tests.costs.counting import Counts, counting
from tests.costs.long_history import LAST_RUN, Railway

pytestmark = pytest.mark.spark
SHORT, LONG = 7, 14


def only_cells(context: JobContext) -> tuple[str, dict[str, object]]:
    renew_cells(context)
    return "", {}


@pytest.fixture(scope="module")
def weeks(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, tuple[Railway, Counts]]:
    """Two lines of a hundred sections with so many years of runs; then a run of one line comes, and is fitted."""
    found = {}
    for years in (SHORT, LONG):
        ours = settings.model_copy(update={"lake": str(tmp_path_factory.mktemp("costs") / "lake")})
        world = Railway(Lake(spark, ours.lake), sections=100)
        world.lay()
        world.measure(world.runs(-world.runs_in(years), -1), "history")
        day = LAST_RUN.date()
        execute(FIT_DEGRADATION, only_cells, ours, spark=spark, as_of=day - timedelta(days=7), run_id="history")
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


def test_a_week_rewrites_the_line_and_year_that_received_data(weeks: dict[int, tuple[Railway, Counts]]) -> None:
    lake = weeks[LONG][0].lake
    rows = lake.read(CONDITION_SERIES).where("run_id LIKE 'week%'").select("line_id", "year").distinct().collect()
    assert [tuple(row) for row in rows] == [("L0", 2025)]
    assert lake.read(CONDITION_SERIES).select("year").distinct().count() >= LONG
    fitted = lake.read(DEGRADATION_TREND).groupBy("as_of").count().collect()
    assert {row.as_of: row["count"] for row in fitted} == dict.fromkeys(
        (LAST_RUN.date() - timedelta(days=7), LAST_RUN.date()), 200
    )
