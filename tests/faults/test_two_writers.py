"""Two real drivers race for the same tables: each acknowledged commit is there once, readers see whole versions."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import deltalake
import pytest
from pyspark.sql import SparkSession

from guideway.contracts.gold import CONDITION
from guideway.contracts.silver import MEASUREMENT
from guideway.lake.lake import Lake
from tests.faults.drivers import driver, environment, wait_until
from tests.faults.racing_writer import ROWS

pytestmark = [pytest.mark.spark, pytest.mark.fault(14)]
DRILL_SECONDS = float(os.environ.get("GUIDEWAY_DRILL_RACE_SECONDS", "600"))
SCRIPT = str(Path(__file__).with_name("racing_writer.py"))


@pytest.mark.parametrize(
    ("seconds", "writers"),
    [pytest.param(10.0, 2, id="short"), pytest.param(DRILL_SECONDS, 3, id="long", marks=pytest.mark.drill)],
)
def test_racing_drivers_lose_no_commit(
    spark: SparkSession, tmp_path: Path, tally, seconds: float, writers: int
) -> None:
    lake = Lake(spark, str(tmp_path / "lake"))
    for table in (CONDITION, MEASUREMENT):
        lake.delta(table)
    go, names = tmp_path / "go", [f"w{k}" for k in range(writers)]
    logs = {name: tmp_path / f"{name}.log" for name in names}
    with ExitStack() as stack:
        env = environment(lake.root)
        racers = [stack.enter_context(driver(SCRIPT, lake.root, name, str(seconds), str(go), env=env, log=logs[name]))
                  for name in names]  # fmt: skip
        for racer, log in zip(racers, logs.values(), strict=True):
            assert wait_until(lambda log=log: b"ready" in log.read_bytes(), racer, log), log.read_text()[-2000:]
        go.touch()
        versions = watch(lake.path(CONDITION), time.monotonic() + seconds)
        for racer, log in zip(racers, logs.values(), strict=True):
            assert racer.wait(timeout=seconds + 300) == 0, log.read_text()[-2000:]
    acknowledged = Counter(
        line for log in logs.values() for line in log.read_text().split("\n") if line.partition("-")[0] in names
    )
    rows = Counter(deltalake.DeltaTable(lake.path(CONDITION)).to_pyarrow_table()["recording_id"].to_pylist())
    ledger = Counter(deltalake.DeltaTable(lake.path(MEASUREMENT)).to_pyarrow_table()["recording_id"].to_pylist())
    wanted = Counter({key: n * ROWS for key, n in acknowledged.items()})
    lost = (wanted - rows).total() + (acknowledged - ledger).total()
    doubled = (rows - wanted).total() + (ledger - acknowledged).total()
    tally(lost=lost, doubled=doubled)
    print(f"{acknowledged.total()} acknowledged rounds by {writers} drivers, {len(versions)} versions read", end=" ")
    assert (lost, doubled) == (0, 0)
    assert all(any(key.startswith(f"{name}-") for key in acknowledged) for name in names), "each one had its turn"
    assert versions == {version: count_at(lake.path(CONDITION), version) for version in versions}


def watch(path: str, end: float) -> dict[int, int]:
    """Rows of every version met while the others write: always whole rounds."""
    seen: dict[int, int] = {}
    while time.monotonic() < end:
        table = deltalake.DeltaTable(path)
        seen[table.version()] = table.to_pyarrow_table(columns=["recording_id"]).num_rows
        assert seen[table.version()] % ROWS == 0
        time.sleep(0.2)
    return seen


def count_at(path: str, version: int) -> int:
    return int(deltalake.DeltaTable(path, version=version).to_pyarrow_table(columns=["recording_id"]).num_rows)
