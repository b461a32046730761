"""gold.insertion_loss and gold.level_part: passages at receivers, around each work beside them and of a year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.noise_control import INSERTION_LOSS, LEVEL_PART, NOISE_SOURCE
from guideway.contracts.reference import ASSET, WORK_HISTORY
from guideway.monitoring.noise_control.before_after import LEVELS, SPAN_DAYS
from guideway.monitoring.noise_control.receiver_split import SPAN_DAYS as SPLIT_DAYS
from guideway.transforms.recording import latest_revisions
from guideway.transforms.series import end_of
from guideway.udfs.noise_control import LOSS_DDL, PART_DDL, line_parts, work_losses

_PLACE = ["line_id", "track_id"]
_GROUP = ["work_id", "asset_id", "indicator", "line_id", "work_type", "finished_at"]


def of_day(read: Callable[[Table], DataFrame], as_of: date) -> dict[Table, DataFrame]:
    """Rows of a day of both tables: what works beside receivers brought, what the levels of receivers are made of.

    Nothing where no vibration or noise was ever recorded.
    """
    recordings = read(RECORDING)
    if recordings.where("domain = 'vibration_noise'").isEmpty():
        return {}
    conditions, sources, assets, works = map(read, (CONDITION, NOISE_SOURCE, ASSET, WORK_HISTORY))
    valid = latest_revisions(recordings)
    return {
        INSERTION_LOSS: insertion_losses(conditions, valid, sources, assets, works, as_of),
        LEVEL_PART: level_parts(conditions, valid, sources, assets, as_of),
    }


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
    flats = sources.where("kind = 'wheel_flat' AND n_found > 0").select("recording_id").distinct()
    passages = (
        _passages(conditions, valid_recordings, until)
        .drop("line_id")
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


def level_parts(
    conditions: DataFrame, valid_recordings: DataFrame, sources: DataFrame, assets: DataFrame, as_of: date
) -> DataFrame:
    """Rows of gold.level_part: of every receiver with good levels in the year before the day, told line by line.

    Rail roughness is what corrugation was found to add in the same recording; the track's decay rate is the attribute
    ``decay_rate_db_per_m`` of the receiver, where somebody measured it.

    Args:
        conditions: gold.condition.
        valid_recordings: bronze.recording, the last revision of each.
        sources: gold.noise_source.
        assets: reference.asset.
        as_of: nothing after this day is known.
    """
    recent = _passages(conditions, valid_recordings, end_of(as_of)).where(
        (F.col("quality") == "good") & (F.col("measured_at") >= end_of(as_of - timedelta(days=SPLIT_DAYS)))
    )
    quantity = F.when(F.col("indicator") == "passage_velocity_level", "vibration_velocity_z").otherwise(
        "sound_pressure"
    )
    shares = sources.where("kind = 'corrugation'").select("recording_id", "quantity", "share")
    decay = assets.select("asset_id", F.expr("try_cast(attributes['decay_rate_db_per_m'] AS double)").alias("decay"))
    row = F.struct(
        "recording_id",
        "asset_id",
        F.col("value").alias("level_db"),
        "speed_kmh",
        "train_type",
        "share",
        F.col("decay").alias("decay_rate_db_per_m"),
    )
    gathered = (
        recent.withColumn("quantity", quantity)
        .join(shares, ["recording_id", "quantity"], "left")
        .join(F.broadcast(decay), "asset_id", "left")
        .groupBy("line_id", "indicator")
        .agg(F.collect_list(row).alias("passages"))
    )
    return gathered.mapInArrow(line_parts, PART_DDL).withColumn("as_of", F.lit(as_of))


def _passages(conditions: DataFrame, valid_recordings: DataFrame, until: Column) -> DataFrame:
    """Levels of passages known by a moment, with speed and train type as the recording states them."""
    facts = valid_recordings.select(
        "recording_id",
        F.expr("try_cast(attributes['speed_kmh'] AS double)").alias("speed_kmh"),
        F.col("attributes")["train_type"].alias("train_type"),
    )
    levels = conditions.where(F.col("indicator").isin(*LEVELS)).where(F.col("measured_at") < until)
    return levels.join(facts, "recording_id")


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
