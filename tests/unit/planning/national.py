"""A made-up national network: twenty lines of 500 sections, six in ten of which need something within the year."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import norm

from guideway.planning.build import Planning, build_planning
from guideway.planning.catalogue import load_catalogue
from guideway.planning.needs import NetworkFacts

AS_OF = date(2025, 12, 29)
LIMITS = (("longitudinal_level_sd", "AL", 1), ("longitudinal_level_sd", "IL", 2), ("corrugation_level", "AL", 1),
          ("gauge_sd", "IL", 2), ("twist_3m_peak", "IAL", 3))  # fmt: skip
SHARES = (0.45, 0.10, 0.12, 0.03, 0.016)
"""Share of the sections that come near each of the limits within the year."""


def national(lines: int = 20, sections: int = 500, seed: int = 1, money: float = 1_000_000.0) -> Planning:
    """The planning problem of a network with plant and staff in proportion to its lines.

    Args:
        lines: lines of the network.
        sections: sections of 200 m of each line, on two tracks.
        seed: of the forecasts.
        money: budget of a line's year.
    """
    rng = np.random.default_rng(seed)
    n = lines * sections
    line = np.repeat([f"L{k:02}" for k in range(lines)], sections)
    place = np.tile(np.arange(sections) % (sections // 2) * 200.0, lines)
    assets = pd.DataFrame({"asset_id": [f"A{k:05}" for k in range(n)], "asset_type": "track_section", "line_id": line})
    assets["track_id"] = np.tile(np.where(np.arange(sections) < sections // 2, "1", "2"), lines)
    assets["from_m"], assets["to_m"], assets["name"] = place, place + 200.0, assets["asset_id"]
    # what is worn comes in stretches: a slow wave along the line, the same for every limit
    wave = np.convolve(rng.normal(size=n + 14), np.ones(15) / np.sqrt(15.0), "valid")
    frames = []
    for (indicator, level, _), share in zip(LIMITS, SHARES, strict=True):
        near = np.flatnonzero(0.7 * wave + np.sqrt(0.51) * rng.normal(size=n) > norm.ppf(1.0 - share))
        frames.append(_forecasts(assets.iloc[near], indicator, level, rng))
    catalogue = load_catalogue(None)
    settings = catalogue.settings.copy()
    for name, value in (("budget", money * lines), ("crew", 6.0 * lines)):
        settings.loc[settings["name"] == name, "value"] = str(value)
    machines = catalogue.machines.assign(count=(catalogue.machines["count"].astype(int) * lines // 3).clip(lower=1))
    facts = NetworkFacts(
        lines=pd.DataFrame({"line_id": sorted(set(line)), "mode": "conventional", "rulebook_id": "book"}).assign(
            time_zone="Europe/Helsinki"
        ),
        assets=assets,
        sections=pd.DataFrame({"asset_id": assets["asset_id"], "track_form": "ballasted"}),
        limits=pd.DataFrame(LIMITS, columns=["indicator", "level", "severity"]).assign(rulebook_id="book"),
        directions={},
        titles={},
    )
    no_risk = pd.DataFrame({"asset_id": [], "target": [], "score": []}).astype({"asset_id": str, "target": str})
    changed = dataclasses.replace(catalogue, settings=settings, machines=machines)
    return build_planning(pd.concat(frames, ignore_index=True), no_risk, facts, changed, AS_OF)


def _forecasts(near: pd.DataFrame, indicator: str, level: str, rng: np.random.Generator) -> pd.DataFrame:
    """Log-normal days of crossing, half of them within half a year."""
    median, spread = rng.uniform(20.0, 400.0, len(near)), rng.uniform(0.1, 0.35, len(near))
    rows = near[["asset_id", "line_id"]].assign(indicator=indicator, level=level, limit=2.0, unit="mm", level_now=1.8)
    for name, z in (("days_p10", -1.2816), ("days_p50", 0.0), ("days_p90", 1.2816)):
        rows[name] = median * np.exp(z * spread)
    for weeks in (4, 13, 26, 52):
        rows[f"probability_{weeks}w"] = norm.cdf(np.log(7 * weeks / median) / spread)
    return rows
