"""Rows located by a satellite receiver: fixes matched to a track, rows between fixes interpolated, others left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from guideway.archives.cells import hemisphere
from guideway.archives.columns import decimal_mark
from guideway.archives.fields import Gps
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile
from guideway.archives.table import RawTable
from guideway.errors import DecodeError

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Located:
    """Rows on one track: ``chainage_m`` is NaN where a row has no position."""

    rows: slice
    line_id: str
    track_id: str
    chainage_m: F64


def locate(
    table: RawTable, profile: Profile, rows: slice, geometry: LineGeometry, line: str | None, track: str | None
) -> tuple[list[Located], list[str]]:
    """Stretches of rows on one track each, and what was odd.

    A fix is a row where the receiver's position changes: receivers are slower than most recorders and are written as
    held values or with empty cells between. A fix whose track is not clear takes the track of the clear fixes before
    and after it where both are the same and their chainages agree with it. Rows between two fixes on one track not
    more than ``bridge_m`` apart are interpolated by row.

    Args:
        table: what the decoder found.
        profile: of the source, with ``locate.gps``.
        rows: rows of one place.
        geometry: where tracks run.
        line: the line, where the source states it.
        track: the track, where the source states it.

    Raises:
        DecodeError: ``no_geometry``, ``no_position``.
    """
    gps = profile.locate.gps
    assert gps is not None  # noqa: S101
    candidates = geometry.only(line, track)
    if candidates.track.size == 0:
        where = " ".join(part for part in (line and f"line {line}", track and f"track {track}") if part) or "any line"
        raise DecodeError("no_geometry", f"reference.line_geometry has no row of {where}")
    latitude, longitude = (_degrees(name, table, profile)[rows] for name in (gps.latitude, gps.longitude))
    fix = _fixes(latitude, longitude)
    match = candidates.match(latitude[fix], longitude[fix], gps.max_distance_m, gps.margin_m)
    track_of, chainage = _settle(candidates, latitude[fix], longitude[fix], match.track, match.chainage_m, gps)
    far = int(np.count_nonzero(~(match.distance_m <= gps.max_distance_m)))
    undecided = int(np.count_nonzero(match.is_ambiguous & (track_of < 0)))
    notes = [f"{far} of {fix.size} fixes are further than {gps.max_distance_m:g} m from the track"] if far else []
    if undecided:
        notes.append(f"{undecided} of {fix.size} fixes lie between two tracks")
    if not (track_of >= 0).any():
        raise DecodeError("no_position", "; ".join(notes) or "no fix of the receiver lies on a track")
    return [
        Located(slice(rows.start + part.start, rows.start + part.stop), *geometry.tracks[number], metres)
        for part, number, metres in _stretches(fix, track_of, chainage, latitude.size, gps.bridge_m)
    ], notes


def _degrees(name: str, table: RawTable, profile: Profile) -> F64:
    if name in table.numbers:
        return table.numbers[name].astype(np.float64)
    return hemisphere(table.texts[name], decimal_mark(profile))


def _fixes(latitude: F64, longitude: F64) -> npt.NDArray[np.intp]:
    """Rows with a new position; 0, 0 is what a receiver without one writes."""
    there = np.isfinite(latitude) & np.isfinite(longitude) & (np.abs(latitude) <= 90.0)
    rows = np.flatnonzero(there & ((latitude != 0.0) | (longitude != 0.0)))
    moved = np.ones(rows.size, dtype=bool)
    moved[1:] = (np.diff(latitude[rows]) != 0.0) | (np.diff(longitude[rows]) != 0.0)
    return rows[moved]


def _settle(
    candidates: LineGeometry, latitude: F64, longitude: F64, track: npt.NDArray[np.intp], chainage: F64, gps: Gps
) -> tuple[npt.NDArray[np.intp], F64]:
    """Unclear fixes between two clear ones of one track, placed on that track where they fit between them."""
    track, chainage = track.copy(), chainage.copy()
    clear = np.flatnonzero(track >= 0)
    for before, after in pairwise(clear):
        if after == before + 1 or track[before] != track[after]:
            continue
        between = slice(before + 1, after)
        line, name = candidates.tracks[track[before]]
        there = candidates.only(line, name).match(latitude[between], longitude[between], gps.max_distance_m, 0.0)
        low, high = sorted((chainage[before], chainage[after]))
        fits = (there.chainage_m >= low - gps.max_distance_m) & (there.chainage_m <= high + gps.max_distance_m)
        track[between] = np.where(fits, there.track, -1)
        chainage[between] = np.where(fits, there.chainage_m, np.nan)
    return track, chainage


def _stretches(
    fix: npt.NDArray[np.intp], track: npt.NDArray[np.intp], chainage: F64, n_rows: int, bridge_m: float
) -> list[tuple[slice, int, F64]]:
    """Rows cut where the track changes, each stretch with its track and the chainage of its rows."""
    on = np.flatnonzero(track >= 0)
    changes = np.flatnonzero(np.diff(track[on]))
    edges = [0, *(int(fix[on[i + 1]]) for i in changes), n_rows]
    parts: list[tuple[slice, int, F64]] = []
    for first, end in pairwise(edges):
        mine = on[(fix[on] >= first) & (fix[on] < end)]
        metres = np.interp(np.arange(first, end), fix[mine], chainage[mine], left=np.nan, right=np.nan)
        for a, b in pairwise(mine):
            if abs(chainage[b] - chainage[a]) > bridge_m:
                metres[fix[a] + 1 - first : fix[b] - first] = np.nan
        parts.append((slice(first, end), int(track[mine[0]]), metres))
    return parts
