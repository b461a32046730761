"""kill -9 of a watch at a phase seen on the disk, while files arrive; the next watch completes what it left."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from guideway.contracts.gold import LIVE_ALERT
from guideway.settings import Settings
from tests.faults.drivers import driver, environment, wait_until
from tests.live_world import PLACES, LiveWorld

pytestmark = pytest.mark.spark

ALERTS = f"lake/{LIVE_ALERT.layer}/{LIVE_ALERT.name}"
PHASES = {
    "journal-written": "lake/_watch/journal/deliveries.jsonl",
    "batch-promised": "lake/_watch/checkpoint/offsets/[0-9]*",
    "first-alert-file": f"{ALERTS}/*.parquet",
    "alerts-committed": f"{ALERTS}/_delta_log/*1.json",
    "batch-done": "lake/_watch/checkpoint/commits/[0-9]*",
}
"""What lies on the disk once a phase is reached; version 0 of the table is its making, version 1 the first alerts."""


@pytest.fixture(scope="module")
def history(spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> LiveWorld:
    return LiveWorld.first(tmp_path_factory.mktemp("live") / "first", spark, settings)


@pytest.fixture(scope="module")
def undisturbed(history: LiveWorld, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Alerts of a watch nothing happened to."""
    world = history.copy(tmp_path_factory.mktemp("undisturbed") / "world")
    world.deliver(world.held)
    world.watch()
    assert world.alerts()
    return world.alerts()


@pytest.mark.parametrize(
    "phase", [pytest.param(p, marks=[] if p == "alerts-committed" else pytest.mark.drill) for p in PHASES]
)
@pytest.mark.fault(1)
def test_a_killed_watch_loses_no_alert_and_raises_none_twice(
    phase: str, history: LiveWorld, undisturbed: list[str], tmp_path: Path, tally: Callable[..., None]
) -> None:
    world = history.copy(tmp_path / "world")
    held = world.held
    world.deliver(held[:2])
    env = environment(**{name: str(world.root / name) for name in PLACES})
    log = tmp_path / "watch.log"
    with driver("jobs/watch_live.py", env=env, log=log) as process:
        reached = wait_until(lambda: any(world.root.glob(PHASES[phase])), process, log)
        assert reached, log.read_text(encoding="utf-8")[-2000:]
    died = int(process.returncode == -signal.SIGKILL)
    world.deliver(held[2:])
    world.watch()
    found = world.alerts()
    tally(kills=died, lost=len(set(undisturbed) - set(found)), doubled=len(found) - len(set(found)))
    assert died == 1
    assert found == undisturbed
    assert world.watch().facts["files"] == 0
