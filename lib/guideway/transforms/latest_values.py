"""How the network stands: the latest good value of every section and indicator."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def latest_section_values(
    conditions: DataFrame,
    valid_recordings: DataFrame,
    assets: DataFrame,
    lines: DataFrame,
    *,
    mode: str,
    indicators: Sequence[str],
    until: Column,
) -> DataFrame:
    """One row a track section and indicator: its latest good value before ``until``.

    Args:
        conditions: rows of gold.condition.
        valid_recordings: rows of bronze.recording that count, one a run.
        assets: rows of reference.asset.
        lines: rows of reference.line.
        mode: mode of the lines whose sections are asked for.
        indicators: names of the indicators.
        until: values from this moment on are not known yet.

    Returns:
        Columns asset_id, indicator, unit, value.
    """
    sections = assets.where("asset_type = 'track_section'").join(
        F.broadcast(lines.where(F.col("mode") == mode).select("line_id")), "line_id", "left_semi"
    )
    usable = (
        conditions.where(F.col("indicator").isin(list(indicators)))
        .where((F.col("measured_at") < until) & (F.col("quality") == "good"))
        .join(valid_recordings.select("recording_id"), "recording_id", "left_semi")
        .join(sections.select("asset_id"), "asset_id", "left_semi")
    )
    latest = F.max_by("value", F.struct("measured_at", "recording_id")).alias("value")
    return usable.groupBy("asset_id", "indicator", "unit").agg(latest)
