"""gold.network_week: the week in numbers, a row a line."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from guideway.transforms.series import end_of

_LIKELY = 0.5


def in_week(column: str, as_of: date) -> Column:
    """Whether a timestamp lies in the seven days that end with ``as_of``."""
    return (F.col(column) >= end_of(as_of - timedelta(days=7))) & (F.col(column) < end_of(as_of))


def network_week(
    lines: DataFrame,
    tracks: DataFrame,
    recordings: DataFrame,
    source_files: DataFrame,
    trends: DataFrame,
    exceedances: DataFrame,
    forecasts: DataFrame,
    last_forecasts: DataFrame,
    as_of: date,
) -> DataFrame:
    """One row a line.

    A rejected file counts where its line is known: with the line of the last accepted recording of its source.
    ``forecasts`` and ``last_forecasts`` are those of ``as_of`` and of a week before.
    """
    length = tracks.groupBy("line_id").agg((F.sum(F.col("to_m") - F.col("from_m")) / 1000).alias("length_km"))
    delivered = recordings.where(in_week("delivered_at", as_of))
    recorded = delivered.groupBy("line_id").agg(F.count("*").alias("recordings"))
    home = recordings.groupBy("source_id").agg(F.max_by("line_id", "started_at").alias("line_id"))
    rejected = (
        source_files.where("status = 'quarantined'").where(in_week("delivered_at", as_of)).join(home, "source_id")
    )
    watched = trends.groupBy("line_id").agg(F.countDistinct("asset_id").alias("assets"))
    seen_now = exceedances.where(in_week("measured_at", as_of))
    seen = seen_now.groupBy("line_id").agg(F.count("*").alias("exceedances"))
    before = crossing(last_forecasts).select("line_id", F.col("crossing_13w").alias("last_crossing_13w"))
    known = not last_forecasts.isEmpty()
    parts = [
        length,
        recorded,
        rejected.groupBy("line_id").agg(F.count("*").alias("files_rejected")),
        watched,
        seen,
        crossing(forecasts),
        before,
    ]
    rows = lines.select("line_id", "mode")
    for part in parts:
        rows = rows.join(part, "line_id", "left")
    change = F.col("crossing_13w") - F.col("last_crossing_13w") if known else F.lit(None)
    return (
        rows.na.fill(0)
        .withColumn("crossing_13w_change", change.cast("bigint"))
        .withColumn("as_of", F.lit(as_of))
        .drop("last_crossing_13w")
    )


def crossing(forecasts: DataFrame) -> DataFrame:
    """Assets more likely than not to cross any limit within each horizon, by line."""
    counts = [
        F.countDistinct(F.when(F.col(f"probability_{weeks}w") > _LIKELY, F.col("asset_id"))).alias(f"crossing_{weeks}w")
        for weeks in (4, 13, 52)
    ]
    return forecasts.groupBy("line_id").agg(*counts)
