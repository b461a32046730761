"""A national network: the sample repeated until it has as many sections as wanted, each copy a line of its own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent, StripMap


def tiled(content: ReportContent, copies: int, rng: np.random.Generator) -> ReportContent:
    """``copies`` times the network, values shaken a little so that they do not compress better than real ones."""
    changes: dict[str, object] = {}
    for field in dataclasses.fields(content):
        frame = getattr(content, field.name)
        if isinstance(frame, pd.DataFrame) and field.name not in {
            "limits",
            "forecast_scorecard",
            "work_plan",
            "maintenance_plan",
            "deferral",
            "policy_comparison",
        }:
            changes[field.name] = pd.concat([_copy(frame, k, rng) for k in range(copies)], ignore_index=True)
    changes["strip_maps"] = tuple(_strip(strip, k, rng) for k in range(copies) for strip in content.strip_maps)
    return dataclasses.replace(content, **changes)  # type: ignore[arg-type]


def _copy(frame: pd.DataFrame, k: int, rng: np.random.Generator) -> pd.DataFrame:
    new = frame.copy()
    for name in ("asset_id", "line_id", "recording_id"):
        if name in new.columns:
            new[name] = new[name].astype(str) + f"-{k:04d}"
    for name in ("level_now", "rate_per_year", "sigma", "days_p10", "days_p50", "days_p90"):
        if name in new.columns:
            new[name] = new[name] * rng.uniform(0.9, 1.1, len(new))
    return new


def _strip(strip: StripMap, k: int, rng: np.random.Generator) -> StripMap:
    return dataclasses.replace(
        strip,
        line_id=f"{strip.line_id}-{k:04d}",
        asset_ids=tuple(f"{asset}-{k:04d}" for asset in strip.asset_ids),
        values=strip.values * rng.uniform(0.95, 1.05, strip.values.shape),
    )
