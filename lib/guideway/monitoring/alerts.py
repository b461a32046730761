"""From an exceedance to an alert: who has to do something about it, and how soon."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

Layer = Literal["act", "plan"]

ACT_SEVERITY = 2
"""From this severity on somebody inspects within days; the weekly report draws its line at the same place."""


def layer_of(severity: int) -> Layer:
    """Whether an exceedance of this severity is for the next days or for the work list."""
    return "act" if severity >= ACT_SEVERITY else "plan"


def alert_id(recording_id: str, indicator: str, asset_id: str, from_m: float) -> str:
    """Identity of an alert: 32 hexadecimal digits of a hash of recording, indicator and place.

    A recording is named by its bytes, so the same bytes raise the same alerts however often they are delivered.
    """
    text = "/".join((recording_id, indicator, asset_id, repr(float(from_m))))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def alerts_of(exceedances: Iterable[Mapping[str, Any]], raised_at: datetime) -> dict[str, dict[str, Any]]:
    """Rows of ``gold.live_alert`` by their id; of several exceedances of one place the most severe one.

    Args:
        exceedances: rows of ``gold.exceedance``.
        raised_at: the moment of writing, UTC.
    """
    alerts: dict[str, dict[str, Any]] = {}
    for row in sorted(exceedances, key=lambda row: int(row["severity"])):
        identity = alert_id(row["recording_id"], row["indicator"], row["asset_id"], row["from_m"])
        kept = {name: row[name] for name in _KEPT}
        found = {"alert_id": identity, "raised_at": raised_at, "value": row["peak"]}
        alerts[identity] = kept | found | {"layer": layer_of(int(row["severity"]))}
    return alerts


_KEPT = ("recording_id", "asset_id", "indicator", "line_id", "measured_at", "severity", "limit", "unit", "reason")
