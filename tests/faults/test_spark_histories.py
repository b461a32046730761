"""Random histories with the real job on Spark and Delta: kills at every phase, compaction, vacuum, changed settings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.faults.histories.in_spark import SparkWorld
from tests.faults.histories.operations import Ingest, Operation, history, short_history

pytestmark = [pytest.mark.spark, pytest.mark.fault(1, 11, 12, 13, 14, 15)]
UPKEEP = ("compact", "vacuum", "maintain", "profile", "rulebook")
SEEDS, BLOCK = 20, 5
DRILL_SEEDS = int(os.environ.get("GUIDEWAY_DRILL_SPARK_SEEDS", "60"))


def play(operations: Iterable[Operation], first: SparkWorld, root: Path, tally) -> list[str]:
    world, kills, trail = first.copy(root), 0, []
    for operation in operations:
        trail.append(operation)
        killed = world.do(operation)
        kills += killed
        if isinstance(operation, Ingest):
            wrong, lost, doubled = world.model.differences(world.found(), killed=killed)
            if wrong:
                tally(seeds=1, kills=kills, lost=lost, doubled=doubled)
                return [f"seed {root.name} after {trail}", *wrong]
    world.check_values()
    tally(seeds=1, kills=kills, lost=0, doubled=0)
    return []


@pytest.mark.parametrize("begin", range(0, SEEDS, BLOCK))
def test_histories_in_spark_end_as_the_model_says(first: SparkWorld, tmp_path: Path, tally, begin: int) -> None:
    seeds = range(begin, begin + BLOCK)
    wrong = [play(short_history(seed, UPKEEP), first, tmp_path / str(seed), tally) for seed in seeds]
    assert [found for found in wrong if found] == []


@pytest.mark.drill
def test_many_long_histories_in_spark(first: SparkWorld, tmp_path: Path, tally) -> None:
    """GUIDEWAY_DRILL_SPARK_SEEDS says how many."""
    seeds = range(SEEDS, SEEDS + DRILL_SEEDS)
    wrong = [play(history(seed, 15, UPKEEP), first, tmp_path / str(seed), tally) for seed in seeds]
    assert [found for found in wrong if found] == []
