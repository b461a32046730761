"""What a comparison of policies needs, out of the planner's data and the lake's frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guideway.planning.catalogue import ANY, Catalogue
from guideway.planning.replay import Policy, SectionHistory, WorkData


def policies_of(catalogue: Catalogue) -> tuple[Policy, ...]:
    """The policies in the data."""
    columns = ["policy", "kind", "title", "interval_days", "inspection_days", "lead_days", "join_days"]
    columns.append("recording_cost_per_km")
    return tuple(Policy(*row) for row in catalogue.policies[columns].itertuples(index=False, name=None))


def work_data(catalogue: Catalogue, mode: str, indicator: str = "longitudinal_level_sd") -> WorkData:
    """Effect and cost of tamping, and of a restriction, from the same data the plan uses."""
    work = catalogue.works.set_index("work_type").loc["tamping"]
    machine = catalogue.machines.set_index("machine").loc[str(work["machine"])]
    remedies = catalogue.remedies
    effect = float(
        remedies.loc[(remedies["indicator"] == indicator) & (remedies["work_type"] == "tamping"), "effect_share"].max()
    )
    costs = catalogue.consequences[catalogue.consequences["indicator"] == ANY]
    costs = costs[costs["mode"].isin([mode, ANY])].sort_values("mode")  # a mode's own row comes last
    mild, cost = costs[costs["severity"] == 1].iloc[-1], costs[costs["severity"] == 2].iloc[-1]
    return WorkData(
        effect=effect,
        spread=effect / 3.0,
        memory=catalogue.number("memory"),
        site_cost=float(work["cost_per_site"]) + float(machine["mobilisation_cost"]),
        site_minutes=float(work["site_minutes"]),
        cost_per_m=float(work["cost_per_m"]),
        minutes_per_m=60.0 / float(work["metres_per_hour"]),
        cost_per_day=float(cost["cost_per_day"])
        + catalogue.number("delay_minute_cost") * float(cost["delay_minutes_per_day"]),
        delay_per_day=float(cost["delay_minutes_per_day"]),
        cost_beyond=float(mild["cost_per_day"]),
        alpha=catalogue.number("replay_alpha"),
    )


def history_of(sections: pd.DataFrame, restriction_share: float) -> SectionHistory:
    """The history of sections with a limit, from frames.

    Args:
        sections: line_id, track_id, from_m, to_m, start, rate_per_year, sigma, limit, and restriction (may be missing).
        restriction_share: level of a restriction as a multiple of the limit, where ``restriction`` is missing.
    """
    rows = sections.dropna(subset=["start", "rate_per_year", "limit"]).sort_values(["line_id", "track_id", "from_m"])
    rate = rows["rate_per_year"].clip(lower=0.0)
    ranks = rate.groupby(rows["line_id"]).rank(pct=True)
    words = np.where(ranks <= 1 / 3, "slow", np.where(ranks <= 2 / 3, "medium", "fast"))
    tracks = rows["line_id"].astype(str) + "|" + rows["track_id"].astype(str)
    return SectionHistory(
        start=rows["start"].to_numpy(float),
        rate_per_year=rate.to_numpy(float),
        sigma=rows["sigma"].fillna(rows["sigma"].median()).fillna(0.1).to_numpy(float),
        limit=rows["limit"].to_numpy(float),
        restriction=rows["restriction"].fillna(restriction_share * rows["limit"]).to_numpy(float),
        track=np.unique(tracks, return_inverse=True)[1].astype(np.int64),
        length_m=(rows["to_m"] - rows["from_m"]).to_numpy(float),
        line=tuple(str(line) for line in rows["line_id"]),
        growth=tuple(str(word) for word in words),
    )
