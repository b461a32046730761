"""Weeks done again after an outage, newest first and then the rest, leave the tables of never having stopped."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from guideway.contracts.jobs import FIT_DEGRADATION, PLAN_MAINTENANCE, SCORE_ASSETS
from guideway.job import JobSummary
from guideway.lake.lake import Lake
from tests.scenarios.conftest import World

pytestmark = [pytest.mark.spark, pytest.mark.drill]
MONDAYS = (date(2025, 3, 3), date(2025, 3, 10), date(2025, 3, 17))
WEEKLY = (FIT_DEGRADATION.name, SCORE_ASSETS.name, PLAN_MAINTENANCE.name)


def copied(world: World, folder: Path) -> World:
    """The same lake once more, with the same landing folder and models."""
    shutil.copytree(world.settings.lake, folder)
    settings = world.settings.model_copy(update={"lake": str(folder)})
    return replace(world, lake=Lake(world.lake.spark, str(folder)), settings=settings)


def test_a_replayed_period_is_the_period(delivered: World, first_run: dict[str, JobSummary], tmp_path: Path) -> None:
    live, stopped = copied(delivered, tmp_path / "live"), copied(delivered, tmp_path / "stopped")
    for number, monday in enumerate(MONDAYS):
        live.run(*WEEKLY, run_id=f"live-{number}", as_of=monday)
    # the outage: two Mondays without a run, then the live schedule goes on, then the replay, oldest first
    stopped.run(*WEEKLY, run_id="after", as_of=MONDAYS[-1])
    for number, monday in enumerate(MONDAYS):
        stopped.run(*WEEKLY, run_id=f"replay-{number}", as_of=monday)
    assert stopped.content() == live.content()
    weeks = set(stopped.rows("gold.degradation_trend")["as_of"])
    assert weeks >= set(MONDAYS)
