"""The lake as analysts meet it: SQL, views, versions; other engines are in ``tests/analysts``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from guideway.contracts.bronze import SIGNAL
from guideway.contracts.gold import LIMIT_FORECAST
from guideway.errors import LakeError
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer

pytestmark = pytest.mark.spark
N = 500


@pytest.fixture
def forecasts(spark: SparkSession, lake: Lake, writer: Writer) -> Lake:
    rng = np.random.default_rng(3)
    rows = []
    for number in range(N):
        p = np.sort(rng.random(4)).tolist()
        days = [None if number % 7 == 0 else float(d) for d in np.sort(rng.uniform(0, 3000, 3))]
        key = (f"A{number}", "longitudinal_level_sd", "AL", date(2025, 6, 2))
        rows.append((*key, "L1", 2.7, "mm", float(rng.normal(1.5)), *days, *p, "[S47]"))
    frame = spark.createDataFrame(rows, LIMIT_FORECAST.ddl)
    writer.append(frame, LIMIT_FORECAST)
    writer.delete(LIMIT_FORECAST, F.col("asset_id").isin("A3", "A4"))
    return lake


def test_sql_names_tables_and_views(spark: SparkSession, lake: Lake, writer: Writer) -> None:
    row = [("r1", "gauge", 2, 100.0, 0.25, "mm", [1435.0, None, 1436.0], 2, "s")]
    writer.append(spark.createDataFrame(row, SIGNAL.ddl), SIGNAL)
    for database in ("bronze", "silver", "gold", "reference"):
        spark.sql(f"DROP DATABASE IF EXISTS {database} CASCADE")
    lake.register()
    samples = spark.sql("SELECT at, value FROM bronze.sample WHERE recording_id = 'r1' ORDER BY at").collect()
    assert [(s.at, s.value) for s in samples] == [(100.0, 1435.0), (100.25, None), (100.5, 1436.0)]
    assert spark.sql("SHOW TABLES IN gold").isEmpty(), "a table that was never written is not registered"


def test_time_travel_and_commit_stamps(forecasts: Lake) -> None:
    assert forecasts.read(LIMIT_FORECAST, 1).count() == N
    history = forecasts.delta(LIMIT_FORECAST).history().where("version > 0").select("userMetadata").collect()
    assert {row.userMetadata for row in history} == {"run-1"}


def test_a_foreign_folder_is_not_taken_over(lake: Lake) -> None:
    folder = Path(lake.path(SIGNAL))
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(LakeError, match="not empty and not a Delta table"):
        lake.delta(SIGNAL)
