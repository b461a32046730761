"""gold.degradation_trend, gold.limit_forecast, gold.intervention: condition series fitted and forecast."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from guideway.transforms.recent_series import RecentSeries
from guideway.transforms.series import Limits
from guideway.transforms.shared import shared
from guideway.udfs.cell_files import read_series
from guideway.udfs.degradation import FITTED_DDL, Fitting, carry_fits, fit_series


def fit(series: RecentSeries, fittings: Sequence[Fitting]) -> DataFrame:
    """Every series fitted, each day in one pass over them: one row with its trend, forecasts and works a day.

    Columns are those of ``udfs.degradation.FITTED_DDL``. A task reads its series and fits them: no point passes Spark.
    """
    spark = series.rows.sparkSession
    read, fitted = read_series(shared(spark, series.plan)), fit_series(shared(spark, fittings))
    return series.rows.mapInArrow(lambda rows: fitted(read(rows)), FITTED_DDL)


def carry(fits: DataFrame, limits: Limits, fitting: Fitting) -> DataFrame:
    """The same of fits that are carried on to the day, rows of silver.series_fit; no series is read for it."""
    return limits.beside(fits).mapInArrow(carry_fits(shared(fits.sparkSession, fitting)), FITTED_DDL)


def trend_rows(fitted: DataFrame) -> DataFrame:
    """Rows of gold.degradation_trend."""
    return fitted.select("asset_id", "indicator", "as_of", "line_id", "unit", "trend.*")


def forecast_rows(fitted: DataFrame) -> DataFrame:
    """Rows of gold.limit_forecast; series without a trend have none."""
    rows = fitted.select("asset_id", "indicator", "as_of", "line_id", "unit", F.explode("forecasts").alias("forecast"))
    return rows.select("asset_id", "indicator", "as_of", "line_id", "unit", "forecast.*")


def intervention_rows(fitted: DataFrame) -> DataFrame:
    """Rows of gold.intervention, of one day's fit: one an asset and work, told by the indicator that shows it clearest.

    An inferred work seen in several indicators is one work where they agree within four weeks.
    """
    rows = fitted.select("asset_id", "indicator", F.explode("works").alias("work")).select(
        "asset_id", "indicator", "work.*"
    )
    clarity = F.coalesce(F.try_divide(-F.col("effect"), F.col("sigma")), F.lit(-1.0))
    recorded = Window.partitionBy("asset_id", "work_id").orderBy(clarity.desc(), "indicator")
    told = rows.where("source = 'recorded'").withColumn("rank", F.row_number().over(recorded)).where("rank = 1")
    # inferred works of one asset within 28 days of the one before form one group
    by_time = Window.partitionBy("asset_id").orderBy("at", "indicator")
    gap = F.coalesce(F.unix_seconds("at") - F.unix_seconds(F.lag("at").over(by_time)) > 28 * 86_400, F.lit(True))
    grouped = (
        rows.where("source = 'inferred'")
        .withColumn("new", gap.cast("int"))
        .withColumn("group", F.sum("new").over(by_time))
    )
    best = Window.partitionBy("asset_id", "group").orderBy(F.desc("confidence"), clarity.desc(), "indicator")
    inferred = grouped.withColumn("rank", F.row_number().over(best)).where("rank = 1").drop("new", "group")
    both = told.unionByName(inferred).drop("rank", "sigma")
    # two works of one asset may end at the same moment: the key is (asset_id, at), the clearer one is told
    same = Window.partitionBy("asset_id", "at").orderBy(F.col("source").desc(), F.asc_nulls_last("work_id"))
    return both.withColumn("rank", F.row_number().over(same)).where("rank = 1").drop("rank")


def arrow_batch(frame: DataFrame) -> pa.RecordBatch:
    """A small frame on the driver, as one batch, in a stable order."""
    # sorted here: Spark's own sort looks for its ranges first, and makes the frame twice for it
    table: pa.Table = frame.toArrow().combine_chunks()
    batches = table.sort_by([("asset_id", "ascending"), ("indicator", "ascending")]).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
