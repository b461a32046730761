"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.plugin import (  # noqa: F401 (hooks and a fixture of every test)
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_terminal_summary,
    tally,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from guideway.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings, beside the checkout or where ``GUIDEWAY_SHARED_DATA`` points."""
    default = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("GUIDEWAY_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"real recordings are not here: {folder} (set GUIDEWAY_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the shared session: small data, an MLflow store of the test run's own."""
    from guideway.settings import load_settings

    mlflow = tmp_path_factory.mktemp("mlflow")
    return load_settings(
        jars=str(ROOT / "var" / "jars"),
        master="local[2]",
        driver_memory="2g",
        shuffle_partitions=2,
        settle_seconds=0,
        log_level="ERROR",
        mlflow_uri=f"sqlite:///{mlflow}/mlflow.db",
        mlflow_artifacts=str(mlflow / "artifacts"),
    )


@pytest.fixture(scope="session")
def spark(settings: Settings) -> Iterator[SparkSession]:
    """The one Spark session of a test run."""
    from guideway.lake.session import open_session

    session = open_session(settings, "guideway tests")
    yield session
    session.stop()
