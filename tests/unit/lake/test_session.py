"""What a session started from Python is configured with; no Java is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from guideway.lake.session import _configure_own_jvm
from guideway.settings import load_settings

JARS = Path(__file__).resolve().parents[3] / "var" / "jars"


@pytest.mark.parametrize(("master", "host"), [("local[2]", "127.0.0.1"), ("spark://master:7077", None)])
def test_the_driver_of_a_cluster_can_be_reached_by_its_executors(
    master: str, host: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        monkeypatch.setenv(name, "")
    builder = _configure_own_jvm(SparkSession.Builder(), load_settings(master=master, jars=str(JARS)))
    stated = [builder._options.get(f"spark.driver.{name}") for name in ("host", "bindAddress")]
    assert stated == [host, host]
