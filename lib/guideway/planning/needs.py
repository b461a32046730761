"""What needs work: forecast rows that matter, the remedy of each, and the cost of leaving them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guideway.planning.catalogue import ANY, Catalogue

INSPECTION = "inspection"
_DEFAULT_SEVERITY = {"AL": 1, "IL": 2, "IAL": 3}
_SEVERE = 3


@dataclass(frozen=True)
class NetworkFacts:
    """Frames the planner knows the network by; columns as in the contracts of reference tables.

    Attributes:
        lines: line_id, mode, rulebook_id, time_zone.
        assets: asset_id, asset_type, line_id, track_id, from_m, to_m, name.
        sections: asset_id, track_form.
        limits: rulebook_id, indicator, level, severity.
        directions: +1 where an indicator is worse when higher, -1 when lower.
        titles: what people call an indicator.
    """

    lines: pd.DataFrame
    assets: pd.DataFrame
    sections: pd.DataFrame
    limits: pd.DataFrame
    directions: Mapping[str, int]
    titles: Mapping[str, str]


def find_needs(forecasts: pd.DataFrame, risk: pd.DataFrame, facts: NetworkFacts, catalogue: Catalogue) -> pd.DataFrame:
    """Forecast rows worth a decision, each with its severity, remedy, effect and cost a day beyond the limit.

    Left out: rows less likely to cross within the year than the setting ``least_probability``, assets with a track or a
    chainage but not both, and values that stand at their limit without being beyond it.

    Returns:
        Rows of ``forecasts`` with asset facts and ``severity``, ``work_type``, ``effect``, ``cost_per_day``,
        ``delay_per_day`` and ``score`` (champion model, missing where it has none), in order of place. Assets that move
        (magnets, vehicles) have no ``from_m`` and ``to_m``, an empty ``track_id``, and stand first in their line.
    """
    likely = forecasts[forecasts["probability_52w"].fillna(0.0) >= catalogue.number("least_probability")]
    located = facts.assets[facts.assets["track_id"].notna() == facts.assets["from_m"].notna()]
    rows = (
        likely.merge(located.drop(columns="line_id"), on="asset_id")
        .merge(facts.sections[["asset_id", "track_form"]], on="asset_id", how="left")
        .merge(facts.lines[["line_id", "mode", "rulebook_id"]], on="line_id")
    )
    rows[["from_m", "to_m"]] = rows[["from_m", "to_m"]].astype(float)
    rows["to_m"] = rows["to_m"].fillna(rows["from_m"])
    rows["track_id"] = rows["track_id"].fillna("").astype(str)
    rows["track_form"] = rows["track_form"].fillna(ANY)
    rows["sign"] = rows["indicator"].map(dict(facts.directions)).fillna(1).astype(int)
    # standing exactly at a limit that only being beyond breaks is not a crossing
    rows = rows[~((rows["level_now"] == rows["limit"]) & (rows["days_p90"] == 0.0))]
    worst = facts.limits.groupby(["rulebook_id", "indicator", "level"])["severity"].max().reset_index()
    rows = rows.merge(worst, on=["rulebook_id", "indicator", "level"], how="left")
    rows["severity"] = rows["severity"].fillna(rows["level"].map(_DEFAULT_SEVERITY)).fillna(2).astype(int)
    rows["target"] = "exceeds_" + rows["level"].str.lower() + "_13w:" + rows["indicator"]
    rows = rows.merge(risk[["asset_id", "target", "score"]], on=["asset_id", "target"], how="left")
    rows = _with_remedy(rows.reset_index(drop=True), catalogue)
    rows = with_consequence(rows, catalogue)
    order = ["line_id", "track_id", "work_type", "from_m", "to_m", "asset_id", "indicator", "severity"]
    return rows.sort_values(order, kind="stable").reset_index(drop=True)


def _with_remedy(rows: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """The first remedy that brings each row back within its limit; an inspection where none does and it matters."""
    ranked = catalogue.remedies.sort_values("rank", kind="stable")
    remedies = ranked.to_dict("records")
    chosen, effects = [], []
    columns = ["indicator", "asset_type", "track_form", "level_now", "limit", "sign"]
    for name, asset_type, form, level, limit, sign in rows[columns].itertuples(index=False, name=None):
        work_type, effect = INSPECTION, 0.0
        for remedy in remedies:
            applies = (
                remedy["indicator"] == name
                and remedy["asset_type"] in (ANY, asset_type)
                and remedy["track_form"] in (ANY, form)
            )
            change = remedy["effect_shift"] - remedy["effect_share"] * level * sign
            if applies and sign * (level + change - limit) <= 0.0:
                work_type, effect = str(remedy["work_type"]), change
                break
        chosen.append(work_type)
        effects.append(effect)
    rows = rows.assign(work_type=chosen, effect=effects)
    helped = rows[rows["work_type"] != INSPECTION].set_index(["asset_id", "indicator"]).index
    again = pd.MultiIndex.from_frame(rows[["asset_id", "indicator"]]).isin(helped)
    idle = (rows["work_type"] == INSPECTION) & (again | (rows["severity"] == 1))
    return rows[~idle].reset_index(drop=True)


def with_consequence(rows: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Rows (mode, indicator, severity) with ``cost_per_day``, delay included, and ``delay_per_day`` in minutes."""
    columns = ["mode", "indicator", "severity", "cost_per_day", "delay_minutes_per_day"]
    table = {
        (mode, name, int(severity)): (daily, minutes)
        for mode, name, severity, daily, minutes in catalogue.consequences[columns].itertuples(index=False, name=None)
    }
    minute = catalogue.number("delay_minute_cost")
    cost, delay = np.zeros(len(rows)), np.zeros(len(rows))
    wanted = rows[["mode", "indicator", "severity"]].itertuples(index=False, name=None)
    for i, (own_mode, own_name, severity) in enumerate(wanted):
        for mode, name in ((own_mode, own_name), (ANY, own_name), (own_mode, ANY), (ANY, ANY)):
            if (mode, name, severity) in table:
                daily, delay[i] = table[mode, name, severity]
                cost[i] = daily + minute * delay[i]
                break
    return rows.assign(cost_per_day=cost, delay_per_day=delay)


def is_severe(severity: pd.Series) -> pd.Series:
    """Whether a limit is one of safety, which the plan must keep."""
    return severity >= _SEVERE
