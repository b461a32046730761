"""A thousand random histories of deliveries, kills and clock steps, each against a plain model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.histories.operations import Ingest, history
from tests.faults.histories.plain import PlainWorld

pytestmark = pytest.mark.fault(1, 9, 11, 12, 13, 15)
SEEDS, BLOCK = 1000, 50
DRILL_SEEDS = int(os.environ.get("GUIDEWAY_DRILL_SEEDS", "20000"))
FAILED_ONCE: tuple[int, ...] = ()
"""Seeds that once found a fault in the product: they are played for ever."""


def play(seed: int, folder: Path, length: int = 30) -> tuple[list[str], int, int, int]:
    """Play one history; what went wrong in words, and kills, lost and doubled rows."""
    world, kills, trail = PlainWorld(folder), 0, []
    folder.mkdir()
    try:
        for operation in history(seed, length, upkeep=("profile",)):
            trail.append(operation)
            killed = world.do(operation)
            kills += killed
            if isinstance(operation, Ingest):
                wrong, lost, doubled = world.model.differences(world.found(), killed=killed)
                if wrong:
                    return [f"seed {seed} after {len(trail)} operations: {trail[-3:]}", *wrong], kills, lost, doubled
    finally:
        shutil.rmtree(folder)
    waiting = {path for path, file in world.model.files.items() if path not in {p for p, _ in world.model.ledger}}
    return [f"seed {seed}: never read {sorted(waiting)}"] if waiting else [], kills, len(waiting), 0


def play_all(seeds: Sequence[int], folder: Path, tally) -> None:
    results = [play(seed, folder / str(seed)) for seed in seeds]
    kills, lost, doubled = (sum(result[place] for result in results) for place in (1, 2, 3))
    tally(seeds=len(seeds), kills=kills, lost=lost, doubled=doubled)
    assert [result[0] for result in results if result[0]] == []


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_histories_end_as_the_model_says(tmp_path: Path, tally, first: int) -> None:
    play_all([*range(first, first + BLOCK), *(FAILED_ONCE if first == 0 else ())], tmp_path, tally)


def test_the_model_sees_a_lost_and_a_doubled_row(tmp_path: Path) -> None:
    world = PlainWorld(tmp_path)
    for operation in history(1, 40, ()):
        world.do(operation)
    full = world.found()
    assert world.model.differences(full) == ([], 0, 0)
    assert len(full.recordings) > 3
    for name in ("ledger", "recordings", "signals"):
        rows = getattr(full, name)
        assert world.model.differences(replace(full, **{name: rows[1:]}))[1] >= 1
        assert world.model.differences(replace(full, **{name: rows + rows[:1]}))[2] >= 1


@pytest.mark.drill
def test_many_histories(tmp_path: Path, tally) -> None:
    """GUIDEWAY_DRILL_SEEDS says how many; a million takes some hours."""
    play_all(range(SEEDS, SEEDS + DRILL_SEEDS), tmp_path, tally)
