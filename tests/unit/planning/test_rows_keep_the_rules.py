"""The published works against the railway's rules, from the rows and the CSV files alone: no code of the planner."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from guideway.planning.build import Planning
from guideway.planning.catalogue import DATA
from guideway.planning.optimiser import MaintenancePlan, plan
from guideway.planning.works import deferral_rows, plan_row, work_rows
from tests.unit.planning.national import AS_OF, national

LINES, MONEY = 3, 500_000.0
MACHINES = {"tamping_machine": 2, "grinding_train": 1, "track_gang": 2, "inspection_gang": 2}


@cache
def planned() -> tuple[Planning, MaintenancePlan]:
    planning = national(lines=LINES, sections=250, money=MONEY)
    return planning, plan(planning.problem)


@pytest.fixture(scope="module")
def works() -> pd.DataFrame:
    planning, result = planned()
    rows = work_rows(planning, result, {}, "p", AS_OF)
    assert len(rows) > 20
    return rows


def data(name: str, key: str) -> dict[str, dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        return {row[key]: row for row in csv.DictReader(file)}


def minutes_of(work: pd.Series) -> float:
    """Set-up, travel and the work itself."""
    kind = data("works", "work_type")[work["work_type"]]
    speed = float(kind["metres_per_hour"])
    own = 60.0 * (work["to_m"] - work["from_m"]) / speed if speed else 0.0
    return float(kind["site_minutes"]) + own + float(kind["minutes_per_asset"]) * len(work["asset_ids"])


def machines_needed(works: pd.DataFrame) -> dict[tuple[pd.Timestamp, str, str], int]:
    """Machines of each kind in each possession: (start, line, machine) -> number."""
    minutes: dict[tuple[pd.Timestamp, str, str], float] = defaultdict(float)
    for _, work in works.iterrows():
        machine = data("works", "work_type")[work["work_type"]]["machine"]
        minutes[work["window_start"], work["line_id"], machine] += minutes_of(work)
    return {place: math.ceil(total / 240.0 - 1e-9) for place, total in minutes.items()}


def test_works_lie_in_the_nights_of_the_file_and_fit(works: pd.DataFrame) -> None:
    local = works["window_start"].dt.tz_convert(ZoneInfo("Europe/Helsinki"))
    assert set(local.dt.dayofweek) == {6}
    assert set(local.dt.strftime("%H:%M")) == {"00:30"}
    assert set(works["window_end"] - works["window_start"]) == {pd.Timedelta(minutes=240)}
    assert works["window_start"].min() > pd.Timestamp(AS_OF, tz="UTC") + pd.Timedelta(days=1)
    assert works["window_start"].max() < pd.Timestamp(AS_OF, tz="UTC") + pd.Timedelta(weeks=53, days=2)
    least = {kind: float(row["min_length_m"]) for kind, row in data("works", "work_type").items()}
    assert (works["to_m"] - works["from_m"] >= works["work_type"].map(least) - 1e-6).all()


def test_no_night_has_more_machines_gangs_or_people_than_there_are(works: pd.DataFrame) -> None:
    crew = {name: int(row["crew"]) for name, row in data("machines", "machine").items()}
    needed = machines_needed(works)
    assert max(needed.values()) >= 1
    for night in {start for start, _, _ in needed}:
        tonight = {place: n for place, n in needed.items() if place[0] == night}
        for machine, most in MACHINES.items():
            assert sum(n for (_, _, name), n in tonight.items() if name == machine) <= most
        for line in {place[1] for place in tonight}:
            assert sum(n for place, n in tonight.items() if place[1] == line) <= 3
        assert sum(n * crew[machine] for (_, _, machine), n in tonight.items()) <= 6 * LINES


def test_costs_add_up_and_stay_within_the_budget(works: pd.DataFrame) -> None:
    kinds, machines = data("works", "work_type"), data("machines", "machine")
    own = sum(
        float(kinds[w["work_type"]]["cost_per_site"])
        + float(kinds[w["work_type"]]["cost_per_asset"]) * len(w["asset_ids"])
        + float(kinds[w["work_type"]]["cost_per_m"]) * (w["to_m"] - w["from_m"])
        for _, w in works.iterrows()
    )
    moved = sum(n * float(machines[name]["mobilisation_cost"]) for (_, _, name), n in machines_needed(works).items())
    assert works["cost"].sum() == pytest.approx(own + moved, abs=0.01 * len(works))
    assert works["cost"].sum() <= LINES * MONEY
    planning, result = planned()
    assert plan_row(planning, result, "p", AS_OF)["cost"].item() == pytest.approx(works["cost"].sum(), abs=1.0)


def test_safety_limits_are_kept_by_the_chances_the_forecast_states(works: pd.DataFrame) -> None:
    planning, result = planned()
    assert plan_row(planning, result, "p", AS_OF)["safety_missed"].item() == 0
    done = {(a, w["work_type"]): w["window_start"] for _, w in works.iterrows() for a in w["asset_ids"]}
    first, kept = works["window_start"].min(), 0
    for _, need in planning.needs[planning.needs["level"] == "IAL"].iterrows():
        stated = [(7.0 * weeks, need[f"probability_{weeks}w"]) for weeks in (4, 13, 26, 52)]
        stated += [(need[name], p) for name, p in (("days_p10", 0.1), ("days_p50", 0.5)) if need[name] < 364.0]
        at, chance = np.array(sorted([(0.0, 0.0), *stated])).T
        if chance[-1] <= planning.alpha:
            continue
        window = done[need["asset_id"], need["work_type"]]
        days = (window - pd.Timestamp(AS_OF, tz="UTC") - pd.Timedelta(days=1)) / pd.Timedelta(days=1)
        assert window == first or np.interp(days, at, chance) <= planning.alpha + 1e-6
        kept += 1
    assert kept >= 3


def test_every_need_is_worked_on_or_deferred_once_with_its_reason(works: pd.DataFrame) -> None:
    planning, result = planned()
    waiting = deferral_rows(planning, result, {}, "p", AS_OF)
    rows = pd.concat([works, waiting])[["asset_ids", "work_type"]].explode("asset_ids")
    told = list(rows.itertuples(index=False, name=None))
    assert len(told) == len(set(told))
    assert set(told) == set(zip(planning.needs["asset_id"], planning.needs["work_type"], strict=True))
    assert works["reason"].str.contains("beyond the|crosses the|may cross the").all()
    assert waiting["reason"].str.contains("Deferred: ").all()


def test_a_job_done_early_because_the_machine_comes_anyway_says_so(works: pd.DataFrame) -> None:
    kinds = data("works", "work_type")
    machine = works["work_type"].map(lambda kind: kinds[kind]["machine"])
    visits = works.groupby([works["window_start"], works["line_id"], machine])["work_no"].transform("size")
    needed = machines_needed(works)
    single = [needed[key] == 1 for key in zip(works["window_start"], works["line_id"], machine, strict=True)]
    shared = (visits > 1) & np.array(single)
    assert 0 < shared.sum() < len(works)
    assert works["reason"].str.contains("share the machine's visit").tolist() == shared.tolist()
