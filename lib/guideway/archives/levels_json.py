"""JSON with level histories: pairs of times and levels (and what follows) in nested objects, one table a pair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from guideway.archives.options import LevelsJson
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import RawTable
from guideway.errors import DecodeError

MAX_JSON_BYTES = 32 * 2**20


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of a JSON file, in order of their keys.

    Numbers, texts and short lists beside the path are metadata: ``axleDistance`` of the nearest object that has it.

    Raises:
        DecodeError: ``missing_column``, ``ragged_row``, ``not_a_number``, ``too_large``, ``corrupt_file``.
    """
    options = profile.decode
    assert isinstance(options, LevelsJson)  # noqa: S101
    data = member.open().read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise DecodeError("too_large", f"JSON above {MAX_JSON_BYTES} bytes")
    try:
        root = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DecodeError("unreadable_encoding", f"byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        reason = "truncated" if error.pos >= len(data.rstrip()) - 1 else "corrupt_file"
        raise DecodeError(reason, f"{error.msg} in line {error.lineno}") from error
    pairs = list(_walk(root, options.path.split("/"), {}))
    if not pairs:
        raise DecodeError("missing_column", f"nothing lies at {options.path!r}")
    for pair, metadata in pairs:
        yield _table(pair, metadata, options)


def _walk(
    node: Any, keys: Sequence[str], metadata: dict[str, str], stars: int = 0
) -> Iterator[tuple[Any, dict[str, str]]]:
    if not keys:
        yield node, metadata
        return
    if not isinstance(node, dict):
        return
    around = metadata | {key: text for key, value in node.items() if (text := _fact(value)) is not None}
    if keys[0] == "*":
        for key in sorted(node):
            yield from _walk(node[key], keys[1:], around | {f"key{stars + 1}": key}, stars + 1)
    elif keys[0] in node:
        yield from _walk(node[keys[0]], keys[1:], around, stars)


def _fact(value: Any) -> str | None:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and 0 < len(value) <= 256 and all(isinstance(v, (int, float)) for v in value):
        return json.dumps(value)
    return None


def _table(pair: Any, metadata: dict[str, str], options: LevelsJson) -> RawTable:
    where = metadata.get("key1", options.path)
    if not (isinstance(pair, list) and len(pair) >= 2 and all(isinstance(part, list) for part in pair[:2])):
        raise DecodeError("ragged_row", f"{where}: no pair of times and levels")
    times, levels = pair[:2]
    if len(times) != len(levels):
        raise DecodeError("ragged_row", f"{where}: {len(times)} times and {len(levels)} levels")
    try:
        numbers = {
            options.time: np.array(times, dtype=np.float64),
            options.level: np.array([np.nan if v is None else v for v in levels], dtype=np.float64),
        }
    except (TypeError, ValueError) as error:
        raise DecodeError("not_a_number", f"{where}: {error}") from error
    if numbers[options.time].ndim != 1 or numbers[options.level].ndim != 1:
        raise DecodeError("ragged_row", f"{where}: times and levels must be plain lists")
    return RawTable(numbers, len(times), metadata=metadata)
