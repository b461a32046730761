"""MiniSEED files of seismic and vibration networks: one table a gapless stretch of a rate."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import timezone
from typing import Any

import numpy as np

from guideway.archives.isolated import isolated
from guideway.archives.pick import check_size, pick
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import RawTable
from guideway.errors import DecodeError


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of a miniSEED file; traces that start together and have one rate and length share a table.

    Raises:
        DecodeError: ``missing_column``, ``corrupt_file``, ``truncated``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # obspy's own imports warn
        from obspy.io.mseed.core import _read_mseed  # noqa: PLC0415 (a second to import)

    path = member.path()
    check_size(16 * path.stat().st_size, profile.container)
    try:
        stream = isolated(_strictly, _read_mseed, str(path))
    except UserWarning as warning:
        raise DecodeError("truncated", " ".join(str(warning).split())[:200]) from warning
    stream.merge(method=-1)
    chosen = pick(sorted({_code(trace) for trace in stream}), profile)
    tables: dict[tuple[float, int, float], list[Any]] = {}
    for trace in stream:
        if _code(trace) in chosen:
            key = (trace.stats.starttime.timestamp, trace.stats.npts, trace.stats.delta)
            tables.setdefault(key, []).append(trace)
    for (_, n, step), traces in sorted(tables.items(), key=lambda item: item[0]):
        numbers = {chosen[_code(trace)]: np.asarray(trace.data).astype(np.float64) for trace in traces}
        stats = traces[0].stats
        metadata = {"network": stats.network, "station": stats.station, "location": stats.location}
        started_at = stats.starttime.datetime.replace(tzinfo=timezone.utc)
        yield RawTable(numbers, n, metadata=metadata, step=step, started_at=started_at, name=stats.station)


def _strictly(read_file: Callable[[str], Any], path: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_file(path)


def _code(trace: Any) -> str:
    return f"{trace.stats.station}.{trace.stats.location}.{trace.stats.channel}"
