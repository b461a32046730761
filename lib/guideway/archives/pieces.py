"""Long files in pieces, so that memory stays flat as they grow."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from guideway.archives.profile import Profile

PIECE_VALUES = 2**23
"""Samples of all channels in a piece: 175 s of one microphone at 48 kHz."""


def may_split(profile: Profile) -> bool:
    """Whether a piece of a file means the same as the same rows in the whole file."""
    start, samples = profile.time.started_at, profile.time.samples
    return (start is None or start.column is None) and (samples is None or samples.unit not in {"clock", "datetime"})


def piece_rows(n_columns: int, profile: Profile) -> int:
    """Rows of a piece of a table with so many columns."""
    return PIECE_VALUES // max(n_columns, 1) if may_split(profile) else sys.maxsize


def pieces(n_rows: int, n_columns: int, profile: Profile) -> Iterator[slice]:
    """Rows of a table, piece by piece."""
    step = piece_rows(n_columns, profile)
    for first in range(0, n_rows, min(step, max(n_rows, 1))):
        yield slice(first, min(first + step, n_rows))
