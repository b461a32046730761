"""A standalone cluster on this machine: a master and workers, each a process of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from guideway.lake.session import CLASS_ARCHIVE
from guideway.settings import JAVA_OPTIONS
from infra.local.places import BIN, LOOPBACK, ROOT, free_port
from infra.local.processes import start, stop

JARS = ROOT / "var" / "jars"
INHERITED = ("SPARK_", "PYSPARK_", "PYTHONPATH", "GUIDEWAY_")


def environment(**more: str) -> dict[str, str]:
    """No setting of the surrounding session, and no PYTHONPATH that would hide a package executors lack."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(INHERITED)}
    fixed = {"SPARK_LOCAL_IP": LOOPBACK, "PYSPARK_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
    # master, workers, executors and drivers live a minute each and compile as little as that is worth
    java = f"{JAVA_OPTIONS} -XX:SharedArchiveFile={JARS / CLASS_ARCHIVE}"
    return plain | fixed | {"JAVA_TOOL_OPTIONS": java} | more


def until(happened: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


@contextmanager
def standalone(folder: Path, workers: int = 2) -> Iterator[str]:
    """Address of a master with one-core workers; their executors' logs are in ``work``, shuffles in ``scratch``."""
    port, log, scratch = free_port(), folder / "log", folder / "scratch"
    scratch.mkdir(parents=True)
    address, env = f"spark://{LOOPBACK}:{port}", environment(SPARK_LOCAL_DIRS=str(scratch))

    def run(kind: str, *arguments: str) -> list[str]:
        command = [str(BIN / "spark-class"), f"org.apache.spark.deploy.{kind}"]
        return [*command, "--host", LOOPBACK, "--webui-port", "0", *arguments]

    services = [start("master", run("master.Master", "--port", str(port)), env, log / "master")]
    for name in (f"worker-{number + 1}" for number in range(workers)):
        size = ("--cores", "1", "--memory", "2g", "--work-dir", str(folder / "work" / name))
        services.append(start(name, run("worker.Worker", *size, address), env, log / name))
    try:
        master = log / "master"
        until(lambda: master.exists() and master.read_text().count("Registering worker") == workers, "workers")
        yield address
    finally:
        stop(services)
    assert not [service.name for service in services if service.process()], "nothing is left running"
