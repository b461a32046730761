"""A lake and a writer of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from guideway.lake.lake import Lake
from guideway.lake.writer import Writer


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"), lock_wait_seconds=5)


@pytest.fixture
def writer(lake: Lake) -> Writer:
    return Writer(lake, "run-1")
