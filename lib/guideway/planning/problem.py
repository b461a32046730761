"""The planning problem as arrays: tasks that may be done in weekly possessions, and what doing them late costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEVER = -1
"""Week of a task that is not done within the horizon."""


@dataclass(frozen=True)
class PlanningProblem:
    """Tasks (n), weeks (W), lines (L), types of work (T) and machines (M).

    A task is one contiguous stretch, or an asset that moves, for one type of work. Neighbouring tasks done in the same
    week are one site: the site's minutes and cost fall once. Tasks stand in order of line, track, type and chainage.
    A depot, where assets that move are worked on, counts as a line of its own.

    Attributes:
        line: line of each task, shape (n,).
        kind: type of work of each task, shape (n,).
        before: the task just before it that could share its site, or -1, shape (n,); always the previous index.
        minutes: time of the task itself, shape (n,).
        cost: cost of the task itself, shape (n,).
        value: cost of doing task i in week w, shape (n, W + 1): its own cost, what waiting until then is expected to
            cost, what doing it too early wastes, and the penalty beyond its deadline; the last column is never doing
            it; infinite where there is no window it fits in.
        deadline: last week in which the task keeps the chance constraint; W where it has none, shape (n,).
        site_minutes, site_cost: set-up and travel of a site, shape (T,).
        machine: machine each type of work needs, shape (T,).
        count: machines there are, shape (M,).
        crew: people one machine needs, shape (M,).
        mobilisation: cost of one machine in one possession, shape (M,).
        window_minutes: length of each possession, shape (L, W); 0 where there is none.
        teams: machines that may work in one possession, shape (L,).
        crew_total: people at work in one week.
        budget: cost of all works of the horizon.
        penalty: what a missed safety deadline counts in ``value``.
    """

    line: Ints
    kind: Ints
    before: Ints
    minutes: Floats
    cost: Floats
    value: Floats
    deadline: Ints
    site_minutes: Floats
    site_cost: Floats
    machine: Ints
    count: Ints
    crew: Ints
    mobilisation: Floats
    window_minutes: Floats
    teams: Ints
    crew_total: int
    budget: float
    penalty: float

    @property
    def n(self) -> int:
        """Tasks."""
        return len(self.line)

    @property
    def weeks(self) -> int:
        """Weeks of the horizon."""
        return int(self.window_minutes.shape[1])

    @property
    def task_machine(self) -> Ints:
        """Machine of each task, shape (n,)."""
        return self.machine[self.kind]


@dataclass(frozen=True)
class Usage:
    """What an assignment of weeks to tasks needs.

    Attributes:
        sites: whether the task starts a site, shape (n,).
        minutes: minutes of each machine on each line and week, shape (M, L, W).
        machines: machines of each kind on each line and week, shape (M, L, W).
        spending: cost of works, sites and mobilisation.
        objective: the cost that is minimised.
        missed: tasks not done by their deadline, shape (n,).
    """

    sites: npt.NDArray[np.bool_]
    minutes: Floats
    machines: Ints
    spending: float
    objective: float
    missed: npt.NDArray[np.bool_]


def usage(problem: PlanningProblem, week: Ints) -> Usage:
    """What the assignment ``week`` (shape (n,), ``NEVER`` for tasks left out) needs and costs."""
    p = problem
    done = week != NEVER
    follows = p.before >= 0
    shares = np.zeros(p.n, dtype=bool)
    shares[follows] = done[follows] & (week[follows] == week[p.before[follows]])
    sites = done & ~shares
    minutes = np.zeros((len(p.count), *p.window_minutes.shape))
    place = (p.task_machine[done], p.line[done], week[done])
    np.add.at(minutes, place, (p.minutes + sites * p.site_minutes[p.kind])[done])
    with np.errstate(divide="ignore", invalid="ignore"):
        machines = np.where(minutes > 0, np.ceil(minutes / p.window_minutes[None] - 1e-9), 0).astype(np.int64)
    setting = float((p.site_cost[p.kind] * sites).sum() + (p.mobilisation[:, None, None] * machines).sum())
    return Usage(
        sites,
        minutes,
        machines,
        float(p.cost[done].sum()) + setting,
        float(p.value[np.arange(p.n), week].sum()) + setting,
        (p.deadline < p.weeks) & (~done | (week > p.deadline)),
    )
