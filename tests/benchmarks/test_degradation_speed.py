"""Degradation: the same estimator from the files of cells, group by group, and alone in memory; results are equal.

Beside them what a week costs that carries the fits on, because nothing came for their assets. The first way begins
where the job begins, with a lake's cells of a line and year: their files are found, and tasks read them and fit.

Run by ``make bench``; ``GUIDEWAY_BENCH_SERIES=1000000`` takes a million series through Spark. Prints a table of costs;
``docs/benchmarks.md`` keeps the last one measured.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts.silver import CONDITION_SERIES
from guideway.degradation.calibration import Calibration
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import fit_trends
from guideway.lake.lake import Lake
from guideway.lake.session import row_groups
from guideway.lake.writer import Writer
from guideway.transforms import degradation, series
from guideway.transforms.recent_series import RecentCells, recent_series
from guideway.transforms.series_cells import GROUP_BYTES, SeriesCells
from guideway.udfs.degradation import Fitting, epoch_days
from guideway.udfs.ragged import series_batch
from tests.benchmarks.harness import tree_cpu_s, tree_mib

pytestmark = pytest.mark.spark
POINTS, FILE, ROUNDS, TURNS = 60, 10_000, 10, 3  # the kernel alone is too fast to be timed in one round
SERIES = int(os.environ.get("GUIDEWAY_BENCH_SERIES", "20000"))
GROUPED = int(os.environ.get("GUIDEWAY_BENCH_GROUPED", "2000"))
AS_OF = date(2024, 10, 3)
DAY = epoch_days(AS_OF)
INDICATOR = "longitudinal_level_sd"
POOL = f"{INDICATOR}|conventional|track_section"
CELLS = (
    "asset_id string, indicator string, line_id string, unit string, year int, points array<struct<t_days: double, "
    "value: double, known_days: double, lapsed_days: double>>, made_of string, points_hash bigint, last_days double"
)
PAST = "asset_id string, work_t_days array<double>, work_codes array<smallint>, work_ids array<string>"


def simulated(n: int, number: int) -> pa.Table:
    """Sections that worsen, half of them tamped once; nothing of it recorded."""
    rng = np.random.default_rng(number)
    t = DAY - 4.0 - 28.0 * np.arange(POINTS)[::-1] + rng.integers(-3, 4, (n, POINTS))
    rate = rng.lognormal(-1.6, 0.5, (n, 1))
    values = 1.0 + rate * (t - t[:, :1]) / 365.25 + rng.normal(0, 0.04, (n, POINTS))
    worked = rng.random(n) < 0.5
    values[worked, POINTS // 2 :] -= rng.uniform(0.3, 0.8, (int(worked.sum()), 1))
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * POINTS)
    same = {"indicator": INDICATOR, "line_id": f"L{number:03d}", "unit": "mm", "direction": np.int32(1), "pool": POOL}
    none = {"work_t_days": pa.float64(), "work_codes": pa.int16(), "work_ids": pa.string()}
    return pa.table(
        {"asset_id": [f"A{number:03d}{i:05d}" for i in range(n)]}
        | {name: pa.repeat(pa.scalar(value), n) for name, value in same.items()}
        | {
            "t_days": pa.ListArray.from_arrays(offsets, t.ravel()),
            "values": pa.ListArray.from_arrays(offsets, values.ravel()),
        }
        | {name: pa.array([[]] * n, pa.list_(kind)) for name, kind in none.items()}
    )


def cells(series: pa.Table) -> pa.Table:
    """The same as rows of silver.condition_series."""
    t, values = (series.column(name).combine_chunks().flatten().to_numpy() for name in ("t_days", "values"))
    year = t.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    owner = np.repeat(np.arange(series.num_rows), POINTS)
    first = np.flatnonzero(np.diff(owner * 10_000 + year, prepend=-1))
    columns = {"t_days": t, "value": values, "known_days": t + 1, "lapsed_days": pa.nulls(len(t), pa.float64())}
    points = pa.StructArray.from_arrays([pa.array(column) for column in columns.values()], list(columns))
    names = series.select(["asset_id", "indicator", "line_id", "unit"]).take(pa.array(owner[first]))
    told = {"year": year[first].astype(np.int32), "points": pa.ListArray.from_arrays(np.append(first, len(t)), points)}
    last = t[np.append(first[1:], len(t)) - 1]
    for name, column in (told | {"made_of": [""] * len(first), "points_hash": first, "last_days": last}).items():
        names = names.append_column(name, column if isinstance(column, pa.Array) else pa.array(column))
    return names


def written(spark: SparkSession, folder: Path, files: list[Path]) -> SeriesCells:
    """Cells in a lake, each a file, as the job writes them."""
    lake = Lake(spark, str(folder / "lake"))
    rows = spark.read.schema(CELLS).parquet(*map(str, files)).repartition(len(files), "line_id", "year")
    with row_groups(spark, GROUP_BYTES):
        Writer(lake, "cells").append(rows.sortWithinPartitions("line_id", "year", "asset_id"), CONDITION_SERIES)
    stored = lake.read(CONDITION_SERIES)
    return SeriesCells(stored, stored, stored, ())


class Cost:
    """Wall time, processor time and peak memory of this process and all it started, while the blocks run."""

    def __init__(self) -> None:
        self.peak_mib = self.wall_s = self.cpu_s = 0.0

    def __enter__(self) -> Cost:
        self._ended = Event()
        self._sampler = Thread(target=self._sample)
        self._sampler.start()
        self.wall_s -= time.perf_counter()
        self.cpu_s -= tree_cpu_s()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter()
        self.cpu_s += tree_cpu_s()
        self._ended.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._ended.wait(1.0):
            self.peak_mib = max(self.peak_mib, tree_mib(os.getpid()))


def timed(*actions: Callable[[], object]) -> list[Cost]:
    """What each costs in all of ``TURNS`` turns: the machine is faster in one minute than in the next."""
    costs = [Cost() for _ in actions]
    for _ in range(TURNS):
        for action, cost in zip(actions, costs, strict=True):
            with cost:
                action()
    return costs


def test_arrow_batches_beside_groups_and_the_kernel_alone(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("bench")
    numbers = range(-(-SERIES // FILE))
    files = [folder / f"cells-{number:03d}.parquet" for number in numbers]
    for number, file in enumerate(files):
        pq.write_table(cells(simulated(min(FILE, SERIES), number)), file)
    first = simulated(min(FILE, SERIES), 0).combine_chunks()
    points = first.slice(0, GROUPED).to_pandas()[["asset_id", "t_days", "values"]].explode(["t_days", "values"])
    points.astype({"t_days": float, "values": float}).to_parquet(folder / "points.parquet")

    rows = first.to_batches()[0]
    batch = series_batch(rows, (POOL,), ())
    parameters = DegradationParameters()
    priors = estimate_priors(batch, parameters, (POOL,))
    fitting = Fitting(AS_OF, parameters, priors, Calibration.none(), ())
    limits = series.Limits.of({})
    stored = written(spark, folder, files)
    assets = (
        stored.stored.select("asset_id", "line_id", F.lit("track_section").alias("asset_type")).distinct().persist()
    )
    places = (
        assets,
        spark.createDataFrame([(f"L{one:03d}", "conventional") for one in numbers], "line_id string, mode string"),
        spark.createDataFrame([], PAST),
        {INDICATOR: 1},
    )

    def one_group(points: pd.DataFrame) -> pd.DataFrame:
        alone = SeriesBatch.of([0, len(points)], points["t_days"], points["values"], group=[0])
        trend = fit_trends(alone, priors, DAY, parameters)
        return pd.DataFrame({"asset_id": points["asset_id"].iloc[:1], "rate": trend.rate_per_year})

    def fitted() -> DataFrame:
        return degradation.fit(recent_series(RecentCells.of(stored, AS_OF), *places, limits, AS_OF), [fitting])

    def rates(fits: DataFrame) -> DataFrame:
        return fits.selectExpr("asset_id", "trend.rate_per_year AS rate")

    grouped = spark.read.parquet(str(folder / "points.parquet")).groupBy("asset_id")
    by_group = grouped.applyInPandas(one_group, "asset_id string, rate double")

    # equal results; and workers are started, kernels loaded
    kernel = fit_trends(batch, priors, DAY, parameters).rate_per_year
    told = rates(fitted()).toPandas().set_index("asset_id")["rate"]
    np.testing.assert_allclose(told.loc[rows.column("asset_id").to_pylist()], kernel, rtol=1e-9)
    groups = by_group.toPandas().set_index("asset_id")["rate"]
    np.testing.assert_allclose(told.loc[groups.index], groups, rtol=1e-9)

    def alone() -> None:
        run = degradation.fit_series(lambda: [fitting])
        empty = pa.array(
            [[]] * rows.num_rows,
            pa.list_(pa.struct([("level", pa.string()), ("limit", pa.float64()), ("provenance", pa.string())])),
        )
        batch = pa.RecordBatch.from_arrays([*rows.columns, empty], [*rows.schema.names, "limits"])
        for _ in range(ROUNDS):
            list(run([batch]))

    fitted().drop("trend", "forecasts").write.parquet(str(folder / "fits"))
    later = replace(fitting, as_of=AS_OF + timedelta(days=7))
    carried = degradation.carry(spark.read.parquet(str(folder / "fits")), limits, later)
    np.testing.assert_allclose(rates(carried).toPandas().set_index("asset_id")["rate"].loc[told.index], told, rtol=1e-9)
    alone()
    frames = {
        "from the cells, 2 cores (mapInArrow)": (SERIES, lambda: rates(fitted())),
        "carried on for a week, 2 cores (mapInArrow)": (SERIES, lambda: rates(carried)),
        "group by group, 2 cores (applyInPandas)": (GROUPED, lambda: by_group),
    }
    ways = {
        way: (n, lambda of=frame: of().write.format("noop").mode("overwrite").save())
        for way, (n, frame) in frames.items()
    }
    ways["kernel alone, 1 core"] = (ROUNDS * rows.num_rows, alone)
    costs = timed(*(action for _, action in ways.values()))
    with capsys.disabled():
        print(f"\nseries of {POINTS} points, {os.cpu_count()} cores, Python {platform.python_version()}, {TURNS} turns")
        print("| way | series | wall s | processor s | peak MiB | processor time a series, us |")
        print("|---|---|---|---|---|---|")
        for (way, (n, _)), cost in zip(ways.items(), costs, strict=True):
            each = 1e6 * cost.cpu_s / (TURNS * n)
            print(f"| {way} | {n:,} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.peak_mib:,.0f} | {each:.1f} |")
