"""The network of the reference tables, as tasks take it."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from guideway.network.stretches import Stretch
from guideway.network.tracks import Network
from guideway.threads import in_threads

LINE_FACTS = ("line_id", "mode", "time_zone", "rulebook_id")
SECTION_FACTS = (
    "asset_id",
    "speed_kmh",
    "curvature_per_km",
    "cant_mm",
    "structure",
    "track_form",
    "drainage",
    "receiver_zone",
)
ASSET_FACTS = ("asset_id", "asset_type", "line_id", "track_id", "from_m", "to_m", "attributes")
"""Columns of the reference tables a network is made of."""

_USUAL = {
    "track_id": "",
    "from_m": 0.0,
    "speed_kmh": 0.0,
    "curvature_per_km": 0.0,
    "cant_mm": 0.0,
    "structure": "earthwork",
    "track_form": "ballasted",
}


def load_network(lines: DataFrame, sections: DataFrame, assets: DataFrame) -> Network:
    """The network of the tables ``reference.line``, ``section`` and ``asset``."""
    told = (lines.select(*LINE_FACTS), sections.select(*SECTION_FACTS), assets.select(*ASSET_FACTS))
    return network_of(*in_threads(methodcaller("toPandas"), told))


def network_of(lines: pd.DataFrame, sections: pd.DataFrame, assets: pd.DataFrame) -> Network:
    """Every asset with a place, with what its stretch of track is like.

    An asset without a row of ``reference.section`` (a receiver, a magnet) takes its facts from its line.

    Args:
        lines: columns ``LINE_FACTS``.
        sections: columns ``SECTION_FACTS``.
        assets: columns ``ASSET_FACTS``.
    """
    rows = assets.merge(sections, on="asset_id", how="left").merge(lines.drop(columns="rulebook_id"), on="line_id")
    attributes = [dict(found) if found is not None else {} for found in rows["attributes"]]
    rows = rows.drop(columns="attributes").fillna(_USUAL)
    rows["to_m"] = rows["to_m"].fillna(rows["from_m"])
    columns: dict[str, list[Any]] = {name: _plain(rows[name]) for name in rows.columns}
    columns["receiver_zone"] = [
        own.get("receiver_zone") if zone is None else zone
        for zone, own in zip(columns["receiver_zone"], attributes, strict=True)
    ]
    names = list(columns)
    stretches = [
        Stretch(**dict(zip(names, values, strict=True)), attributes=own)
        for *values, own in zip(*columns.values(), attributes, strict=True)
    ]
    return Network.of(stretches, dict(zip(lines["line_id"], _plain(lines["rulebook_id"]), strict=True)))


def _plain(column: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]
