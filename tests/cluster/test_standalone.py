"""The pipeline on a real standalone cluster: master and workers as processes of their own, the same tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable

from guideway.contracts import TABLES, Table
from guideway.settings import SMALL_JOB_JAVA
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of
from infra.local.places import BIN, LOOPBACK, free_port
from infra.local.processes import Service, start, stop

pytestmark = [pytest.mark.spark, pytest.mark.drill]
ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("SPARK_", "PYSPARK_", "PYTHONPATH", "GUIDEWAY_")
PROVENANCE = ["run_id", "code_version"]


def environment(**more: str) -> dict[str, str]:
    """No setting of the surrounding session, and no PYTHONPATH that would hide a package executors lack."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(INHERITED)}
    fixed = {"SPARK_LOCAL_IP": LOOPBACK, "PYSPARK_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
    # master, workers, executors and drivers live a minute each and compile as little as that is worth
    return plain | fixed | {"JAVA_TOOL_OPTIONS": SMALL_JOB_JAVA} | more


def until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of a master with two one-core workers, and the folder of the workers."""
    port, log = free_port(), tmp_path / "log"
    address = f"spark://{LOOPBACK}:{port}"
    run = [str(BIN / "spark-class"), "org.apache.spark.deploy.master.Master", "--host", LOOPBACK]
    services = [start("master", [*run, "--port", str(port), "--webui-port", "0"], environment(), log / "master")]
    for number in (1, 2):
        run = [
            str(BIN / "spark-class"),
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            LOOPBACK,
            "--webui-port",
            "0",
        ]
        run += ["--cores", "1", "--memory", "2g", "--work-dir", str(tmp_path / "work" / str(number)), address]
        services.append(start(f"worker {number}", run, environment(), log / f"worker-{number}"))
    try:
        master = log / "master"
        until(lambda: master.exists() and master.read_text().count("Registering worker") == 2, "two workers")
        yield address, tmp_path / "work"
    finally:
        _end(services)


def _end(services: list[Service]) -> None:
    stop(services)
    assert not [service.name for service in services if service.process()], "nothing is left running"


def pipeline(folder: Path, landing: Path, master: str) -> dict[str, Any]:
    command = [str(BIN / "guideway"), "pipeline", "--lake", str(folder / "lake"), "--landing", str(landing)]
    command += ["--reports", str(folder / "reports"), "--as-of", "2024-03-04", "--json"]
    settings = {
        "GUIDEWAY_MASTER": master,
        "GUIDEWAY_JARS": str(ROOT / "var" / "jars"),
        "GUIDEWAY_MLFLOW_URI": f"sqlite:///{folder / 'mlflow.db'}",
        "GUIDEWAY_MLFLOW_ARTIFACTS": str(folder / "artifacts"),
        "GUIDEWAY_SETTLE_SECONDS": "0",
        "GUIDEWAY_DRIVER_MEMORY": "1g",
        "GUIDEWAY_SHUFFLE_PARTITIONS": "4",
    }
    folder.mkdir()
    done = subprocess.run(
        command, cwd=ROOT, env=environment(**settings), capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def rows(folder: Path, table: Table) -> pd.DataFrame | None:
    path = folder / "lake" / table.layer / table.name
    if not (path / "_delta_log").is_dir():
        return None
    frame = DeltaTable(path).to_pyarrow_table().to_pandas().drop(columns=PROVENANCE)
    return frame.sort_values(list(table.key)).reset_index(drop=True)


def test_a_cluster_gives_the_tables_one_machine_gives(cluster: tuple[str, Path], tmp_path: Path) -> None:
    address, work = cluster
    landing = tmp_path / "landing"
    lines = (line_of("conventional", 1, 1.0, start_km=130), line_of("maglev", 1, 0.6))
    write_archive(NetworkSpec(weeks=9, lines=lines, faults=False), landing, tmp_path / "truth")

    here = pipeline(tmp_path / "here", landing, "local[2]")
    there = pipeline(tmp_path / "there", landing, address)
    assert len(list(work.glob("*/app-*/*"))) >= 2, "both workers ran an executor"
    assert there["rows"] == here["rows"]
    compared = []
    for table in TABLES:
        one, other = rows(tmp_path / "here", table), rows(tmp_path / "there", table)
        assert (one is None) == (other is None), table.full_name
        if one is None or other is None:
            continue
        pd.testing.assert_frame_equal(one, other, rtol=1e-9, obj=table.full_name)
        compared.append(table.full_name)
    # nine weeks are too short a history for forecasts
    assert {"bronze.signal", "gold.condition", "gold.degradation_trend"} <= set(compared)
    assert here["rows"]["gold.condition"] > 100
