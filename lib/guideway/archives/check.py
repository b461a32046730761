"""What a profile understands of a file, and what it does not, in words an engineer can act on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from guideway.archives.columns import find_columns, wanted_columns
from guideway.archives.decode import DecodedFile, decode_file
from guideway.archives.fields import ChannelMap
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.options import Text
from guideway.archives.profile import Profile, matches
from guideway.archives.reasons import REASONS
from guideway.archives.recording import Recording
from guideway.archives.sniff import sniff_text
from guideway.archives.units import conversion
from guideway.errors import DecodeError

Level = Literal["ok", "look", "wrong"]
_MARKS = {"ok": "  ", "look": "? ", "wrong": "! "}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about the file: ``ok`` understood, ``look`` worth a look, ``wrong`` not understood."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All findings about a file; as text one line each, ``!`` before what was not understood, ``?`` before the odd."""

    findings: tuple[Finding, ...]

    @property
    def understood(self) -> bool:
        """Whether the file can be read with the profile."""
        return all(finding.level != "wrong" for finding in self.findings)

    def __str__(self) -> str:
        return "\n".join(_MARKS[finding.level] + finding.text for finding in self.findings)


def explain(profile: Profile, path: Path, geometry: LineGeometry | None = None) -> Explanation:
    """Everything the profile makes of a file; never raises for what the file holds.

    ``geometry`` says where tracks run, for a source located by GPS.
    """
    return Explanation(tuple(_findings(profile, path, geometry)))


def _findings(profile: Profile, path: Path, geometry: LineGeometry | None) -> Iterator[Finding]:
    yield Finding("ok", f"{path.name} as {profile.source_id} ({profile.title}), format {profile.decode.format}")
    tails = [PurePosixPath(*path.parts[i:]) for i in range(len(path.parts))]
    if not any(matches(tail, profile.files) for tail in tails):
        yield Finding(
            "look", f"the name does not match {', '.join(profile.files)}: in the landing folder nobody claims it"
        )
    try:
        decoded = decode_file(path, profile, geometry)
    except DecodeError as error:
        meaning, remedy = REASONS.get(error.reason, ("", ""))
        yield Finding("wrong", f"{error.reason}: {error.detail}")
        yield Finding("wrong", f"{meaning} {remedy}".strip())
        yield from _near_misses(profile, path)
        return
    yield from _rows(decoded)
    for recording in decoded.recordings[:3]:
        yield from _recording(recording, profile)
    if len(decoded.recordings) > 3:
        yield Finding("ok", f"and {len(decoded.recordings) - 3} more recordings")
    yield from (Finding("look", note) for note in decoded.notes[:20])
    yield from _unused(profile, path)


def _rows(decoded: DecodedFile) -> Iterator[Finding]:
    share = decoded.rows_rejected / max(decoded.rows_read, 1)
    level: Level = "look" if decoded.rows_rejected else "ok"
    yield Finding(
        level,
        f"{decoded.rows_read} rows, {decoded.rows_rejected} of them rejected ({share:.1%}), "
        f"{len(decoded.recordings)} recording(s)",
    )


def _recording(recording: Recording, profile: Profile) -> Iterator[Finding]:
    local = recording.started_at.astimezone(ZoneInfo(profile.time.zone))
    place = f"line {recording.line_id}" + (f", track {recording.track_id}" if recording.track_id else "")
    place += f", asset {recording.asset_id}" if recording.asset_id else ""
    yield Finding("ok", f"{place}, by {recording.vehicle_or_sensor_id}, started {local:%Y-%m-%d %H:%M:%S %Z}")
    last = recording.start + recording.step * max(recording.n_samples - 1, 0)
    if recording.axis == "distance":
        way = "rising" if recording.direction == 1 else "falling"
        text = f"from {recording.start:.2f} m to {last:.2f} m every {recording.step:g} m, driven with {way} chainage"
    else:
        text = f"{last - recording.start:.3f} s, a sample every {recording.step:.6g} s ({1 / recording.step:.6g} Hz)"
    yield Finding("ok", text)
    by_name = {channel.name: channel for channel in profile.channels}
    for channel in recording.channels:
        yield _channel(channel.values, by_name[channel.name])


def _channel(values: np.ndarray, mapping: ChannelMap) -> Finding:
    finite = values[np.isfinite(values)]
    missing = 1 - finite.size / max(values.size, 1)
    how = f"column {mapping.column[0]!r} in {mapping.unit}"
    factor, offset = conversion(mapping.unit, mapping.canonical_unit)
    if (factor, offset) != (1.0, 0.0):
        how += f", times {factor:g}" + (f" plus {offset:g}" if offset else "")
    if not finite.size:
        return Finding("look", f"{mapping.name}: {how}; no value in this stretch")
    low, middle, high = np.percentile(finite, (0, 50, 100))
    text = f"{mapping.name} from {how}: {low:g} to {high:g}, median {middle:g} {mapping.canonical_unit}"
    return Finding("look" if missing > 0.1 else "ok", text + (f", {missing:.1%} missing" if missing else ""))


def _near_misses(profile: Profile, path: Path) -> Iterator[Finding]:
    """For each column that is not there the most similar one that is."""
    labels = _labels(profile, path)
    for want in wanted_columns(profile) if labels else ():
        try:
            find_columns(labels, [want])
        except DecodeError:
            near = difflib.get_close_matches(want.key, labels, n=1, cutoff=0.5)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            yield Finding("wrong", f"column {want.key!r} is not there{hint}")


def _unused(profile: Profile, path: Path) -> Iterator[Finding]:
    labels = _labels(profile, path)
    if not labels:
        return
    try:
        used = {found.index for found in find_columns(labels, wanted_columns(profile))}
    except DecodeError:
        return
    unused = [label for i, label in enumerate(labels) if i not in used]
    if unused:
        shown = ", ".join(unused[:8]) + (f" and {len(unused) - 8} more" if len(unused) > 8 else "")
        yield Finding("ok", f"columns nobody asks for: {shown}")


def _labels(profile: Profile, path: Path) -> tuple[str, ...]:
    """Column names of a plain text file; nothing for other files."""
    if (
        not isinstance(profile.decode, Text)
        or not profile.decode.header
        or re.search(r"\.(gz|xz|zip|t\w+)$", path.name)
    ):
        return ()
    try:
        return sniff_text(path).labels
    except DecodeError:
        return ()
