"""Memory of decoding stays flat as files grow from 10 MB to 2 GB, whatever the format can be read in pieces from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
import yaml

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.drill
SIZES_MB = tuple(int(size) for size in os.environ.get("GUIDEWAY_BENCH_FILE_MB", "10,200,2000").split(","))
GROWTH = 1.25
"""Memory at the largest file beside that at the second largest: what fills a piece of every file is there by then."""
PROFILE = {
    "source_id": "big",
    "domain": "ride_comfort",
    "title": "one long file",
    "channels": [{"name": "car_body_acceleration_vertical", "column": "a", "unit": "m/s**2"}],
    "locate": {"line": "L1"},
    "time": {"started_at": "2024-05-01T10:00:00"},
    "axis": {"kind": "time", "step": 0.002},
}


def text(path: Path, megabytes: int) -> dict[str, object]:
    lines = "".join(f"{value:.6f}\n" for value in np.random.default_rng(1).normal(0, 1, 125_000)).encode()
    with path.open("wb") as file:
        file.write(b"a\n")
        for _ in range(megabytes * 1_000_000 // len(lines)):
            file.write(lines)
    return {"format": "text"}


def wav(path: Path, megabytes: int) -> dict[str, object]:
    noise = np.random.default_rng(1).normal(0, 0.1, 500_000).astype(np.float32)
    with soundfile.SoundFile(path, "w", 48_000, 1, "PCM_16", format="WAV") as file:
        for _ in range(megabytes):
            file.write(noise)
    return {"format": "audio"}


def parquet(path: Path, megabytes: int) -> dict[str, object]:
    noise = pa.table({"a": np.random.default_rng(1).normal(0, 1, 250_000).astype(np.float32)})
    with pq.ParquetWriter(path, noise.schema, use_dictionary=False) as writer:
        for _ in range(megabytes):
            writer.write_table(noise)
    return {"format": "parquet"}


def hdf5(path: Path, megabytes: int) -> dict[str, object]:
    noise = np.random.default_rng(1).normal(0, 1, 250_000).astype(np.float32)
    with h5py.File(path, "w") as file:
        column = file.create_dataset("a", (megabytes * noise.size,), "f4", chunks=(noise.size,))
        for i in range(megabytes):
            column[i * noise.size : (i + 1) * noise.size] = noise
    return {"format": "hdf5"}


@pytest.mark.parametrize("write", [text, wav, parquet, hdf5])
def test_memory_is_flat_as_files_grow(
    write: Callable[[Path, int], dict[str, object]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peaks = []
    for megabytes in SIZES_MB:
        path, by = tmp_path / "big.bin", tmp_path / "big.yaml"
        decode = write(path, megabytes)
        channel = PROFILE["channels"][0] | ({"column": "ch1"} if write is wav else {})  # type: ignore[index]
        by.write_text(yaml.safe_dump(PROFILE | {"decode": decode, "channels": [channel]}), encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.ingest_memory", str(path), str(by)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=800)
        status, rows, samples, peak = done.stdout.split()
        assert (status, rows) == ("accepted", samples)
        with capsys.disabled():
            print(
                f"\n| {write.__name__} | {path.stat().st_size / 1e6:.0f} MB | {int(rows):,} samples | {peak} MiB |",
                end="",
            )
        peaks.append(int(peak))
        path.unlink()
    assert peaks[-1] < GROWTH * peaks[-2]
