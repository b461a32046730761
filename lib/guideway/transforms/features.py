"""Condition series with everything else the lake knows of their assets: what models learn from."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from guideway.transforms.series import days
from guideway.transforms.shared import shared
from guideway.udfs.features import RISK_DDL, Serving, score_track


def with_facts(
    series: DataFrame, assets: DataFrame, sections: DataFrame, traffic: DataFrame, limits: DataFrame, until: Column
) -> DataFrame:
    """Series that have a limit, with place, attributes, traffic and the mildest limit.

    Returns:
        The columns of ``condition_series`` and track, position_m, installed_days, speed_kmh, curvature_per_km,
        cant_mm, structure, track_form, drainage, tonnes_per_day, passes_per_day, limit, level_name.
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
    """Latest daily traffic of each asset: columns asset_id, tonnes_per_day, passes_per_day."""
    known = traffic.where(F.col("day") < until).select(
        "line_id",
        "track_id",
        F.col("from_m").alias("t_from"),
        F.col("to_m").alias("t_to"),
        "day",
        "gross_tonnes",
        "passes",
    )
    here = assets.where("from_m IS NOT NULL").select("asset_id", "line_id", "track_id", "from_m")
    matched = here.join(known, ["line_id", "track_id"]).where("from_m >= t_from AND from_m < t_to")
    return matched.groupBy("asset_id").agg(
        F.max_by("gross_tonnes", "day").alias("tonnes_per_day"), F.max_by("passes", "day").alias("passes_per_day")
    )


def with_engine(rows: DataFrame, trends: DataFrame) -> DataFrame:
    """The rows with level, rate and sigma of the degradation engine's trends of the day."""
    engine = trends.select(
        "asset_id",
        "indicator",
        F.col("level_now").alias("engine_level"),
        F.col("rate_per_year").alias("engine_rate"),
        F.col("sigma").alias("engine_sigma"),
    )
    return rows.join(engine, ["asset_id", "indicator"], "left")


def score(rows: DataFrame, champion: Serving, work_types: tuple[str, ...], as_of_days: float) -> DataFrame:
    """Rows of gold.failure_risk, without ``as_of``; a group is a track, which bundles thousands of series."""
    function = score_track(shared(rows.sparkSession, champion), work_types, as_of_days)
    return rows.groupBy("track").applyInArrow(function, RISK_DDL)
