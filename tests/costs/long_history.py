"""Railways whose condition was measured for years, written straight into a lake: what fits cost, without signals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.reference import ASSET, LINE, SECTION, WORK_HISTORY
from guideway.contracts.silver import MEASUREMENT
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer

LAST_RUN = datetime(2025, 6, 2, 3, tzinfo=timezone.utc)
"""Start of run 0; those before have negative numbers."""

INDICATORS = ("longitudinal_level_sd", "alignment_sd", "gauge_mean", "longitudinal_level_peak")


@dataclass(frozen=True)
class Railway:
    """Lines of equal size in a lake, each measured by a run of its own."""

    lake: Lake
    lines: int = 2
    sections: int = 40
    indicators: tuple[str, ...] = INDICATORS[:1]
    every_days: int = 28

    def lay(self) -> None:
        """The reference tables; each line had a work.

        Without any, Spark finds a join empty, and whether it still reads the other side depends on which was first.
        """
        lines = self.lake.spark.range(self.lines).select(_text("L", "id").alias("line_id"))
        places = lines.join(self.lake.spark.range(self.sections)).select(
            F.concat("line_id", _text("-", "id")).alias("asset_id"),
            "line_id",
            F.lit("1").alias("track_id"),
            (F.col("id") * 200.0).alias("from_m"),
            (F.col("id") * 200.0 + 200.0).alias("to_m"),
        )
        writer = Writer(self.lake, "reference")
        spans = {"from_m": F.lit(0.0), "to_m": F.lit(200.0 * self.sections), "name": F.col("line_id")}
        facts = {"mode": F.lit("conventional"), "rulebook_id": F.lit("en_13848"), "time_zone": F.lit("UTC")}
        writer.append(_filled(lines.withColumns(spans | facts), LINE), LINE)
        named = {"asset_type": F.lit("track_section"), "name": F.col("asset_id"), "attributes": F.create_map()}
        writer.append(_filled(places.withColumns(named), ASSET), ASSET)
        stretch = {"speed_kmh": F.lit(120.0), "curvature_per_km": F.lit(0.0), "cant_mm": F.lit(0.0)}
        form = {"structure": F.lit("earthwork"), "track_form": F.lit("ballasted")}
        writer.append(_filled(places.withColumns(stretch | form), SECTION), SECTION)
        finished = F.lit((LAST_RUN - timedelta(days=400)).isoformat()).cast("timestamp")
        stretch = {"track_id": F.lit("1"), "from_m": F.lit(0.0), "to_m": F.lit(200.0)}
        work = {"work_id": F.col("line_id"), "work_type": F.lit("tamping"), "source": F.lit("cmms")}
        works = lines.withColumns(stretch | work).withColumn("finished_at", finished)
        writer.append(_filled(works, WORK_HISTORY), WORK_HISTORY)

    def runs(self, first: int, last: int, lines: int | None = None) -> DataFrame:
        """Rows of bronze.recording: runs ``first`` to ``last`` of all lines, or of the first so many."""
        day = F.lit(LAST_RUN.isoformat()).cast("timestamp")
        numbers = self.lake.spark.range(self.lines if lines is None else lines).withColumnRenamed("id", "line")
        each = numbers.join(self.lake.spark.range(first, last + 1).withColumnRenamed("id", "run"))
        facts = {
            "line_id": _text("L", "line"),
            "recording_id": F.concat(_text("r-", "line"), _text("-", "run")),
            "started_at": day + F.make_dt_interval((F.col("run") * self.every_days).cast("int")),
            "content_sha256": F.lit("sha"),
            "source_id": F.lit("car"),
            "domain": F.lit("track_geometry"),
            "vehicle_or_sensor_id": _text("car-", "line"),
            "track_id": F.lit("1"),
            "axis": F.lit("distance"),
            "start": F.lit(0.0),
            "step": F.lit(0.25),
            "n_samples": F.lit(800 * self.sections),
            "channels": F.array(F.lit("gauge")),
            "attributes": F.create_map(),
        }
        placed = each.withColumns(facts)
        return _filled(placed.withColumn("delivered_at", F.col("started_at") + F.expr("INTERVAL 1 DAY")), RECORDING)

    def measure(self, runs: DataFrame, run_id: str, raised: float = 0.0) -> None:
        """Take runs in and measure them: values worsen between works every three to five years, as a saw."""
        writer, spark = Writer(self.lake, run_id), self.lake.spark
        writer.upsert(runs, RECORDING)
        indicators = spark.createDataFrame([(name,) for name in self.indicators], "indicator string")
        kind = F.xxhash64("asset_id", "indicator")
        years = F.unix_seconds("measured_at") / (365.25 * 86_400)
        period = 3.0 + F.pmod(kind, F.lit(100)) / 50.0
        rate = 0.1 + F.pmod(F.shiftright(kind, 8), F.lit(100)) / 300.0
        noise = (F.pmod(F.xxhash64("asset_id", "indicator", "measured_at"), F.lit(1000)) - 500) / 10_000.0
        measured = (
            self.lake.read(ASSET)
            .select("asset_id", "line_id")
            .join(runs.select("recording_id", "line_id", F.col("started_at").alias("measured_at")), "line_id")
            .join(indicators)
            .withColumn("value", raised + 1.0 + rate * F.pmod(years + F.pmod(kind, F.lit(7)), period) + noise)
            .withColumns({"unit": F.lit("mm"), "n_samples": F.lit(800), "coverage": F.lit(1.0)})
            .withColumn("quality", F.lit("good"))
        )
        writer.append(_filled(measured, CONDITION), CONDITION)
        ledger = {"definition_hash": F.lit("definition"), "status": F.lit("measured"), "n_exceedances": F.lit(0)}
        rows = runs.select("recording_id").withColumns(ledger | {"n_conditions": F.lit(self.sections)})
        writer.upsert(_filled(rows, MEASUREMENT), MEASUREMENT)

    def runs_in(self, years: float) -> int:
        """Runs of a line in so many years."""
        return round(timedelta(days=365.25 * years) / timedelta(days=self.every_days))


def _text(before: str, number: str) -> Column:
    return F.concat(F.lit(before), F.col(number).cast("string"))


def _filled(frame: DataFrame, table: Table) -> DataFrame:
    """The table's columns; what the frame does not have is missing."""
    return frame.select(
        [(F.col(c.name) if c.name in frame.columns else F.lit(None)).cast(c.type).alias(c.name) for c in table.columns]
    )
