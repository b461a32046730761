"""One degradation history, replayed under a maintenance policy.

Each section deteriorates at its own rate; a policy sees measurements with noise on its inspection days only. Works
restore a share of the level, each further one less. The same history, noise, effects and possessions serve every policy
(common random numbers), so that differences between policies are not those of chance or of plant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guideway.planning.belief import Belief, Bools, Floats
from guideway.planning.possessions import Possessions
from guideway.planning.problem import NEVER, Ints
from guideway.planning.replanning import Planner

WEEK = 7.0
YEAR = 365.25
_MOST_WORKS = 64


@dataclass(frozen=True)
class Policy:
    """When a section is worked on.

    Attributes:
        name: identifier.
        kind: ``fixed`` (by calendar), ``corrective`` (after a measured exceedance) or ``planned`` (by the optimiser).
        title: what people call it.
        interval_days: between works of a fixed policy; between plans of a planned one.
        inspection_days: between measurements.
        lead_days: from decision to possession.
        recording_cost_per_km: of each measurement of a track.
    """

    name: str
    kind: str
    title: str
    interval_days: float
    inspection_days: float
    lead_days: float
    recording_cost_per_km: float


@dataclass(frozen=True)
class SectionHistory:
    """What is replayed; sections in order of place, shape (n,) each.

    Attributes:
        start: level at the start, in the indicator's unit (higher is worse).
        rate_per_year: growth between works.
        sigma: standard deviation of one measurement.
        limit: planning limit.
        restriction: level from which a speed restriction is imposed.
        cost_beyond: of a day beyond the planning limit.
        cost_restricted: of a day of restriction, its delay included.
        delay_restricted: minutes of delay of a day of restriction.
        length_m: length.
        line: line of each section.
        growth: how fast it grows among those of its line: ``slow``, ``medium`` or ``fast``.
    """

    start: Floats
    rate_per_year: Floats
    sigma: Floats
    limit: Floats
    restriction: Floats
    cost_beyond: Floats
    cost_restricted: Floats
    delay_restricted: Floats
    length_m: Floats
    line: tuple[str, ...]
    growth: tuple[str, ...]


@dataclass(frozen=True)
class WorkData:
    """Effect and cost of the work of the replay.

    Attributes:
        effect: share of the level one first work removes.
        spread: half width of the effect's range.
        memory: effect of a further work relative to the one before.
        site_cost: per contiguous stretch and possession.
        cost_per_m: per metre.
        mobilisation: of one machine in one possession.
    """

    effect: float
    spread: float
    memory: float
    site_cost: float
    cost_per_m: float
    mobilisation: float


@dataclass(frozen=True)
class Case:
    """A history, the work that mends it, the possessions it is done in, and Guideway's planner for it."""

    history: SectionHistory
    work: WorkData
    possessions: Possessions
    planner: Planner


MEASURES = (
    "works",
    "possession_hours",
    "works_cost",
    "exceedance_days",
    "exceedance_cost",
    "restriction_minutes",
    "restriction_cost",
    "recording_cost",
    "mean_level",
)
"""What is counted: each a value a section; ``mean_level`` is a mean (ride comfort), the others are sums."""


def replay(case: Case, policy: Policy, years: float, seed: int) -> dict[str, Floats]:
    """Follow a history week by week.

    Returns:
        Each of ``MEASURES`` by section, shape (n,). What sites and machines cost is shared by the sections they serve.
    """
    history, work = case.history, case.work
    n, weeks = len(history.start), max(1, round(years * YEAR / WEEK))
    level, since = history.start.astype(float).copy(), np.zeros(n)
    done, due = np.zeros(n), np.full(n, np.inf)
    belief = Belief(history.rate_per_year / YEAR, history.sigma)
    out = {name: np.zeros(n) for name in MEASURES}
    noises = np.random.default_rng((seed, 1))
    effects = np.random.default_rng((seed, 2)).uniform(
        work.effect - work.spread, work.effect + work.spread, (n, _MOST_WORKS)
    )
    decide = _Deciding(case, policy, seed)
    step = max(1, round(policy.inspection_days / WEEK))
    recording = policy.recording_cost_per_km * history.length_m / 1000.0
    for week in range(weeks if n else 0):
        day = week * WEEK
        level = level + history.rate_per_year * WEEK / YEAR
        since = since + WEEK
        measured = level + history.sigma * noises.standard_normal(n)
        if week % step == 0:
            out["recording_cost"] += recording
            belief.see(since, measured)
        due = np.minimum(due, decide(week, measured if week % step == 0 else None, belief, since, np.isinf(due)))
        waiting = np.flatnonzero(due <= day)
        if len(waiting):
            now = case.possessions.taken(waiting[np.argsort(due[waiting], kind="stable")])
            _charge(out, case, now)
            share = effects[np.arange(n), np.minimum(done, _MOST_WORKS - 1).astype(int)] * work.memory**done
            level = np.where(now, level * (1.0 - share), level)
            done, due, since = done + now, np.where(now, np.inf, due), np.where(now, 0.0, since)
            belief.forget(now)
        beyond, restricted = level > history.limit, level > history.restriction
        out["exceedance_days"] += WEEK * beyond
        out["exceedance_cost"] += WEEK * history.cost_beyond * beyond
        out["restriction_minutes"] += WEEK * history.delay_restricted * restricted
        out["restriction_cost"] += WEEK * history.cost_restricted * restricted
        out["mean_level"] += level / weeks
    return out


class _Deciding:
    """Days from which sections wait for a possession, as the policy decides week by week."""

    def __init__(self, case: Case, policy: Policy, seed: int) -> None:
        self._case, self._policy = case, policy
        n = len(case.history.start)
        # neighbours share the machine's visit: one phase for ten sections
        self._phase = np.random.default_rng(seed).random(n)[(np.arange(n) // 10) * 10] if n else np.zeros(0)

    def __call__(self, week: int, measured: Floats | None, belief: Belief, since: Floats, is_open: Bools) -> Floats:
        """Days, infinite where nothing is decided; ``measured`` is None in a week without a recording."""
        policy, day = self._policy, week * WEEK
        if policy.kind == "fixed":
            turn = (day + self._phase * policy.interval_days) % policy.interval_days < WEEK
            return np.where(turn, day, np.inf)
        if policy.kind == "corrective":
            beyond = np.zeros(len(since), dtype=bool) if measured is None else measured > self._case.history.limit
            return np.where(beyond, day + policy.lead_days, np.inf)
        every, lead = max(1, round(policy.interval_days / WEEK)), round(policy.lead_days / WEEK)
        if week % every:
            return np.full(len(since), np.inf)
        # the works of the weeks before the next plan's first possession are ordered, the rest is planned again
        weeks: Ints = self._case.planner.works(belief, since + policy.lead_days, is_open, week + lead)
        return np.where((weeks != NEVER) & (weeks < every), (week + lead + weeks) * WEEK, np.inf)


def _charge(out: dict[str, Floats], case: Case, now: Bools) -> None:
    history, work, place = case.history, case.work, case.possessions
    starts = place.sites(now)
    site = np.cumsum(starts) - 1
    share = np.zeros(len(now))
    share[now] = 1.0 / np.bincount(site[now])[site[now]]
    served = np.bincount(place.line[now], minlength=len(place.window_minutes))
    visits = np.divide(place.needed(now), served, out=np.zeros(len(served)), where=served > 0)
    out["works"] += share
    out["possession_hours"] += (share * place.site_minutes + place.minutes * now) / 60.0
    own = visits[place.line] * work.mobilisation + history.length_m * work.cost_per_m
    out["works_cost"] += share * work.site_cost + own * now
