"""Guideway's own planner inside a replay: forecasts of the day, the planning problem, the works of its first weeks."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from guideway.planning.belief import Belief, Bools, Floats
from guideway.planning.build import build_planning
from guideway.planning.catalogue import Catalogue
from guideway.planning.crossing import HORIZONS
from guideway.planning.greedy import greedy, polish
from guideway.planning.needs import NetworkFacts
from guideway.planning.problem import NEVER, Ints

START = date(2024, 1, 1)
"""Day of the first week: windows want a calendar; no result depends on which."""

QUANTILES = ((0.1, "days_p10"), (0.5, "days_p50"), (0.9, "days_p90"))
_AHEAD = np.arange(0.0, 3 * 364.0 + 1.0, 14.0)
_ROUNDS = 3
"""Rounds of moving single works: a plan is made a hundred times, and only its first weeks count."""


class Planner:
    """Plans a replayed network as ``guideway plan`` plans a real one, with the same catalogue."""

    def __init__(self, sections: pd.DataFrame, indicator: str, work_type: str, catalogue: Catalogue) -> None:
        """Sections to plan for.

        Args:
            sections: line_id, track_id, mode, from_m, to_m, limit (planning level) and restriction (intervention
                level), in order of place.
            indicator: what is forecast.
            work_type: the work that is replayed; others a plan proposes (inspections) change nothing.
            catalogue: works, machines, windows, costs.
        """
        self._catalogue, self._work_type = catalogue, work_type
        names = [str(k) for k in range(len(sections))]
        assets = sections[["line_id", "track_id", "from_m", "to_m"]].assign(
            asset_id=names, asset_type="track_section", name=names
        )
        lines = sections[["line_id", "mode"]].drop_duplicates("line_id").assign(rulebook_id="", time_zone="UTC")
        levels = [("", indicator, "AL", 1), ("", indicator, "IL", 2)]
        self._facts = NetworkFacts(
            lines=lines,
            assets=assets,
            sections=pd.DataFrame({"asset_id": names, "track_form": "ballasted"}),
            limits=pd.DataFrame(levels, columns=["rulebook_id", "indicator", "level", "severity"]),
            directions={},
            titles={},
        )
        self._risk = pd.DataFrame({"asset_id": [], "target": [], "score": []}).astype({"asset_id": str, "target": str})
        limits = sections[["limit", "restriction"]].to_numpy(float)
        self._limits = {"AL": limits[:, 0], "IL": limits[:, 1]}
        self._rows = assets[["asset_id", "line_id"]].assign(indicator=indicator, unit="")

    def works(self, belief: Belief, since: Floats, is_open: Bools, week: int) -> Ints:
        """Weeks from the possession of ``week`` to the work of each section, ``NEVER`` without one, shape (n,).

        Args:
            belief: what is known when the plan is made.
            since: days from the last work of each section to that possession, shape (n,).
            is_open: sections that may be planned: no work of an earlier plan awaits them, shape (n,).
            week: the first week with a possession to plan.
        """
        # the first window of a plan lies two to eight days after its day
        as_of = START + timedelta(weeks=week - 1)
        forecasts = self._forecasts(belief, since - 7.0, is_open & belief.known)
        planning = build_planning(forecasts, self._risk, self._facts, self._catalogue, as_of)
        weeks = np.full(len(since), NEVER, dtype=np.int64)
        done = polish(planning.problem, greedy(planning.problem), _ROUNDS)
        for names, kind, at in zip(planning.tasks["asset_ids"], planning.tasks["work_type"], done, strict=True):
            if kind == self._work_type and at != NEVER:
                weeks[[int(name) for name in names]] = at
        return weeks

    def _forecasts(self, belief: Belief, since: Floats, wanted: Bools) -> pd.DataFrame:
        """What ``gold.limit_forecast`` would say of the sections ``wanted``."""
        mean, _ = belief.level(since)
        frames = []
        for level, limit in self._limits.items():
            chance = np.maximum.accumulate(belief.crossing(limit, since + _AHEAD[:, None]), axis=0)
            rows = self._rows.assign(level=level, limit=limit, level_now=mean)
            for share, name in QUANTILES:
                first = (chance >= share).argmax(axis=0)
                rows[name] = np.where(chance[-1] >= share, _AHEAD[first], np.nan)
            for days, name in HORIZONS:
                rows[name] = chance[int(np.searchsorted(_AHEAD, days))]
            frames.append(rows[wanted])
        return pd.concat(frames, ignore_index=True)
