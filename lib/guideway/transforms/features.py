"""``gold.asset_feature``: what was known of every series at the end of a day, and the risk the champion sees in it."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from guideway.prognostics.weather import Weather
from guideway.transforms.series_cells import days
from guideway.transforms.shared import shared
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import FEATURE_DDL, RISK_DDL, Serving, score_rows, track_features


def with_facts(
    series: DataFrame, assets: DataFrame, sections: DataFrame, traffic: DataFrame, limits: DataFrame, until: Column
) -> DataFrame:
    """Series that have a limit, with place, attributes, traffic and the mildest limit.

    Returns:
        The columns of ``condition_series`` and track, position_m, installed_days, speed_kmh, curvature_per_km,
        cant_mm, structure, track_form, drainage, traffic (see ``asset_traffic``), limit, level_name.
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
    mildest = limits.select(
        "asset_id",
        "indicator",
        F.col("limits")[0]["limit"].alias("limit"),
        F.col("limits")[0]["level"].alias("level_name"),
    )
    return (
        series.join(mildest, ["asset_id", "indicator"])
        .join(placed, "asset_id")
        .join(facts, "asset_id", "left")
        .join(asset_traffic(assets, traffic, until), "asset_id", "left")
    )


def asset_traffic(assets: DataFrame, traffic: DataFrame, until: Column) -> DataFrame:
    """Daily traffic of each asset as it changed.

    Returns:
        Columns asset_id and, as arrays in order of time, traffic_days (since when), tonnes_per_day, passes_per_day.
    """
    known = traffic.where(F.col("day") < until).select(
        "line_id",
        "track_id",
        F.col("from_m").alias("t_from"),
        F.col("to_m").alias("t_to"),
        F.struct(days(F.col("day").cast("timestamp")).alias("since"), "gross_tonnes", "passes").alias("traffic"),
    )
    here = assets.where("from_m IS NOT NULL").select("asset_id", "line_id", "track_id", "from_m")
    matched = here.join(known, ["line_id", "track_id"]).where("from_m >= t_from AND from_m < t_to")
    told = F.array_sort(F.collect_list("traffic"))
    return matched.groupBy("asset_id").agg(
        F.transform(told, lambda row: row["since"]).alias("traffic_days"),
        F.transform(told, lambda row: row["gross_tonnes"]).alias("tonnes_per_day"),
        F.transform(told, lambda row: row["passes"]).alias("passes_per_day"),
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
