"""From delivered vibration records to the planner: corrugation that grows asks for a grinder, smooth rail does not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from guideway.monitoring.registry import indicators
from guideway.planning.build import Planning, build_planning
from guideway.planning.catalogue import load_catalogue
from guideway.planning.needs import NetworkFacts
from guideway.planning.optimiser import plan
from guideway.planning.works import work_rows
from guideway.simulate.network import NetworkSpec, line_of

from .alarms import watch
from .delivered import Delivered, deliver

pytestmark = pytest.mark.slow

SPEC = NetworkSpec(seed=1, weeks=104, lines=(line_of("metro", 1, 4.4),), faults=False)
NO_RISK = pd.DataFrame({"asset_id": [], "target": [], "score": []}, dtype=object)


@pytest.fixture(scope="module")
def metro(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return deliver(SPEC, tmp_path_factory.mktemp("metro"))


def forecasts(world: Delivered, day: float, only: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows of ``gold.limit_forecast`` on a day, of all indicators or of those whose name begins so."""
    watched = watch(world, "metro")
    limits = [world.limits(*key) if not only or key[1].startswith(only) else () for key in watched.keys]
    offsets = np.concatenate(([0], np.cumsum([len(of) for of in limits])))
    trends, ahead = watched.ahead(day, offsets, [limit.value for of in limits for limit in of])
    owner = ahead.owner()
    rows = pd.DataFrame(
        {
            "asset_id": [watched.keys[i][0] for i in owner],
            "indicator": [watched.keys[i][1] for i in owner],
            "level": [limit.level for of in limits for limit in of],
            "line_id": "M01",
            "limit": ahead.limit,
            "unit": [limit.unit for of in limits for limit in of],
            "level_now": trends.level_now[owner],
        }
    )
    quantities = ("days_p10", "days_p50", "days_p90", *(f"probability_{weeks}w" for weeks in (4, 13, 26, 52)))
    return rows.assign(**{name: getattr(ahead, name) for name in quantities})[ahead.is_valid]


def planned(world: Delivered, day: float, only: tuple[str, ...] = ()) -> tuple[Planning, pd.DataFrame]:
    """The planning problem and the works of a day."""
    known, as_of = indicators(), SPEC.first_day + timedelta(days=int(day))
    book = world.books["metro"]
    facts = NetworkFacts(
        lines=world.tables["line"],
        assets=world.tables["asset"],
        sections=world.tables["section"],
        limits=pd.DataFrame(
            sorted({("metro", row.indicator, row.level, row.severity) for row in book.rows}),
            columns=["rulebook_id", "indicator", "level", "severity"],
        ),
        directions={name: 1 if one.direction == "above" else -1 for name, one in known.items()},
        titles={name: one.title for name, one in known.items()},
    )
    planning = build_planning(forecasts(world, day, only), NO_RISK, facts, load_catalogue(), as_of)
    return planning, work_rows(planning, plan(planning.problem), facts.titles, "plan", as_of)


def ground(works: pd.DataFrame) -> set[str]:
    """Receivers a grinding of the plan is for."""
    return {asset for assets in works.loc[works["work_type"] == "grinding", "asset_ids"] for asset in assets}


def test_growing_corrugation_is_ground_before_its_limit_and_smooth_rail_is_left_alone(metro: Delivered) -> None:
    defects = metro.defects[metro.defects["kind"] == "corrugation"]
    assert set(defects["receiver_id"]) == {"M01-1-R2", "M01-1-R3"}
    day = float(defects["limit_day"].min()) - 60.0
    assert not ((metro.works["work_type"] == "grinding") & (metro.works["day"] < day)).any()
    _, works = planned(metro, day)
    assert ground(works) == {"M01-1-R2", "M01-1-R3"}
    for receiver in ground(works):
        own = metro.network.by_asset[receiver]
        for work in works[works["work_type"] == "grinding"].itertuples():
            if receiver in work.asset_ids:
                assert work.from_m <= own.from_m
                assert work.to_m >= own.to_m


def test_a_grinding_takes_the_need_away(metro: Delivered) -> None:
    done = float(metro.works.loc[metro.works["work_type"] == "grinding", "day"].iloc[0])
    risk = {}
    for day in (done - 20.0, done + 60.0):
        rows = forecasts(metro, day, ("corrugation_prominence",)).query("level == 'AL'").set_index("asset_id")
        risk[day] = rows["probability_26w"]
    before, after = risk.values()
    assert before["M01-1-R3"] > 0.99
    assert after["M01-1-R3"] < 0.1
    assert after["M01-1-R2"] > 0.99, "the other corrugated stretch was not ground"


def test_a_level_that_corrugation_drives_over_its_limit_is_reason_enough(metro: Delivered) -> None:
    planning, works = planned(metro, metro.days - 7.0, ("third_octave_vibration_level", "vibration_level_z"))
    assert ground(works) == {"M01-1-R2"}
    needs = planning.needs[planning.needs["work_type"] == "grinding"]
    assert set(needs["indicator"]) <= {"third_octave_vibration_level_day", "third_octave_vibration_level_night"}
    assert not needs.empty
