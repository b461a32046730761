"""What a comparison of policies needs, out of the planner's data and the lake's frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guideway.planning.catalogue import Catalogue
from guideway.planning.needs import with_consequence
from guideway.planning.possessions import Possessions
from guideway.planning.replanning import Planner
from guideway.planning.replay import Case, Policy, SectionHistory, WorkData
from guideway.planning.windows import window_of

REPLAYED_WORK = "tamping"
_BLOCK = 10


def policies_of(catalogue: Catalogue) -> tuple[Policy, ...]:
    """The policies in the data."""
    columns = ["policy", "kind", "title", "interval_days", "inspection_days", "lead_days", "recording_cost_per_km"]
    return tuple(Policy(*row) for row in catalogue.policies[columns].itertuples(index=False, name=None))


def case_of(sections: pd.DataFrame, catalogue: Catalogue, indicator: str) -> Case:
    """What is replayed of the sections with a limit: at most the setting ``replay_sections``, in stretches of ten.

    Args:
        sections: line_id, mode, track_id, from_m, to_m, start, rate_per_year, sigma, limit, and restriction (may be
            missing).
        catalogue: works, machines, windows, costs: the same for every policy.
        indicator: what ``start`` is a value of.
    """
    rows = sections.dropna(subset=["start", "rate_per_year", "limit"]).sort_values(["line_id", "track_id", "from_m"])
    rows = _spread(rows.reset_index(drop=True), int(catalogue.number("replay_sections")))
    share = catalogue.number("restriction_share")
    rows = rows.assign(
        rate_per_year=rows["rate_per_year"].clip(lower=0.0),
        restriction=rows["restriction"].astype(float).fillna(share * rows["limit"]),
        sigma=rows["sigma"].fillna(rows["sigma"].median()).fillna(0.1),
    )
    planner = Planner(rows, indicator, REPLAYED_WORK, catalogue)
    work, possessions = _work(catalogue, indicator), _possessions(rows, catalogue)
    return Case(_history(rows, catalogue, indicator), work, possessions, planner)


def _spread(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` rows, taken in blocks of neighbours at even distances."""
    blocks = np.arange(len(rows)) // _BLOCK
    wanted = max(1, most // _BLOCK)
    if not len(rows) or blocks[-1] < wanted:
        return rows
    chosen = np.unique(np.linspace(0, blocks[-1], wanted).round())
    return rows[np.isin(blocks, chosen)].reset_index(drop=True)


def _history(rows: pd.DataFrame, catalogue: Catalogue, indicator: str) -> SectionHistory:
    ranks = rows["rate_per_year"].groupby(rows["line_id"]).rank(pct=True)
    words = np.where(ranks <= 1 / 3, "slow", np.where(ranks <= 2 / 3, "medium", "fast"))
    facts = rows[["mode"]].assign(indicator=indicator)
    mild, severe = (with_consequence(facts.assign(severity=severity), catalogue) for severity in (1, 2))
    return SectionHistory(
        start=rows["start"].to_numpy(float),
        rate_per_year=rows["rate_per_year"].to_numpy(float),
        sigma=rows["sigma"].to_numpy(float),
        limit=rows["limit"].to_numpy(float),
        restriction=rows["restriction"].to_numpy(float),
        cost_beyond=mild["cost_per_day"].to_numpy(float),
        cost_restricted=severe["cost_per_day"].to_numpy(float),
        delay_restricted=severe["delay_per_day"].to_numpy(float),
        length_m=(rows["to_m"] - rows["from_m"]).to_numpy(float),
        line=tuple(str(line) for line in rows["line_id"]),
        growth=tuple(str(word) for word in words),
    )


def _work(catalogue: Catalogue, indicator: str) -> WorkData:
    work = catalogue.works.set_index("work_type").loc[REPLAYED_WORK]
    machine = catalogue.machines.set_index("machine").loc[str(work["machine"])]
    helps = (catalogue.remedies["indicator"] == indicator) & (catalogue.remedies["work_type"] == REPLAYED_WORK)
    effect = float(catalogue.remedies.loc[helps, "effect_share"].max())
    return WorkData(
        effect=effect,
        spread=effect / 3.0,
        memory=catalogue.number("memory"),
        site_cost=float(work["cost_per_site"]),
        cost_per_m=float(work["cost_per_m"]),
        mobilisation=float(machine["mobilisation_cost"]),
    )


def _possessions(rows: pd.DataFrame, catalogue: Catalogue) -> Possessions:
    work = catalogue.works.set_index("work_type").loc[REPLAYED_WORK]
    machine = catalogue.machines.set_index("machine").loc[str(work["machine"])]
    lines = rows[["line_id", "mode"]].drop_duplicates("line_id")
    windows = [window_of(catalogue, str(r.line_id), str(r.mode)) for r in lines.itertuples()]
    gap = (rows["from_m"] - rows["to_m"].shift()).to_numpy(float)
    place = rows[["line_id", "track_id"]]
    same = (place == place.shift()).all(axis=1).to_numpy(bool)
    number = {line_id: k for k, line_id in enumerate(lines["line_id"])}
    return Possessions(
        line=rows["line_id"].map(number).to_numpy(np.int64),
        follows=same & (np.nan_to_num(gap, nan=np.inf) <= float(work["merge_gap_m"])),
        minutes=(rows["to_m"] - rows["from_m"]).to_numpy(float) * 60.0 / float(work["metres_per_hour"]),
        site_minutes=float(work["site_minutes"]),
        window_minutes=np.array([float(window["minutes"]) for window in windows]),
        teams=np.array([int(window["teams"]) for window in windows], dtype=np.int64),
        machines=min(int(machine["count"]), int(catalogue.number("crew") // float(machine["crew"]))),
    )
