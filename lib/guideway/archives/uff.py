"""Universal files, data set 58: functions of an even abscissa, as modal and vibration analysers write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyuff

from guideway.archives.options import Uff
from guideway.archives.pick import check_size, group_by_length, pick
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import RawTable
from guideway.errors import DecodeError

_DIRECTIONS = {1: "+X", 2: "+Y", 3: "+Z", -1: "-X", -2: "-Y", -3: "-Z", 0: "scalar"}


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of a universal file, one for each length and abscissa step.

    Raises:
        DecodeError: ``missing_column``, ``corrupt_file``, ``no_position`` for an uneven abscissa.
    """
    options = profile.decode
    assert isinstance(options, Uff)  # noqa: S101
    path = member.path()
    check_size(4 * path.stat().st_size, profile.container)
    sets = pyuff.UFF(str(path)).read_sets()
    records = [item for item in (sets if isinstance(sets, list) else [sets]) if item.get("type") == 58]
    named = {_name(record, options): record for record in records}
    if len(named) < len(records):
        raise DecodeError("ambiguous_column", "two functions of the file have the same name")
    chosen = pick(list(named), profile)
    groups = group_by_length((label, len(named[label]["data"]), _step(named[label])) for label in chosen)
    for (n, step), labels in groups.items():
        numbers = {chosen[label]: np.real(np.asarray(named[label]["data"])).astype(np.float64) for label in labels}
        units = {chosen[label]: unit for label in labels if (unit := _unit(named[label])) is not None}
        first = named[labels[0]]
        metadata = {key: str(first.get(key, "")).strip() for key in ("id1", "id2", "id3", "id4", "id5")}
        yield RawTable(numbers, n, units=units, metadata=metadata, step=step)


def _name(record: dict[str, Any], options: Uff) -> str:
    if options.name_by == "id1":
        return str(record.get("id1", "")).strip()
    return f"{int(record['rsp_node'])} {_DIRECTIONS.get(int(record['rsp_dir']), record['rsp_dir'])}"


def _step(record: dict[str, Any]) -> float:
    if int(record.get("abscissa_spacing", 1)) != 1:
        raise DecodeError("no_position", "a function has an uneven abscissa")
    return float(record["abscissa_inc"])


def _unit(record: dict[str, Any]) -> str | None:
    label = str(record.get("ordinate_axis_units_lab", "")).strip()
    return None if label in {"", "NONE"} else label
