"""A decoder's table and a profile make recordings: units, quality, place, time, uniform axis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from guideway.archives.cells import hemisphere, km_plus_m
from guideway.archives.columns import decimal_mark
from guideway.archives.fields import Chainage, ChannelMap, Lookup, StartTime
from guideway.archives.gps import locate
from guideway.archives.grid import Grid, Regular, Spacing, to_grids
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile
from guideway.archives.quality import judge, lost_records
from guideway.archives.recording import Channel, Recording
from guideway.archives.table import Numbers, RawTable
from guideway.archives.times import parse_time, sample_times, to_utc
from guideway.archives.units import check_stated, conversion
from guideway.contracts.channels import CHANNELS
from guideway.errors import DecodeError

F64 = npt.NDArray[np.float64]
_METRES = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.344}
_LONGEST_RAILWAY_M = 1e8
_PLACES = ("line", "track", "vehicle_or_sensor", "asset")


@dataclass(frozen=True, slots=True)
class Assembled:
    """Recordings of one table; ``rows_rejected`` counts rows with at least one rejected sample or no position."""

    recordings: tuple[Recording, ...]
    rows_rejected: int
    notes: tuple[str, ...]


def assemble(table: RawTable, profile: Profile, name: PurePosixPath, geometry: LineGeometry | None = None) -> Assembled:
    """Recordings of one table.

    Args:
        table: what the decoder found.
        profile: the source's profile.
        name: path of the file inside the source's folder, for facts stated in names.
        geometry: where tracks run, for a source located by GPS.

    Raises:
        DecodeError: ``missing_column``, ``unknown_unit``, ``wrong_unit``, ``implausible_unit``, ``too_many_rejected``,
            ``missing_fact``, ``unreadable_time``, ``no_such_time``, ``clock_fault``, ``no_position``,
            ``no_geometry``, ``no_valid_sample``.
    """
    columns = {c.name: _samples(c, table, profile) for c in profile.channels if _is_there(c, table)}
    unreadable = {c.name: table.unreadable.get(c.column[0], 0) for c in profile.channels}
    verdict = judge(columns, profile.quality, table.n_rows, unreadable)
    notes = list(verdict.notes)
    counter = table.numbers.get(profile.axis.counter or "")
    if counter is not None and (n_missing := lost_records(counter)):
        notes.append(f"{n_missing} records lost: column {profile.axis.counter!r} jumps")
    if not verdict.columns:
        raise DecodeError("no_valid_sample", "; ".join(notes[:6]) or "no channel has a valid sample")
    positions, second_zero = _positions(table, profile)
    started_at = _started_at(table, profile, name, second_zero)
    recordings: list[Recording] = []
    n_lost = 0
    for rows, places, at in _places(table, profile, name, positions, geometry or LineGeometry.of([]), notes):
        part = {channel: values[rows] for channel, values in verdict.columns.items()}
        grids, n_bad, n_short = to_grids(at, part, _spacing(table, profile, at))
        n_lost += n_bad + n_short
        if n_bad:
            notes.append(f"{n_bad} rows have no usable position (missing, repeated or going back)")
        if n_short:
            notes.append(f"{n_short} rows lie in stretches of fewer than {profile.axis.min_samples} samples")
        recordings += [
            _recording(grid, profile, places, started_at, _attributes(table, profile, name)) for grid in grids
        ]
    if not recordings:
        raise DecodeError("no_position", "no stretch of two samples has positions")
    rejected = min(table.n_rows, int(verdict.rejected.sum()) + n_lost + max(unreadable.values(), default=0))
    return Assembled(tuple(recordings), rejected, tuple(notes))


def _places(
    table: RawTable,
    profile: Profile,
    name: PurePosixPath,
    positions: F64 | Regular,
    geometry: LineGeometry,
    notes: list[str],
) -> Iterator[tuple[slice, dict[str, str | None], F64 | Regular]]:
    """Stretches of rows in one place, with the position of each row on the axis."""
    for rows in _same_place(table, profile):
        places = {key: _look_up(getattr(profile.locate, key), table, name, rows.start) for key in _PLACES}
        if profile.locate.gps is None:
            yield rows, places, positions[rows]
            continue
        located, odd = locate(table, profile, rows, geometry, places["line"], places["track"])
        notes += odd
        for part in located:
            yield part.rows, places | {"line": part.line_id, "track": part.track_id}, part.chainage_m


def _is_there(channel: ChannelMap, table: RawTable) -> bool:
    return channel.column[0] in table.numbers or channel.column[0] in table.texts


def _samples(channel: ChannelMap, table: RawTable, profile: Profile) -> Numbers:
    """Samples of a channel in its canonical unit, NaN where there is none."""
    key = channel.column[0]
    values: Numbers
    check_stated(key, table.units.get(key), channel.unit, channel.unit_label)
    if key in table.numbers:
        values = table.numbers[key]
    else:
        values = hemisphere(table.texts[key], decimal_mark(profile)).astype(np.float64)
    factor, shift = conversion(channel.unit, channel.canonical_unit)
    factor, shift = factor * channel.scale, factor * channel.offset + shift
    for sentinel in channel.sentinels:
        values = np.where(np.isclose(values, sentinel, rtol=1e-6, atol=0.0), np.float32(np.nan), values)
    if factor != 1.0 or shift != 0.0:
        with np.errstate(over="ignore"):
            values = values.astype(np.float64) * factor + shift
    with np.errstate(over="ignore", invalid="ignore"):  # damaged bytes may hold signalling NaN
        single = values.astype(np.float32, copy=False)
    finite = np.isfinite(single)
    return single if finite.all() else np.where(finite, single, np.float32(np.nan))


def _positions(table: RawTable, profile: Profile) -> tuple[F64 | Regular, datetime | None]:
    """Position of every row, m or s; and the moment second 0 is, where the samples' times say so."""
    chainage, axis = profile.locate.chainage, profile.axis
    if axis.kind == "distance" and chainage is not None:
        return _metres(chainage, table, profile), None
    if (axis.kind == "time" or profile.locate.gps) and profile.time.samples is not None:
        return sample_times(table, profile.time)
    step = axis.step or table.step
    if step is None or not step > 0:
        raise DecodeError("no_position", "neither the profile nor the file states a step, and no column has positions")
    return Regular(axis.start + step * table.first_row, step, table.n_rows), None


def _metres(chainage: Chainage, table: RawTable, profile: Profile) -> F64:
    """Stated chainage of every row, m; numbers no railway has are missing."""
    units = {"number": (chainage.unit,), "km_and_m": ("km", "m"), "km_plus_m": ()}[chainage.form]
    for column, unit in zip(chainage.columns, units, strict=False):
        check_stated(column, table.units.get(column) or None, unit, chainage.unit_label)
    with np.errstate(over="ignore", invalid="ignore"):
        if chainage.form == "km_plus_m":
            metres = km_plus_m(table.texts[chainage.columns[0]], decimal_mark(profile))
        elif chainage.form == "km_and_m":
            metres = 1000.0 * table.numbers[chainage.columns[0]] + table.numbers[chainage.columns[1]]
        else:
            metres = _METRES[chainage.unit] * table.numbers[chainage.columns[0]].astype(np.float64)
        metres = metres + chainage.offset_m
    return np.where(np.abs(metres) < _LONGEST_RAILWAY_M, metres, np.nan)


def _spacing(table: RawTable, profile: Profile, positions: F64 | Regular) -> Spacing:
    axis = profile.axis
    step = axis.step or table.step
    if isinstance(positions, Regular):
        step = positions.step
    elif step is None:
        steps = np.abs(np.diff(positions[np.isfinite(positions)]))
        steps = steps[steps > 0]
        if steps.size == 0:
            raise DecodeError("no_position", "all samples have the same time")
        step = float(np.median(steps))
    return Spacing(step, axis.max_gap or 10 * step, axis.bridge or 1.5 * step, axis.tolerance, axis.min_samples)


def _started_at(table: RawTable, profile: Profile, name: PurePosixPath, second_zero: datetime | None) -> datetime:
    rule = profile.time.started_at
    stated = second_zero or table.started_at
    if rule is not None and not (rule.fallback and stated is not None):
        text = _look_up(rule, table, name, 0)
        if text is None:
            raise DecodeError("missing_fact", "the start time is not stated")
        moment = parse_time(text, rule.format, profile.time.zone)
    elif stated is not None:
        moment = to_utc(stated, profile.time.zone)
    else:
        raise DecodeError("missing_fact", "the file does not say when it was recorded")
    if not profile.quality.earliest_year <= moment.year <= profile.quality.latest_year:
        raise DecodeError("clock_fault", f"recorded in {moment.year}")
    return moment


def _look_up(lookup: Lookup | None, table: RawTable, name: PurePosixPath, row: int) -> str | None:
    """The text a lookup finds, or ``None`` where there is no lookup.

    Raises:
        DecodeError: ``missing_fact`` where a lookup finds nothing.
    """
    if lookup is None or lookup.constant is not None:
        return None if lookup is None else lookup.constant
    if lookup.filename is not None:
        found, where = _search(lookup.filename, name.as_posix()), f"the name {name.as_posix()!r}"
    elif lookup.header is not None:
        found, where = _search(lookup.header, table.preamble), "the lines above the column names"
    elif lookup.column is not None:
        cells = (lookup.column, *(lookup.more_columns if isinstance(lookup, StartTime) else ()))
        found, where = " ".join(_cell(table, c, row) or "" for c in cells).strip(), f"column {lookup.column!r}"
    else:
        found, where = table.metadata.get(lookup.metadata or ""), f"property {lookup.metadata!r}"
    if found is not None and lookup.pattern is not None:
        found = _search(lookup.pattern, found)
    if not found:
        raise DecodeError("missing_fact", f"{where} does not hold what the profile looks for")
    return lookup.template.replace("{value}", lookup.translate.get(found, found))


def _cell(table: RawTable, column: str, row: int) -> str | None:
    cells = table.texts.get(column)
    text = cells[row].as_py() if cells is not None and len(cells) > row else None
    return str(text).strip() if text is not None else None


def _search(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    if match is None:
        return None
    return str(match[1] if match.re.groups else match[0]).strip()


def _same_place(table: RawTable, profile: Profile) -> list[slice]:
    """Stretches of rows whose place columns do not change."""
    keys = [lookup.column for key in _PLACES if (lookup := getattr(profile.locate, key)) and lookup.column]
    cuts = np.zeros(max(table.n_rows - 1, 0), dtype=bool)
    for key in dict.fromkeys(keys):
        cells = table.texts[key]
        codes = pc.fill_null(cells.combine_chunks(), "").dictionary_encode()
        if hasattr(codes, "combine_chunks"):
            codes = codes.combine_chunks()
        index = codes.indices.to_numpy(zero_copy_only=False)
        cuts |= index[1:] != index[:-1]
    edges = [0, *(np.flatnonzero(cuts) + 1).tolist(), table.n_rows]
    return [slice(a, b) for a, b in pairwise(edges)]


def _attributes(table: RawTable, profile: Profile, name: PurePosixPath) -> dict[str, str]:
    """Attributes the file states; one it does not state is left out."""
    found: dict[str, str] = {}
    for key, lookup in profile.attributes.items():
        with suppress(DecodeError):
            found[key] = _look_up(lookup, table, name, 0) or ""
    return found


def _recording(
    grid: Grid, profile: Profile, places: Mapping[str, str | None], started_at: datetime, attributes: dict[str, str]
) -> Recording:
    on_time = profile.axis.kind == "time"
    channels = tuple(Channel(name, CHANNELS[name][0], values) for name, values in grid.values.items())
    return Recording(
        source_id=profile.source_id,
        domain=profile.domain,
        vehicle_or_sensor_id=places["vehicle_or_sensor"] or profile.source_id,
        line_id=places["line"] or "",
        track_id=places["track"],
        started_at=started_at + timedelta(seconds=grid.start) if on_time else started_at,
        axis=profile.axis.kind,
        start=0.0 if on_time else grid.start,
        step=grid.step,
        channels=channels,
        asset_id=places["asset"],
        direction=None if on_time else grid.direction,
        attributes=attributes,
    )
