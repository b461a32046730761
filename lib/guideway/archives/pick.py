"""Choosing the columns a profile asks for among those a binary file has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guideway.archives.columns import Wanted, wanted_columns
from guideway.archives.options import Zipped
from guideway.archives.profile import Profile
from guideway.errors import DecodeError


def pick(labels: Sequence[str], profile: Profile) -> dict[str, str]:
    """``{label in the file: column of the profile}``; by full path, else by the last part of it.

    Raises:
        DecodeError: ``missing_column`` or ``ambiguous_column``.
    """
    chosen: dict[str, str] = {}
    missing: list[str] = []
    for want in wanted_columns(profile):
        hits = _hits(want, labels)
        if len(hits) > 1:
            raise DecodeError("ambiguous_column", f"{want.key!r} could be {' or '.join(map(repr, hits[:4]))}")
        if hits:
            chosen[hits[0]] = want.key
        elif want.required:
            missing.append(want.key)
    if missing:
        shown = ", ".join(map(repr, labels[:12])) or "none"
        raise DecodeError("missing_column", f"no column {', '.join(map(repr, missing))}; the file has {shown}")
    return chosen


def _hits(want: Wanted, labels: Sequence[str]) -> list[str]:
    for name in want.names:
        full = [label for label in labels if label == name]
        if full:
            return full[:1]
        tails = [label for label in labels if label.endswith("/" + name)]
        if tails:
            return tails
    return []


def check_size(n_bytes: int, limits: Zipped) -> None:
    """Refuse a file that declares more data than the profile's container limit.

    Raises:
        DecodeError: ``archive_bomb``.
    """
    if n_bytes > limits.max_bytes:
        raise DecodeError("archive_bomb", f"the file declares {n_bytes} bytes of data, more than {limits.max_bytes}")


def as_text(value: object) -> str:
    """An attribute as text: bytes decoded, lone array elements unwrapped."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def group_by_length(lengths: Iterable[tuple[str, int, float | None]]) -> dict[tuple[int, float | None], list[str]]:
    """Labels by (samples, step): columns of one sampling make one table."""
    groups: dict[tuple[int, float | None], list[str]] = {}
    for label, n, step in lengths:
        groups.setdefault((n, step), []).append(label)
    return groups
