"""kill -9 of a real ingest at a phase seen on the disk; what the next ingest finds and leaves behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING, SIGNAL, SOURCE_FILE
from tests.faults.catalogue import check_told
from tests.faults.conftest import fill_disk
from tests.faults.drivers import driver, environment, kill_group, wait_until
from tests.faults.histories.in_spark import SparkWorld
from tests.faults.histories.operations import Content, Ingest, Put

pytestmark = pytest.mark.spark
INGEST = ("jobs/ingest_archive.py", "--as-of", "2026-01-05")
CYCLES = int(os.environ.get("GUIDEWAY_DRILL_KILL_CYCLES", "1"))


def files(world: SparkWorld, table: Table, pattern: str) -> set[str]:
    return {str(path) for path in Path(world.lake.path(table)).rglob(pattern)}


PHASES: dict[str, tuple[Table | None, str]] = {
    "lock-taken": (None, "*.lock"),
    "first-signal-file": (SIGNAL, "*.parquet"),
    "signals-committed": (SIGNAL, "[0-9]*.json"),
    "first-recording-file": (RECORDING, "*.parquet"),
    "recordings-committed": (RECORDING, "[0-9]*.json"),
    "first-ledger-file": (SOURCE_FILE, "*.parquet"),
    "ledger-committed": (SOURCE_FILE, "[0-9]*.json"),
}
CASES = [pytest.param(phase, whole, marks=[] if (phase, whole) == ("first-signal-file", True) else pytest.mark.drill,
                      id=f"{phase}-{'group' if whole else 'python-only'}")
         for phase in PHASES for whole in (True, False)]  # fmt: skip


@pytest.mark.parametrize(("phase", "whole"), CASES)
@pytest.mark.fault(1, 2)
def test_a_killed_ingest_loses_nothing_and_doubles_nothing(
    phase: str, whole: bool, first: SparkWorld, tmp_path: Path, tally
) -> None:
    """``python-only``: the Java of the driver lives on for a moment, without the lock."""
    for cycle in range(CYCLES):
        world = first.copy(tmp_path / str(cycle))
        for number in range(4):
            world.do(Put(f"test-car/r{number}.csv", Content(number, 0), 60.0))
        world.do(Put("test-car/again.csv", Content(1, 0), 30.0))
        died = kill_at(world, sign(world, phase), tmp_path / f"driver-{cycle}.log", whole)
        ledger = {path for path, *_ in world.found().ledger}
        assert ledger in ({"test-car/base.csv"}, {*world.model.files}), "all of a bundle is acknowledged, or nothing"
        if len(ledger) > 1:
            world.model.acknowledge(world.model.files)
        wrong, lost, doubled = world.model.differences(world.found(), killed=True)
        world.do(Ingest())
        after, lost_after, doubled_after = world.model.differences(world.found())
        tally(kills=died, lost=lost + lost_after, doubled=doubled + doubled_after)
        assert (wrong, after) == ([], [])
        world.check_values()


@pytest.mark.fault(6)
@pytest.mark.drill
def test_a_disk_that_fills_up_in_a_shuffle_is_named_and_the_next_run_heals(
    first: SparkWorld, scratch_disk: Path, tmp_path: Path, tally
) -> None:
    world = first.copy(tmp_path / "world")
    for number in range(4):
        world.do(Put(f"test-car/r{number}.csv", Content(number, 0), 60.0))
    log = tmp_path / "driver.log"
    env = job_environment(world) | {"SPARK_LOCAL_DIRS": str(scratch_disk)}
    with driver(*INGEST, env=env, log=log) as process:
        assert wait_until(lambda: any(scratch_disk.rglob("shuffle_*")), process, log), log.read_text(encoding="utf-8")
        fill_disk(scratch_disk)
        assert process.wait(timeout=300) == 1
    check_told(6, "which_disk", log.read_text(encoding="utf-8"), 1)
    assert f"Spark's scratch in {scratch_disk} has 0.0 MiB free" in log.read_text(encoding="utf-8")
    assert world.model.differences(world.found(), killed=True)[0] == []
    (scratch_disk / "filler").unlink()
    with driver(*INGEST, env=env, log=log) as process:
        assert process.wait(timeout=300) == 0, log.read_text(encoding="utf-8")[-2000:]
    world.model.acknowledge(world.model.files)
    wrong, lost, doubled = world.model.differences(world.found())
    tally(lost=lost, doubled=doubled)
    assert wrong == []
    world.check_values()


def sign(world: SparkWorld, phase: str) -> Callable[[], bool]:
    """Whether the disk shows that the phase is reached."""
    table, pattern = PHASES[phase]
    if table is None:
        lock = Path(world.lake.root) / "_locks" / "bronze.signal.lock"
        before = lock.read_text(encoding="utf-8")
        return lambda: lock.read_text(encoding="utf-8") != before
    known = files(world, table, pattern)
    return lambda: bool(files(world, table, pattern) - known)


def job_environment(world: SparkWorld) -> dict[str, str]:
    """Environment of a driver that works on that world."""
    return environment(
        world.lake.root, **{name: str(world.root / name) for name in ("landing", "profiles", "rulebooks")}
    )


def kill_at(world: SparkWorld, reached: Callable[[], bool], log: Path, whole: bool) -> int:
    """Run the ingest as a job of its own and kill it there; 1 where it died of that."""
    with driver(*INGEST, env=job_environment(world), log=log) as process:
        assert wait_until(reached, process, log), log.read_text(encoding="utf-8")[-2000:]
        if whole:
            kill_group(process)
        else:
            process.send_signal(signal.SIGKILL)
            process.wait()
            world.do(Ingest())  # the retry, while Java may still be ending
    return int(process.returncode == -signal.SIGKILL)
