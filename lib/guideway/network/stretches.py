"""The assets of one track, as arrays: which asset is at which chainage, and what it is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stretch:
    """An asset that occupies a stretch of a track (or one point of it, where ``from_m == to_m``)."""

    asset_id: str
    asset_type: str
    line_id: str
    track_id: str
    mode: str
    from_m: float
    to_m: float
    speed_kmh: float
    curvature_per_km: float = 0.0
    cant_mm: float = 0.0
    structure: str = "earthwork"
    track_form: str = "ballasted"
    drainage: str | None = None
    receiver_zone: str | None = None
    time_zone: str = "UTC"
    attributes: Mapping[str, str] = field(default_factory=dict)
