"""NI TDMS files: channels with waveform properties, scaled as the writer states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import numpy as np
from nptdms import TdmsFile

from guideway.archives.pick import as_text, check_size, group_by_length, pick
from guideway.archives.pieces import pieces
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError

_UNITS = ("unit_string", "NI_UnitDescription", "Unit", "unit")


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of a TDMS file, one for each length and ``wf_increment``, long ones in pieces.

    Raises:
        DecodeError: ``missing_column``, ``truncated``, ``archive_bomb``.
    """
    with TdmsFile.open(member.path()) as file:
        metadata = {key: as_text(value) for key, value in file.properties.items()}
        channels: dict[str, Any] = {}
        for group in file.groups():
            metadata |= {f"{group.name}/{key}": as_text(value) for key, value in group.properties.items()}
            channels |= {f"{group.name}/{channel.name}": channel for channel in group.channels() if len(channel)}
        chosen = pick(list(channels), profile)
        _check_complete(file)
        check_size(sum(8 * len(channels[label]) for label in chosen), profile.container)
        for label in chosen:
            metadata |= {f"{label}/{key}": as_text(value) for key, value in channels[label].properties.items()}
        groups = group_by_length((label, len(channels[label]), _step(channels[label])) for label in chosen)
        for (n, step), labels in groups.items():
            units = {chosen[label]: unit for label in labels if (unit := _unit(channels[label])) is not None}
            started_at = _start(channels[labels[0]])
            for rows in pieces(n, len(labels), profile):
                numbers = {chosen[label]: _values(channels[label], rows) for label in labels}
                yield RawTable(
                    numbers, rows.stop - rows.start, units=units, metadata=metadata, step=step, started_at=started_at,
                    first_row=rows.start,
                )  # fmt: skip


def _values(channel: Any, rows: slice) -> Numbers:
    values = np.asarray(channel.read_data(rows.start, rows.stop - rows.start))
    if values.dtype.kind == "M":
        values = (values - np.datetime64(0, "s")) / np.timedelta64(1, "s")
    numbers: Numbers = values if values.dtype == np.float32 else values.astype(np.float64)
    return numbers


def _check_complete(file: Any) -> None:
    status = getattr(file, "file_status", None)
    if status is not None and status.incomplete_final_segment:
        raise DecodeError("truncated", "the last segment is not complete")


def _step(channel: Any) -> float | None:
    increment = channel.properties.get("wf_increment")
    return float(increment) if increment else None


def _unit(channel: Any) -> str | None:
    return next((as_text(channel.properties[key]) for key in _UNITS if channel.properties.get(key)), None)


def _start(channel: Any) -> datetime | None:
    stamp = channel.properties.get("wf_start_time")
    if stamp is None:
        return None
    seconds = float((np.datetime64(stamp, "us") - np.datetime64(0, "us")) / np.timedelta64(1, "s"))
    offset = float(channel.properties.get("wf_start_offset", 0.0))
    return datetime.fromtimestamp(seconds + offset, tz=timezone.utc)
