"""When a recording started and when its samples were taken, from what a profile says and a file holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from guideway.archives.cells import clock_seconds
from guideway.archives.fields import SampleTimes, Time
from guideway.archives.table import RawTable
from guideway.archives.units import check_stated
from guideway.errors import DecodeError

F64 = npt.NDArray[np.float64]
_UNIX = {"unix_s": 1.0, "unix_ms": 1e-3, "unix_us": 1e-6, "unix_ns": 1e-9}
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def parse_time(text: str, formats: Sequence[str], zone: str) -> datetime:
    """An aware UTC time; local times that a clock change repeats are the earlier ones.

    Raises:
        DecodeError: ``unreadable_time``, or ``no_such_time`` for a local time a clock change skips.
    """
    for form in formats:
        try:
            if form in _UNIX:
                return _EPOCH + timedelta(seconds=float(text) * _UNIX[form])
            parsed = datetime.strptime(text.strip(), form)  # noqa: DTZ007 (the zone is added below)
        except (ValueError, OverflowError):
            continue
        return to_utc(parsed, zone)
    raise DecodeError("unreadable_time", f"{text[:60]!r} is not written as {' or '.join(formats)}")


def to_utc(moment: datetime, zone: str) -> datetime:
    """``moment`` in UTC; a naive one is in ``zone``."""
    if moment.tzinfo is not None:
        return moment.astimezone(timezone.utc)
    utc = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    if utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != moment:
        raise DecodeError("no_such_time", f"{moment:%Y-%m-%d %H:%M:%S} does not exist in {zone}")
    return utc


def sample_times(table: RawTable, time: Time) -> tuple[F64, datetime | None]:
    """Seconds of every sample, NaN where unreadable, and the moment second 0 is, where the samples say so.

    Raises:
        DecodeError: ``wrong_unit``, ``unknown_unit``: the column states another unit than the profile; ``clock_fault``,
            ``unreadable_time``, ``missing_column``.
    """
    samples = time.samples
    if samples is None:
        raise DecodeError("missing_column", "the profile names no column with times")
    if samples.unit == "datetime":
        return _datetimes(table.texts[samples.column], samples, time.zone)
    if samples.unit == "clock":
        seconds = clock_seconds(table.texts[samples.column])
        return _from_zero(seconds) / (1.0 + samples.rate_error), None
    check_stated(samples.column, table.units.get(samples.column) or None, samples.unit, samples.unit_label)
    raw = table.numbers[samples.column].astype(np.float64)
    if samples.epoch == "start":
        return raw * _SECONDS[samples.unit] / (1.0 + samples.rate_error), None
    finite = raw[np.isfinite(raw)]
    if finite.size == 0:
        return raw, None
    seconds = (raw - finite[0]) * _SECONDS[samples.unit] / (1.0 + samples.rate_error)
    try:
        return seconds, _EPOCH + timedelta(seconds=float(finite[0]) * _SECONDS[samples.unit])
    except OverflowError as error:
        raise DecodeError("clock_fault", f"time {finite[0]:g} {samples.unit} is no time since 1970") from error


def _datetimes(cells: pa.ChunkedArray, samples: SampleTimes, zone: str) -> tuple[F64, datetime | None]:
    stamps = pd.to_datetime(pd.Series(cells.to_pandas()), format=samples.format, errors="coerce")
    if stamps.dt.tz is None:
        stamps = stamps.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    stamps = stamps.dt.tz_convert("UTC")
    valid = stamps.notna().to_numpy()
    if not valid.any():
        raise DecodeError("unreadable_time", f"{str(cells[0])[:60]!r} is not written as {samples.format}")
    first = stamps[valid].iloc[0]
    seconds = np.asarray((stamps - first).dt.total_seconds(), dtype=np.float64)
    return seconds / (1.0 + samples.rate_error), first.to_pydatetime()


def _from_zero(seconds: F64) -> F64:
    finite = seconds[np.isfinite(seconds)]
    return seconds - finite[0] if finite.size else seconds
