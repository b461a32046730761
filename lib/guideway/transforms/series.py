"""Condition series: one row an asset and indicator, its history as arrays, as the degradation engine takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from guideway.monitoring.definition import Indicator
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.transforms.series_cells import days
from guideway.udfs.degradation import epoch_days

_LEAST_OVERLAP = 0.1
LIMIT_DDL = "array<struct<level: string, limit: double, provenance: string>>"
_LIMIT = pa.struct([("level", pa.string()), ("limit", pa.float64()), ("provenance", pa.string())])
_KINDS = pa.schema([("kind", pa.int32()), ("indicator", pa.string()), ("limits", pa.list_(_LIMIT))])


def end_of(as_of: date) -> Column:
    """First moment no result of ``as_of`` may know of: midnight after it, UTC."""
    return F.lit((as_of + timedelta(days=1)).isoformat() + "T00:00:00Z").cast("timestamp")


def directions_of(indicators: Mapping[str, Indicator]) -> dict[str, int]:
    """+1 worse when higher, -1 when lower, by the indicators a trend makes sense of."""
    return {i.name: 1 if i.direction == "above" else -1 for i in indicators.values() if i.trendable}


class Limits(NamedTuple):
    """The limits of a network: assets of one kind (rule book, class, speed) share theirs.

    Attributes:
        assets: columns asset_id, kind.
        kinds: columns kind, indicator, limits, which are in the order of their rule book.
    """

    assets: pa.Table
    kinds: pa.Table

    @classmethod
    def of(cls, kind_of: Mapping[str, int], kinds: Sequence[Mapping[str, object]] = ()) -> Limits:
        """Limits of kinds, rows of their columns, and the kind of each asset."""
        assets = pa.table(
            [pa.array(kind_of, pa.string()), pa.array(kind_of.values(), pa.int32())], ["asset_id", "kind"]
        )
        return cls(assets, pa.Table.from_pylist(list(kinds), _KINDS))

    def kind_of(self, asset_ids: pa.ChunkedArray) -> pa.ChunkedArray:
        """The kind of each asset, null where it has none."""
        return self.assets.column("kind").take(pc.index_in(asset_ids, value_set=self.assets.column("asset_id")))

    def beside(self, series: DataFrame) -> DataFrame:
        """``series`` with a column limits, empty where there is none; nothing of it is shuffled."""
        assets, kinds = (F.broadcast(series.sparkSession.createDataFrame(table)) for table in self)
        found = series.join(assets, "asset_id", "left").join(kinds, ["kind", "indicator"], "left").drop("kind")
        return found.withColumn("limits", F.coalesce("limits", F.array().cast(LIMIT_DDL)))


def network_limits(network: Network, rulebooks: Mapping[str, Rulebook], indicators: Mapping[str, Indicator]) -> Limits:
    """The limits of every asset, looked up once a kind."""
    classes: dict[tuple[str, str, str, float], list[str]] = {}
    for stretch in network.by_asset.values():
        book_id = network.rulebook_ids.get(stretch.line_id, "")
        key = (book_id, stretch.receiver_zone or stretch.mode, stretch.mode, stretch.speed_kmh)
        classes.setdefault(key, []).append(stretch.asset_id)
    kinds: list[dict[str, object]] = []
    kind_of: dict[str, int] = {}
    for number, (key, assets) in enumerate(classes.items()):
        book_id, zone, mode, speed = key
        kind_of |= dict.fromkeys(assets, number)
        book = rulebooks.get(book_id, Rulebook("none", ()))
        for name in sorted(book.indicators & indicators.keys()):
            limits = book.limits(name, zone, speed) or book.limits(name, mode, speed)
            if limits:
                told = [{"level": one.level, "limit": one.value, "provenance": one.provenance} for one in limits]
                kinds.append({"kind": number, "indicator": name, "limits": told})
    return Limits.of(kind_of, kinds)


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
    cells: DataFrame, assets: DataFrame, lines: DataFrame, past: DataFrame, indicators: DataFrame, as_of: date
) -> DataFrame:
    """One row an asset and indicator, of all values measured by the end of ``as_of``.

    Since when each value is known goes with it, and when a correction took its place: whoever must not know more than a
    past day did takes what was known then, all others what never lapsed (``udfs.ragged.series_batch``). Fits take some
    years, without what lapsed, and read it by themselves (``transforms.recent_series``).

    Args:
        cells: rows of silver.condition_series.
        assets: reference.asset.
        lines: reference.line.
        past: what ``asset_past`` gives.
        indicators: columns indicator, direction (+1 worse when higher, -1 when lower); only these are taken.
        as_of: the day.

    Returns:
        Columns asset_id, indicator, line_id, unit, direction, pool (pooling group), t_days, values, known_days,
        lapsed_days (null: never), and those of ``asset_past``.
    """
    told = cells.where(F.col("year") <= as_of.year).join(F.broadcast(indicators), "indicator")
    inside = F.filter("points", lambda point: point["t_days"] < epoch_days(as_of))
    by_year = F.array_sort(F.collect_list(F.struct("year", inside.alias("points"))))
    # by asset, so that what is joined by asset later shuffles no more
    apart = told.repartition("asset_id").groupBy("asset_id", "indicator", "line_id", "unit", "direction")
    points = F.flatten(F.transform("by_year", lambda cell: cell["points"]))
    series = apart.agg(by_year.alias("by_year")).withColumn("points", points).where(F.size("points") > 0)
    numbers = {"t_days": "t_days", "value": "values", "known_days": "known_days", "lapsed_days": "lapsed_days"}
    modes = F.broadcast(lines.select("line_id", "mode"))
    kinds = assets.select("asset_id", "asset_type")
    none = {name: F.coalesce(name, F.array()) for name in past.columns if name != "asset_id"}
    return (
        series.withColumns({name: F.col(f"points.{number}") for number, name in numbers.items()})
        .drop("by_year", "points")
        .join(modes, "line_id")
        .join(kinds, "asset_id")
        .withColumn("pool", F.concat_ws("|", "indicator", "mode", "asset_type"))
        .drop("mode", "asset_type")
        .join(past, "asset_id", "left")
        .withColumns(none)
    )
