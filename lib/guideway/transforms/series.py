"""Condition series: one row an asset and indicator, its history as arrays, as the degradation engine takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from guideway.monitoring.definition import Indicator
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.transforms.recording import IDENTITY

_SECONDS_PER_DAY = 86_400.0
_LEAST_OVERLAP = 0.1
LIMIT_DDL = "array<struct<level: string, limit: double, provenance: string>>"


def end_of(as_of: date) -> Column:
    """First moment no result of ``as_of`` may know of: midnight after it, UTC."""
    return F.lit((as_of + timedelta(days=1)).isoformat() + "T00:00:00Z").cast("timestamp")


def days(timestamp: Column) -> Column:
    """A timestamp as days since 1970-01-01 UTC."""
    return F.unix_micros(timestamp) / (1e6 * _SECONDS_PER_DAY)


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


def known_since(recordings: DataFrame) -> DataFrame:
    """Since when each recording is known, and until when: columns recording_id, known_at, lapsed_at.

    It is known since its delivery. What was measured before the first delivery of its source came as an archive, whose
    dates of delivery say nothing of the time: it is known since it was measured; a correction that came more than a day
    after that archive is known since its own delivery. A recording lapses when a correction of it is known; until then
    it was what one knew.
    """
    first = F.min("delivered_at").over(Window.partitionBy("source_id"))
    deliveries = Window.partitionBy(*IDENTITY).orderBy("delivered_at", "recording_id")
    told = recordings.select("recording_id", "delivered_at", *IDENTITY, first.alias("first"))
    told = told.withColumn("revision", F.row_number().over(deliveries))
    came_with_archive = (F.col("revision") == 1) | (F.col("delivered_at") <= F.col("first") + F.expr("INTERVAL 1 DAY"))
    is_archive = (F.col("started_at") < F.col("first")) & came_with_archive
    known = told.withColumn("known_at", F.when(is_archive, F.col("started_at")).otherwise(F.col("delivered_at")))
    return known.select("recording_id", "known_at", F.lead("known_at").over(deliveries).alias("lapsed_at"))


def condition_series(
    conditions: DataFrame,
    recordings: DataFrame,
    assets: DataFrame,
    lines: DataFrame,
    works: DataFrame,
    indicators: DataFrame,
    until: Column,
) -> DataFrame:
    """One row an asset and indicator, of good values measured before ``until``.

    Since when each value is known goes with it, and when a correction took its place: whoever must not know more than a
    past day did takes what was known then, all others what never lapsed (``udfs.ragged.series_batch``).

    Returns:
        Columns asset_id, indicator, line_id, unit, direction, pool (pooling group), t_days, values, known_days,
        lapsed_days (null: never), work_t_days, work_codes, work_ids.
    """
    known = known_since(recordings)
    usable = (
        conditions.where((F.col("measured_at") < until) & (F.col("quality") == "good"))
        .join(F.broadcast(known), "recording_id")
        .join(F.broadcast(indicators), "indicator")
    )
    point = F.struct(
        days(F.col("measured_at")).alias("t"),
        F.col("value").alias("v"),
        days(F.col("known_at")).alias("k"),
        days(F.col("lapsed_at")).alias("l"),
    )
    points = F.array_sort(F.collect_list(point))
    series = usable.groupBy("asset_id", "indicator", "line_id", "unit", "direction").agg(points.alias("points"))
    modes = F.broadcast(lines.select("line_id", "mode"))
    kinds = assets.select("asset_id", "asset_type")
    none = {name: F.coalesce(name, F.array()) for name in ("work_t_days", "work_codes", "work_ids")}
    return (
        series.withColumns(
            {
                "t_days": F.transform("points", lambda p: p["t"]),
                "values": F.transform("points", lambda p: p["v"]),
                "known_days": F.transform("points", lambda p: p["k"]),
                "lapsed_days": F.transform("points", lambda p: p["l"]),
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
