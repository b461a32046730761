"""gold.insertion_loss: recorded works beside receivers, with the passages around each."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from guideway.monitoring.noise_control.before_after import LEVELS, SPAN_DAYS
from guideway.transforms.series import end_of
from guideway.udfs.noise_control import LOSS_DDL, work_losses

_PLACE = ["line_id", "track_id"]
_GROUP = ["work_id", "asset_id", "indicator", "line_id", "work_type", "finished_at"]


def insertion_losses(
    conditions: DataFrame,
    valid_recordings: DataFrame,
    sources: DataFrame,
    assets: DataFrame,
    works: DataFrame,
    as_of: date,
) -> DataFrame:
    """Rows of gold.insertion_loss: one a work, receiver beside it and level, of good values of valid recordings.

    Values a flat wheel spoilt are handed over, too: the kernel leaves them out and counts them.

    Args:
        conditions: gold.condition.
        valid_recordings: bronze.recording, the last revision of each.
        sources: gold.noise_source, for recordings in which a flat wheel was heard.
        assets: reference.asset.
        works: reference.work_history.
        as_of: nothing after this day is known.
    """
    until = end_of(as_of)
    levels = conditions.where(F.col("indicator").isin(*LEVELS))
    levels = levels.where(F.col("measured_at") < until).drop("line_id")
    flats = sources.where("kind = 'wheel_flat' AND n_found > 0").select("recording_id").distinct()
    facts = valid_recordings.select(
        "recording_id",
        F.expr("try_cast(attributes['speed_kmh'] AS double)").alias("speed_kmh"),
        F.col("attributes")["train_type"].alias("train_type"),
    )
    passages = (
        levels.join(facts, "recording_id")
        .join(F.broadcast(flats.withColumn("has_flat", F.lit(True))), "recording_id", "left")
        .withColumn("has_flat", F.coalesce("has_flat", F.lit(False)))
        .where("quality = 'good' OR has_flat")
    )
    near = passages.join(F.broadcast(_works_beside(assets, works, until)), "asset_id")
    years = (F.unix_micros("measured_at") - F.unix_micros("finished_at")) / (1e6 * 86_400 * 365.25)
    inside = (F.col("measured_at") > F.col("after")) & (F.col("measured_at") < F.col("before"))
    row = F.struct("recording_id", "years", F.col("value").alias("level_db"), "speed_kmh", "train_type", "has_flat")
    gathered = (
        near.where(inside)
        .withColumn("years", years)
        .where(F.abs("years") <= SPAN_DAYS / 365.25)
        .groupBy(*_GROUP)
        .agg(F.collect_list(row).alias("passages"))
    )
    return gathered.mapInArrow(work_losses, LOSS_DDL).withColumn("as_of", F.lit(as_of))


def _works_beside(assets: DataFrame, works: DataFrame, until: Column) -> DataFrame:
    """Works and the receivers they pass, with the moments of the works there before and after: others do not mix in."""
    receivers = assets.where("asset_type = 'receiver'").select(
        "asset_id", *_PLACE, "from_m", F.coalesce("to_m", "from_m").alias("to_m")
    )
    done = works.where(F.col("finished_at") < until).select(
        "work_id",
        *_PLACE,
        F.col("from_m").alias("w_from_m"),
        F.col("to_m").alias("w_to_m"),
        "work_type",
        "finished_at",
    )
    beside = receivers.join(done, _PLACE).where("w_from_m <= to_m AND w_to_m >= from_m")
    order = Window.partitionBy("asset_id").orderBy("finished_at", "work_id")
    first, last = F.lit("1900-01-01").cast("timestamp"), F.lit("2999-12-31").cast("timestamp")
    return beside.select(
        "asset_id",
        "line_id",
        "work_id",
        "work_type",
        "finished_at",
        F.coalesce(F.lag("finished_at").over(order), first).alias("after"),
        F.coalesce(F.lead("finished_at").over(order), last).alias("before"),
    )
