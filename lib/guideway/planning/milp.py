"""The plan as a mixed-integer linear programme, solved by HiGHS: the whole problem, or some lines of it."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from guideway.planning.problem import NEVER, Floats, Ints, PlanningProblem, Usage, usage

Bools = npt.NDArray[np.bool_]
_UNUSED = 1e-6


@dataclass(frozen=True)
class MilpResult:
    """Weeks of all tasks (those not free as they were), and the dual bound of the part that was free.

    Attributes:
        week: shape (n,).
        bound: lower bound of the objective of the free part, sites and machines included.
        optimal: whether HiGHS proved it, within its relative gap.
    """

    week: Ints
    bound: float
    optimal: bool


@dataclass
class _Rows:
    """Constraint rows, collected in blocks of triplets."""

    rows: list[Ints]
    columns: list[Ints]
    values: list[Floats]
    low: list[Floats]
    high: list[Floats]
    count: int = 0

    def add(self, rows: Ints, columns: Ints, values: Floats, low: Floats, high: Floats) -> None:
        self.rows.append(rows + self.count)
        self.columns.append(columns)
        self.values.append(values)
        self.low.append(low)
        self.high.append(high)
        self.count += len(low)


def solve_milp(
    problem: PlanningProblem,
    week: Ints,
    lines: Ints,
    allowed: Bools,
    *,
    seconds: float,
    nodes: int,
    gap: float,
    toll: Floats | None = None,
    support: bool = False,
) -> MilpResult:
    """Plan the given lines anew, with what the other lines use taken off the capacities; starts from ``week``.

    Args:
        problem: the problem.
        week: a feasible assignment.
        lines: lines whose tasks are free.
        allowed: weeks each task may be done in, shape (n, W).
        seconds: time limit; a safety net behind ``nodes``, which makes the result the same on every machine.
        nodes: branch-and-bound nodes at most.
        gap: gap at which to stop, relative to the objective of the free part.
        toll: price of a machine in each week on top of its mobilisation, shape (M, W).
        support: plan only in weeks that the linear relaxation uses, and those of ``week``; the bound is the
            relaxation's.
    """
    p = problem
    free = np.flatnonzero(np.isin(p.line, lines))
    task, at = np.nonzero(allowed[free] & np.isfinite(p.value[free, :-1]))
    task = free[task]
    others = week.copy()
    others[free] = NEVER
    taken = usage(p, others)
    gain = p.value[task, at] - p.value[task, -1]
    column = np.full((p.n, p.weeks), -1, dtype=np.int64)
    column[task, at] = np.arange(len(task))
    n_x = len(task)
    machine_line = np.array([(m, line) for m in range(len(p.count)) for line in lines if _used(p, m, int(line))])
    if n_x == 0:
        return MilpResult(week, float(p.value[free, -1].sum()), True)
    pool = np.full((len(p.count), len(p.window_minutes), p.weeks), -1, dtype=np.int64)
    pool[machine_line[:, 0], machine_line[:, 1]] = 2 * n_x + np.arange(len(machine_line) * p.weeks).reshape(-1, p.weeks)
    n = 2 * n_x + len(machine_line) * p.weeks

    cost = np.zeros(n)
    cost[:n_x] = gain
    cost[n_x : 2 * n_x] = p.site_cost[p.kind[task]]
    dues = np.broadcast_to(p.mobilisation[:, None], (len(p.count), p.weeks)) + (0.0 if toll is None else toll)
    cost[2 * n_x :] = dues[machine_line[:, 0]].ravel()
    upper = np.ones(n)
    most = np.minimum(p.count[machine_line[:, 0]], p.teams[machine_line[:, 1]])
    upper[2 * n_x :] = np.repeat(most, p.weeks)
    rows = _Rows([], [], [], [], [])
    _constrain(p, rows, task, at, column, pool, taken)
    columns, low, high = np.concatenate(rows.columns), np.concatenate(rows.low), np.concatenate(rows.high)
    never = float(p.value[free, -1].sum())
    entries = (np.concatenate(rows.rows), columns, np.concatenate(rows.values))
    model = _Model(n, rows.count, cost, never, upper, low, high, entries)
    start = _start(p, week, free, task, at, pool, n)
    integral = np.ones(n, dtype=bool)
    integral[n_x : 2 * n_x] = False
    least = -np.inf
    if support:
        used, least, whole = _run(model, np.zeros(n, dtype=bool), start, seconds=seconds, nodes=nodes, gap=gap)
        if not whole:
            return MilpResult(week, -np.inf, False)
        model.upper[:n_x][(used[:n_x] < _UNUSED) & (start[:n_x] < 1.0)] = 0.0
    solved, bound, optimal = _run(model, integral, start, seconds=seconds, nodes=nodes, gap=gap)
    result = others.copy()
    chosen = np.flatnonzero(solved[:n_x] > 0.5)
    result[task[chosen]] = at[chosen]
    return MilpResult(result, least if support else bound, optimal)


def worthwhile(problem: PlanningProblem) -> Bools:
    """Weeks in which a task may be part of a good plan, shape (n, W).

    A task that costs more than leaving it only pays by joining two sites into one: it lies between tasks that pay, and
    costs less than a site.
    """
    p = problem
    gain = p.value[:, :-1] - p.value[:, -1:]
    pays, joins = gain < 0.0, gain < p.site_cost[p.kind][:, None]
    after, before = pays.copy(), pays.copy()
    linked = np.flatnonzero(p.before >= 0)
    for task in linked:
        after[task] |= joins[task] & after[p.before[task]]
    for task in linked[::-1]:
        before[p.before[task]] |= joins[p.before[task]] & before[task]
    both: Bools = after & before
    return both


def _used(problem: PlanningProblem, machine: int, line: int) -> bool:
    return bool(((problem.task_machine == machine) & (problem.line == line)).any())


def _constrain(p: PlanningProblem, rows: _Rows, task: Ints, at: Ints, column: Ints, pool: Ints, taken: Usage) -> None:
    n_x = len(task)
    x = np.arange(n_x)
    # each task at most once
    _, number = np.unique(task, return_inverse=True)
    once = number.max() + 1
    rows.add(number, x, np.ones(n_x), np.full(once, -np.inf), np.ones(once))
    # a site starts where the task before is not done in the same week: s >= x - x_before
    previous = np.where(p.before[task] >= 0, column[p.before[task], at], -1)
    has = np.flatnonzero(previous >= 0)
    rows.add(
        np.concatenate([x, x, has]),
        np.concatenate([x + n_x, x, previous[has]]),
        np.concatenate([np.ones(n_x), -np.ones(n_x), np.ones(len(has))]),
        np.zeros(n_x),
        np.full(n_x, np.inf),
    )
    # machine minutes within what its machines have in the possession; a task needs a machine there
    machine, line = p.task_machine[task], p.line[task]
    z = pool[machine, line, at]
    cells, cell = np.unique(z, return_inverse=True)
    places = {int(v): k for k, v in np.ndenumerate(pool) if v >= 0}
    where = np.array([places[int(v)] for v in cells])
    rows.add(
        np.concatenate([cell, cell, np.arange(len(cells))]),
        np.concatenate([x, x + n_x, cells]),
        np.concatenate([p.minutes[task], p.site_minutes[p.kind[task]], -p.window_minutes[where[:, 1], where[:, 2]]]),
        np.full(len(cells), -np.inf),
        np.zeros(len(cells)),
    )
    rows.add(
        np.concatenate([x, x]),
        np.concatenate([x, z]),
        np.repeat([1.0, -1.0], n_x),
        np.full(n_x, -np.inf),
        np.zeros(n_x),
    )
    # machines, teams and crew of each week
    spare_machines = p.count[:, None] - taken.machines.sum(axis=1)
    spare_teams = p.teams[:, None] - taken.machines.sum(axis=0)
    spare_crew = p.crew_total - (p.crew[:, None, None] * taken.machines).sum(axis=(0, 1))
    for keys, weights, spare in (
        (where[:, 0] * p.weeks + where[:, 2], np.ones(len(cells)), spare_machines),
        (where[:, 1] * p.weeks + where[:, 2], np.ones(len(cells)), spare_teams),
        (where[:, 2], p.crew[where[:, 0]].astype(float), spare_crew),
    ):
        groups, group = np.unique(keys, return_inverse=True)
        rows.add(group, cells, weights, np.full(len(groups), -np.inf), spare.ravel()[groups].astype(float))
    # budget
    rows.add(
        np.zeros(2 * n_x + len(cells), dtype=np.int64),
        np.concatenate([x, x + n_x, cells]),
        np.concatenate([p.cost[task], p.site_cost[p.kind[task]], p.mobilisation[where[:, 0]]]),
        np.array([-np.inf]),
        np.array([p.budget - taken.spending]),
    )


def _start(p: PlanningProblem, week: Ints, free: Ints, task: Ints, at: Ints, pool: Ints, n: int) -> Floats:
    own = np.full(p.n, NEVER, dtype=np.int64)
    own[free] = week[free]
    used = usage(p, own)
    start = np.zeros(n)
    done = own[task] == at
    start[: len(task)] = done
    start[len(task) : 2 * len(task)] = done & used.sites[task]
    place = pool >= 0
    start[pool[place]] = used.machines[place]
    return start


@dataclass(frozen=True)
class _Model:
    columns: int
    rows: int
    cost: Floats
    offset: float
    upper: Floats
    low: Floats
    high: Floats
    entries: tuple[Ints, Ints, Floats]


class _SilentHighs(highspy.Highs):
    """HiGHS without its banner, which the set-up of callbacks prints on standard output before any option is read."""

    def enableCallbacks(self) -> None:  # noqa: N802
        """None are used."""


def _run(
    model: _Model, integral: Bools, start: Floats, *, seconds: float, nodes: int, gap: float
) -> tuple[Floats, float, bool]:
    """Solution, lower bound and whether HiGHS got to its end; a linear programme where nothing is integral."""
    highs = _SilentHighs()  # type: ignore[no-untyped-call]
    highs.silent()
    for option, setting in (
        ("threads", 1),
        ("random_seed", 1),
        ("time_limit", float(seconds)),
        ("mip_max_nodes", int(nodes)),
        ("mip_rel_gap", float(gap)),
    ):
        highs.setOptionValue(option, setting)
    rows, columns, values = model.entries
    order = np.lexsort((rows, columns))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = model.columns, model.rows
    lp.offset_ = model.offset
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, np.zeros(model.columns), model.upper
    lp.row_lower_, lp.row_upper_ = model.low, model.high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.searchsorted(columns[order], np.arange(model.columns + 1)).astype(np.int32)
    lp.a_matrix_.index_ = rows[order].astype(np.int32)
    lp.a_matrix_.value_ = values[order]
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    linear = not integral.any()
    if not linear:
        lp.integrality_ = [kinds[int(flag)] for flag in integral]
    highs.passModel(lp)
    if not linear:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)
    highs.run()
    info, done = highs.getInfo(), highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    value = np.asarray(highs.getSolution().col_value)
    if len(value) != model.columns:
        value = start
    return value, float(info.objective_function_value if linear else info.mip_dual_bound), done
