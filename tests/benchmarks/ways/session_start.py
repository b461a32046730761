"""Start-up: imports, session, first Delta table, first and second batch through a Python worker."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from tests.benchmarks.harness import ROOT, Stages


def _through_kernels(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What a task of ``measure_condition`` imports before it measures."""
    import guideway.monitoring.track_geometry.measure
    import guideway.udfs.measure  # noqa: F401

    yield from batches


def main() -> None:
    """Each step a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--no-archive", action="store_true", help="without the archive of Java's classes")
    parser.add_argument("--second-compiler", action="store_true", help="Java's default compilers")
    options = parser.parse_args()
    cost = Stages(options.out)
    with cost.stage("import"):
        from guideway.lake import session
        from guideway.settings import JAVA_OPTIONS, load_settings
    if options.no_archive:
        session.CLASS_ARCHIVE = "none.jsa"
    java = "-XX:+UseSerialGC" if options.second_compiler else JAVA_OPTIONS
    settings = load_settings(
        jars=str(ROOT / "var" / "jars"), master=f"local[{options.cores}]", java_options=java, log_level="ERROR"
    )
    with cost.stage("session"):
        spark = session.open_session(settings, "guideway start-up")
    with cost.stage("first table"):
        table = str(options.out / "table")
        spark.range(1000).write.format("delta").mode("overwrite").save(table)
        spark.read.format("delta").load(table).count()
    frame = spark.range(1000).repartition(options.cores)
    for stage in ("first Python batch", "second Python batch"):
        with cost.stage(stage):
            frame.mapInArrow(_through_kernels, frame.schema).write.format("noop").mode("overwrite").save()
    spark.stop()


if __name__ == "__main__":
    main()
