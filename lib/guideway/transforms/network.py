"""The network of the reference tables, as tasks take it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.network.stretches import Stretch
from guideway.network.tracks import Network


def load_network(lines: DataFrame, sections: DataFrame, assets: DataFrame) -> Network:
    """Every asset with a place, with what its stretch of track is like.

    An asset without a row of ``reference.section`` (a receiver, a magnet) takes its facts from its line.
    """
    line = lines.select("line_id", "mode", "time_zone", "rulebook_id")
    facts = sections.select(
        "asset_id", "speed_kmh", "curvature_per_km", "cant_mm", "structure", "track_form", "drainage", "receiver_zone"
    )
    rows = (
        assets.join(facts, "asset_id", "left")
        .join(line, "line_id")
        .withColumn("receiver_zone", F.coalesce("receiver_zone", F.col("attributes")["receiver_zone"]))
        .select(
            "asset_id",
            "asset_type",
            "line_id",
            F.coalesce("track_id", F.lit("")).alias("track_id"),
            "mode",
            F.coalesce("from_m", F.lit(0.0)).alias("from_m"),
            F.coalesce("to_m", "from_m", F.lit(0.0)).alias("to_m"),
            F.coalesce("speed_kmh", F.lit(0.0)).alias("speed_kmh"),
            F.coalesce("curvature_per_km", F.lit(0.0)).alias("curvature_per_km"),
            F.coalesce("cant_mm", F.lit(0.0)).alias("cant_mm"),
            F.coalesce("structure", F.lit("earthwork")).alias("structure"),
            F.coalesce("track_form", F.lit("ballasted")).alias("track_form"),
            "drainage",
            "receiver_zone",
            "time_zone",
            "attributes",
        )
    )
    stretches = [Stretch(**row.asDict()) for row in rows.collect()]
    return Network.of(stretches, {row.line_id: row.rulebook_id for row in line.collect()})
