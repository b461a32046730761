"""Which columns of a file a profile asks for, and finding them by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from guideway.archives.fields import Lookup
from guideway.archives.options import Text
from guideway.archives.profile import Profile
from guideway.errors import DecodeError

_BRACKET = re.compile(r"\s*[\[(]\s*([^\[\]()]*?)\s*[\])]\s*$")
Kind = Literal["float32", "float64", "text"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One column a profile asks for: ``names`` are its aliases, the first one is the key in the raw table."""

    names: tuple[str, ...]
    kind: Kind
    required: bool

    @property
    def key(self) -> str:
        """Name of the column in the raw table."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Found:
    """A wanted column, its position in the file and the unit written beside its name."""

    wanted: Wanted
    index: int
    unit: str | None


def wanted_columns(profile: Profile) -> tuple[Wanted, ...]:
    """Columns of channels, chainage, times, counter, lookups; one asked for twice is there once, as text if need be."""
    asked: list[Wanted] = [
        Wanted(c.column, "text" if c.form == "hemisphere" else "float32", c.required) for c in profile.channels
    ]
    if chainage := profile.locate.chainage:
        kind: Kind = "text" if chainage.form == "km_plus_m" else "float64"
        asked += [Wanted((name,), kind, True) for name in chainage.columns]
    if gps := profile.locate.gps:
        kind = "text" if gps.form == "hemisphere" else "float64"
        asked += [Wanted((name,), kind, True) for name in (gps.latitude, gps.longitude)]
    if samples := profile.time.samples:
        asked.append(Wanted((samples.column,), "text" if samples.unit in {"datetime", "clock"} else "float64", True))
    if counter := profile.axis.counter:
        asked.append(Wanted((counter,), "float64", True))
    place = profile.locate
    lookups: tuple[Lookup | None, ...] = (
        place.line, place.track, place.vehicle_or_sensor, place.asset, profile.time.started_at,
    )  # fmt: skip
    asked += [Wanted((lookup.column,), "text", True) for lookup in lookups if lookup and lookup.column]
    if start := profile.time.started_at:
        asked += [Wanted((name,), "text", True) for name in start.more_columns]
    rank = {"float32": 0, "float64": 1, "text": 2}
    merged: dict[str, Wanted] = {}
    for want in asked:
        known = merged.get(want.key)
        if known is None or rank[want.kind] > rank[known.kind]:
            merged[want.key] = want
    return tuple(merged.values())


def split_unit(label: str) -> tuple[str, str | None]:
    """Name and unit of a header cell: ``'Gauge [mm]'`` gives ``('Gauge', 'mm')``."""
    match = _BRACKET.search(label)
    if match is None or match.start() == 0:
        return label.strip(), None
    return label[: match.start()].strip(), match.group(1)


def find_columns(labels: Sequence[str], wanted: Sequence[Wanted]) -> tuple[Found, ...]:
    """Positions of the wanted columns, by full label, else by label without its unit.

    Raises:
        DecodeError: ``missing_column`` or ``ambiguous_column``, naming the columns.
    """
    full = [label.strip() for label in labels]
    split = [split_unit(label) for label in labels]
    found: list[Found] = []
    missing: list[str] = []
    for want in wanted:
        hits = _hits(want, full, [name for name, _ in split])
        if len(hits) > 1:
            raise DecodeError("ambiguous_column", f"{want.key!r} is {len(hits)} times in the header")
        if hits:
            found.append(Found(want, hits[0], split[hits[0]][1]))
        elif want.required:
            missing.append(want.key)
    if missing:
        raise DecodeError("missing_column", f"no column {', '.join(map(repr, missing))}; the file has {_some(full)}")
    return tuple(found)


def _hits(want: Wanted, full: Sequence[str], bare: Sequence[str]) -> list[int]:
    for name in want.names:
        for labels, target in ((full, name), (bare, name), (bare, split_unit(name)[0])):
            if hits := [i for i, label in enumerate(labels) if label == target]:
                return hits
    return []


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:12]))
    return shown + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")


def decimal_mark(profile: Profile) -> str:
    """Decimal mark of text cells; ``,`` where any dialect of the source uses it (a point is understood as well)."""
    options = profile.decode
    if not isinstance(options, Text):
        return "."
    return "," if any(d.decimal == "," for d in (options, *options.also)) else options.decimal
