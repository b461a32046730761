"""The optimiser against an independent feasibility checker, brute force and a greedy planner."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.planning.bound import lagrangian_bound
from guideway.planning.greedy import greedy
from guideway.planning.milp import worthwhile
from guideway.planning.optimiser import PlanningParameters, plan
from guideway.planning.problem import NEVER, PlanningProblem
from tests.unit.planning.national import national


def random_problem(seed: int, n: int = 8, weeks: int = 4, lines: int = 2) -> PlanningProblem:
    """Chains of neighbours, closed windows, scarce machines, teams, crew and money, and safety deadlines."""
    rng = np.random.default_rng(seed)
    kinds, machines = 3, 2
    line = np.sort(rng.integers(0, lines, n))
    kind = np.concatenate([np.sort(rng.integers(0, kinds, int((line == at).sum()))) for at in range(lines)])
    before = np.full(n, -1)
    for i in range(1, n):
        if line[i] == line[i - 1] and kind[i] == kind[i - 1] and rng.random() < 0.6:
            before[i] = i - 1
    cost, minutes = rng.uniform(500, 3000, n), rng.uniform(10, 60, n)
    windows = rng.choice([0.0, 120.0, 180.0], (lines, weeks), p=[0.1, 0.45, 0.45])
    onset, rate = rng.uniform(-weeks / 2, 1.5 * weeks, n), rng.uniform(50, 2500, n)
    value = rate[:, None] * np.maximum(np.arange(weeks + 1) - onset[:, None], 0.0)
    value[:, :weeks] += cost[:, None] * (1 + 0.3 * (weeks - np.arange(weeks)) / weeks)
    deadline = np.where(rng.random(n) < 0.3, rng.integers(0, weeks, n), weeks)
    for i in range(n):
        for w in range(weeks + 1):
            if deadline[i] < weeks and w > deadline[i]:
                value[i, w] += 1e6
            if w < weeks and windows[line[i], w] < minutes[i] + 30:
                value[i, w] = np.inf
    return PlanningProblem(
        line=line,
        kind=kind,
        before=before,
        minutes=minutes,
        cost=cost,
        value=value,
        deadline=deadline,
        site_minutes=rng.uniform(5, 30, kinds),
        site_cost=rng.uniform(200, 1500, kinds),
        machine=np.arange(kinds) % machines,
        count=rng.integers(1, 3, machines),
        crew=rng.integers(2, 5, machines),
        mobilisation=rng.uniform(100, 800, machines),
        window_minutes=windows,
        teams=rng.integers(1, 3, lines),
        crew_total=int(rng.integers(4, 9)),
        budget=float(rng.uniform(0.4, 1.2) * n * 2500),
        penalty=1e6,
    )


def judge(p: PlanningProblem, week: list[int]) -> tuple[float, list[str]]:
    """Objective and broken rules of an assignment, told task by task; shares no code with the package."""
    broken: list[str] = []
    objective = spending = 0.0
    used: dict[tuple[int, int, int], float] = {}
    for i, w in enumerate(week):
        if w == NEVER:
            objective += p.value[i, p.weeks]
            continue
        if not math.isfinite(p.value[i, w]):
            broken.append(f"task {i} has no window in week {w}")
        kind, line = int(p.kind[i]), int(p.line[i])
        alone = p.before[i] < 0 or week[int(p.before[i])] != w
        objective += p.value[i, w] + (p.site_cost[kind] if alone else 0.0)
        spending += p.cost[i] + (p.site_cost[kind] if alone else 0.0)
        place = (int(p.machine[kind]), line, w)
        used[place] = used.get(place, 0.0) + p.minutes[i] + (p.site_minutes[kind] if alone else 0.0)
    needed = {}
    for (machine, line, w), minutes in used.items():
        if p.window_minutes[line, w] <= 0:
            broken.append(f"line {line} has no window in week {w}")
            continue
        needed[machine, line, w] = math.ceil(minutes / p.window_minutes[line, w] - 1e-9)
    for (machine, _, _), count in needed.items():
        objective += p.mobilisation[machine] * count
        spending += p.mobilisation[machine] * count
    for w in range(p.weeks):
        now = {place: count for place, count in needed.items() if place[2] == w}
        by_machine = [sum(now[place] for place in now if place[0] == machine) for machine in range(len(p.count))]
        by_line = [sum(now[place] for place in now if place[1] == line) for line in range(len(p.teams))]
        broken += [
            f"too many machines {k} in week {w}" for k, used_now in enumerate(by_machine) if used_now > p.count[k]
        ]
        broken += [
            f"too many teams on line {k} in week {w}" for k, used_now in enumerate(by_line) if used_now > p.teams[k]
        ]
        if sum(count * p.crew[place[0]] for place, count in now.items()) > p.crew_total:
            broken.append(f"too many people in week {w}")
    if spending > p.budget + 1e-6:
        broken.append("over budget")
    return float(objective), broken


def missed(p: PlanningProblem, week: list[int]) -> list[int]:
    return [i for i, w in enumerate(week) if p.deadline[i] < p.weeks and (w == NEVER or w > p.deadline[i])]


def all_assignments(p: PlanningProblem) -> list[list[int]]:
    return [list(weeks) for weeks in itertools.product(range(NEVER, p.weeks), repeat=p.n)]


@given(st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_every_plan_keeps_the_rules_and_is_never_worse_than_greedy(seed: int) -> None:
    p = random_problem(seed, n=14, weeks=5, lines=3)
    result = plan(p, PlanningParameters(nodes=50))
    objective, broken = judge(p, result.week.tolist())
    assert broken == []
    assert result.objective == pytest.approx(objective)
    simple, wrong = judge(p, greedy(p).tolist())
    assert wrong == []
    assert objective <= simple + 1e-6
    assert list(result.missed) == missed(p, result.week.tolist())
    assert result.bound <= objective + 1e-6
    assert 0.0 <= result.gap <= 1.0 + 1e-9
    assert sorted([*itertools.chain.from_iterable(result.works), *result.deferrals]) == list(range(p.n))


@pytest.mark.parametrize("seed", range(12))
def test_tiny_problems_are_solved_as_by_brute_force(seed: int) -> None:
    p = random_problem(seed, n=5, weeks=3)
    judged = [(judge(p, week), week) for week in all_assignments(p)]
    best = min(objective for (objective, broken), _ in judged if not broken)
    result = plan(p, PlanningParameters(gap=0.0))
    assert judge(p, result.week.tolist())[1] == []
    assert result.objective == pytest.approx(best)
    assert result.bound <= best + 1e-6
    least = min(len(missed(p, week)) for (_, broken), week in judged if not broken)
    assert len(result.missed) == least, "a safety deadline is missed only where no feasible plan keeps it"


@pytest.mark.parametrize("seed", range(6))
def test_the_relaxation_bounds_the_optimum_from_below(seed: int) -> None:
    p = random_problem(seed, n=5, weeks=3)
    best = min(objective for objective, broken in (judge(p, week) for week in all_assignments(p)) if not broken)
    relaxed = lagrangian_bound(p, best, 200)
    assert -np.inf < relaxed.value <= best + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_weeks_left_out_as_not_worthwhile_are_in_no_best_plan(seed: int) -> None:
    p = random_problem(seed, n=5, weeks=3)
    judged = {tuple(week): judge(p, week) for week in all_assignments(p)}
    best = min(objective for objective, broken in judged.values() if not broken)
    allowed = worthwhile(p)
    kept = [
        objective
        for week, (objective, broken) in judged.items()
        if not broken and all(w == NEVER or allowed[i, w] for i, w in enumerate(week))
    ]
    assert min(kept) == pytest.approx(best)
    assert not allowed.all(), "something is left out"


def test_a_decomposed_problem_keeps_the_rules_and_states_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    p = random_problem(3, n=60, weeks=10, lines=4)
    monkeypatch.setattr("guideway.planning.optimiser._MOST_BINARIES", 100)
    result = plan(p)
    objective, broken = judge(p, result.week.tolist())
    assert broken == []
    assert objective <= judge(p, greedy(p).tolist())[0] + 1e-6
    assert result.gap == pytest.approx((objective - result.bound) / objective)
    assert np.isfinite(result.bound)


def test_the_same_problem_gives_the_same_plan() -> None:
    p = random_problem(8, n=20, weeks=6)
    first, second = plan(p), plan(p)
    assert first.week.tolist() == second.week.tolist()
    assert first.objective == second.objective


def test_without_money_nothing_is_done_and_what_is_missed_is_said() -> None:
    p = replace(random_problem(1), budget=0.0)
    result = plan(p)
    assert result.works == ()
    assert list(result.missed) == [i for i in range(p.n) if p.deadline[i] < p.weeks]


def test_no_tasks_give_an_empty_plan() -> None:
    p = random_problem(1)
    none = np.zeros(0, dtype=np.int64)
    floats = np.zeros(0)
    nothing = replace(
        p,
        line=none,
        kind=none,
        before=none,
        minutes=floats,
        cost=floats,
        value=np.zeros((0, p.weeks + 1)),
        deadline=none,
    )
    result = plan(nothing)
    assert (result.status, result.works, result.objective, result.gap) == ("empty", (), 0.0, 0.0)


@pytest.mark.drill
def test_a_year_of_ten_thousand_sections() -> None:
    """Nearly half of 10,000 sections need something within the year; machines and people are scarce in spring."""
    p = national().problem
    assert (p.n, p.weeks) == (6027, 52)
    result = plan(p, PlanningParameters(seconds=600.0))
    objective, broken = judge(p, result.week.tolist())
    assert broken == []
    assert objective <= 0.96 * judge(p, greedy(p).tolist())[0]
    assert result.bound <= objective
    assert result.gap < 0.05
    assert result.missed == ()


@pytest.mark.drill
def test_far_more_work_than_machines_still_gives_a_plan_that_keeps_the_rules() -> None:
    p = random_problem(1, n=6000, weeks=52, lines=20)
    p = replace(p, count=p.count * 8, crew_total=100, teams=p.teams + 1)
    result = plan(p)
    objective, broken = judge(p, result.week.tolist())
    assert broken == []
    assert objective <= judge(p, greedy(p).tolist())[0]
    assert result.bound <= objective
