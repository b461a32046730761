"""Weeks done again after an outage leave the tables of never having stopped, also beside the live schedule."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest

from guideway.contracts.jobs import (
    FIT_DEGRADATION,
    INGEST_ARCHIVE,
    MEASURE_CONDITION,
    PLAN_MAINTENANCE,
    SCORE_ASSETS,
)
from guideway.job import JobSummary
from guideway.lake.lake import Lake
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of
from tests.lakes import same_tables
from tests.scenarios.conftest import World

pytestmark = [pytest.mark.spark, pytest.mark.drill]
MONDAYS = (date(2025, 3, 3), date(2025, 3, 10), date(2025, 3, 17))
NIGHTLY = (INGEST_ARCHIVE.name, MEASURE_CONDITION.name)
WEEKLY = (FIT_DEGRADATION.name, SCORE_ASSETS.name, PLAN_MAINTENANCE.name)
WEEKS_APART = int(os.environ.get("GUIDEWAY_DRILL_WEEKS_APART", "26"))
"""Between two rounds of the two years, at most 26; 1 is every Monday."""


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


class Railway:
    """Two years of a short line, delivered file by file to two worlds."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "archive"
        spec = NetworkSpec(weeks=104, lines=(line_of("conventional", 1, 0.4, start_km=130),))
        write_archive(spec, self.archive, folder / "truth")
        self.mondays = [spec.first_day + timedelta(weeks=week) for week in range(WEEKS_APART, 105, WEEKS_APART)]

    def deliver(self, world: World, until: date) -> None:
        """Deliver what a vehicle had brought by that day; the reference tables are there from the first."""
        end = datetime.combine(until, time(), tzinfo=timezone.utc).timestamp()
        for path in sorted(path for path in self.archive.rglob("*") if path.is_file()):
            there = Path(world.settings.landing) / path.relative_to(self.archive)
            if not there.exists() and (path.parent.name == "reference" or path.stat().st_mtime < end):
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, there)


def test_two_years_done_again_beside_the_live_schedule_are_the_two_years(
    make_world: Callable[[str], World], tmp_path: Path
) -> None:
    """What one slot of the pool `lake` lets happen: jobs of the live week run between those of a replayed one."""
    railway = Railway(tmp_path)
    first, *missed, last_missed, live = railway.mondays
    always = make_world("always")
    for monday in railway.mondays:
        railway.deliver(always, monday)
        always.run(*NIGHTLY, *WEEKLY, run_id=f"live-{monday}", as_of=monday)

    stopped = make_world("stopped")
    railway.deliver(stopped, first)
    stopped.run(*NIGHTLY, *WEEKLY, run_id=f"live-{first}", as_of=first)
    # the outage; then everything at once, and the round of the day
    railway.deliver(stopped, last_missed)
    stopped.run(*NIGHTLY, *WEEKLY, run_id=f"live-{last_missed}", as_of=last_missed)
    railway.deliver(stopped, live)
    fit, *others = WEEKLY
    for monday in missed:
        stopped.run(fit, run_id=f"replay-{monday}", as_of=monday)
        if monday == missed[0]:
            stopped.run(*NIGHTLY, run_id=f"live-{live}", as_of=live)
        if monday == missed[-1]:
            stopped.run(*WEEKLY, run_id=f"live-{live}", as_of=live)
        stopped.run(*others, run_id=f"replay-{monday}", as_of=monday)
    compared = same_tables(Path(always.settings.lake), Path(stopped.settings.lake))
    assert min(compared[f"gold.{name}"] for name in ("degradation_trend", "limit_forecast", "forecast_scorecard")) > 0
    assert set(stopped.rows("gold.degradation_trend")["as_of"]) >= set(railway.mondays)
