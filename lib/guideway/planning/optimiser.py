"""The maintenance optimiser: greedy plan, Lagrangian bound, then HiGHS on the whole problem or on parts of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.planning.bound import lagrangian_bound
from guideway.planning.greedy import greedy, polish
from guideway.planning.milp import solve_milp
from guideway.planning.problem import NEVER, Ints, PlanningProblem, usage

_MOST_BINARIES = 4_000
_WEEKS_EACH = 4


@dataclass(frozen=True)
class PlanningParameters:
    """How hard to try.

    Attributes:
        seconds: wall time after which no further part is started; a safety net, the limits below end earlier.
        nodes: branch-and-bound nodes of one programme.
        gap: relative gap at which a programme stops.
        steps: subgradient steps of the bound.
        rounds: rounds of moving single tasks.
    """

    seconds: float = 90.0
    nodes: int = 2000
    gap: float = 0.002
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
    allowed = np.isfinite(problem.value[:, :-1])
    if allowed.sum() <= _MOST_BINARIES:
        lines = np.arange(len(problem.window_minutes))
        solved = solve_milp(
            problem, week, lines, allowed, seconds=settings.seconds, nodes=settings.nodes, gap=settings.gap
        )
        lower = max(lower, solved.bound)
        week = _better(problem, week, solved.week)
    else:
        allowed = _promising(problem, relaxed.reduced, week)
        for line in np.unique(problem.line):
            left = settings.seconds - (time.monotonic() - started)
            if left <= 0:
                break
            part = solve_milp(
                problem, week, np.array([line]), allowed, seconds=left, nodes=settings.nodes, gap=settings.gap
            )
            week = _better(problem, week, part.week)
    week = polish(problem, week, settings.rounds)
    return _told(problem, week, lower, settings, time.monotonic() - started)


def _promising(problem: PlanningProblem, reduced: np.ndarray, week: Ints) -> npt.NDArray[np.bool_]:
    """Few weeks a task: those of least priced value, and where it and its neighbours are now."""
    allowed = np.zeros(reduced[:, :-1].shape, dtype=bool)
    best = np.argsort(reduced[:, :-1], axis=1, kind="stable")[:, :_WEEKS_EACH]
    np.put_along_axis(allowed, best, True, axis=1)
    index = np.arange(problem.n)
    for shift in (-1, 0, 1):
        other = np.clip(index + shift, 0, problem.n - 1)
        done = week[other] != NEVER
        allowed[index[done], week[other[done]]] = True
    return allowed & np.isfinite(problem.value[:, :-1])


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
