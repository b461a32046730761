"""silver.condition_series: the condition history as arrays, in cells of a line and a year.

A cell carries a fingerprint of the recordings it was made of. One whose recordings have another by now (a new week, a
late file, a correction, a measurement with a new definition, one undone) is made anew from ``gold.condition``; all
others are taken as they are. So the table is never wrong, only old in places, and who reads it makes up for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.schema import sql_text
from guideway.contracts.silver import CONDITION_SERIES, MEASUREMENT
from guideway.transforms.recording import IDENTITY

DEFINITION = "3"
"""Raised whenever cells are made otherwise, so that all are made anew."""

GROUP_BYTES = 1 << 20
"""A row group of a cell's file: tasks that read some of a line's assets leave most of the others' points alone."""

_CELL = ["line_id", "year"]
_SECONDS_PER_DAY = 86_400.0


def days(timestamp: Column) -> Column:
    """A timestamp as days since 1970-01-01 UTC."""
    return F.unix_micros(timestamp) / (1e6 * _SECONDS_PER_DAY)


def known_since(recordings: DataFrame) -> DataFrame:
    """Since when each recording is known, and until when: columns recording_id, line_id, year, known_at, lapsed_at.

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
    return known.select(
        "recording_id",
        "line_id",
        F.year("started_at").alias("year"),
        "known_at",
        F.lead("known_at").over(deliveries).alias("lapsed_at"),
    )


def measured_recordings(recordings: DataFrame, ledger: DataFrame) -> DataFrame:
    """Recordings with condition values that are acknowledged, by whom, and the fingerprint of their cell.

    Args:
        recordings: bronze.recording.
        ledger: silver.measurement.

    Returns:
        The columns of ``known_since`` and made_of.
    """
    measured = ledger.where("n_conditions > 0").select("recording_id", F.col("run_id").alias("measured_by"))
    known = known_since(recordings).join(measured, "recording_id")
    facts = F.xxhash64("recording_id", "known_at", "lapsed_at", "measured_by").cast("decimal(38,0)")
    cell = Window.partitionBy(*_CELL)
    told = (F.count("recording_id").over(cell), F.sum(facts).over(cell))
    fingerprint = F.concat_ws("/", F.lit(DEFINITION), *(number.cast("string") for number in told))
    return known.withColumn("made_of", fingerprint).drop("measured_by")


@dataclass(frozen=True)
class SeriesCells:
    """The cells as the table has them, and which of them are old.

    Attributes:
        stored: silver.condition_series.
        conditions: gold.condition.
        recordings: what ``measured_recordings`` gives.
        old: line and year of cells that are not what their recordings say.
    """

    stored: DataFrame
    conditions: DataFrame
    recordings: DataFrame
    old: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, read: Callable[[Table], DataFrame]) -> SeriesCells:
        """Compare the table's cells with the recordings; ``read`` gives the frame of a table."""
        stored = read(CONDITION_SERIES)
        recordings = measured_recordings(read(RECORDING), read(MEASUREMENT))
        now, then = _fingerprints(recordings), _fingerprints(stored)
        old = sorted(cell for cell in now.keys() | then.keys() if now.get(cell) != then.get(cell))
        return cls(stored, read(CONDITION), recordings, tuple(old))

    def current(self) -> DataFrame:
        """All cells, the old ones made anew."""
        if not self.old:
            return self.stored
        return self.untouched().drop("run_id", "code_version").unionByName(self.anew())

    def untouched(self) -> DataFrame:
        """The cells of the table that are as their recordings say."""
        return self.stored.where(~F.expr(self.window)) if self.old else self.stored

    @property
    def window(self) -> str:
        """The old cells as SQL of literals."""
        by_year: dict[int, list[str]] = {}
        for line_id, year in self.old:
            by_year.setdefault(year, []).append(sql_text(line_id))
        return " OR ".join(f"(year = {year} AND line_id IN ({', '.join(ids)}))" for year, ids in by_year.items())

    def anew(self) -> DataFrame:
        """Rows of the old cells, from ``gold.condition``; only what was measured since the oldest of them is read."""
        since = f"{min(year for _, year in self.old) - 1}-12-25T00:00:00Z"  # clocks and places are off by days at most
        good = self.conditions.where(
            (F.col("quality") == "good")
            & (F.col("measured_at") >= F.lit(since).cast("timestamp"))
            & reduce(or_, [F.col("line_id") == line_id for line_id in sorted({line_id for line_id, _ in self.old})])
        )
        wanted = self.recordings.where(F.expr(self.window)).drop("line_id")
        point = F.struct(
            days(F.col("measured_at")).alias("t_days"),
            "value",
            days(F.col("known_at")).alias("known_days"),
            days(F.col("lapsed_at")).alias("lapsed_days"),
        )
        return (
            good.join(F.broadcast(wanted), "recording_id")
            # a cell is one task's, so that it becomes one file; the groups need no further shuffle
            .repartition(*_CELL)
            .groupBy("asset_id", "indicator", "line_id", "unit", "year", "made_of")
            .agg(F.array_sort(F.collect_list(point)).alias("points"))
            .withColumn("points_hash", F.xxhash64("asset_id", "indicator", "line_id", "unit", "year", "points"))
            .withColumn("last_days", F.element_at("points", -1)["t_days"])
            .sortWithinPartitions(*_CELL, "asset_id", "indicator")
        )


def _fingerprints(frame: DataFrame) -> dict[tuple[str, int], str]:
    rows = frame.select(*_CELL, "made_of").distinct().collect()
    return {(row.line_id, row.year): row.made_of for row in rows}
