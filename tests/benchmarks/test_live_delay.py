"""From file to alert: a watch in a process of its own, a run of ten kilometres dropped every ten seconds."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from guideway.contracts.gold import LIVE_ALERT
from guideway.settings import Settings
from tests.faults.drivers import driver, environment, wait_until
from tests.live_world import PLACES, LiveWorld

pytestmark = [pytest.mark.spark, pytest.mark.drill]

EVERY_SECONDS = 10.0
FILES = 20


def test_delay_from_file_to_alert(spark: SparkSession, settings: Settings, tmp_path: Path) -> None:
    """Prints the median and the 95th percentile; how long it takes decides nothing, that all come does."""
    world = LiveWorld.first(tmp_path / "world", spark, settings, weeks=4 * (FILES + 4), km=10.0)
    first, *rest = world.held
    own = {"master": "local[2]", "settle_seconds": "5"}
    env = environment(**own, **{name: str(world.root / name) for name in PLACES})
    log = tmp_path / "watch.log"
    dropped: dict[str, float] = {}
    with driver("jobs/watch_live.py", env=env, log=log) as process:
        world.deliver([first])  # loads libraries and starts workers; not counted
        assert wait_until(patiently(lambda: bool(alerted(world))), process, log)
        for path in rest[:FILES]:
            recording = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
            world.deliver([path])
            dropped[recording] = time.time()
            time.sleep(EVERY_SECONDS)
        assert wait_until(patiently(lambda: dropped.keys() <= alerted(world).keys()), process, log)
    seen = alerted(world)
    delays = [seen[recording] - at for recording, at in dropped.items()]
    median, p95 = np.percentile(delays, [50, 95])
    size = rest[0].stat().st_size if rest[0].exists() else None
    print(f"\n{len(delays)} files, median {median:.1f} s, p95 {p95:.1f} s, most {max(delays):.1f} s; bytes {size}; "
          f"load {os.getloadavg()}; of which the file settles 5 s")  # fmt: skip


def patiently(there: Callable[[], bool]) -> Callable[[], bool]:
    """The same question, asked less often: the asking must not take the watch's time."""

    def ask() -> bool:
        time.sleep(1.0)
        return there()

    return ask


def alerted(world: LiveWorld) -> dict[str, float]:
    """When the first alert of each file was committed, by the beginning of its recordings' names."""
    table = Path(world.settings.lake, LIVE_ALERT.layer, LIVE_ALERT.name)
    found: dict[str, float] = {}
    for commit in sorted((table / "_delta_log").glob("[0-9]*.json")):
        for line in commit.read_text(encoding="utf-8").splitlines():
            if "add" in (action := json.loads(line)):
                names = pq.read_table(table / action["add"]["path"], columns=["recording_id"])["recording_id"]
                for name in names.to_pylist():
                    found.setdefault(name.partition("-")[0], commit.stat().st_mtime)
    return found
