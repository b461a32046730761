"""The pipeline on a real standalone cluster gives the tables one machine gives, also when an executor is lost."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyspark.sql import SparkSession

from guideway.commands.jobs import job_function
from guideway.contracts.jobs import JOBS
from guideway.job import execute
from guideway.settings import INTERPRETED, Settings
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of
from infra.local.places import BIN, ROOT
from tests.cluster.standalone import JARS, environment, standalone, until
from tests.lakes import same_tables

pytestmark = pytest.mark.spark
SHORT_LINE = line_of("conventional", 1, 0.4, start_km=130).model_copy(update={"run_every_weeks": 1})
SPEC = NetworkSpec(weeks=14, lines=(SHORT_LINE,))
AS_OF = SPEC.last_day + timedelta(days=1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of the master, and the folder of the cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    with standalone(folder) as address:
        yield address, folder


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("delivered")
    write_archive(SPEC, root / "landing", root / "truth")
    return root / "landing"


@pytest.fixture(scope="module")
def here(landing: Path, spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake one machine makes of it, in the session all tests share."""
    root = tmp_path_factory.mktemp("one_machine")
    places = {"lake": root / "lake", "landing": landing, "reports": root / "reports", "mlflow_artifacts": root / "ml"}
    own = settings.model_copy(
        update={name: str(path) for name, path in places.items()} | {"mlflow_uri": f"sqlite:///{root}/mlflow.db"}
    )
    for job in JOBS:
        execute(job, job_function(job), own, spark=spark, as_of=AS_OF, run_id="here")
    return root / "lake"


def pipeline(root: Path, landing: Path, master: str) -> dict[str, Any]:
    """Run it as a program of its own whose executors are the cluster's."""
    places = {"lake": root / "lake", "landing": landing, "reports": root / "reports"}
    command = [str(BIN / "guideway"), "pipeline", "--as-of", AS_OF.isoformat(), "--json"]
    # as a person types them; executors stand in folders of their own
    command += [f"--{name}={os.path.relpath(place, ROOT)}" for name, place in places.items()]
    env = environment(
        GUIDEWAY_MASTER=master,
        GUIDEWAY_JARS=str(JARS),
        GUIDEWAY_MLFLOW_URI=f"sqlite:///{root / 'mlflow.db'}",
        GUIDEWAY_MLFLOW_ARTIFACTS=str(root / "artifacts"),
        GUIDEWAY_SETTLE_SECONDS="0",
        GUIDEWAY_DRIVER_MEMORY="1g",
        GUIDEWAY_SHUFFLE_PARTITIONS="2",
        GUIDEWAY_JAVA_OPTIONS=INTERPRETED,
    )
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_cluster_gives_the_tables_one_machine_gives(
    cluster: tuple[str, Path], landing: Path, here: Path, tmp_path: Path
) -> None:
    address, folder = cluster
    told = pipeline(tmp_path, landing, address)
    ran = {path.parents[1].name for path in folder.glob("work/*/app-*/*")}
    assert ran == {"worker-1", "worker-2"}, "both workers ran an executor"
    compared = same_tables(here, tmp_path / "lake")
    assert compared.items() >= told["rows"].items()


class Killer(threading.Thread):
    """Kills the executor that writes the first file of a shuffle once there is a table ``after``."""

    def __init__(self, scratch: Path, after: Path) -> None:
        super().__init__(daemon=True)
        self.scratch, self.after, self.killed = scratch, after, 0

    def run(self) -> None:
        until(self.after.exists, "the job to disturb", 600)
        known = self._files()
        until(lambda: bool(self._files() - known), "a shuffle", 300)
        folder = str(min(self._files() - known).parents[2])  # <executor>/blockmgr-*/xx/shuffle_*
        for process in psutil.process_iter(["name"]):
            if process.name() == "java" and process.environ().get("SPARK_EXECUTOR_DIRS") == folder:
                process.kill()
                self.killed += 1

    def _files(self) -> set[Path]:
        return set(self.scratch.rglob("shuffle_*.data"))


@pytest.mark.drill
def test_an_executor_lost_in_a_shuffle_changes_no_table(
    cluster: tuple[str, Path], landing: Path, here: Path, tmp_path: Path, tally
) -> None:
    """What its tasks had left for the next stage goes with it, and is made again."""
    address, folder = cluster
    killer = Killer(folder / "scratch", tmp_path / "lake" / "gold" / "condition" / "_delta_log")
    killer.start()
    told = pipeline(tmp_path, landing, address)
    killer.join(timeout=10)
    tally(kills=killer.killed, lost=0, doubled=0)
    assert killer.killed == 1
    assert same_tables(here, tmp_path / "lake").items() >= told["rows"].items()
