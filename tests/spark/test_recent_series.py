"""What tasks read from the files of the cells is what Spark's own reading of the table says, however nasty the lake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts.reference import ASSET, LINE
from guideway.contracts.silver import CONDITION_SERIES
from guideway.errors import LakeError
from guideway.lake.lake import Lake
from guideway.lake.session import row_groups
from guideway.lake.writer import Writer
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms import recent_series as planning
from guideway.transforms import series
from guideway.transforms.history import History
from guideway.transforms.recent_series import FIT_YEARS, RecentCells, RecentSeries, recent_series
from guideway.transforms.series_cells import SeriesCells
from guideway.udfs.cell_files import MOST_POINTS
from guideway.udfs.degradation import epoch_days
from tests.costs.long_history import LAST_RUN, Railway

from .test_series import frame
from .test_series_cells import railway, renewed

pytestmark = pytest.mark.spark
AS_OF = date(2025, 6, 2)
INDICATORS = {"longitudinal_level_sd": 1, "alignment_sd": 1, "gauge_mean": -1}
PAST = (
    "asset_id string, work_t_days array<double>, work_codes array<smallint>, work_ids array<string>, "
    "traffic_days array<double>, tonnes_per_day array<double>, passes_per_day array<double>"
)
ODD = "L2% é+#"
"""A line whose name needs escapes in a path."""


def first_day(year: int) -> float:
    return float((date(year, 1, 1) - date(1970, 1, 1)).days)


def cells() -> Iterator[dict[str, object]]:
    """Cells of two lines: years before the window and after the day, gaps, corrections, a sensor, an asset of both."""
    rng = np.random.default_rng(4)
    for line, asset, indicator, year in (
        (line, asset, indicator, year)
        for line in ("L1", ODD)
        for asset in range(40)
        for indicator in (*INDICATORS, "not_trendable")
        for year in range(2017, 2027)
    ):
        if rng.random() < 0.15:
            continue  # not measured that year
        n = 5000 if (asset, year) == (7, 2025) else int(rng.integers(1, 14))
        days = np.sort(first_day(year) + 365 * rng.random(n))
        lapsed = rng.random(n) < (1.0 if asset == 3 else 0.2 if asset % 5 == 0 else 0.0)
        points = [
            {"t_days": t, "value": float(rng.normal()), "known_days": t + 1, "lapsed_days": t + 9 if gone else None}
            for t, gone in zip(days.tolist(), lapsed, strict=True)
        ]
        name = "stray" if asset == 11 else f"{line}-{asset:02d}"
        facts = {"asset_id": name, "indicator": indicator, "line_id": line, "year": year, "points": points}
        yield facts | {"unit": "mm" if line == "L1" else "mm/m", "made_of": "x", "points_hash": 0, "last_days": 0.0}


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The cells in small row groups, so that tasks have some to leave out; nothing else is in it."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("recent") / "lake"))
    rows = frame(spark, CONDITION_SERIES, list(cells()))
    with row_groups(spark, 1 << 14):
        whole = rows.repartition("line_id", "year").sortWithinPartitions("line_id", "year", "asset_id", "indicator")
        Writer(lake, "cells").append(whole, CONDITION_SERIES)
    return lake


def parts(spark: SparkSession) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame]:
    """reference.asset, reference.line, the past of some assets, and the indicators."""
    names = ["stray", "unseen", *(f"{line}-{asset:02d}" for line in ("L1", ODD) for asset in range(40) if asset != 11)]
    facts = {"line_id": "L1", "name": "", "attributes": {}}
    assets = [facts | {"asset_id": name, "asset_type": "switch" if "3" in name else "section"} for name in names]
    lines = [
        {"line_id": line, "name": "", "mode": mode, "rulebook_id": "none", "time_zone": "UTC"}
        | {"from_m": 0.0, "to_m": 1.0}
        for line, mode in (("L1", "metro"), (ODD, "tram"))
    ]
    past = [(f"L1-{k:02d}", [1.0, 2.0], [0, 1], ["W1", None], [5.0], [None], [3.0]) for k in range(0, 40, 2)]
    indicators = spark.createDataFrame(list(INDICATORS.items()), "indicator string, direction int")
    return frame(spark, ASSET, assets), frame(spark, LINE, lines), spark.createDataFrame(past, PAST), indicators


def limits() -> series.Limits:
    told = [
        {"kind": kind, "indicator": indicator, "limits": [{"level": "AL", "limit": limit, "provenance": "[S47]"}]}
        for kind, indicator, limit in ((0, "alignment_sd", 1.0), (2, "alignment_sd", 2.0), (2, "not_trendable", 3.0))
    ]
    return series.Limits.of({"L1-00": 0, "L1-01": 1, "L1-02": 2}, told)


def planned(lake: Lake, chosen: DataFrame | None = None, whole_since: float = np.inf) -> RecentSeries:
    stored = lake.read(CONDITION_SERIES)
    *places, _ = parts(lake.spark)
    told = RecentCells.of(SeriesCells(stored, stored, stored, ()), AS_OF)
    return recent_series(told, *places, INDICATORS, limits(), AS_OF, chosen, whole_since)


def told(lake: Lake, whole_since: float = np.inf) -> list[dict[str, object]]:
    """The same from Spark's own reading of the table, series by series in plain Python."""
    rows = lake.read(CONDITION_SERIES).where(F.col("year") >= AS_OF.year - FIT_YEARS)
    found = limits().beside(series.condition_series(rows, *parts(lake.spark), AS_OF)).toArrow().to_pylist()
    kept = []
    for row in found:
        lapsed, _ = row.pop("lapsed_days"), row.pop("known_days")
        points = [p for p, gone in zip(zip(row["t_days"], row["values"], strict=True), lapsed, strict=True) if not gone]
        n_before = sum(t < whole_since for t, _ in points)
        points = points[max(n_before - MOST_POINTS, 0) :]
        if points:
            kept.append(row | {"t_days": [t for t, _ in points], "values": [v for _, v in points]})
    return in_order(kept)


def in_order(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in ("asset_id", "indicator", "line_id")))


@pytest.mark.parametrize("whole_since", [np.inf, epoch_days(AS_OF) - 60.0])
def test_tasks_read_what_spark_says(lake: Lake, whole_since: float) -> None:
    found = in_order(planned(lake, whole_since=whole_since).read().toArrow().to_pylist())
    expected = told(lake, whole_since)
    assert len(found) > 200
    assert max(len(row["t_days"]) for row in found) >= MOST_POINTS
    assert {row["line_id"] for row in found if row["asset_id"] == "stray"} == {"L1", ODD}
    assert any(row["limits"] for row in found)
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_a_large_line_is_many_tasks_and_every_series_comes_once(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_TASK_CELLS", 50)
    recent = planned(lake)
    assert recent.rows.rdd.getNumPartitions() > 20
    rows = recent.read().withColumn("task", F.spark_partition_id())
    assert in_order(rows.drop("task").toArrow().to_pylist()) == told(lake)
    apart = rows.groupBy("asset_id").agg(F.count_distinct("task").alias("tasks")).where("tasks > 1")
    assert apart.isEmpty(), "all series of an asset are fitted together"


def test_only_the_chosen_assets_are_read(spark: SparkSession, lake: Lake) -> None:
    chosen = spark.createDataFrame([("stray",), ("L1-07",), ("nobody",)], "asset_id string")
    found = in_order(planned(lake, chosen).read().toArrow().to_pylist())
    assert found == [row for row in told(lake) if row["asset_id"] in ("stray", "L1-07")]
    none = planned(lake, chosen.where("asset_id = 'nobody'"))
    assert none.read().isEmpty()


def test_only_files_of_the_version_are_read_and_a_lost_one_is_named(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, str(tmp_path / "a lake% #1"))
    rows = frame(spark, CONDITION_SERIES, list(cells()))
    Writer(lake, "first").append(rows.where("line_id = 'L1'"), CONDITION_SERIES)
    folder = Path(lake.path(CONDITION_SERIES))
    old = set(folder.rglob("*.parquet"))
    window = "line_id = 'L1' AND year = 2024"
    other = (
        rows.where(window)
        .coalesce(1)
        .withColumn("points", F.expr("transform(points, p -> struct(p.t_days, 5D, 1D, null))"))
    )
    Writer(lake, "second").replace(other, CONDITION_SERIES, F.expr(window), window)
    assert in_order(planned(lake).read().toArrow().to_pylist()) == told(lake)

    recent = planned(lake)
    (lost,) = {file for file in set(folder.rglob("*.parquet")) - old if file.parent.name == "year=2024"}
    lost.write_bytes(lost.read_bytes()[:-7])
    with pytest.raises(PythonException, match=f"LakeError: .*{lost.name} cannot be read"):
        recent.read().toArrow()
    lost.unlink()
    with pytest.raises(PythonException, match=f"LakeError: .*{lost.name} cannot be read"):
        recent.read().toArrow()
    with pytest.raises(LakeError, match=f"{lost.name} cannot be read"):
        planned(lake)


def test_a_reader_that_must_not_write_makes_up_for_old_cells(spark: SparkSession, tmp_path: Path) -> None:
    """The sample that is learned from is the same before and after the cells are made anew."""
    world = railway(spark, tmp_path / "lake")
    world.measure(world.runs(-30, -2), "history")

    def sample() -> list[dict[str, object]]:
        history = History(world.lake.read, load_rulebooks(), LAST_RUN.date())
        return in_order(history.sample().toArrow().to_pylist())

    before = sample()
    assert before, "no cell is in a file yet"
    renewed(world.lake, "fit-1")
    assert sample() == before
    late(world)
    some_old = sample()
    assert some_old != before
    assert len(renewed(world.lake, "fit-2")) == 2
    assert sample() == some_old


def late(world: Railway) -> None:
    """A week's run of a line, and a correction of a run of the other."""
    world.measure(world.runs(-1, -1, lines=1), "week")
    again = world.runs(-3, -3).where("line_id = 'L1'").withColumn("delivered_at", F.lit("2025-06-01").cast("timestamp"))
    world.measure(again.withColumn("recording_id", F.concat("recording_id", F.lit("-corrected"))), "correction", 0.5)
