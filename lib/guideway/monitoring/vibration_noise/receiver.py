"""Where a fixed sensor stands: its zone, its local clock, its class in the rule book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.network.stretches import Stretch

PERIODS = ("day", "night")
ANY_CLASS = "*"
_OUTDOORS = ("wayside", "outdoors")
_DAY_HOURS = range(6, 22)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A place that vibration and noise reach."""

    asset_id: str
    stretch: Stretch | None
    time_zone: ZoneInfo

    @property
    def speed_kmh(self) -> float:
        """Permitted speed on the track beside it, 0 where unknown."""
        return self.stretch.speed_kmh if self.stretch else 0.0

    @property
    def is_outdoors(self) -> bool:
        """Whether the asset's attribute ``place`` says that it stands beside the track, not in a building."""
        return self.stretch is not None and self.stretch.attributes.get("place") in _OUTDOORS

    def asset_class(self, indicator: str, passages_a_day: float | None = None) -> str:
        """Class of the rule book for one indicator."""
        return asset_class(self.stretch, indicator, passages_a_day) if self.stretch else ANY_CLASS

    def periods(self, started_at: datetime, offsets_s: npt.ArrayLike) -> npt.NDArray[np.str_]:
        """``day`` (06-22) or ``night`` by the local clock, for moments after a start, shape (n,)."""
        return local_periods(started_at, offsets_s, self.time_zone)


def find_receiver(recording: Recording, stretches: Sequence[Stretch]) -> Receiver:
    """The receiver a fixed sensor's recording belongs to; without a stretch of its own it has no zone."""
    asset_id = recording.asset_id or recording.vehicle_or_sensor_id
    own = next((stretch for stretch in stretches if stretch.asset_id == asset_id), None)
    zone = own.time_zone if own else next((s.time_zone for s in stretches if s.line_id == recording.line_id), "UTC")
    return Receiver(asset_id, own, _zone_info(zone))


def asset_class(stretch: Stretch, indicator: str, passages_a_day: float | None = None) -> str:
    """Asset class the limits of an indicator are filed under for this receiver.

    Usually the receiver zone (``residential``, ``mixed``, ...). KB limits of surface urban railways are 1.5 times the
    table (DIN 4150-2:1999, 6.5.3 [S37]): ``<zone>.surface`` outside tunnels. FTA limits depend on how many trains pass
    a day: ``<zone>.frequent`` (also where unknown), ``.occasional``, ``.infrequent``.
    """
    zone = stretch.receiver_zone or ANY_CLASS
    if zone == ANY_CLASS:
        return zone
    if indicator.startswith("kb_"):
        return zone if stretch.structure == "tunnel" else f"{zone}.surface"
    if indicator == "vibration_velocity_level":
        if passages_a_day is None or passages_a_day > 70:
            return f"{zone}.frequent"
        return f"{zone}.occasional" if passages_a_day >= 30 else f"{zone}.infrequent"
    return zone


def local_periods(started_at: datetime, offsets_s: npt.ArrayLike, time_zone: ZoneInfo) -> npt.NDArray[np.str_]:
    """``day`` or ``night`` by a local clock (summer time included); a naive start is taken as UTC."""
    start = started_at if started_at.tzinfo else started_at.replace(tzinfo=timezone.utc)
    hours = [
        (start + timedelta(seconds=float(offset))).astimezone(time_zone).hour for offset in np.atleast_1d(offsets_s)
    ]
    return np.array(["day" if hour in _DAY_HOURS else "night" for hour in hours], dtype=np.str_)


def _zone_info(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
