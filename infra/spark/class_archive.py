"""Write the archive of loaded Java classes from which every later Spark starts a third faster.

Java's class-data sharing keeps the classes a program has loaded, parsed and verified, in a file the next program maps
into memory. The classes are those of a small Spark and Delta job; the archive lies beside the pinned JARs, where
``guideway.lake.session`` and ``infra.local.places`` look for it. A Java that cannot use it (another version, other
JARs) loads its classes as ever.

Usage: ``python infra/spark/class_archive.py FOLDER_OF_JARS``
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession, functions

from guideway.contracts.reference import LINE
from guideway.lake.lake import Lake
from guideway.lake.session import CLASS_ARCHIVE, open_session
from guideway.lake.writer import Writer
from guideway.settings import JAVA_OPTIONS, load_settings


def load_classes(spark: SparkSession, folder: str) -> None:
    """Do once in small what the jobs do: create, merge, replace and read a Delta table, and call Python with Arrow."""
    lake = Lake(spark, folder)
    rows = [(f"line {i}", "name", "metro", "rulebook", "UTC", 0.0, 1000.0) for i in range(8)]
    frame = spark.createDataFrame(rows, LINE.ddl).mapInArrow(_unchanged, LINE.ddl)
    writer = Writer(lake, "class archive")
    with lake.writing((LINE,), owner="class archive"):
        writer.upsert(frame, LINE)
        writer.upsert(frame.limit(2), LINE)
        writer.replace(frame, LINE, functions.col("mode") == "metro", "mode = 'metro'")
    lake.register((LINE,))
    spark.sql(
        "SELECT mode, count(*), max(line_id), row_number() OVER (ORDER BY mode) FROM reference.line GROUP BY mode"
    ).toPandas()


def _unchanged(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield from batches


def main(folder: Path) -> int:
    """Write the archive into the folder, whole or not at all."""
    archive = folder / CLASS_ARCHIVE
    archive.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        draft = Path(scratch, CLASS_ARCHIVE)
        options = f"{JAVA_OPTIONS} -Xlog:disable -XX:ArchiveClassesAtExit={draft.resolve()}"
        spark = open_session(load_settings(jars=str(folder), java_options=options, log_level="ERROR"))
        load_classes(spark, str(Path(scratch, "lake")))
        java = spark.sparkContext._gateway.proc  # type: ignore[union-attr]
        spark.stop()
        java.stdin.close()  # Java ends when its input does, and writes the archive as it ends
        java.wait(timeout=300)
        if not draft.is_file():
            print(f"error: this Java wrote no class archive in {folder}", file=sys.stderr)
            return 1
        draft.replace(archive)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
