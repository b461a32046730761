"""silver.position_fix and measurement, gold.condition, exceedance and noise_source: recordings measured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from guideway.contracts import Table
from guideway.contracts.gold import CONDITION, EXCEEDANCE
from guideway.contracts.noise_control import NOISE_SOURCE
from guideway.contracts.silver import MEASUREMENT, POSITION_FIX
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.transforms.recording import reference_runs
from guideway.transforms.shared import shared
from guideway.udfs.measure import MEASURED_DDL, measure_recordings

DEFINITION = "3"
"""Raised whenever a kernel change changes answers, so that recordings are measured again."""


def definition_hashes(spark: SparkSession, network: Network, rulebooks: Mapping[str, Rulebook]) -> DataFrame:
    """What a line's recordings are measured with, as a hash: its assets, its rule book, the kernels' definition."""
    by_line: dict[str, list[str]] = {line_id: [] for line_id in network.rulebook_ids}
    for (line_id, _), stretches in network.by_track.items():
        by_line.setdefault(line_id, []).append(repr(stretches))
    rows = []
    for line_id, parts in by_line.items():
        book = rulebooks.get(network.rulebook_ids.get(line_id, ""))
        text = "\n".join([DEFINITION, repr(book.rows if book else ()), *sorted(parts)])
        rows.append((line_id, hashlib.sha256(text.encode()).hexdigest()))
    return spark.createDataFrame(rows, "line_id string, line_hash string")


def due_recordings(recordings: DataFrame, tracks: DataFrame, definitions: DataFrame, ledger: DataFrame) -> DataFrame:
    """Recordings never measured with their present definition.

    Returns:
        Rows of bronze.recording with definition_hash, reference_recording_id, is_reference and was_measured.
    """
    references = reference_runs(recordings, tracks)
    key = ["line_id", "track_id", "domain"]
    measured = ledger.select("recording_id", F.col("definition_hash").alias("measured_with"))
    return (
        recordings.join(references, key, "left")
        .join(definitions, "line_id", "left")
        .withColumn("aligned_to", F.when(F.col("axis") == "distance", F.col("reference_recording_id")))
        .withColumn("definition_hash", F.sha2(F.concat_ws("/", "line_hash", "aligned_to"), 256))
        .join(measured, "recording_id", "left")
        .where(~F.col("measured_with").eqNullSafe(F.col("definition_hash")))
        .withColumn("is_reference", F.coalesce(F.col("aligned_to") == F.col("recording_id"), F.lit(False)))
        .withColumn("was_measured", F.col("measured_with").isNotNull())
        .drop("reference_recording_id", "line_hash", "measured_with")
        .withColumnRenamed("aligned_to", "reference_recording_id")
    )


@dataclass(frozen=True)
class Measured:
    """Measured recordings, one row each, and the rows they give to each table."""

    frame: DataFrame

    def rows(self, table: Table) -> DataFrame:
        """Rows for one of the five tables."""
        return _ROWS[table](self.frame)


def measure(
    due: DataFrame,
    recordings: DataFrame,
    samples: DataFrame,
    network: Network,
    rulebooks: Mapping[str, Rulebook],
) -> Measured:
    """Measure the due recordings, which cross to Python once.

    Args:
        due: rows of ``due_recordings``.
        recordings: bronze.recording, for the reference runs' positions.
        samples: where the samples are, see ``transforms.samples``.
        network: sent to every task.
        rulebooks: sent to every task.
    """
    spark = due.sparkSession
    starts = recordings.select(
        F.col("recording_id").alias("reference_recording_id"),
        F.col("start").alias("reference_start"),
        F.col("step").alias("reference_step"),
    )
    facts = due.drop("run_id", "code_version", "content_sha256", "channels").join(
        starts, "reference_recording_id", "left"
    )
    inputs = samples.join(F.broadcast(facts), "recording_id")
    function = measure_recordings(shared(spark, network), shared(spark, rulebooks), _arrow_schema(MEASURED_DDL))
    measured = inputs.mapInArrow(function, MEASURED_DDL)
    context = due.select("recording_id", "line_id", "started_at", "reference_recording_id")
    return Measured(measured.join(F.broadcast(context), "recording_id").persist())


def _arrow_schema(ddl: str) -> pa.Schema:
    return to_arrow_schema(cast(StructType, StructType.fromDDL(ddl)))


def _position_fixes(measured: DataFrame) -> DataFrame:
    return measured.select("recording_id", F.explode("fixes").alias("fix"), "method", "reference_recording_id").select(
        "recording_id", "fix.*", "method", "reference_recording_id"
    )


def _measurements(measured: DataFrame) -> DataFrame:
    return measured.select(
        "recording_id",
        "definition_hash",
        "status",
        "reason",
        F.size("conditions").alias("n_conditions"),
        F.size("exceedances").alias("n_exceedances"),
    )


def _at(offset: str) -> Column:
    return F.timestamp_micros(F.unix_micros("started_at") + (F.col(offset) * 1_000_000).cast("bigint"))


def _conditions(measured: DataFrame) -> DataFrame:
    rows = measured.select("recording_id", "line_id", "started_at", F.explode("conditions").alias("found"))
    return rows.select("recording_id", "line_id", _at("found.at_offset_s").alias("measured_at"), "found.*")


def _exceedances(measured: DataFrame) -> DataFrame:
    rows = measured.select("recording_id", "line_id", "started_at", F.explode("exceedances").alias("found"))
    return rows.select("recording_id", "line_id", _at("found.at_offset_s").alias("measured_at"), "found.*")


def _sources(measured: DataFrame) -> DataFrame:
    rows = measured.select("recording_id", "line_id", "started_at", F.explode("sources").alias("found"))
    return rows.select("recording_id", "line_id", _at("found.at_offset_s").alias("measured_at"), "found.*")


_ROWS = {
    POSITION_FIX: _position_fixes,
    MEASUREMENT: _measurements,
    CONDITION: _conditions,
    EXCEEDANCE: _exceedances,
    NOISE_SOURCE: _sources,
}
