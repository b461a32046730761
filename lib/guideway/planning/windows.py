"""Possession windows of lines and shifts of depots: one a week, from data, in UTC."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from guideway.errors import ConfigurationError
from guideway.planning.catalogue import ANY, Catalogue

DEPOT = "depot"
"""Mode of the window in which assets that move are worked on: no track is taken."""


def window_of(catalogue: Catalogue, line_id: str, mode: str) -> pd.Series:
    """The window row of a line: its own, else its mode's, else the general one; of a depot, no row but a depot's.

    Raises:
        ConfigurationError: no row applies.
    """
    windows = catalogue.windows
    ranked = ((line_id, mode), (line_id, ANY), (ANY, mode), (ANY, ANY))
    for wanted_line, wanted_mode in ranked[::2] if mode == DEPOT else ranked:
        found = windows[(windows["line_id"] == wanted_line) & (windows["mode"] == wanted_mode)]
        if not found.empty:
            return found.iloc[0]
    raise ConfigurationError(f"windows.csv: no row for line {line_id!r} or mode {mode!r}")


def window_starts(row: pd.Series, time_zone: str, as_of: date, weeks: int) -> npt.NDArray[np.datetime64]:
    """Starts of the weekly windows after the day ``as_of``, UTC, to the minute, shape (weeks,).

    Raises:
        ConfigurationError: the row's weekday or time is none.
    """
    try:
        at = time.fromisoformat(str(row["start_local"]))
    except ValueError as error:
        raise ConfigurationError(f"windows.csv, column 'start_local': {row['start_local']!r} is no time") from error
    weekday = int(row["weekday"])
    if not 1 <= weekday <= 7:
        raise ConfigurationError(f"windows.csv, column 'weekday': {weekday} is not 1 (Monday) to 7 (Sunday)")
    # two days on, so that no time zone puts the first window on the UTC day as_of itself
    earliest = as_of + timedelta(days=2)
    first = earliest + timedelta(days=(weekday - earliest.isoweekday()) % 7)
    zone = ZoneInfo(time_zone)
    days = (first + timedelta(weeks=week) for week in range(weeks))
    local = (datetime.combine(day, at, tzinfo=zone).astimezone(timezone.utc) for day in days)
    return np.array([start.replace(tzinfo=None) for start in local], dtype="datetime64[m]")
