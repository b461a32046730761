"""Replaying one history under several policies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from guideway.contracts.gold import POLICY_COMPARISON
from guideway.planning.catalogue import load_catalogue
from guideway.planning.policies import compare, comparison_rows
from guideway.planning.policy_inputs import history_of, policies_of, work_data
from guideway.planning.replay import MEASURES, Policy, SectionHistory, WorkData, replay

CERTAIN = WorkData(
    effect=0.5,
    spread=0.0,
    memory=1.0,
    site_cost=100.0,
    site_minutes=30.0,
    cost_per_m=1.0,
    minutes_per_m=0.1,
    cost_per_day=50.0,
    delay_per_day=4.0,
    cost_beyond=10.0,
    alpha=0.1,
)
FIXED = Policy("fixed", "fixed", "fixed", 364.0, 91.0, 0.0, 0.0, 40.0)
CORRECTIVE = Policy("corrective", "corrective", "corrective", 0.0, 91.0, 28.0, 0.0, 40.0)
FORECAST = Policy("condition", "forecast", "condition", 0.0, 28.0, 28.0, 0.0, 18.0)


def history(rates: list[float], sigma: float = 0.0, track: list[int] | None = None) -> SectionHistory:
    n = len(rates)
    return SectionHistory(
        start=np.full(n, 1.0),
        rate_per_year=np.array(rates),
        sigma=np.full(n, sigma),
        limit=np.full(n, 2.0),
        restriction=np.full(n, 2.5),
        track=np.array(track or [0] * n),
        length_m=np.full(n, 200.0),
        line=("L",) * n,
        growth=("medium",) * n,
    )


def test_a_corrective_history_follows_by_hand() -> None:
    """Level 1 + t/year exceeds 2 after 52.2 weeks, is seen in week 65 and done in week 69."""
    out = replay(history([1.0]), CORRECTIVE, CERTAIN, years=70 * 7 / 365.25, seed=1)
    level, beyond, works, due = 1.0, 0.0, 0, np.inf
    for week in range(70):
        level += 7 / 365.25
        if week % 13 == 0 and level > 2.0:
            due = min(due, week * 7 + 28)
        if week * 7 >= due:
            level, works, due = level / 2, works + 1, np.inf
        beyond += 7 * (level > 2.0)
    assert works == 1
    assert out["works"][0] == works
    assert out["exceedance_days"][0] == pytest.approx(beyond)
    assert out["works_cost"][0] == pytest.approx(100.0 + 200.0)
    assert out["possession_hours"][0] == pytest.approx((30 + 20) / 60)
    assert out["restriction_minutes"][0] == 0.0
    assert out["recording_cost"][0] == pytest.approx(6 * 0.2 * 40.0), "weeks 0, 13, ... 65, each 200 m"


def test_a_fixed_interval_works_once_in_each_interval() -> None:
    out = replay(history([0.1, 0.1]), FIXED, CERTAIN, years=10 * 364 / 365.25, seed=3)
    assert out["works_cost"] == pytest.approx([10 * (50.0 + 200.0)] * 2), "two neighbours share each of ten sites"


def test_forecasting_a_steady_trend_never_exceeds_the_limit() -> None:
    rates = [0.3, 0.5, 0.8, 1.1]
    ahead = replay(history(rates, sigma=0.02), FORECAST, CERTAIN, years=8, seed=1)
    late = replay(history(rates, sigma=0.02), CORRECTIVE, CERTAIN, years=8, seed=1)
    assert ahead["exceedance_days"].sum() <= 0.02 * late["exceedance_days"].sum()
    assert late["exceedance_days"].sum() > 100
    assert ahead["works_cost"].sum() <= 1.5 * late["works_cost"].sum()


def test_sound_track_needs_no_work_except_by_calendar() -> None:
    still = history([0.0, 0.0], sigma=0.01)
    assert replay(still, FORECAST, CERTAIN, 5, 1)["works"].sum() == 0
    assert replay(still, CORRECTIVE, CERTAIN, 5, 1)["works"].sum() == 0
    assert replay(still, FIXED, CERTAIN, 5, 1)["works"].sum() > 0


def test_neighbours_join_only_on_their_own_track() -> None:
    joining = replace(FORECAST, join_days=182.0)
    together = replay(history([1.0, 0.85]), joining, CERTAIN, 5, 1)
    apart = replay(history([1.0, 0.85], track=[0, 1]), joining, CERTAIN, 5, 1)
    assert together["works"].sum() < apart["works"].sum()


def test_the_comparison_gives_intervals_and_says_where_it_does_not_help() -> None:
    catalogue = load_catalogue()
    rng = np.random.default_rng(4)
    n = 60
    sections = pd.DataFrame(
        {
            "line_id": np.repeat(["still", "alive"], n // 2),
            "track_id": "1",
            "from_m": np.tile(200.0 * np.arange(n // 2), 2),
            "to_m": np.tile(200.0 * np.arange(n // 2) + 200.0, 2),
            "start": rng.uniform(0.8, 1.6, n),
            "rate_per_year": np.concatenate([np.zeros(n // 2), rng.uniform(0.3, 0.9, n // 2)]),
            "sigma": 0.05,
            "limit": 2.0,
            "restriction": np.nan,
        }
    )
    known = history_of(sections, catalogue.number("restriction_share"))
    assert set(known.restriction) == {2.5}
    result = compare(known, policies_of(catalogue), work_data(catalogue, "conventional"), 6.0, seed=1)
    again = compare(known, policies_of(catalogue), work_data(catalogue, "conventional"), 6.0, seed=1)
    pd.testing.assert_frame_equal(result.totals, again.totals)
    assert (result.totals["low"] <= result.totals["value"] + 1e-9).all()
    assert (result.totals["value"] <= result.totals["high"] + 1e-9).all()
    by = result.differences.set_index(["against", "measure"])
    assert by.loc[("corrective", "exceedance_days"), "high"] < 0
    assert by.loc[("fixed_interval", "works_cost"), "value"] != 0
    idle = result.groups[(result.groups["line_id"] == "still") & (result.groups["against"] == "corrective")]
    assert (idle["value"] > 0).all(), "on track that does not wear, measuring more often is all that changes"
    assert not idle["helps"].any()
    works, recordings, days = (
        by.loc[("corrective", name), "value"] for name in ("works_cost", "recording_cost", "exceedance_days")
    )
    assert recordings > 0, "measuring more often costs more, and that counts"
    cost = works + recordings
    assert (cost > 0) == any("cheaper than corrective only if" in sentence for sentence in result.says)
    assert days < 0
    assert any("still" in sentence and "no lower cost than corrective" in sentence for sentence in result.says)
    rows = comparison_rows(result, date(2026, 1, 5), "EUR", "mm")
    assert list(rows.columns) == [column.name for column in POLICY_COMPARISON.columns]
    assert not rows.duplicated(list(POLICY_COMPARISON.key)).any()
    told = rows.set_index(["line_id", "growth", "policy", "against", "measure"])["value"]
    own, other = (told["*", "all", name, "", "total_cost"] for name in ("condition_based", "corrective"))
    assert told["*", "all", "condition_based", "corrective", "total_cost"] == pytest.approx(own - other)
    parts = rows[(rows["against"] == "corrective") & (rows["growth"] != "all")]
    assert parts["value"].sum() == pytest.approx(own - other), "lines and growth make up the network"
    if cost > 0:
        assert told["*", "all", "condition_based", "corrective", "break_even"] == pytest.approx(cost / -days)


def test_an_empty_history_says_there_is_nothing_to_replay() -> None:
    catalogue = load_catalogue()
    result = compare(history([]), policies_of(catalogue), CERTAIN, 2.0, seed=1)
    assert result.says == ("nothing to replay",)
    assert result.totals.empty
    assert comparison_rows(result, date(2026, 1, 5), "EUR", "mm").empty
    assert set(replay(history([]), FORECAST, CERTAIN, 1, 1)) == set(MEASURES)
