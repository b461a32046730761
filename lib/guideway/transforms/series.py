"""Condition series: one row an asset and indicator, its history as arrays, as the degradation engine takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.monitoring.definition import Indicator
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.transforms.series_cells import days
from guideway.udfs.degradation import epoch_days

_LEAST_OVERLAP = 0.1
MOST_POINTS = 1000
"""Values of a series that a fit of the latest years takes: a sensor of many values a day holds up no other series."""

LIMIT_DDL = "array<struct<level: string, limit: double, provenance: string>>"


def end_of(as_of: date) -> Column:
    """First moment no result of ``as_of`` may know of: midnight after it, UTC."""
    return F.lit((as_of + timedelta(days=1)).isoformat() + "T00:00:00Z").cast("timestamp")


def indicator_frame(spark: SparkSession, indicators: Mapping[str, Indicator]) -> DataFrame:
    """Indicators a trend makes sense of: columns indicator, direction (+1 worse when higher, -1 when lower)."""
    rows = [(i.name, 1 if i.direction == "above" else -1) for i in indicators.values() if i.trendable]
    return spark.createDataFrame(rows, "indicator string, direction int")


def limit_arrays(
    spark: SparkSession, network: Network, rulebooks: Mapping[str, Rulebook], indicators: Mapping[str, Indicator]
) -> DataFrame:
    """The limits of every asset: columns asset_id, indicator, limits (array of level, limit, provenance).

    Looked up once for each different (rule book, class, speed), not once an asset.
    """
    classes: dict[tuple[str, str, str, float], list[str]] = {}
    for stretch in network.by_asset.values():
        book_id = network.rulebook_ids.get(stretch.line_id, "")
        key = (book_id, stretch.receiver_zone or stretch.mode, stretch.mode, stretch.speed_kmh)
        classes.setdefault(key, []).append(stretch.asset_id)
    kinds, members = [], []
    for number, (key, assets) in enumerate(classes.items()):
        book_id, zone, mode, speed = key
        members += [(asset_id, number) for asset_id in assets]
        book = rulebooks.get(book_id, Rulebook("none", ()))
        for name in sorted(book.indicators & indicators.keys()):
            limits = book.limits(name, zone, speed) or book.limits(name, mode, speed)
            if limits:
                kinds.append((number, name, [(limit.level, limit.value, limit.provenance) for limit in limits]))
    by_kind = spark.createDataFrame(kinds, f"kind int, indicator string, limits {LIMIT_DDL}")
    return spark.createDataFrame(members, "asset_id string, kind int").join(F.broadcast(by_kind), "kind").drop("kind")


def asset_works(assets: DataFrame, works: DataFrame, work_types: tuple[str, ...], until: Column) -> DataFrame:
    """Recorded works of each asset: columns asset_id, work_t_days, work_codes, work_ids, in order of time.

    A work is an asset's where it covers a tenth of it or more, or the asset is a point.
    """
    overlap = F.least("to_m", "w_to_m") - F.greatest("from_m", "w_from_m")
    done = works.where(F.col("finished_at") < until).select(
        "line_id",
        "track_id",
        F.col("from_m").alias("w_from_m"),
        F.col("to_m").alias("w_to_m"),
        F.struct(
            days(F.col("finished_at")).alias("t"),
            (F.array_position(F.lit(list(work_types)), F.col("work_type")) - 1).cast("smallint").alias("code"),
            "work_id",
        ).alias("work"),
    )
    placed = assets.where("from_m IS NOT NULL AND track_id IS NOT NULL").select(
        "asset_id", "line_id", "track_id", "from_m", F.coalesce("to_m", "from_m").alias("to_m")
    )
    matched = placed.join(done, ["line_id", "track_id"]).where(
        (overlap >= _LEAST_OVERLAP * (F.col("to_m") - F.col("from_m"))) & (overlap >= 0)
    )
    history = F.array_sort(F.collect_list("work"))
    return matched.groupBy("asset_id").agg(
        F.transform(history, lambda w: w["t"]).alias("work_t_days"),
        F.transform(history, lambda w: w["code"]).alias("work_codes"),
        F.transform(history, lambda w: w["work_id"]).alias("work_ids"),
    )


def condition_series(
    cells: DataFrame,
    assets: DataFrame,
    lines: DataFrame,
    works: DataFrame,
    indicators: DataFrame,
    as_of: date,
    years: int | None = None,
) -> DataFrame:
    """One row an asset and indicator, of values measured by the end of ``as_of``.

    Since when each value is known goes with it, and when a correction took its place: whoever must not know more than a
    past day did takes what was known then, all others what never lapsed (``udfs.ragged.series_batch``).

    Args:
        cells: rows of silver.condition_series.
        assets: reference.asset.
        lines: reference.line.
        works: what ``asset_works`` gives.
        indicators: what ``indicator_frame`` gives.
        as_of: the day.
        years: only recordings begun in that day's year or so many years before it, and of a series no more than its
            ``MOST_POINTS`` latest values; by default all.

    Returns:
        Columns asset_id, indicator, line_id, unit, direction, pool (pooling group), t_days, values, known_days,
        lapsed_days (null: never), work_t_days, work_codes, work_ids.
    """
    told = cells.where(F.col("year") <= as_of.year)
    if years is not None:
        told = told.where(F.col("year") >= as_of.year - years)
    series = _gathered(told.join(F.broadcast(indicators), "indicator"), epoch_days(as_of))
    if years is not None:
        latest = F.slice("points", -MOST_POINTS, MOST_POINTS)
        series = series.withColumn("points", F.when(F.size("points") > MOST_POINTS, latest).otherwise(F.col("points")))
    modes = F.broadcast(lines.select("line_id", "mode"))
    kinds = assets.select("asset_id", "asset_type")
    none = {name: F.coalesce(name, F.array()) for name in ("work_t_days", "work_codes", "work_ids")}
    return (
        series.withColumns(
            {
                "t_days": F.transform("points", lambda p: p["t_days"]),
                "values": F.transform("points", lambda p: p["value"]),
                "known_days": F.transform("points", lambda p: p["known_days"]),
                "lapsed_days": F.transform("points", lambda p: p["lapsed_days"]),
            }
        )
        .drop("points")
        .join(modes, "line_id")
        .join(kinds, "asset_id")
        .withColumn("pool", F.concat_ws("|", "indicator", "mode", "asset_type"))
        .drop("mode", "asset_type")
        .join(works, "asset_id", "left")
        .withColumns(none)
    )


def _gathered(cells: DataFrame, end_days: float) -> DataFrame:
    """The cells of each series one after the other: its points before ``end_days``, in order of time."""
    inside = F.filter("points", lambda p: p["t_days"] < end_days)
    by_year = F.array_sort(F.collect_list(F.struct("year", inside.alias("points"))))
    series = cells.groupBy("asset_id", "indicator", "line_id", "unit", "direction").agg(by_year.alias("by_year"))
    points = F.flatten(F.transform("by_year", lambda cell: cell["points"]))
    return series.withColumn("points", points).drop("by_year").where(F.size("points") > 0)
