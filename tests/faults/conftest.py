"""A small lake to copy, and a disk of a few megabytes, where this machine lets us make one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.catalogue import check_told

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from guideway.settings import Settings
    from tests.faults.histories.in_spark import SparkWorld


@pytest.fixture(scope="session")
def first(spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> SparkWorld:
    """One file ingested into new tables: histories and kills begin with a copy of it."""
    from tests.faults.histories.in_spark import SparkWorld

    return SparkWorld.first(tmp_path_factory.mktemp("faults") / "first", spark, settings)


@contextmanager
def disk_of(n_bytes: int, place: Path) -> Iterator[Path]:
    """A file system of that size, unmounted afterwards."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk needs the right to mount: {error}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=20)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MiB."""
    with disk_of(6 << 20, tmp_path / "small") as place:
        yield place


@pytest.fixture
def scratch_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for the JARs a driver copies to its scratch, and little more."""
    with disk_of(64 << 20, tmp_path / "scratch") as place:
        yield place


def fill_disk(folder: Path) -> Path:
    """Write a file there until the disk is full."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            check_told(6, "no_space", str(error))
    return path
