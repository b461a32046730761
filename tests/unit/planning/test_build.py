"""From forecasts to tasks, works and reasons."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from guideway.contracts.gold import DEFERRAL, WORK_PLAN
from guideway.errors import ConfigurationError
from guideway.planning.build import Planning, build_planning
from guideway.planning.catalogue import load_catalogue
from guideway.planning.crossing import crossing_probability, days_beyond
from guideway.planning.needs import NetworkFacts
from guideway.planning.optimiser import MaintenancePlan, plan
from guideway.planning.what_if import changes, deferred, steady, with_budget, with_limits
from guideway.planning.works import deferral_rows, plan_row, work_rows

AS_OF = date(2025, 12, 29)
NO_RISK = pd.DataFrame(
    {"asset_id": pd.Series(dtype=str), "target": pd.Series(dtype=str), "score": pd.Series(dtype=float)}
)
LIMITS = [
    ("book", "longitudinal_level_sd", "AL", 1),
    ("book", "longitudinal_level_sd", "IL", 2),
    ("book", "twist_3m_peak", "IAL", 3),
    ("book", "girder_frequency_ratio", "IL", 2),
]


def facts(n: int = 10, track_form: str = "ballasted") -> NetworkFacts:
    names = [f"A{i}" for i in range(n)]
    start = 200.0 * np.arange(n)
    return NetworkFacts(
        lines=pd.DataFrame(
            {"line_id": ["L"], "mode": "conventional", "rulebook_id": "book", "time_zone": "Asia/Shanghai"}
        ),
        assets=pd.DataFrame(
            {
                "asset_id": names,
                "asset_type": "track_section",
                "line_id": "L",
                "track_id": "1",
                "from_m": start,
                "to_m": start + 200.0,
                "name": names,
            }
        ),
        sections=pd.DataFrame({"asset_id": names, "track_form": track_form}),
        limits=pd.DataFrame(LIMITS, columns=["rulebook_id", "indicator", "level", "severity"]),
        directions={"girder_frequency_ratio": -1},
        titles={"longitudinal_level_sd": "longitudinal level"},
    )


def forecast(
    asset: str, indicator: str, level: str, median: float, spread: float = 0.2, **columns: object
) -> dict[str, object]:
    """A row whose day of crossing is log-normal."""
    days = {
        name: median * np.exp(z * spread) for name, z in (("days_p10", -1.2816), ("days_p50", 0), ("days_p90", 1.2816))
    }
    chances = {
        f"probability_{weeks}w": float(norm.cdf(np.log(7 * weeks / median) / spread)) for weeks in (4, 13, 26, 52)
    }
    row = {"asset_id": asset, "indicator": indicator, "level": level, "line_id": "L", "limit": 2.0, "unit": "mm"}
    return row | {"level_now": 1.8} | days | chances | columns


def planned(
    rows: list[dict[str, object]], folder: Path | None = None, **network: object
) -> tuple[Planning, MaintenancePlan]:
    planning = build_planning(pd.DataFrame(rows), NO_RISK, facts(**network), load_catalogue(folder), AS_OF)  # type: ignore[arg-type]
    return planning, plan(planning.problem)


def rows_of(planning: Planning, result: MaintenancePlan) -> pd.DataFrame:
    return work_rows(planning, result, facts().titles, "net-2025-12-29", AS_OF)


def test_the_crossing_curve_goes_through_what_the_forecast_states() -> None:
    frame = pd.DataFrame([forecast("A1", "longitudinal_level_sd", "AL", 150.0)])
    days = np.array([0.0, 28.0, 91.0, frame["days_p50"][0], 182.0, frame["days_p90"][0], 364.0])
    curve = crossing_probability(frame, days)[0]
    stated = [0.0, *frame.loc[0, ["probability_4w", "probability_13w"]], 0.5, frame["probability_26w"][0], 0.9]
    assert curve == pytest.approx([*stated, frame["probability_52w"][0]], abs=0.005)
    assert (np.diff(curve) >= 0).all()
    truth = norm.cdf(np.log(np.maximum(np.arange(365.0), 1e-9) / 150.0) / 0.2)
    assert days_beyond(crossing_probability(frame, np.arange(365.0)), np.arange(365.0))[0, -1] == pytest.approx(
        np.trapezoid(truth), rel=0.05
    )


def test_beyond_now_is_certain_and_no_forecast_is_no_risk() -> None:
    now = forecast("A1", "x", "AL", 1.0, days_p10=0.0, days_p50=0.0, days_p90=0.0) | {
        f"probability_{weeks}w": 1.0 for weeks in (4, 13, 26, 52)
    }
    never = forecast("A2", "x", "AL", 1e9, days_p10=np.nan, days_p50=np.nan, days_p90=np.nan)
    curve = crossing_probability(pd.DataFrame([now, never]), np.array([0.0, 1.0, 364.0]))
    assert curve.tolist() == [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]


def test_a_safety_limit_is_worked_on_before_its_chance_constraint_breaks() -> None:
    planning, result = planned([forecast("A4", "twist_3m_peak", "IAL", 120.0, limit=7.0, level_now=5.0)])
    works = rows_of(planning, result)
    assert works["work_type"].tolist() == ["spot_tamping"]
    days = (works["window_start"][0].tz_localize(None) - pd.Timestamp("2025-12-30")) / pd.Timedelta(days=1)
    assert days > 0
    assert norm.cdf(np.log(days / 120.0) / 0.2) <= planning.alpha
    assert result.missed == ()
    whole = plan_row(planning, result, "net-2025-12-29", AS_OF).iloc[0]
    assert (whole["status"], whole["works"], whole["safety_missed"]) == ("optimal", 1, 0)
    assert whole["cost"] == pytest.approx(works["cost"].sum(), abs=0.01)
    assert whole["gap"] == pytest.approx(1.0 - whole["bound"] / whole["objective"], abs=1e-6)
    assert (whole["budget"], whole["accepted_risk"], whole["horizon_weeks"]) == (1_000_000.0, planning.alpha, 52)


def test_what_is_cheap_to_leave_is_deferred_and_says_so() -> None:
    planning, result = planned([forecast("A4", "longitudinal_level_sd", "AL", 345.0)])
    told = deferral_rows(planning, result, facts().titles, "p", AS_OF)
    assert result.works == ()
    assert told["risk_52w"][0] == pytest.approx(norm.cdf(np.log(364 / 345) / 0.2), abs=0.02)
    assert "Longitudinal level crosses the AL limit of 2 mm in 345 days" in told["reason"][0]
    assert "Deferred: waiting is expected to cost" in told["reason"][0]
    assert list(told.columns) == [column.name for column in DEFERRAL.columns]
    assert told["expected_loss"][0] == pytest.approx(planning.problem.value[0, -1], abs=0.01)


def test_neighbours_share_a_site_and_rows_keep_the_contract() -> None:
    rows = [forecast(f"A{i}", "longitudinal_level_sd", "IL", 60.0 + i) for i in (2, 3, 4, 8)]
    planning, result = planned(rows)
    works = rows_of(planning, result)
    assert list(works.columns) == [column.name for column in WORK_PLAN.columns]
    assert {tuple(assets) for assets in works["asset_ids"]} == {("A2", "A3", "A4"), ("A8",)}
    joint = works[works["asset_ids"].map(len) == 3].iloc[0]
    assert (joint["from_m"], joint["to_m"]) == (400.0, 1000.0)
    assert joint["expected_effect"] == pytest.approx(-0.45 * 1.8)
    assert "3 stretches share one site" in joint["reason"]
    assert (works["window_start"] > pd.Timestamp("2025-12-30", tz="UTC")).all()
    local = works["window_start"].dt.tz_convert("Asia/Shanghai")
    assert (local.dt.strftime("%a %H:%M") == "Sun 00:30").all()
    assert works["cost"].sum() == pytest.approx(result.cost)
    assert works["risk_without"].between(0, 1).all()


def test_short_assets_are_lengthened_to_the_least_length() -> None:
    network = facts()
    short = network.assets.assign(from_m=50.0 * np.arange(10), to_m=50.0 * np.arange(10) + 50.0)
    one = [forecast("A5", "longitudinal_level_sd", "IL", 60.0)]
    several = [forecast(f"A{i}", "longitudinal_level_sd", "IL", 60.0) for i in range(10)]
    for rows in (one, several):
        known = NetworkFacts(network.lines, short, network.sections, network.limits, {}, {})
        tasks = build_planning(pd.DataFrame(rows), NO_RISK, known, load_catalogue(), AS_OF).tasks
        assert ((tasks["to_m"] - tasks["from_m"]) >= 200.0).all()
        assert sorted(asset for assets in tasks["asset_ids"] for asset in assets) == sorted(r["asset_id"] for r in rows)


def test_no_tamping_on_slab_an_inspection_instead() -> None:
    planning, result = planned([forecast("A1", "longitudinal_level_sd", "IL", 20.0)], track_form="slab")
    works = rows_of(planning, result)
    assert works["work_type"].tolist() == ["inspection"]
    assert pd.isna(works["expected_effect"][0])
    assert "No work in the catalogue" in works["reason"][0]


def test_standing_at_the_limit_is_not_beyond_it() -> None:
    at = forecast("A1", "twist_3m_peak", "IAL", 1.0, limit=0.0, level_now=0.0, days_p10=0.0, days_p50=0.0, days_p90=0.0)
    assert planned([at])[0].problem.n == 0


def test_the_models_score_moves_planning_limits_only() -> None:
    rows = [forecast("A1", "longitudinal_level_sd", "AL", 300.0), forecast("A1", "twist_3m_peak", "IAL", 300.0)]
    risk = pd.DataFrame(
        {
            "asset_id": "A1",
            "target": ["exceeds_al_13w:longitudinal_level_sd", "exceeds_ial_13w:twist_3m_peak"],
            "score": 0.9,
        }
    )
    with_score = build_planning(pd.DataFrame(rows), risk, facts(), load_catalogue(), AS_OF)
    without = build_planning(pd.DataFrame(rows), NO_RISK, facts(), load_catalogue(), AS_OF)
    mild = with_score.needs["severity"].to_numpy() == 1
    assert with_score.probability[~mild] == pytest.approx(without.probability[~mild])
    raised = with_score.probability[mild, 20] - without.probability[mild, 20]
    assert raised[0] == pytest.approx(0.2 * 0.9, abs=1e-3)


def test_no_forecasts_give_an_empty_plan() -> None:
    empty = pd.DataFrame([forecast("A1", "longitudinal_level_sd", "AL", 300.0)]).iloc[:0]
    planning = build_planning(empty, NO_RISK, facts(), load_catalogue(), AS_OF)
    result = plan(planning.problem)
    assert result.status == "empty"
    assert rows_of(planning, result).empty
    assert deferral_rows(planning, result, {}, "p", AS_OF).empty


def test_data_of_a_folder_win_and_are_checked(tmp_path: Path) -> None:
    (tmp_path / "works.csv").write_text(
        "work_type,machine,site_minutes,minutes_per_asset,metres_per_hour,cost_per_site,cost_per_asset,cost_per_m,"
        "min_length_m,merge_gap_m,interval_days,risk_cut,source,provenance\n"
        "tamping,tamping_machine,30,0,500,1500,0,900,200,50,1460,1,ours,contract\n"
    )
    rows = [forecast("A4", "longitudinal_level_sd", "IL", 60.0)]
    assert planned(rows)[1].works
    assert planned(rows, tmp_path)[1].works == (), "a hundred times dearer: not worth it"
    (tmp_path / "settings.csv").write_text("name,value,unit,source,provenance\nalpha,small,1,ours,guess\n")
    with pytest.raises(ConfigurationError, match=r"settings\.csv, row 'alpha': 'small' is not a number"):
        planned(rows, tmp_path)
    (tmp_path / "machines.csv").write_text("machine,count,crew,mobilisation_cost,source,provenance\nx,one,1,1,a,b\n")
    with pytest.raises(ConfigurationError, match=r"machines\.csv, row 2, column 'count'"):
        load_catalogue(tmp_path)
    with pytest.raises(ConfigurationError, match="is not there"):
        load_catalogue(tmp_path / "none")


def test_what_if_shows_exactly_what_changes() -> None:
    rows = [forecast(f"A{i}", "longitudinal_level_sd", "IL", 60.0) for i in (1, 8)]
    planning, result = planned(rows)
    works = rows_of(planning, result)
    before = (planning, result, works)
    assert changes(before, before).works.empty
    off = deferred(planning, works, work_no=1, weeks=10)
    other = plan(off.problem)
    shown = changes(before, (off, other, rows_of(off, other)))
    moved = shown.works.iloc[0]
    assert moved["change"] in ("moved", "gone")
    if moved["change"] == "moved":
        assert moved["window_after"] - moved["window_before"] >= pd.Timedelta(weeks=10)
    figures = shown.figures.set_index("figure")
    assert figures.at["objective", "after"] > figures.at["objective", "before"]
    same = plan(steady(planning, result, 50.0).problem)
    assert same.week.tolist() == result.week.tolist()
    poor = with_budget(planning, 0.0)
    broke = plan(poor.problem)
    gone = changes(before, (poor, broke, rows_of(poor, broke)))
    assert set(gone.works["change"]) == {"gone"}
    assert sorted(gone.works["from_m"]) == sorted(works["from_m"])
    with pytest.raises(ConfigurationError, match="no work 99"):
        deferred(planning, works, work_no=99, weeks=1)
    with pytest.raises(ConfigurationError, match="not a sum of money"):
        with_budget(planning, -1.0)


def test_other_limits_move_the_crossing_along_the_trend() -> None:
    old = pd.DataFrame(
        [forecast("A1", "longitudinal_level_sd", "AL", 365.25, level_now=1.0), forecast("A2", "x", "AL", 90.0)]
    )
    trends = pd.DataFrame(
        {
            "asset_id": ["A1"],
            "indicator": "longitudinal_level_sd",
            "rate_per_year": 1.0,
            "rate_low": 0.8,
            "rate_high": 1.2,
            "sigma": 0.05,
            "n_points": 25,
        }
    )
    limits = {("A1", "longitudinal_level_sd", "AL"): 1.5, ("A2", "x", "AL"): 2.0}
    new = with_limits(old.assign(sign=1), trends, limits).set_index("asset_id")
    assert new.at["A1", "days_p50"] == pytest.approx(365.25 / 2)
    assert new.at["A1", "probability_26w"] == pytest.approx(0.5, abs=0.02)
    assert new.at["A1", "probability_4w"] < 1e-6
    draws = 1.0 + np.random.default_rng(1).normal(1.0, 0.4 / 2.5631, 100_000) * (182 / 365.25)
    assert new.at["A1", "probability_26w"] == pytest.approx((draws > 1.5).mean(), abs=0.02)
    assert (
        new.loc["A2", ["days_p50", "probability_52w"]].tolist() == old.loc[1, ["days_p50", "probability_52w"]].tolist()
    )
    assert with_limits(old.assign(sign=1), trends, {("A2", "x", "AL"): 2.0})["asset_id"].tolist() == ["A2"]
