"""The maintenance optimiser: greedy plan, Lagrangian bound, then HiGHS on the whole problem or line by line."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from guideway.planning.bound import lagrangian_bound
from guideway.planning.greedy import greedy, polish
from guideway.planning.milp import solve_milp, worthwhile
from guideway.planning.problem import NEVER, Floats, Ints, PlanningProblem, usage

_MOST_BINARIES = 4_000
_MORE = 2


@dataclass(frozen=True)
class PlanningParameters:
    """How hard to try.

    Attributes:
        seconds: wall time after which no further part is started; a safety net, the limits below end earlier.
        nodes: branch-and-bound nodes of one programme.
        gap: relative gap at which a programme stops.
        line_nodes, line_gap: the same for each line of a network too large for one programme.
        steps: subgradient steps of the bound.
        rounds: rounds of moving single tasks.
    """

    seconds: float = 90.0
    nodes: int = 2000
    gap: float = 0.002
    line_nodes: int = 20
    line_gap: float = 0.003
    steps: int = 120
    rounds: int = 3


@dataclass(frozen=True)
class MaintenancePlan:
    """Which task is done in which week, and how good that is.

    Attributes:
        works: tasks of each job, jobs in order of week and task; a job is one site in one possession.
        weeks: week of each job.
        deferrals: tasks left out.
        missed: tasks not done by their safety deadline, because nothing could be.
        week: week of each task, ``NEVER`` where deferred, shape (n,).
        objective: cost of works, expected consequences and missed deadlines.
        cost: cost of the works alone, machines included.
        bound: no plan has a lower objective.
        gap: (objective - bound) / objective, in 0..1.
        status: ``optimal`` within the parameter's gap, ``feasible``, ``safety_missed`` or ``empty``.
        seconds: wall time; not part of equality.
    """

    works: tuple[tuple[int, ...], ...]
    weeks: tuple[int, ...]
    deferrals: tuple[int, ...]
    missed: tuple[int, ...]
    week: Ints
    objective: float
    cost: float
    bound: float
    gap: float
    status: str
    seconds: float


def plan(problem: PlanningProblem, parameters: PlanningParameters | None = None) -> MaintenancePlan:
    """Plan the horizon; never dearer than the greedy plan, and the same for the same problem."""
    settings = parameters or PlanningParameters()
    started = time.monotonic()
    if problem.n == 0:
        return _told(problem, np.zeros(0, dtype=np.int64), 0.0, settings, 0.0)
    week = polish(problem, greedy(problem), settings.rounds)
    upper = usage(problem, week).objective
    relaxed = lagrangian_bound(problem, upper, settings.steps)
    lower = relaxed.value
    possible = np.isfinite(problem.value[:, :-1])
    if possible.sum() <= _MOST_BINARIES:
        lines = np.arange(len(problem.window_minutes))
        solved = solve_milp(
            problem, week, lines, possible, seconds=settings.seconds, nodes=settings.nodes, gap=settings.gap
        )
        lower = max(lower, solved.bound)
        week = _better(problem, week, solved.week)
    else:
        lined = _line_by_line(problem, week, relaxed.toll, settings, started + settings.seconds)
        week = _better(problem, week, lined)
        upper = usage(problem, week).objective
        lower = max(lower, lagrangian_bound(problem, upper, _MORE * settings.steps).value)
    week = polish(problem, week, settings.rounds)
    return _told(problem, week, lower, settings, time.monotonic() - started)


def _line_by_line(
    problem: PlanningProblem, week: Ints, toll: Floats, settings: PlanningParameters, until: float
) -> Ints:
    """Each line planned anew in turn, with what the others leave it.

    The toll on machines that are scarce makes a line give up those it has little use for; the next ones take them.
    """
    allowed = worthwhile(problem)
    for line in np.unique(problem.line):
        left = until - time.monotonic()
        if left <= 0:
            break
        week = solve_milp(
            problem,
            week,
            np.array([line]),
            allowed,
            seconds=left,
            nodes=settings.line_nodes,
            gap=settings.line_gap,
            toll=toll,
            support=True,
        ).week
    return polish(problem, week, settings.rounds)


def _better(problem: PlanningProblem, week: Ints, other: Ints) -> Ints:
    return other if usage(problem, other).objective < usage(problem, week).objective else week


def _told(
    problem: PlanningProblem, week: Ints, lower: float, settings: PlanningParameters, seconds: float
) -> MaintenancePlan:
    used = usage(problem, week)
    jobs: list[list[int]] = []
    for task in np.flatnonzero(week != NEVER):
        if used.sites[task]:
            jobs.append([])
        jobs[-1].append(int(task))
    jobs.sort(key=lambda job: (int(week[job[0]]), job[0]))
    lower = min(lower, used.objective)
    gap = (used.objective - lower) / max(abs(used.objective), 1e-9)
    missed = np.flatnonzero(used.missed)
    status = "empty" if problem.n == 0 else "safety_missed" if len(missed) else "feasible"
    if status == "feasible" and gap <= settings.gap + 1e-6:
        status = "optimal"
    return MaintenancePlan(
        works=tuple(tuple(job) for job in jobs),
        weeks=tuple(int(week[job[0]]) for job in jobs),
        deferrals=tuple(int(task) for task in np.flatnonzero(week == NEVER)),
        missed=tuple(int(task) for task in missed),
        week=week,
        objective=used.objective,
        cost=used.spending,
        bound=lower,
        gap=gap,
        status=status,
        seconds=seconds,
    )
