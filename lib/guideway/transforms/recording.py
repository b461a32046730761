"""Views of bronze.recording: the valid revision of each recording, and the run that sets each track's chainage."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

IDENTITY = ("source_id", "vehicle_or_sensor_id", "line_id", "track_id", "asset_id", "started_at", "start")
"""What deliveries of one recording have in common."""
_FULL_COVER = 0.9


def latest_revisions(recordings: DataFrame) -> DataFrame:
    """Of several deliveries of one recording, the last delivered.

    The order is that of delivery, not of ingest: late and out-of-order deliveries end in the same rows.
    """
    window = Window.partitionBy(*IDENTITY).orderBy(F.desc("delivered_at"), F.desc("recording_id"))
    return recordings.withColumn("revision", F.row_number().over(window)).where("revision = 1").drop("revision")


def reference_runs(recordings: DataFrame, tracks: DataFrame) -> DataFrame:
    """The run every other run of its track and domain is aligned to: the first that covers 90 % of the track.

    Where none does, the longest. A reference is a function of the set of runs, not of the order they arrive in.

    Returns:
        Columns line_id, track_id, domain, reference_recording_id.
    """
    key = ["line_id", "track_id"]
    runs = recordings.where("axis = 'distance' AND track_id IS NOT NULL")
    lengths = tracks.select(*key, (F.col("to_m") - F.col("from_m")).alias("track_m"))
    longest = Window.partitionBy(*key, "domain")
    span = F.col("n_samples") * F.col("step")
    measured = (
        runs.join(lengths, key, "left")
        .withColumn("cover", span / F.coalesce("track_m", F.max(span).over(longest)))
        .withColumn("full", (F.col("cover") >= _FULL_COVER).cast("int"))
        .withColumn("shortfall", F.when(F.col("full") == 1, 0.0).otherwise(-F.col("cover")))
    )
    order = longest.orderBy(F.desc("full"), F.asc("shortfall"), F.asc("started_at"), F.asc("recording_id"))
    first = measured.withColumn("rank", F.row_number().over(order)).where("rank = 1")
    return first.select(*key, "domain", F.col("recording_id").alias("reference_recording_id"))
