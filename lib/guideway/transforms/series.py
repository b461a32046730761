"""Condition series: one row an asset and indicator, its history as arrays, as the degradation engine takes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

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


class Limits(NamedTuple):
    """The limits of a network: assets of one kind (rule book, class, speed) share theirs.

    Attributes:
        assets: columns asset_id, kind.
        kinds: columns kind, indicator, limits (array of level, limit, provenance).
    """

    assets: DataFrame
    kinds: DataFrame

    def beside(self, series: DataFrame) -> DataFrame:
        """``series`` with a column limits, empty where there is none; nothing of it is shuffled."""
        found = series.join(F.broadcast(self.assets), "asset_id", "left")
        found = found.join(F.broadcast(self.kinds), ["kind", "indicator"], "left").drop("kind")
        return found.withColumn("limits", F.coalesce("limits", F.array().cast(LIMIT_DDL)))


def network_limits(
    spark: SparkSession, network: Network, rulebooks: Mapping[str, Rulebook], indicators: Mapping[str, Indicator]
) -> Limits:
    """The limits of every asset, looked up once a kind."""
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
    return Limits(
        spark.createDataFrame(members, "asset_id string, kind int"),
        spark.createDataFrame(kinds, f"kind int, indicator string, limits {LIMIT_DDL}"),
    )


def asset_past(
    assets: DataFrame, works: DataFrame, traffic: DataFrame, work_types: tuple[str, ...], until: Column
) -> DataFrame:
    """Recorded works and daily traffic of each asset that has any, in order of time.

    Args:
        assets: reference.asset.
        works: reference.work_history; a work is an asset's where it covers a tenth of it or more, or it is a point.
        traffic: reference.traffic; an asset's is that at its beginning.
        work_types: names of the works' codes.
        until: first moment not to know of.

    Returns:
        Columns asset_id, work_t_days, work_codes, work_ids, traffic_days (since when), tonnes_per_day, passes_per_day.
    """
    stretch = ("line_id", "track_id", F.col("from_m").alias("e_from_m"), F.col("to_m").alias("e_to_m"))
    done = F.struct(
        days(F.col("finished_at")).alias("t"),
        (F.array_position(F.lit(list(work_types)), F.col("work_type")) - 1).cast("smallint").alias("code"),
        "work_id",
    )
    carried = F.struct(days(F.col("day").cast("timestamp")).alias("since"), "gross_tonnes", "passes")
    events = (
        works.where(F.col("finished_at") < until)
        .select(*stretch, done.alias("work"))
        .unionByName(  # one join and one shuffle for both
            traffic.where(F.col("day") < until).select(*stretch, carried.alias("traffic")), allowMissingColumns=True
        )
    )
    placed = assets.where("from_m IS NOT NULL AND track_id IS NOT NULL").select(
        "asset_id", "line_id", "track_id", "from_m", F.coalesce("to_m", "from_m").alias("to_m")
    )
    overlap = F.least("to_m", "e_to_m") - F.greatest("from_m", "e_from_m")
    is_worked = (overlap >= _LEAST_OVERLAP * (F.col("to_m") - F.col("from_m"))) & (overlap >= 0)
    begins_there = (F.col("from_m") >= F.col("e_from_m")) & (F.col("from_m") < F.col("e_to_m"))
    matched = placed.join(events, ["line_id", "track_id"]).where(
        F.when(F.col("traffic").isNull(), is_worked).otherwise(begins_there)
    )
    told = {name: F.array_sort(F.collect_list(name)) for name in ("work", "traffic")}
    return matched.groupBy("asset_id").agg(
        F.transform(told["work"], lambda w: w["t"]).alias("work_t_days"),
        F.transform(told["work"], lambda w: w["code"]).alias("work_codes"),
        F.transform(told["work"], lambda w: w["work_id"]).alias("work_ids"),
        F.transform(told["traffic"], lambda row: row["since"]).alias("traffic_days"),
        F.transform(told["traffic"], lambda row: row["gross_tonnes"]).alias("tonnes_per_day"),
        F.transform(told["traffic"], lambda row: row["passes"]).alias("passes_per_day"),
    )


def condition_series(
    cells: DataFrame,
    assets: DataFrame,
    lines: DataFrame,
    past: DataFrame,
    indicators: DataFrame,
    as_of: date,
    years: int | None = None,
    whole_since: float = math.inf,
) -> DataFrame:
    """One row an asset and indicator, of values measured by the end of ``as_of``.

    Since when each value is known goes with it, and when a correction took its place: whoever must not know more than a
    past day did takes what was known then, all others what never lapsed (``udfs.ragged.series_batch``). Fits, which
    take some years, get the latter only, and nothing else to carry along.

    Args:
        cells: rows of silver.condition_series.
        assets: reference.asset.
        lines: reference.line.
        past: what ``asset_past`` gives.
        indicators: what ``indicator_frame`` gives.
        as_of: the day.
        years: only recordings begun in that day's year or so many years before it, and of a series no more than its
            ``MOST_POINTS`` latest values; by default all.
        whole_since: a day since 1970-01-01 UTC; only values before it count as such, and all since then are taken.

    Returns:
        Columns asset_id, indicator, line_id, unit, direction, pool (pooling group), t_days, values, of all years
        known_days and lapsed_days (null: never), and those of ``asset_past``. All series of an asset are in one
        partition.
    """
    told = cells.where(F.col("year") <= as_of.year)
    numbers = {"t_days": "t_days", "value": "values"}
    if years is None:
        numbers |= {"known_days": "known_days", "lapsed_days": "lapsed_days"}
    else:
        told = told.where(F.col("year") >= as_of.year - years)
    series = _gathered(told.join(F.broadcast(indicators), "indicator"), epoch_days(as_of), tuple(numbers))
    if years is not None:
        n_before = F.size(F.filter("points", lambda p: p["t_days"] < whole_since))
        first = F.greatest(n_before - MOST_POINTS, F.lit(0)) + 1
        series = series.withColumn("points", F.slice("points", first, F.size("points")))
    modes = F.broadcast(lines.select("line_id", "mode"))
    kinds = assets.select("asset_id", "asset_type")
    none = {name: F.coalesce(name, F.array()) for name in past.columns if name != "asset_id"}
    return (
        series.withColumns({name: F.col(f"points.{number}") for number, name in numbers.items()})
        .drop("points")
        .join(modes, "line_id")
        .join(kinds, "asset_id")
        .withColumn("pool", F.concat_ws("|", "indicator", "mode", "asset_type"))
        .drop("mode", "asset_type")
        .join(past, "asset_id", "left")
        .withColumns(none)
    )


def _gathered(cells: DataFrame, end_days: float, numbers: tuple[str, ...]) -> DataFrame:
    """The cells of each series one after the other: its points before ``end_days``, in order of time.

    Of each point these numbers; without lapsed_days points that lapsed are left out.
    """

    def is_taken(point: Column) -> Column:
        is_inside = point["t_days"] < end_days
        return is_inside if "lapsed_days" in numbers else is_inside & point["lapsed_days"].isNull()

    inside = F.transform(F.filter("points", is_taken), lambda p: F.struct(*(p[name].alias(name) for name in numbers)))
    by_year = F.array_sort(F.collect_list(F.struct("year", inside.alias("points"))))
    # by asset, so that what is joined by asset later, and the fit of an asset's series together, shuffles no more
    apart = cells.repartition("asset_id").groupBy("asset_id", "indicator", "line_id", "unit", "direction")
    series = apart.agg(by_year.alias("by_year"))
    points = F.flatten(F.transform("by_year", lambda cell: cell["points"]))
    return series.withColumn("points", points).drop("by_year").where(F.size("points") > 0)
