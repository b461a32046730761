"""Cost of a command: processor time of its whole process tree stage by stage, wall time, peak memory.

On a shared machine the wall clock measures the neighbours. Processor time (user and system, of every process of the
tree) is what the work cost; ways are compared by it. Memory is the proportional set size of the tree, sampled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
_SAMPLE_S = 0.5


@dataclass(frozen=True)
class Stage:
    """Cost of one stage of a way, seconds."""

    stage: str
    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Run:
    """Cost of one run of a way; ``stages`` in order."""

    way: str
    cores: int
    wall_s: float
    peak_mib: float
    stages: tuple[Stage, ...]
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def cpu_s(self) -> float:
        """Processor time of all stages."""
        return sum(stage.cpu_s for stage in self.stages)

    def cpu_of(self, stage: str) -> float:
        """Processor time of one stage, 0 where the way has none of that name."""
        return sum(one.cpu_s for one in self.stages if one.stage == stage)

    def wall_of(self, stage: str) -> float:
        """Wall time of one stage."""
        return sum(one.wall_s for one in self.stages if one.stage == stage)


def tree(pid: int) -> list[psutil.Process]:
    """The process and all that descends from it; none where it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def tree_cpu_s(pid: int | None = None) -> float:
    """User and system time of a process tree so far, with that of its ended and reaped processes."""
    total = 0.0
    for process in tree(os.getpid() if pid is None else pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def tree_mib(pid: int) -> float:
    """Proportional set size of a process tree, MiB: shared pages are counted once."""
    total = 0
    for process in tree(pid):
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20


class Stages:
    """Costs of the stages of this process, for ``run_way`` to find in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: list[Stage] = []
        self.facts: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Cost of what is done inside."""
        wall, cpu = time.perf_counter(), tree_cpu_s()
        yield
        self.done.append(Stage(name, time.perf_counter() - wall, tree_cpu_s() - cpu))
        self.write()

    def write(self) -> None:
        """Leave what is known so far."""
        told = {"stages": [asdict(one) for one in self.done], "facts": self.facts}
        (self.folder / "cost.json").write_text(json.dumps(told))


def run_way(way: str, arguments: Sequence[str], out: Path, cores: int = 2, timeout_s: float = 3600.0) -> Run:
    """Run ``tests/benchmarks/ways/<way>.py`` in a process of its own and tell its cost.

    Raises:
        RuntimeError: it failed or took too long; the message ends with what it said last.
    """
    out.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": str(cores), "LC_ALL": "C.UTF-8"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", f"tests.benchmarks.ways.{way}", *arguments, "--out", str(out), "--cores"]
    log = out / f"{way}.log"
    started, peak = time.perf_counter(), 0.0
    with log.open("w") as stream:
        process = subprocess.Popen([*command, str(cores)], cwd=ROOT, env=env, stdout=stream, stderr=stream)
        try:
            while process.poll() is None:
                peak = max(peak, tree_mib(process.pid))
                if time.perf_counter() - started > timeout_s:
                    raise RuntimeError(f"{way}: still running after {timeout_s:.0f} s")
                time.sleep(_SAMPLE_S)
        finally:
            for one in reversed(tree(process.pid)) if process.poll() is None else ():
                one.kill()
            process.wait()
    if process.returncode:
        raise RuntimeError(f"{way} failed:\n{log.read_text()[-3000:]}")
    told = json.loads((out / "cost.json").read_text())
    stages = tuple(Stage(**one) for one in told["stages"])
    return Run(way, cores, time.perf_counter() - started, peak, stages, told["facts"])
