"""ASAM MDF 4 files: channels in physical values, one table a channel group, its master as column ``time``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from asammdf import MDF

from guideway.archives.columns import wanted_columns
from guideway.archives.pick import check_size
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError

_VIRTUAL = (3, 6)  # channels that are computed and have no bytes


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of an MDF file. Samples whose invalidation bit is set are missing.

    Raises:
        DecodeError: ``missing_column``, ``ambiguous_column``, ``archive_bomb``, ``corrupt_file``.
    """
    path = member.path()
    _check_identification(path)
    with MDF(path) as file:
        places = _places(file, profile)
        start = file.header.start_time
        started_at = start if start.tzinfo else start.replace(tzinfo=timezone.utc)
        metadata = {
            key: str(getattr(file.header, key, "") or "") for key in ("author", "department", "subject", "comment")
        }
        by_group: dict[int, list[tuple[str, int]]] = {}
        for key, (group, index) in places.items():
            by_group.setdefault(group, []).append((key, index))
        cycles = {group: int(file.groups[group].channel_group.cycles_nr) for group in by_group}
        check_size(sum(8 * cycles[group] * (1 + len(keys)) for group, keys in by_group.items()), profile.container)
        for group in by_group:
            _check_layout(file.groups[group])
        for group, keys in by_group.items():
            yield _table(file, group, keys, metadata, started_at)


def _check_identification(path: Path) -> None:
    """The identification block, which asammdf takes on trust."""
    with path.open("rb") as stream:
        head = stream.read(168)
    if len(head) < 168 or head[:8] != b"MDF     " or head[8:9] != b"4":
        raise DecodeError("corrupt_file", "the file does not begin as an MDF 4 file")


def _check_layout(group: Any) -> None:
    """Channels lie in their record and records in the data: asammdf's compiled code reads wherever the file says."""
    record = group.channel_group
    n_bytes = record.cycles_nr * (
        record.samples_byte_nr + record.invalidation_bytes_nr + group.data_group.record_id_len
    )
    held = sum(block.original_size for block in group.get_data_blocks())
    if n_bytes > held:
        raise DecodeError("truncated", f"a channel group states {n_bytes} bytes of records and has {held}")
    for channel in group.channels:
        if channel.channel_type in _VIRTUAL:
            continue
        end = channel.byte_offset + -(-(channel.bit_offset + channel.bit_count) // 8)
        if end > record.samples_byte_nr or channel.pos_invalidation_bit >= max(1, 8 * record.invalidation_bytes_nr):
            raise DecodeError("corrupt_file", f"channel {channel.name!r} lies outside its record")


def _table(
    file: Any, group: int, keys: list[tuple[str, int]], metadata: dict[str, str], started_at: datetime
) -> RawTable:
    signals = file.select([(None, group, index) for _, index in keys], validate=False)
    numbers: dict[str, Numbers] = {}
    units: dict[str, str] = {}
    n = 0
    for (key, _), signal in zip(keys, signals, strict=True):
        samples = np.asarray(signal.samples)
        if samples.dtype.kind not in "fiub":
            raise DecodeError("not_a_number", f"channel {signal.name!r} holds {samples.dtype}")
        values: Numbers = samples.astype(np.float32 if samples.dtype == np.float32 else np.float64)
        if signal.invalidation_bits is not None:
            values[np.asarray(signal.invalidation_bits).astype(bool)] = np.nan
        numbers[key] = values
        if signal.unit:
            units[key] = signal.unit
        n = values.size
        numbers.setdefault("time", np.asarray(signal.timestamps, dtype=np.float64))
    return RawTable(numbers, n, units=units, metadata=metadata, started_at=started_at)


def _places(file: Any, profile: Profile) -> dict[str, tuple[int, int]]:
    """Group and index of every channel the profile asks for."""
    places: dict[str, tuple[int, int]] = {}
    missing: list[str] = []
    for want in wanted_columns(profile):
        if want.key == "time":
            continue  # the master of each group
        hits = next((hits for name in want.names if (hits := file.channels_db.get(name))), ())
        if len(hits) > 1:
            raise DecodeError("ambiguous_column", f"{want.key!r} is in {len(hits)} channel groups")
        if hits:
            places[want.key] = (int(hits[0][0]), int(hits[0][1]))
        elif want.required:
            missing.append(want.key)
    if missing:
        shown = ", ".join(map(repr, list(file.channels_db)[:12]))
        raise DecodeError("missing_column", f"no channel {', '.join(map(repr, missing))}; the file has {shown}")
    return places
