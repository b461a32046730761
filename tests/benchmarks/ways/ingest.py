"""Ways to bring delivered track-geometry files into Parquet: each decodes the same bytes to the same numbers.

``plain`` is what an engineer writes for one process: Arrow's CSV reader on one thread, numpy, Parquet. ``spark_csv`` is
Spark's own reader, one row a sample of a channel; ``spark_wide`` the same, one row a position. ``guideway`` is the job,
as it is. A session of Spark has brought in one small file before.

Run by ``tests/benchmarks/test_ingest_speed.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet as pq

from guideway.archives.profile import Profile, load_profiles
from guideway.settings import Settings, load_settings
from tests.benchmarks.harness import ROOT, Stages

SOURCE = "sim_measuring_train"
STEP_M = 0.25
BLOCK = 16_384


def columns(profile: Profile) -> dict[str, str]:
    """Column in the file -> channel."""
    return {channel.column[0]: channel.name for channel in profile.channels}


def plain(landing: Path, out: Path, cores: int) -> None:
    """One process, one thread, file by file."""
    names = columns(load_profiles()[SOURCE])
    schema = pa.schema([("file", pa.string()), ("channel", pa.string()), ("block", pa.int32()), ("start", pa.float64()),
                        ("values", pa.list_(pa.float32()))])  # fmt: skip
    place = "Location [km+m]"
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.float32()) | {place: pa.string()},
        include_columns=[place, *names],
        decimal_point=",",
    )
    with pq.ParquetWriter(out / "plain.parquet", schema, compression="snappy") as writer:
        for path in sorted((landing / SOURCE).iterdir()):
            table = pa.csv.read_csv(
                path,
                read_options=pa.csv.ReadOptions(use_threads=False, skip_rows=1),
                parse_options=pa.csv.ParseOptions(delimiter=";"),
                convert_options=convert,
            )
            first = table.column(place)[0].as_py().replace(",", ".").split("+")
            start = 1000.0 * float(first[0]) + float(first[1])
            metres = _metres(table.column(place))
            if not np.allclose(np.diff(metres), STEP_M, atol=0.02):
                raise ValueError(f"{path.name}: rows are not {STEP_M} m apart")
            for column, channel in names.items():
                values = table.column(column).combine_chunks()
                offsets = [*range(0, len(values), BLOCK), len(values)]
                blocks = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
                n = len(blocks)
                writer.write_batch(
                    pa.record_batch(
                        [[path.name] * n, [channel] * n, pa.array(range(n), pa.int32()),
                         pa.array(start + STEP_M * BLOCK * np.arange(n)), blocks], schema=schema
                    )
                )  # fmt: skip


def _metres(cells: pa.ChunkedArray) -> np.ndarray:
    """``130+0663,25`` without its plus is a number with kilometres and metres apart by 10 000."""
    text = pa.compute.replace_substring(pa.compute.replace_substring(cells, "+", ""), ",", ".")
    joined = pa.compute.cast(text, pa.float64()).to_numpy()
    km = np.floor(joined / 10_000.0)
    return 1000.0 * km + (joined - 10_000.0 * km)


def spark_csv(landing: Path, out: Path, cores: int, *, wide: bool = False) -> Callable[[], None]:
    """Spark's CSV reader, then one row a sample (or a position), as Parquet."""
    from pyspark.sql import functions as F

    from guideway.lake.session import open_session

    spark = open_session(settings(landing, out, cores))
    names = columns(load_profiles()[SOURCE])

    def work(delivered: Path, into: str) -> None:
        files = sorted(str(path) for path in (delivered / SOURCE).iterdir())
        labels = Path(files[0]).read_text(encoding="utf-8-sig").split("\n", 2)[1].replace('"', "").split(";")
        ddl = ", ".join(f"`{label}` string" for label in labels)
        lines = spark.read.option("sep", ";").schema(ddl).csv(files)
        rows = lines.where(~F.col("Track").contains("Running Date") & (F.col("Track") != "Track"))
        at = F.split(F.regexp_replace(F.col("`Location [km+m]`"), ",", "."), r"\+")
        number = {column: F.regexp_replace(F.col(f"`{column}`"), ",", ".").cast("float") for column in names}
        file = F.element_at(F.split(F.input_file_name(), "/"), -1).alias("file")
        metres = (1000 * at[0].cast("double") + at[1].cast("double")).alias("at")
        frame = rows.select(file, metres, *(value.alias(names[column]) for column, value in number.items()))
        if not wide:
            pairs = ", ".join(f"'{name}', {name}" for name in names.values())
            frame = frame.selectExpr("file", "at", f"stack({len(names)}, {pairs}) AS (channel, value)")
        frame.write.mode("overwrite").parquet(str(out / into))

    work(landing.with_name("warm"), "warm")
    return lambda: work(landing, "rows")


def guideway(landing: Path, out: Path, cores: int) -> Callable[[], None]:
    """The job into a new lake."""
    from guideway.contracts.jobs import INGEST_ARCHIVE
    from guideway.job import execute
    from guideway.lake.session import open_session
    from jobs.ingest_archive import run

    spark = open_session(settings(landing, out, cores))

    def ingest(into: str, files: Path) -> None:
        places = settings(files, out, cores).model_copy(update={"lake": str(out / into)})
        execute(INGEST_ARCHIVE, run, places, spark=spark, as_of=date(2026, 1, 5), run_id=into)

    ingest("warm", landing.with_name("warm"))
    return lambda: ingest("lake", landing)


def settings(landing: Path, out: Path, cores: int) -> Settings:
    """Settings of a session with so many cores."""
    return load_settings(
        landing=str(landing), lake=str(out / "lake"), jars=str(ROOT / "var" / "jars"), master=f"local[{cores}]",
        settle_seconds=0, log_level="ERROR",
    )  # fmt: skip


def main() -> None:
    """Run one way; the stage ``ingest`` is what is compared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("plain", "spark_csv", "spark_wide", "guideway"))
    parser.add_argument("landing", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=1)
    options = parser.parse_args()
    costs = Stages(options.out)
    with costs.stage("start"):
        if options.way == "plain":
            work = lambda: plain(options.landing, options.out, options.cores)  # noqa: E731
        elif options.way == "guideway":
            work = guideway(options.landing, options.out, options.cores)
        else:
            work = spark_csv(options.landing, options.out, options.cores, wide=options.way == "spark_wide")
    with costs.stage("ingest"):
        work()
    if options.way == "guideway":
        with costs.stage("nothing new"):
            work()


if __name__ == "__main__":
    main()
