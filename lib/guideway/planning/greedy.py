"""The greedy planner: most urgent task first, each in the cheapest week that still has room."""

from __future__ import annotations

import numpy as np

from guideway.planning.problem import NEVER, Floats, Ints, PlanningProblem


class Schedule:
    """An assignment of weeks to tasks that grows task by task and never breaks a capacity."""

    def __init__(self, problem: PlanningProblem, week: Ints | None = None) -> None:
        """Start empty, or from a feasible assignment."""
        p = self.problem = problem
        self.week = np.full(p.n, NEVER, dtype=np.int64)
        self.after = np.full(p.n, -1, dtype=np.int64)
        self.after[p.before[p.before >= 0]] = np.flatnonzero(p.before >= 0)
        self._minutes = np.zeros((len(p.count), *p.window_minutes.shape))
        self._machines = np.zeros(self._minutes.shape, dtype=np.int64)
        self._spent = 0.0
        self._machine = p.task_machine
        if week is not None:
            for task in np.flatnonzero(week != NEVER):
                self.place(int(task), int(week[task]))

    def _sites(self, task: int) -> Ints:
        """Sites that doing the task in each week adds: 1 alone, 0 beside one neighbour, -1 between two; shape (W,)."""
        added = np.ones(self.problem.weeks, dtype=np.int64)
        for other in (self.problem.before[task], self.after[task]):
            if other >= 0 and self.week[other] != NEVER:
                added[self.week[other]] -= 1
        return added

    def _added(self, task: int) -> tuple[Ints, Floats, Ints, Floats]:
        """Sites, minutes, machines and spending that doing the task adds in each week, shapes (W,)."""
        p = self.problem
        machine, line, kind = self._machine[task], p.line[task], p.kind[task]
        sites = self._sites(task)
        minutes = p.minutes[task] + sites * p.site_minutes[kind]
        window = p.window_minutes[line]
        total = np.maximum(self._minutes[machine, line] + minutes, 0.0)
        needed = np.ceil(np.divide(total, window, out=np.full_like(total, np.inf), where=window > 0) - 1e-9)
        needed[total <= 1e-9] = 0
        machines = np.where(np.isfinite(needed), needed, 1 << 20).astype(np.int64) - self._machines[machine, line]
        spending = p.cost[task] + sites * p.site_cost[kind] + machines * p.mobilisation[machine]
        return sites, minutes, machines, spending

    def costs(self, task: int) -> Floats:
        """What doing an open task in each week adds to the objective, shape (W,); infinite where it has no room."""
        p = self.problem
        machine, line = self._machine[task], p.line[task]
        _, _, machines, spending = self._added(task)
        room = (
            (self._machines[machine].sum(axis=0) + machines <= p.count[machine])
            & (self._machines[:, line].sum(axis=0) + machines <= p.teams[line])
            & ((p.crew[:, None, None] * self._machines).sum(axis=(0, 1)) + p.crew[machine] * machines <= p.crew_total)
        )
        room |= machines <= 0
        room &= self._spent + spending <= p.budget + 1e-6
        return np.where(room, p.value[task, :-1] - p.cost[task] + spending, np.inf)

    def place(self, task: int, week: int) -> None:
        """Do the task in the week."""
        self._book(task, week, 1)
        self.week[task] = week

    def take(self, task: int) -> None:
        """Leave the task open again."""
        week = int(self.week[task])
        self.week[task] = NEVER
        self._book(task, week, -1)

    def _book(self, task: int, week: int, sign: int) -> None:
        p = self.problem
        machine, line, kind = self._machine[task], p.line[task], p.kind[task]
        sites = int(self._sites(task)[week])
        place = (machine, line, week)
        self._minutes[place] += sign * (p.minutes[task] + sites * p.site_minutes[kind])
        needed = int(np.ceil(max(self._minutes[place], 0.0) / p.window_minutes[line, week] - 1e-9))
        mobilised = (needed - self._machines[place]) * p.mobilisation[machine]
        self._machines[place] = needed
        self._spent += sign * (p.cost[task] + sites * p.site_cost[kind]) + mobilised

    def joins(self, task: int) -> bool:
        """Whether a task that is done lies between two neighbours of the same site."""
        return bool(self._sites(task)[self.week[task]] < 0)

    def settle(self, task: int) -> bool:
        """Put an open task where it costs least, if that is less than never; whether it was placed."""
        costs = self.costs(task)
        week = int(np.argmin(costs))
        if not costs[week] < self.problem.value[task, -1]:
            return False
        self.place(task, week)
        return True


def greedy(problem: PlanningProblem) -> Ints:
    """Weeks by urgency: tasks with a safety deadline first, then by what leaving them would cost; shape (n,)."""
    schedule = Schedule(problem)
    best = problem.value[:, :-1].min(axis=1, initial=np.inf)
    gain = problem.value[:, -1] - best
    order = np.lexsort((-gain, problem.deadline))
    for task in order:
        if gain[task] > 0:
            schedule.settle(int(task))
    return schedule.week


def polish(problem: PlanningProblem, week: Ints, rounds: int) -> Ints:
    """Move each task to its best week, given all others, until nothing changes; never dearer than ``week``."""
    schedule = Schedule(problem, week)
    for _ in range(rounds):
        changed = False
        for task in range(problem.n):
            before = int(schedule.week[task])
            if before != NEVER and schedule.joins(task):
                continue  # taking it would make two sites of one, for which there may be no room
            if before != NEVER:
                schedule.take(task)
            schedule.settle(task)
            changed |= int(schedule.week[task]) != before
        if not changed:
            break
    return schedule.week
