"""A small network, delivered once and taken through every job once."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from guideway.contracts import table
from guideway.contracts.jobs import JOBS
from guideway.job import JobSummary, execute
from guideway.lake.lake import Lake
from guideway.settings import Settings
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of


@dataclass(frozen=True)
class World:
    """A lake, what was delivered to it and what is true of it."""

    lake: Lake
    settings: Settings
    truth: Path
    as_of: date

    def run(self, *names: str, run_id: str, as_of: date | None = None) -> dict[str, JobSummary]:
        """Run jobs by name, or all of them."""
        return {
            job.name: execute(
                job,
                importlib.import_module(f"jobs.{job.name}").run,
                self.settings,
                spark=self.lake.spark,
                as_of=as_of or self.as_of,
                run_id=run_id,
            )
            for job in JOBS
            if job.name in names or not names
        }

    def rows(self, name: str) -> pd.DataFrame:
        """A table of the lake."""
        return self.lake.read(table(name)).toPandas()

    def content(self) -> dict[str, tuple[int, int]]:
        """Number of rows and a hash of every table, provenance left out."""
        from guideway.contracts import TABLES
        from guideway.lake.writer import fingerprint

        return {t.full_name: fingerprint(self.lake.read(t), t) for t in TABLES if self.lake.exists(t)}


@pytest.fixture(scope="session")
def make_world(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], World]:
    """A new, empty world; its landing folder exists."""

    def make(name: str) -> World:
        root = tmp_path_factory.mktemp(name)
        (root / "landing").mkdir()
        own = settings.model_copy(
            update={name: str(root / name) for name in ("lake", "landing", "reports")}
            | {
                "mlflow_uri": f"sqlite:///{root}/mlflow.db",
                "mlflow_artifacts": str(root / "artifacts"),
                "network_name": "Test network",
            }
        )
        return World(Lake(spark, own.lake), own, root / "truth", date(2025, 2, 23))

    return make


@pytest.fixture(scope="session")
def delivered(make_world: Callable[[str], World]) -> World:
    """Sixty weeks of a network with a line of every mode, delivered and not yet read."""
    world = make_world("network")
    lines = (
        line_of("conventional", 1, 4.0, start_km=130),
        line_of("high_speed", 1, 2.0, start_km=90),
        line_of("metro", 1, 1.4),
        line_of("maglev", 1, 0.6),
    )
    spec = NetworkSpec(seed=7, weeks=60, lines=lines)
    write_archive(spec, Path(world.settings.landing), world.truth)
    return world


@pytest.fixture(scope="session")
def first_run(delivered: World) -> dict[str, JobSummary]:
    """Summaries of the first run of all jobs."""
    return delivered.run(run_id="first")
