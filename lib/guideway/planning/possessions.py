"""Who is worked on this week: the possessions, machines and people every policy of a replay has to live with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.planning.problem import Floats, Ints

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Possessions:
    """One possession a week and line.

    Attributes:
        line: number of the line of each section, shape (n,).
        follows: whether a section shares a site with the one before it, if both are worked on, shape (n,).
        minutes: what a section takes, shape (n,).
        site_minutes: set-up and travel of a site.
        window_minutes: length of the possession of each line, shape (L,).
        teams: machines that may work in a possession of each line, shape (L,).
        machines: machines that may work in one week, as many as there are and as there are people for.
    """

    line: Ints
    follows: Bools
    minutes: Floats
    site_minutes: float
    window_minutes: Floats
    teams: Ints
    machines: int

    def sites(self, now: Bools) -> Bools:
        """Sections with which a site starts, if those of ``now`` are worked on, shape (n,)."""
        before = np.concatenate([[False], now[:-1]])
        return now & ~(before & self.follows)

    def needed(self, now: Bools) -> Ints:
        """Machines that working on the sections ``now`` takes on each line, shape (L,)."""
        minutes = self.minutes * now + self.site_minutes * self.sites(now)
        return self._machines(np.bincount(self.line, minutes, minlength=len(self.window_minutes)).astype(float))

    def taken(self, queue: Iterable[int]) -> Bools:
        """Which sections of ``queue``, first in first served, are worked on this week, shape (n,)."""
        now = np.zeros(len(self.line), dtype=bool)
        load, machines = np.zeros(len(self.window_minutes)), np.zeros(len(self.window_minutes), dtype=np.int64)
        for section in queue:
            line = self.line[section]
            joins = int(self.follows[section] and now[section - 1])
            joins += int(section + 1 < len(now) and self.follows[section + 1] and now[section + 1])
            wanted = load.copy()
            wanted[line] += self.minutes[section] + (1 - joins) * self.site_minutes
            needed = self._machines(wanted)
            if needed[line] > machines[line] and (needed[line] > self.teams[line] or needed.sum() > self.machines):
                continue
            now[section], load, machines = True, wanted, needed
        return now

    def _machines(self, minutes: Floats) -> Ints:
        return np.ceil(minutes / self.window_minutes - 1e-9).astype(np.int64)
