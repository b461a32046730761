"""A lower bound of the plan's cost by Lagrangian relaxation: capacities priced, chains of neighbours solved exactly.

With a price on the minutes of every possession and on money, chains of neighbouring tasks no longer compete, and the
best weeks of a chain follow by dynamic programming: a task either shares the week of the one before, without a new
site, or starts a site in any week. Subgradient steps raise the prices (Fisher 1981, Management Science 27(1)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guideway.planning.problem import NEVER, Floats, Ints, PlanningProblem, usage

_CREW_MINUTES = 100.0


@dataclass(frozen=True)
class Bound:
    """The best lower bound and the prices of machines behind it.

    Attributes:
        value: no plan costs less.
        toll: price of one machine in a week, because machines and people are few, shape (M, W).
    """

    value: float
    toll: Floats


def lagrangian_bound(problem: PlanningProblem, upper: float, steps: int) -> Bound:
    """Bound the objective from below, starting at prices of zero.

    Args:
        problem: the problem.
        upper: objective of a feasible plan (Polyak's step needs it).
        steps: subgradient steps.
    """
    p = problem
    price = np.zeros((len(p.count), *p.window_minutes.shape))
    price += np.divide(
        p.mobilisation[:, None, None], p.window_minutes, out=np.zeros_like(price), where=p.window_minutes > 0
    )
    money, people, scale, stale = 0.0, np.zeros(p.weeks), 1.0, 0
    best = Bound(-np.inf, np.zeros((len(p.count), p.weeks)))
    chains = _chains(p)
    most = np.minimum(p.count[:, None], p.teams[None, :]).astype(float)[:, :, None]
    for _ in range(steps):
        reduced, start = _priced(p, price, money)
        week, total = _cheapest(p, reduced, start, chains)
        worth = p.mobilisation[:, None, None] * (1.0 + money) - price * p.window_minutes
        worth = worth + p.crew[:, None, None] * people
        machines = _machines(worth, most, p.count)
        value = total + float((worth * machines).sum()) - money * p.budget - float(people.sum()) * p.crew_total
        if value > best.value:
            best, stale = Bound(value, _toll(worth, most, p.count) + p.crew[:, None] * people), 0
        else:
            stale += 1
        if stale >= 8:
            scale, stale = scale / 2, 0
        used = usage(p, week)
        slope = used.minutes - machines * p.window_minutes
        setting = float((p.site_cost[p.kind] * used.sites).sum() + p.cost[week != NEVER].sum())
        over = setting + float((p.mobilisation[:, None, None] * machines).sum()) - p.budget
        short = (p.crew[:, None, None] * machines).sum(axis=(0, 1)) - p.crew_total
        # money is priced per thousand of itself, and people in minutes, so that all slopes have one size
        norm = float((slope**2).sum()) + (over / 1e3) ** 2 + float((_CREW_MINUTES * short**2).sum())
        if norm <= 0 or upper - value <= 1e-6 * abs(upper) or scale < 1e-3:
            break
        step = scale * (upper - value) / norm
        price = np.maximum(price + step * slope, 0.0)
        money = max(money + step * over / 1e6, 0.0)
        people = np.maximum(people + step * _CREW_MINUTES * short, 0.0)
    return best


def _priced(p: PlanningProblem, price: Floats, money: float) -> tuple[Floats, Floats]:
    minute = price[p.task_machine, p.line]
    reduced = p.value.copy()
    reduced[:, :-1] += money * p.cost[:, None] + minute * p.minutes[:, None]
    start = p.site_cost[p.kind][:, None] * (1.0 + money) + minute * p.site_minutes[p.kind][:, None]
    return reduced, start


def _machines(worth: Floats, most: Floats, count: Ints) -> Floats:
    """Machines that pay at these prices: on the best-paying lines of each week, up to the number there are."""
    order = np.argsort(worth, axis=1, kind="stable")
    limit = np.take_along_axis(np.broadcast_to(most, worth.shape), order, 1)
    before = np.cumsum(limit, axis=1) - limit
    given = np.clip(count[:, None, None] - before, 0.0, limit)
    given = np.where(np.take_along_axis(worth, order, 1) < 0.0, given, 0.0)
    out = np.zeros_like(worth)
    np.put_along_axis(out, order, given, 1)
    return out


def _toll(worth: Floats, most: Floats, count: Ints) -> Floats:
    """What one machine more would save in each week: the worth on the line that would get it, shape (M, W)."""
    order = np.argsort(worth, axis=1, kind="stable")
    limit = np.take_along_axis(np.broadcast_to(most, worth.shape), order, 1)
    given = np.cumsum(limit, axis=1)
    served = (given <= count[:, None, None]).sum(axis=1, keepdims=True)
    marginal = np.take_along_axis(worth, np.take_along_axis(order, np.minimum(served, worth.shape[1] - 1), 1), 1)
    return np.where(served[:, 0] < worth.shape[1], np.maximum(-marginal[:, 0], 0.0), 0.0)


def _chains(p: PlanningProblem) -> list[Ints]:
    """Tasks by position within their chain: the k-th array holds the k-th task of every chain that long."""
    position = np.zeros(p.n, dtype=np.int64)
    for i in range(p.n):
        if p.before[i] >= 0:
            position[i] = position[p.before[i]] + 1
    return [np.flatnonzero(position == k) for k in range(int(position.max(initial=-1)) + 1)]


def _cheapest(p: PlanningProblem, reduced: Floats, start: Floats, chains: list[Ints]) -> tuple[Ints, float]:
    """Weeks of least priced cost, by dynamic programming along the chains, and that cost."""
    total = np.zeros_like(reduced)
    origin = np.zeros(reduced.shape, dtype=np.int64)
    own = np.arange(reduced.shape[1])
    last = np.ones(p.n, dtype=bool)
    for tasks in chains:
        before = p.before[tasks]
        first = before < 0
        last[before[~first]] = False
        past = np.where(first[:, None], 0.0, total[before])
        cheapest = past.argmin(axis=1)
        least = past[np.arange(len(tasks)), cheapest][:, None]
        fresh = np.concatenate([start[tasks] + least, least], axis=1)
        along = np.where(first[:, None], np.inf, past)
        stays = along[:, :-1] < fresh[:, :-1]
        total[tasks] = fresh + reduced[tasks]
        total[tasks, :-1] = np.where(stays, along[:, :-1], fresh[:, :-1]) + reduced[tasks, :-1]
        origin[tasks] = cheapest[:, None]
        origin[tasks, :-1] = np.where(stays, own[None, :-1], cheapest[:, None])
    week = np.full(p.n, NEVER, dtype=np.int64)
    column = np.zeros(p.n, dtype=np.int64)
    column[last] = total[last].argmin(axis=1)
    cost = float(total[last].min(axis=1).sum()) if last.any() else 0.0
    for tasks in reversed(chains):
        follows = tasks[p.before[tasks] >= 0]
        column[p.before[follows]] = origin[follows, column[follows]]
    done = column < p.weeks
    week[done] = column[done]
    return week, cost
