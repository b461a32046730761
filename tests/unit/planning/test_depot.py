"""Assets that move (magnets) are planned in the depot of their line, beside the works on the track."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.planning.build import Planning, build_planning
from guideway.planning.catalogue import load_catalogue
from guideway.planning.needs import NetworkFacts
from guideway.planning.optimiser import MaintenancePlan, plan
from guideway.planning.what_if import deferred
from guideway.planning.windows import DEPOT, window_of
from guideway.planning.works import work_rows
from tests.unit.planning.test_build import AS_OF, NO_RISK, forecast
from tests.unit.planning.test_optimiser import judge


def with_magnets() -> NetworkFacts:
    """A maglev line with a girder on the track and two magnets on its vehicle."""
    return NetworkFacts(
        lines=pd.DataFrame({"line_id": ["L"], "mode": "maglev", "rulebook_id": "book", "time_zone": "Asia/Shanghai"}),
        assets=pd.DataFrame(
            {
                "asset_id": ["G1", "M1", "M2", "lost"],
                "asset_type": ["girder", "magnet", "magnet", "girder"],
                "line_id": "L",
                "track_id": ["1", None, None, "1"],
                "from_m": [100.0, np.nan, np.nan, np.nan],
                "to_m": [125.0, np.nan, np.nan, np.nan],
                "name": ["Girder 1", "Magnet 1", "Magnet 2", "Girder without chainage"],
            }
        ),
        sections=pd.DataFrame({"asset_id": ["G1"], "track_form": "girder"}),
        limits=pd.DataFrame(
            [("book", "magnet_current_residual", "IL", 2), ("book", "girder_step", "IAL", 3)],
            columns=["rulebook_id", "indicator", "level", "severity"],
        ),
        directions={},
        titles={"magnet_current_residual": "residual of the magnet current"},
    )


GIRDER = forecast("G1", "girder_step", "IAL", 120.0, limit=2.0, level_now=1.5)
MAGNETS = [
    forecast(f"M{k}", "magnet_current_residual", "IL", days, limit=20.0, level_now=15.0, unit="percent")
    for k, days in ((1, 60.0), (2, 70.0))
]


def of_magnets(
    rows: list[dict[str, object]], folder: Path | None = None
) -> tuple[Planning, MaintenancePlan, pd.DataFrame]:
    planning = build_planning(pd.DataFrame(rows), NO_RISK, with_magnets(), load_catalogue(folder), AS_OF)
    result = plan(planning.problem)
    return planning, result, work_rows(planning, result, with_magnets().titles, "p", AS_OF)


def test_a_magnet_gets_a_work_in_the_depot_with_cost_window_and_reason() -> None:
    planning, result, works = of_magnets([*MAGNETS, GIRDER])
    magnets = works[works["work_type"] == "magnet_replacement"]
    assert sorted(magnets["asset_ids"]) == [["M1"], ["M2"]], "each magnet is a site of its own"
    assert magnets[["track_id", "from_m", "to_m"]].isna().all(axis=None)
    # cost of the module, its site, and the gang's mobilisation, which works of one shift share
    assert (magnets["cost"] >= 12_000 + 1_000 + 300 / 2).all()
    assert works["cost"].sum() == pytest.approx(result.cost)
    local = magnets["window_start"].dt.tz_convert("Asia/Shanghai")
    assert (local.dt.strftime("%a %H:%M") == "Mon 08:00").all()
    assert (magnets["window_end"] - magnets["window_start"] == pd.Timedelta(hours=8)).all()
    assert (magnets["expected_effect"] == -0.9 * 15.0).all()
    first = magnets.set_index(magnets["asset_ids"].str[0])["reason"]["M1"]
    assert "Residual of the magnet current crosses the IL limit of 20 % in 60 days" in first
    before = (magnets["window_start"] - pd.Timestamp("2025-12-30", tz="UTC")) / pd.Timedelta(days=1)
    assert (before < 60.0).all(), "at 150 a day and 4 delay minutes the limit is not worth crossing"
    week = np.full(planning.problem.n, -1)
    for job, at in zip(result.works, result.weeks, strict=True):
        week[list(job)] = at
    objective, broken = judge(planning.problem, week.tolist())
    assert broken == []
    assert objective == pytest.approx(result.objective)


def test_depot_works_leave_the_works_on_the_track_as_they_are(tmp_path: Path) -> None:
    # one girder gang is all there is at night, and the girder is due at once, as the magnets are
    (tmp_path / "settings.csv").write_text("name,value,unit,source,provenance\ncrew,5,1,one gang,assumed\n")
    urgent = forecast("G1", "girder_step", "IAL", 20.0, limit=2.0, level_now=1.5)
    magnets = [forecast(f"M{k}", "magnet_current_residual", "IL", 20.0, limit=20.0, level_now=15.0) for k in (1, 2)]
    alone, together = of_magnets([urgent], tmp_path)[2], of_magnets([urgent, *magnets], tmp_path)[2]
    weeks = together["window_start"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).dt.to_period("W-SAT")
    assert len(together) == 3
    assert weeks.nunique() == 1, "night and depot are at work in the same week"
    on_track = together[together["from_m"].notna()].reset_index(drop=True)
    pd.testing.assert_frame_equal(on_track.drop(columns="work_no"), alone.drop(columns="work_no"))
    assert alone["work_type"].tolist() == ["girder_adjustment"]


def test_a_depot_has_its_own_minutes_and_teams() -> None:
    planning = of_magnets([GIRDER, *MAGNETS])[0]
    moves = planning.tasks["from_m"].isna().to_numpy()
    assert planning.problem.line[moves].tolist() == [1, 1]
    assert planning.problem.line[~moves].tolist() == [0]
    assert planning.problem.window_minutes[:, 0].tolist() == [270.0, 480.0]


def test_a_fixed_asset_without_a_chainage_is_no_work_of_the_depot() -> None:
    assert of_magnets([forecast("lost", "girder_step", "IAL", 60.0)])[0].problem.n == 0


def test_a_line_may_have_its_own_depot_shift_but_no_possession_is_one(tmp_path: Path) -> None:
    head = "line_id,mode,weekday,start_local,minutes,teams,source,provenance\n"
    (tmp_path / "windows.csv").write_text(head + "L,*,3,01:00,200,1,own,assumed\n")
    catalogue = load_catalogue(tmp_path)
    assert window_of(catalogue, "L", "maglev")["weekday"] == 3
    assert window_of(catalogue, "L", DEPOT)["start_local"] == "08:00"
    (tmp_path / "windows.csv").write_text(head + "L,depot,2,09:00,300,1,own,assumed\n")
    assert window_of(load_catalogue(tmp_path), "L", DEPOT)["start_local"] == "09:00"
    assert window_of(load_catalogue(tmp_path), "K", DEPOT)["start_local"] == "08:00"


def test_a_work_in_the_depot_can_be_put_off() -> None:
    planning, _, works = of_magnets(MAGNETS)
    later = plan(deferred(planning, works, 1, 8).problem)
    moved = work_rows(planning, later, with_magnets().titles, "p", AS_OF)
    assets = works["asset_ids"][0]
    again = moved[[names == assets for names in moved["asset_ids"]]]
    assert (again["window_start"] >= works["window_start"][0] + pd.Timedelta(weeks=8)).all()
