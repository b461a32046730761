"""Kilometres of each line in the quality classes A to E of longitudinal level and alignment."""

from __future__ import annotations

import pandas as pd

from guideway.reporting.content import CLASSES, QUALITY_CLASS_COLUMNS

CLASS_INDICATORS = ("longitudinal_level_class", "alignment_class")
"""Indicators of ``gold.condition`` whose values 1 to 5 are the classes A to E."""


def km_by_class(conditions: pd.DataFrame, assets: pd.DataFrame) -> pd.DataFrame:
    """Kilometres by line, indicator and class, each section counted once, by its newest good value.

    Args:
        conditions: columns of ``gold.condition``; other indicators are left out.
        assets: ``asset_id``, ``from_m`` and ``to_m``; a section without chainage has no length and is left out.

    Returns:
        Columns ``QUALITY_CLASS_COLUMNS``, a row for each line and indicator; km.
    """
    wanted = conditions["indicator"].isin(CLASS_INDICATORS) & (conditions["quality"] == "good")
    newest = (
        conditions[wanted]
        .sort_values("measured_at", kind="stable")
        .drop_duplicates(["asset_id", "indicator"], keep="last")
    )
    sections = assets.drop_duplicates("asset_id")[["asset_id", "from_m", "to_m"]].dropna()
    rows = newest.merge(sections, on="asset_id")
    rows = rows.assign(km=(rows["to_m"] - rows["from_m"]).astype(float) / 1000.0)
    rows["quality_class"] = rows["value"].astype(float).round().map(dict(enumerate(CLASSES, start=1)))
    keys = ["line_id", "indicator"]
    table = rows.pivot_table(index=keys, columns="quality_class", values="km", aggfunc="sum")
    return table.reindex(columns=list(CLASSES)).fillna(0.0).reset_index()[list(QUALITY_CLASS_COLUMNS)]
