"""The condition series as arrays: whatever happened to the recordings, and in whatever order, it is what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.silver import CONDITION_SERIES, MEASUREMENT
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.transforms.series_cells import SeriesCells
from tests.costs.long_history import Railway

pytestmark = pytest.mark.spark


def railway(spark: SparkSession, folder: Path) -> Railway:
    made = Railway(Lake(spark, str(folder), lock_wait_seconds=5), lines=2, sections=3)
    made.lay()
    return made


def renewed(lake: Lake, run_id: str) -> list[tuple[str, int]]:
    """Make the old cells anew, as the job does; which they were."""
    cells = SeriesCells.of(lake.read)
    if cells.old:
        Writer(lake, run_id).replace(cells.anew(), CONDITION_SERIES, F.expr(cells.window), cells.window)
    return list(cells.old)


def writers(lake: Lake) -> dict[tuple[str, int], str]:
    """The run that wrote each cell."""
    rows = lake.read(CONDITION_SERIES).select("line_id", "year", "run_id").distinct().collect()
    return {(row.line_id, row.year): row.run_id for row in rows}


def points(frame: DataFrame) -> list[tuple[object, ...]]:
    each = frame.select("asset_id", "indicator", "line_id", "unit", "year", F.explode("points").alias("p"))
    return sorted(tuple(map(str, row)) for row in each.select("asset_id", "indicator", "year", "p.*").collect())


def told(lake: Lake) -> list[tuple[object, ...]]:
    """What the tables say, recording by recording in plain Python: the rule without arrays, cells or fingerprints."""
    ledger = {row.recording_id for row in lake.read(MEASUREMENT).where("n_conditions > 0").collect()}
    recordings = {row.recording_id: row for row in lake.read(RECORDING).collect() if row.recording_id in ledger}
    first = min(row.delivered_at for row in recordings.values())
    found = []
    for row in lake.read(CONDITION).where("quality = 'good'").collect():
        if row.recording_id not in recordings:
            continue
        own = recordings[row.recording_id]
        same = [r for r in recordings.values() if (r.line_id, r.started_at) == (own.line_id, own.started_at)]
        same.sort(key=lambda r: r.delivered_at)
        known = [r.started_at if r.started_at < first and r is same[0] else r.delivered_at for r in same]
        place = [r.recording_id for r in same].index(row.recording_id)
        lapsed = known[place + 1] if place + 1 < len(known) else None
        day = [None if at is None else at.timestamp() / 86_400 for at in (row.measured_at, known[place], lapsed)]
        found.append((row.asset_id, row.indicator, own.started_at.year, day[0], row.value, day[1], day[2]))
    return sorted(tuple(map(str, row)) for row in found)


def test_cells_follow_their_recordings(spark: SparkSession, tmp_path: Path) -> None:
    world = railway(spark, tmp_path / "lake")
    lake = world.lake
    world.measure(world.runs(-14, -2), "history")
    assert renewed(lake, "fit-1") == [(line, year) for line in ("L0", "L1") for year in (2024, 2025)]
    assert points(lake.read(CONDITION_SERIES)) == told(lake)
    version = lake.version(CONDITION_SERIES)
    assert renewed(lake, "fit-2") == []
    assert lake.version(CONDITION_SERIES) == version, "nothing new, no commit"

    world.measure(world.runs(-1, -1, lines=1), "week")
    before = writers(lake)
    assert renewed(lake, "fit-3") == [("L0", 2025)], "a week touches the line and year that received data"
    after = writers(lake)
    assert {cell for cell in after if after[cell] != before[cell]} == {("L0", 2025)}
    assert points(lake.read(CONDITION_SERIES)) == told(lake)

    late = world.runs(-20, -20, lines=1).withColumn("delivered_at", F.lit("2025-06-01").cast("timestamp"))
    world.measure(late, "late")
    again = world.runs(-3, -3).withColumn("delivered_at", F.lit("2025-06-03").cast("timestamp"))
    world.measure(again.withColumn("recording_id", F.concat("recording_id", F.lit("-corrected"))), "correction", 0.5)
    corrected = [("L0", 2025), ("L1", 2025)]
    late_year = late.select(F.year("started_at")).first()
    assert late_year is not None
    # a reader finds them by itself, before any job has made them anew
    assert points(SeriesCells.of(lake.read).current()) == told(lake)
    assert set(renewed(lake, "fit-4")) == {("L0", late_year[0]), *corrected}
    assert points(lake.read(CONDITION_SERIES)) == told(lake)
    lapsed = [row for row in points(lake.read(CONDITION_SERIES)) if row[-1] != "None"]
    assert len(lapsed) == 2 * 3, "the corrected run's values on both lines have lapsed"

    stale = F.col("recording_id") == "r-1--5"
    for table in (MEASUREMENT, CONDITION):
        Writer(lake, "again").delete(table, stale)
    assert renewed(lake, "fit-5") == [("L1", 2025)], "a measurement undone is gone"
    assert points(lake.read(CONDITION_SERIES)) == told(lake)
    world.measure(world.runs(-5, -5).where(stale), "definition-2", 0.2)
    assert renewed(lake, "fit-6") == [("L1", 2025)]
    assert points(lake.read(CONDITION_SERIES)) == told(lake)


def test_the_order_of_deliveries_does_not_matter(spark: SparkSession, tmp_path: Path) -> None:
    found = []
    for name, order in {"in_order": (0, 1, 2), "out_of_order": (2, 0, 1), "at_once": (3,)}.items():
        world = railway(spark, tmp_path / name)
        spans = ((-15, -10), (-9, -5), (-4, 0), (-15, 0))
        for part in order:
            world.measure(world.runs(*spans[part]), f"run-{part}")
            renewed(world.lake, f"fit-{part}")
        found.append(points(world.lake.read(CONDITION_SERIES)))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 2 * 3 * 16
