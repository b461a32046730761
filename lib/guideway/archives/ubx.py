"""Lines ``clock,type,hex``: packed inertial samples and UBX messages of a GNSS receiver, each on the logger's clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa

from guideway.archives.cells import clock_seconds
from guideway.archives.columns import wanted_columns
from guideway.archives.options import Ubx
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError

_LINE = re.compile(rb"^([0-9]+:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?),([A-Za-z]+),?([0-9A-Fa-f]*)\s*$")
_IMU = ("gyro_x", "gyro_y", "gyro_z", "accel_x", "accel_y", "accel_z")
_PVT = {"latitude": "lat", "longitude": "lon", "height_mm": "height", "speed_mm_s": "gSpeed", "satellites": "numSV"}
MAX_BYTES = 256 * 2**20


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables ``imu`` and ``gnss``; the clock counts from the first message with a UTC time, which is the tables' start.

    Samples are put in the order of the clock: the two kinds of lines are not written in order.

    Raises:
        DecodeError: ``truncated``, ``corrupt_file`` (a line that is none of the three kinds), ``missing_column``.
    """
    options = profile.decode
    assert isinstance(options, Ubx)  # noqa: S101
    data = member.open().read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DecodeError("too_large", f"log above {MAX_BYTES} bytes")
    if not data.endswith(b"\n"):
        raise DecodeError("truncated", f"the last line {data[data.rfind(10) + 1 :][:60]!r} has no line end")
    clocks: dict[str, list[str]] = {"I": [], "U": []}
    payloads: dict[str, list[bytes]] = {"I": [], "U": []}
    for number, line in enumerate(data.splitlines(), start=1):
        match = _LINE.match(line)
        if match is None:
            raise DecodeError("corrupt_file", f"line {number} {line[:40]!r} is not 'clock,type,hex'")
        kind = match[2].decode()
        if kind in clocks:
            clocks[kind].append(match[1].decode())
            payloads[kind].append(match[3])
    fixes = _messages(clocks["U"], payloads["U"])
    anchor = _anchor(fixes)
    if options.table in ("imu", "both"):
        yield _sorted(_imu(clocks["I"], payloads["I"], options), "imu", None, *anchor)
    fixes = [(clock, message) for clock, message in fixes if message.gnssFixOk]
    if options.table in ("gnss", "both") and fixes:
        yield _sorted(_gnss(fixes), "gnss", 1.0, *anchor)
    _check_known(profile)


def _imu(clocks: list[str], payloads: list[bytes], options: Ubx) -> dict[str, Numbers]:
    if any(len(p) != 24 for p in payloads):
        raise DecodeError("corrupt_file", "an inertial sample is not 12 bytes long")
    order = "<i2" if options.byte_order == "little" else ">i2"
    counts = np.frombuffer(bytes.fromhex(b"".join(payloads).decode()), dtype=order).reshape(-1, 6)
    columns: dict[str, Numbers] = {name: counts[:, i].astype(np.float32) for i, name in enumerate(_IMU)}
    return {"clock": _seconds(clocks)} | columns


def _messages(clocks: list[str], payloads: list[bytes]) -> list[tuple[float, Any]]:
    """Clock and NAV-PVT messages whose checksum is right."""
    from pyubx2 import UBXParseError, UBXReader  # noqa: PLC0415

    fixes = []
    for clock, payload in zip(_seconds(clocks), payloads, strict=True):
        try:
            message = UBXReader.parse(bytes.fromhex(payload.decode()))
        except (UBXParseError, ValueError):
            continue
        if message.identity == "NAV-PVT":
            fixes.append((float(clock), message))
    return fixes


def _gnss(fixes: list[tuple[float, Any]]) -> dict[str, Numbers]:
    columns: dict[str, Numbers] = {"clock": np.array([clock for clock, _ in fixes])}
    for name, field in _PVT.items():
        columns[name] = np.array([float(getattr(message, field)) for _, message in fixes])
    return columns


def _anchor(fixes: list[tuple[float, Any]]) -> tuple[datetime | None, float]:
    """UTC and clock of the first fix with a valid date and time."""
    for clock, m in fixes:
        if m.validDate and m.validTime:
            whole = datetime(m.year, m.month, m.day, m.hour, m.min, 0, tzinfo=timezone.utc)
            return whole + timedelta(seconds=m.second + m.nano * 1e-9), clock
    return None, 0.0


def _sorted(
    columns: dict[str, Numbers], name: str, step: float | None, anchored_at: datetime | None, anchor_s: float
) -> RawTable:
    clock = columns["clock"]
    order = np.argsort(clock, kind="stable")
    ordered = {key: values[order] for key, values in columns.items()} | {"clock": clock[order] - anchor_s}
    return RawTable(ordered, clock.size, name=name, metadata={"table": name}, step=step, started_at=anchored_at)


def _seconds(clocks: list[str]) -> Any:
    return clock_seconds(pa.chunked_array([pa.array(clocks, pa.string())]))


def _check_known(profile: Profile) -> None:
    known = {"clock", *_IMU, *_PVT}
    asked = {want.key for want in wanted_columns(profile) if want.required}
    if missing := asked - known:
        raise DecodeError("missing_column", f"a UBX log has no {', '.join(sorted(missing))}")
