"""Times as the people of a line read them: in the line's time zone, with the zone's name."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent

UTC = "UTC"


def in_local_time(frame: pd.DataFrame, content: ReportContent, *columns: str) -> pd.DataFrame:
    """The frame with its times as wall-clock times of each row's line, and the zone's name as column ``zone``.

    Args:
        frame: has ``line_id`` and ``columns``: times in UTC, with or without a zone.
        content: ``lines`` has the zones. A line that is unknown, or whose zone no time zone database knows, keeps UTC.
        columns: columns of times.
    """
    lines = content.lines
    zones = dict(zip(lines["line_id"], map(_known, lines["time_zone"]), strict=True))
    zone = np.array([zones.get(line, UTC) for line in frame["line_id"]], dtype=object)
    told = {}
    for name in columns:
        stamps = pd.DatetimeIndex(pd.to_datetime(frame[name], utc=True))
        local = stamps.tz_localize(None).to_numpy().copy()
        for code in set(zone) - {UTC}:
            here = np.flatnonzero(zone == code)
            local[here] = stamps[here].tz_convert(code).tz_localize(None).to_numpy()
        told[name] = pd.Series(local, index=frame.index)
    return frame.assign(zone=pd.Series(zone, index=frame.index, dtype=object), **told)


@cache
def _known(zone: object) -> str:
    try:
        return ZoneInfo(str(zone)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
