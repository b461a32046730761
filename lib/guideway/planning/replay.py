"""One degradation history, replayed under a maintenance policy.

Each section deteriorates at its own rate; a policy sees measurements with noise on its inspection days only. Works
restore a share of the level, each further one less. The same history, noise and effects serve every policy (common
random numbers), so that differences between policies are not those of chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WEEK = 7.0
YEAR = 365.25


@dataclass(frozen=True)
class Policy:
    """When a section is worked on.

    Attributes:
        name: identifier.
        kind: ``fixed`` (by calendar), ``corrective`` (after a measured exceedance) or ``forecast``.
        title: what people call it.
        interval_days: between works of a fixed policy.
        inspection_days: between measurements.
        lead_days: from decision to possession.
        join_days: a neighbour of a due section joins if it is due itself within this time.
        recording_cost_per_km: of each measurement of a track.
    """

    name: str
    kind: str
    title: str
    interval_days: float
    inspection_days: float
    lead_days: float
    join_days: float
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
        track: number of the track a section lies on.
        length_m: length.
        line: line of each section.
        growth: how fast it grows among those of its line: ``slow``, ``medium`` or ``fast``.
    """

    start: Floats
    rate_per_year: Floats
    sigma: Floats
    limit: Floats
    restriction: Floats
    track: Ints
    length_m: Floats
    line: tuple[str, ...]
    growth: tuple[str, ...]


@dataclass(frozen=True)
class WorkData:
    """Effect, time and cost of the work of the replay, and the cost of a day of restriction.

    Attributes:
        effect: share of the level one first work removes.
        spread: half width of the effect's range.
        memory: effect of a further work relative to the one before.
        site_cost, site_minutes: per contiguous stretch and night, mobilisation included.
        cost_per_m, minutes_per_m: per metre.
        cost_per_day, delay_per_day: of one section under a speed restriction.
        cost_beyond: of a day beyond the planning limit.
        alpha: probability of crossing at which a forecast policy works.
    """

    effect: float
    spread: float
    memory: float
    site_cost: float
    site_minutes: float
    cost_per_m: float
    minutes_per_m: float
    cost_per_day: float
    delay_per_day: float
    cost_beyond: float
    alpha: float


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


def replay(history: SectionHistory, policy: Policy, work: WorkData, years: float, seed: int) -> dict[str, Floats]:
    """Follow a history week by week.

    Returns:
        Each of ``MEASURES`` by section, shape (n,). Site costs and minutes are shared by the sections of a site.
    """
    n, weeks = len(history.start), max(1, round(years * YEAR / WEEK))
    rng = np.random.default_rng(seed)
    phase = rng.random(n) if policy.kind == "fixed" else np.zeros(n)
    if policy.kind == "fixed" and n:
        # neighbours share the machine's visit: one phase for ten sections
        phase = phase[(np.arange(n) // 10) * 10]
    level, since = history.start.astype(float).copy(), np.zeros(n)
    done, due = np.zeros(n), np.full(n, np.inf)
    belief = _Belief(history, n)
    out = {name: np.zeros(n) for name in MEASURES}
    noises = np.random.default_rng((seed, 1))
    effects = np.random.default_rng((seed, 2)).uniform(work.effect - work.spread, work.effect + work.spread, (n, 64))
    step = max(1, round(policy.inspection_days / WEEK))
    recording = policy.recording_cost_per_km * history.length_m / 1000.0
    for week in range(weeks):
        day = week * WEEK
        level = level + history.rate_per_year * WEEK / YEAR
        since = since + WEEK
        out["recording_cost"] += recording * (week % step == 0)
        measured = level + history.sigma * noises.standard_normal(n)
        if policy.kind == "fixed":
            due = np.where((day + phase * policy.interval_days) % policy.interval_days < WEEK, day, np.inf)
        elif week % step == 0:
            belief.see(since, measured)
            due = np.minimum(
                due,
                day + policy.lead_days + np.where(_wanted(history, policy, work, belief, since, measured), 0, np.inf),
            )
        now = due <= day
        if now.any():
            if policy.kind == "forecast":
                now = _joined(history, now, belief.crossing(history.limit, since + policy.join_days) > 0.5)
            _charge(out, history, work, now)
            share = effects[np.arange(n), np.minimum(done, 63).astype(int)] * work.memory**done
            level = np.where(now, level * (1.0 - share), level)
            done, due, since = done + now, np.where(now, np.inf, due), np.where(now, 0.0, since)
            belief.forget(now)
        beyond, restricted = level > history.limit, level > history.restriction
        out["exceedance_days"] += WEEK * beyond
        out["exceedance_cost"] += WEEK * work.cost_beyond * beyond
        out["restriction_minutes"] += WEEK * work.delay_per_day * restricted
        out["restriction_cost"] += WEEK * work.cost_per_day * restricted
        out["mean_level"] += level / weeks
    return out


def _wanted(
    history: SectionHistory, policy: Policy, work: WorkData, belief: _Belief, since: Floats, measured: Floats
) -> Bools:
    if policy.kind == "corrective":
        return np.asarray(measured > history.limit)
    ahead = since + policy.lead_days + policy.inspection_days
    return np.asarray(belief.crossing(history.limit, ahead) > work.alpha)


def _joined(history: SectionHistory, now: Bools, soon: Bools) -> Bools:
    """Sections due now, and their neighbours on either side that are due soon."""
    same = history.track[1:] == history.track[:-1]
    beside = np.zeros(len(now), dtype=bool)
    beside[1:] |= now[:-1] & same
    beside[:-1] |= now[1:] & same
    return now | (beside & soon)


def _charge(out: dict[str, Floats], history: SectionHistory, work: WorkData, now: Bools) -> None:
    first = now.copy()
    first[1:] &= ~(now[:-1] & (history.track[1:] == history.track[:-1]))
    site = np.cumsum(first) - 1
    size = np.bincount(site[now])
    share = np.zeros(len(now))
    share[now] = 1.0 / size[site[now]]
    out["works"] += share
    metres = np.where(now, history.length_m, 0.0)
    out["possession_hours"] += (share * work.site_minutes + metres * work.minutes_per_m) / 60.0
    out["works_cost"] += share * work.site_cost + metres * work.cost_per_m


class _Belief:
    """What measurements since the last work say: a Bayesian line, its rate with a prior from the network."""

    def __init__(self, history: SectionHistory, n: int) -> None:
        rates = history.rate_per_year[np.isfinite(history.rate_per_year)]
        self.rate = float(np.median(rates)) / YEAR if len(rates) else 0.0
        self.weight = 1.0 / max((float(np.std(rates)) if len(rates) else 0.0) / YEAR, 1e-6) ** 2
        self.precision = 1.0 / np.maximum(history.sigma, 1e-6) ** 2
        self.sums = np.zeros((5, n))

    def see(self, t: Floats, y: Floats) -> None:
        """Add a measurement of every section."""
        self.sums += self.precision * np.stack([np.ones_like(t), t, t * t, y, t * y])

    def forget(self, now: Bools) -> None:
        """Start anew after a work."""
        self.sums[:, now] = 0.0

    def crossing(self, limit: Floats, t: Floats) -> Floats:
        """Probability that the level is beyond the limit ``t`` days after the last work; 0 before any measurement."""
        n, st, stt, sy, sty = self.sums
        a, b, c = n + 1e-9, st, stt + self.weight
        right = sty + self.weight * self.rate
        det = a * c - b * b
        level, slope = (c * sy - b * right) / det, (a * right - b * sy) / det
        variance = (c - 2.0 * b * t + a * t * t) / det
        return np.where(n > 0, ndtr((level + slope * t - limit) / np.sqrt(np.maximum(variance, 1e-12))), 0.0)
