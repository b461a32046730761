"""``gold.asset_feature``: what was known of every series at the end of a day, and the risk the champion sees in it."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.prognostics.weather import Weather
from guideway.transforms.series import Limits
from guideway.transforms.series_cells import days
from guideway.transforms.shared import shared
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import FEATURE_DDL, RISK_DDL, Serving, score_rows, track_features


def with_facts(series: DataFrame, assets: DataFrame, sections: DataFrame, limits: Limits) -> DataFrame:
    """Series that have a limit, with place, attributes and the mildest limit.

    Returns:
        The columns of ``condition_series`` and track, position_m, installed_days, speed_kmh, curvature_per_km,
        cant_mm, structure, track_form, drainage, limit, level_name.
    """
    placed = assets.select(
        "asset_id",
        "track_id",
        F.concat_ws("|", "line_id", "track_id").alias("track"),
        F.coalesce("from_m", F.lit(0.0)).alias("position_m"),
        days(F.col("installed_on").cast("timestamp")).alias("installed_days"),
    )
    facts = sections.select(
        "asset_id", "speed_kmh", "curvature_per_km", "cant_mm", "structure", "track_form", "drainage"
    )
    mildest = {"limit": F.col("limits")[0]["limit"], "level_name": F.col("limits")[0]["level"]}
    return (
        limits.beside(series)
        .where(F.size("limits") > 0)
        .withColumns(mildest)
        .drop("limits")
        .join(placed, "asset_id")
        .join(facts, "asset_id", "left")
    )


def asset_features(
    series: DataFrame, trends: DataFrame, work_types: tuple[str, ...], as_of: date, weather: Weather
) -> DataFrame:
    """Rows of ``gold.asset_feature`` of a day; a group is a track, which bundles thousands of series.

    Args:
        series: the columns of ``with_facts``.
        trends: ``gold.degradation_trend`` of the day.
        work_types: names of the works' codes.
        as_of: the day.
        weather: of the lines, known at the end of the day.
    """
    engine = trends.select(
        "asset_id",
        "indicator",
        F.col("level_now").alias("engine_level"),
        F.col("rate_per_year").alias("engine_rate"),
        F.col("sigma").alias("engine_sigma"),
    )
    rows = series.join(engine, ["asset_id", "indicator"], "left")
    function = track_features(work_types, epoch_days(as_of), shared(series.sparkSession, weather))
    return rows.groupBy("track").applyInArrow(function, FEATURE_DDL).withColumn("as_of", F.lit(as_of))


def score(features: DataFrame, champion: Serving) -> DataFrame:
    """Rows of ``gold.failure_risk`` from rows of ``gold.asset_feature``."""
    return features.mapInArrow(score_rows(shared(features.sparkSession, champion)), RISK_DDL)
