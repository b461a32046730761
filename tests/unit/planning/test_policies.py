"""Replaying one history under several policies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.contracts.gold import POLICY_COMPARISON
from guideway.planning.belief import Belief
from guideway.planning.catalogue import load_catalogue
from guideway.planning.policies import compare, comparison_rows
from guideway.planning.policy_inputs import case_of, policies_of
from guideway.planning.possessions import Possessions
from guideway.planning.problem import NEVER
from guideway.planning.replay import MEASURES, Case, Policy, WorkData, replay

CERTAIN = WorkData(effect=0.5, spread=0.0, memory=1.0, site_cost=100.0, cost_per_m=1.0, mobilisation=0.0)
FIXED = Policy("fixed", "fixed", "fixed", 364.0, 91.0, 0.0, 40.0)
CORRECTIVE = Policy("corrective", "corrective", "corrective", 0.0, 91.0, 28.0, 40.0)
PLANNED = Policy("condition", "planned", "condition", 28.0, 28.0, 28.0, 18.0)
INDICATOR = "longitudinal_level_sd"


def sections_of(rates: list[float], sigma: float = 0.0, track: list[int] | None = None) -> pd.DataFrame:
    n = len(rates)
    return pd.DataFrame(
        {
            "line_id": pd.Series(["L"] * n, dtype=object),
            "mode": pd.Series(["conventional"] * n, dtype=object),
            "track_id": [str(k) for k in track or [0] * n],
            "from_m": 200.0 * np.arange(n),
            "to_m": 200.0 * np.arange(n) + 200.0,
            "start": 1.0,
            "rate_per_year": np.array(rates, dtype=float),
            "sigma": sigma,
            "limit": 2.0,
            "restriction": 2.5,
        }
    )


def case(rates: list[float], sigma: float = 0.0, track: list[int] | None = None, work: WorkData = CERTAIN) -> Case:
    """Sections that start at 1 with a limit of 2 and a restriction at 2.5, a day beyond costs 10 and 50."""
    made = case_of(sections_of(rates, sigma, track), load_catalogue(), INDICATOR)
    n = len(rates)
    costs = {"cost_beyond": np.full(n, 10.0), "cost_restricted": np.full(n, 50.0), "delay_restricted": np.full(n, 4.0)}
    possessions = replace(made.possessions, minutes=np.full(n, 20.0), site_minutes=30.0)
    return replace(made, work=work, history=replace(made.history, **costs), possessions=possessions)


def test_a_corrective_history_follows_by_hand() -> None:
    """Level 1 + t/year exceeds 2 after 52.2 weeks, is seen in week 65 and done in week 69."""
    out = replay(case([1.0]), CORRECTIVE, years=70 * 7 / 365.25, seed=1)
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
    out = replay(case([0.1, 0.1]), FIXED, years=10 * 364 / 365.25, seed=3)
    assert out["works_cost"] == pytest.approx([10 * (50.0 + 200.0)] * 2), "two neighbours share each of ten sites"


def test_planning_on_a_steady_trend_leaves_few_days_beyond_the_limit() -> None:
    rates = [0.3, 0.5, 0.8, 1.1]
    ahead = replay(case(rates, sigma=0.02), PLANNED, years=8, seed=1)
    late = replay(case(rates, sigma=0.02), CORRECTIVE, years=8, seed=1)
    assert ahead["exceedance_days"].sum() <= 0.2 * late["exceedance_days"].sum()
    assert late["exceedance_days"].sum() > 100
    assert ahead["works_cost"].sum() <= 1.5 * late["works_cost"].sum()


def test_sound_track_needs_no_work_except_by_calendar() -> None:
    still = case([0.0, 0.0], sigma=0.01)
    assert replay(still, PLANNED, 5, 1)["works"].sum() == 0
    assert replay(still, CORRECTIVE, 5, 1)["works"].sum() == 0
    assert replay(still, FIXED, 5, 1)["works"].sum() > 0


def test_neighbours_share_a_site_only_on_their_own_track() -> None:
    together = replay(case([1.0, 0.9], sigma=0.02), PLANNED, 5, 1)
    apart = replay(case([1.0, 0.9], sigma=0.02, track=[0, 1]), PLANNED, 5, 1)
    assert together["works"].sum() < apart["works"].sum()


def test_planned_works_fit_the_possessions_every_policy_has() -> None:
    rng = np.random.default_rng(3)
    made = case_of(sections_of(list(rng.uniform(0.2, 1.2, 120)), sigma=0.05), load_catalogue(), INDICATOR)
    belief = Belief(made.history.rate_per_year / 365.25, made.history.sigma)
    for day in (0.0, 91.0, 182.0, 273.0):
        belief.see(np.full(120, day), made.history.start + made.history.rate_per_year * day / 365.25)
    weeks = made.planner.works(belief, np.full(120, 301.0), np.ones(120, dtype=bool), 43)
    assert (weeks != NEVER).sum() > 20
    for week in np.unique(weeks[weeks != NEVER]):
        planned = weeks == week
        assert (made.possessions.taken(np.flatnonzero(planned)) == planned).all(), week
    shut = made.planner.works(belief, np.full(120, 301.0), np.zeros(120, dtype=bool), 43)
    assert (shut == NEVER).all(), "sections that wait for a work of an earlier plan are left out"


@given(st.lists(st.integers(0, 29), unique=True, max_size=30), st.integers(1, 4), st.integers(1, 3))
def test_a_week_serves_the_queue_in_order_as_far_as_machines_go(queue: list[int], machines: int, teams: int) -> None:
    place = Possessions(
        line=np.repeat([0, 1, 2], 10), follows=np.arange(30) % 10 > 0, minutes=np.full(30, 40.0), site_minutes=30.0,
        window_minutes=np.array([200.0, 240.0, 90.0]), teams=np.full(3, teams), machines=machines,
    )  # fmt: skip
    now = place.taken(queue)
    needed = place.needed(now)
    assert needed.sum() <= machines
    assert (needed <= teams).all()
    assert set(np.flatnonzero(now)) <= set(queue)
    if queue:
        assert now[queue[0]], "the first in the queue is always served"
    for left in set(queue) - set(np.flatnonzero(now)):
        more = now.copy()
        more[left] = True
        wanted = place.needed(more)
        assert wanted.sum() > machines or (wanted > teams).any() or (now[max(left - 1, 0)] or now[min(left + 1, 29)])


def test_a_shortage_of_machines_delays_works_of_every_policy() -> None:
    plenty = case([0.9, 1.0, 1.1, 1.2], sigma=0.01, track=[0, 1, 2, 3])
    one = replace(plenty.possessions, minutes=np.full(4, 200.0), machines=1)
    scarce = replace(plenty, possessions=one)
    for policy in (FIXED, CORRECTIVE, PLANNED):
        late, timely = (replay(each, policy, 6, 1) for each in (scarce, plenty))
        assert late["exceedance_days"].sum() >= timely["exceedance_days"].sum(), policy.name


def test_the_comparison_gives_intervals_and_says_where_it_does_not_help() -> None:
    catalogue = load_catalogue()
    rng = np.random.default_rng(4)
    n = 60
    sections = pd.DataFrame(
        {
            "line_id": np.repeat(["still", "alive"], n // 2),
            "mode": "conventional",
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
    known = case_of(sections, catalogue, INDICATOR)
    assert set(known.history.restriction) == {2.5}
    result = compare(known, policies_of(catalogue), 4.0, seed=1)
    again = compare(known, policies_of(catalogue), 4.0, seed=1)
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


def test_a_large_network_is_replayed_in_stretches_of_neighbours_from_all_over_it() -> None:
    known = case_of(sections_of([0.5] * 2000), load_catalogue(), INDICATOR)
    n = len(known.history.start)
    assert n == 300
    assert known.possessions.follows.sum() == n - 30, "thirty stretches of ten"


def test_an_empty_history_says_there_is_nothing_to_replay() -> None:
    catalogue = load_catalogue()
    result = compare(case([]), policies_of(catalogue), 2.0, seed=1)
    assert result.says == ("nothing to replay",)
    assert result.totals.empty
    assert comparison_rows(result, date(2026, 1, 5), "EUR", "mm").empty
    assert set(replay(case([]), PLANNED, 1, 1)) == set(MEASURES)
