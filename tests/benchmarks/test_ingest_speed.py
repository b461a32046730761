"""Ingest beside a plain reader of one process and beside Spark's own CSV reader: the same numbers, then the costs.

Run by ``make bench``. ``GUIDEWAY_BENCH_INGEST_FILES`` says how many files of 80 km (21 MB each) are delivered. Ways are
compared by the processor time of all their processes, which neighbours on the machine do not change; the gain of a
second core needs a quiet machine and is told, not judged.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable

from guideway.simulate.formats import RunHeader, measuring_train
from tests.benchmarks.harness import Run, run_way

pytestmark = pytest.mark.drill
FILES = int(os.environ.get("GUIDEWAY_BENCH_INGEST_FILES", "24"))
ROWS = 320_000
SIDES = ("longitudinal_level_left", "longitudinal_level_right", "alignment_left", "alignment_right")


def deliver(folder: Path, files: int, rows: int) -> int:
    """Runs of noise with two decimals in a vendor's format; returns their bytes."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    at = 130_000.0 + 0.25 * np.arange(rows)
    for number in range(files):
        values = {name: rng.normal(0, 1.2, rows) for name in SIDES} | {
            "speed": 100 + rng.normal(0, 1, rows), "gauge": 1435 + rng.normal(0, 1, rows),
            "cross_level": rng.normal(0, 10, rows), "twist_3m": rng.normal(0, 1, rows),
        }  # fmt: skip
        local = datetime(2024, 1, 1 + number % 28, number // 28, 30)  # noqa: DTZ001 (local to the line)
        header = RunHeader("C01", "1", local, 1, "C01")
        name, data = measuring_train(header, at, values)
        (folder / name).write_bytes(data)
    return sum(path.stat().st_size for path in folder.iterdir())


def sums(table: pa.Table, by: str, value: str) -> dict[str, tuple[int, float]]:
    """Number and sum of the samples of each channel; what a quality rule took is missing."""
    grouped = table.group_by(by).aggregate([(value, "count"), (value, "sum")])
    return {row[by]: (row[f"{value}_count"], row[f"{value}_sum"]) for row in grouped.to_pylist()}


def exploded(table: pa.Table) -> pa.Table:
    channel, values = table.column("channel").combine_chunks(), table.column("values").combine_chunks()
    channel = channel.dictionary_encode()  # a name a sample would be more bytes than an array of strings can hold
    return pa.table({"channel": channel.take(values.value_parent_indices()), "value": values.flatten().cast("double")})


def found(way: str, out: Path) -> dict[str, tuple[int, float]]:
    if way == "plain":
        return sums(
            exploded(ds.dataset(out / "plain.parquet").to_table(columns=["channel", "values"])), "channel", "value"
        )
    if way == "guideway":
        signals = DeltaTable(str(out / "lake" / "bronze" / "signal")).to_pyarrow_table(columns=["channel", "values"])
        return sums(exploded(signals), "channel", "value")
    table = ds.dataset(out / "rows", format="parquet").to_table()
    if way == "spark_csv":
        value = table.column("value").cast("double")
        return sums(pa.table({"channel": table.column("channel"), "value": value}), "channel", "value")
    names = [name for name in table.column_names if name not in ("file", "at")]
    return {name: (len(table), pa.compute.sum(table.column(name).cast("double")).as_py()) for name in names}


def test_ingest_beside_a_plain_reader_and_sparks_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    landing = tmp_path / "landing"
    size = deliver(landing / "sim_measuring_train", FILES, ROWS)
    deliver(tmp_path / "warm" / "sim_measuring_train", 1, 4000)
    runs: dict[str, Run] = {}
    results = {}
    for way, cores in (("plain", 1), ("guideway", 1), ("guideway", 2), ("spark_wide", 1), ("spark_csv", 1)):
        out = tmp_path / f"{way}-{cores}"
        runs[out.name] = run_way("ingest", [way, str(landing)], out, cores)
        results[out.name] = found(way, out)
    samples = FILES * ROWS
    for name, result in results.items():
        assert result.keys() == results["plain-1"].keys()
        for channel, (count, total) in results["plain-1"].items():
            there, sum_there = result[channel]
            taken = samples - there
            assert count == samples
            assert taken <= (0 if not name.startswith("guideway") else 1e-3 * samples), (name, channel)
            assert sum_there == pytest.approx(total, rel=1e-6, abs=50.0 * taken + 1.0), (name, channel)
    plain = runs["plain-1"].cpu_of("ingest")
    with capsys.disabled():
        print(f"\n{FILES} files, {size / 1e6:.0f} MB, {samples:,} rows of 8 channels")
        print("| way | cores | processor s | MB a processor second | beside plain | seconds on the clock | peak MiB |")
        print("|---|---|---|---|---|---|---|")
        for name, run in runs.items():
            cpu, wall = run.cpu_of("ingest"), run.wall_of("ingest")
            print(f"| {name[:-2]} | {run.cores} | {cpu:.1f} | {size / 1e6 / cpu:.0f} | {cpu / plain:.2f} "
                  f"| {wall:.1f} | {run.peak_mib:.0f} |")  # fmt: skip
        for cores in (1, 2):
            run = runs[f"guideway-{cores}"]
            print(f"the job again, with nothing new, {cores} cores: {run.cpu_of('nothing new'):.1f} processor s, "
                  f"{run.wall_of('nothing new'):.1f} s on the clock")  # fmt: skip
