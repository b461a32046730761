"""Degradation: the same estimator over Arrow batches, called group by group, and alone in memory; results are equal.

Run by ``make bench``. Prints a table of series a second and ratios; ``docs/benchmarks.md`` keeps the last one measured.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from guideway.degradation.calibration import Calibration
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import fit_trends
from guideway.transforms import degradation, series
from guideway.udfs.degradation import Fitting, epoch_days
from guideway.udfs.ragged import series_batch

pytestmark = pytest.mark.spark
POINTS = 60
SERIES = int(os.environ.get("GUIDEWAY_BENCH_SERIES", "20000"))
GROUPED = int(os.environ.get("GUIDEWAY_BENCH_GROUPED", "2000"))
AS_OF = date(2024, 10, 3)
DAY = epoch_days(AS_OF)
POOL = "longitudinal_level_sd|conventional|track_section"


def simulated(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    t = DAY - 28.0 * np.arange(POINTS)[::-1] + rng.integers(-3, 4, (n, POINTS))
    rate = rng.lognormal(-1.6, 0.5, (n, 1))
    values = 1.0 + rate * (t - t[:, :1]) / 365.25 + rng.normal(0, 0.04, (n, POINTS))
    worked = rng.random(n) < 0.5
    values[worked, POINTS // 2 :] -= rng.uniform(0.3, 0.8, (int(worked.sum()), 1))
    return pd.DataFrame(
        {
            "asset_id": [f"A{i:07d}" for i in range(n)],
            "indicator": "longitudinal_level_sd",
            "line_id": "L1",
            "unit": "mm",
            "direction": 1,
            "pool": POOL,
            "t_days": list(t),
            "values": list(values),
            "work_t_days": [[] for _ in range(n)],
            "work_codes": [[] for _ in range(n)],
            "work_ids": [[] for _ in range(n)],
        }
    )


DDL = (
    "asset_id string, indicator string, line_id string, unit string, direction int, pool string, t_days array<double>, "
    "values array<double>, work_t_days array<double>, work_codes array<smallint>, work_ids array<string>"
)


def timed(action: Callable[[], object]) -> float:
    action()  # workers started, kernels loaded
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def test_arrow_batches_beside_groups_and_the_kernel_alone(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path_factory.mktemp("bench"))
    frame = simulated(SERIES)
    spark.createDataFrame(frame, DDL).repartition(4).write.parquet(f"{folder}/series")
    spark.createDataFrame(frame.head(GROUPED), DDL).selectExpr(
        "asset_id", "explode(arrays_zip(t_days, values)) AS p"
    ).selectExpr("asset_id", "p.t_days AS t", "p.values AS v").write.parquet(f"{folder}/points")
    stored = spark.read.schema(DDL).parquet(f"{folder}/series")

    rows = degradation.arrow_batch(stored)
    batch = series_batch(rows, (POOL,), ())
    parameters = DegradationParameters()
    priors = estimate_priors(batch, parameters, (POOL,))
    fitting = Fitting(AS_OF, parameters, priors, Calibration.none(), ())
    limits = spark.createDataFrame([], f"asset_id string, indicator string, limits {series.LIMIT_DDL}")

    def one_group(points: pd.DataFrame) -> pd.DataFrame:
        alone = SeriesBatch.of([0, len(points)], points["t"], points["v"], group=[0])
        trend = fit_trends(alone, priors, DAY, parameters)
        return pd.DataFrame({"asset_id": points["asset_id"].iloc[:1], "rate": trend.rate_per_year})

    grouped = spark.read.parquet(f"{folder}/points").groupBy("asset_id")
    by_group = grouped.applyInPandas(one_group, "asset_id string, rate double")
    by_batch = degradation.fit(stored, limits, [fitting]).selectExpr("asset_id", "trend.rate_per_year AS rate")

    kernel = fit_trends(batch, priors, DAY, parameters).rate_per_year
    told = by_batch.toPandas().set_index("asset_id")["rate"].loc[rows.column("asset_id").to_pylist()]
    np.testing.assert_allclose(told, kernel, rtol=1e-9)
    groups = by_group.toPandas().set_index("asset_id")["rate"]
    np.testing.assert_allclose(told.loc[groups.index], groups, rtol=1e-9)

    def whole_kernel() -> None:
        run = degradation.fit_series(lambda: [fitting])
        empty = pa.array(
            [[]] * rows.num_rows,
            pa.list_(pa.struct([("level", pa.string()), ("limit", pa.float64()), ("provenance", pa.string())])),
        )
        list(run([pa.RecordBatch.from_arrays([*rows.columns, empty], [*rows.schema.names, "limits"])]))

    seconds = {
        "Arrow batches, 2 cores (mapInArrow)": timed(lambda: by_batch.write.format("noop").mode("overwrite").save())
        / SERIES,
        "group by group, 2 cores (applyInPandas)": timed(lambda: by_group.write.format("noop").mode("overwrite").save())
        / GROUPED,
        "kernel alone, 1 core": timed(whole_kernel) / SERIES,
    }
    best = seconds["Arrow batches, 2 cores (mapInArrow)"]
    with capsys.disabled():
        print(
            f"\n{SERIES} series of {POINTS} points ({GROUPED} by group), "
            f"{os.cpu_count()} cores, Python {platform.python_version()}"
        )
        print("| way | series a second | time a series beside Arrow batches |\n|---|---|---|")
        for way, each in seconds.items():
            print(f"| {way} | {1 / each:,.0f} | {each / best:.2f} |")
