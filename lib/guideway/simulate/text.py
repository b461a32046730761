"""Fixed-point numbers as text, a column at a time: measuring systems print fixed decimals, and fast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def fixed_point(values: Floats, decimals: int, point: str = ".", missing: str = "NaN", zeros: int = 1) -> Bytes:
    """Print numbers with fixed decimals.

    Args:
        values: numbers, shape (n,); not finite is missing.
        decimals: digits after the point.
        point: decimal point or comma.
        missing: what stands for a missing value.
        zeros: least digits before the point.

    Returns:
        ASCII codes, shape (n, width); 0 is no character.
    """
    lost = ~np.isfinite(values)
    scaled = np.rint(np.where(lost, 0.0, values) * 10.0**decimals).astype(np.int64)
    rest = np.abs(scaled)
    largest = int(rest.max()) if rest.size else 0
    digits = max(len(str(largest)), decimals + zeros)
    rest = rest.astype(np.uint32) if largest < 2**31 else rest.astype(np.uint64)
    width = max(digits + (1 if decimals else 0) + 1, len(missing))
    out = np.zeros((values.size, width), dtype=np.uint8)
    column = width - 1
    for place in range(digits):
        if place == decimals and decimals:
            out[:, column] = ord(point)
            column -= 1
        tens = rest // 10
        digit = (rest - tens * 10).astype(np.uint8) + 48
        out[:, column] = digit if place < decimals + zeros else np.where(rest > 0, digit, 0)
        rest, column = tens, column - 1
    out[:, 0] = np.where(scaled < 0, ord("-"), out[:, 0])
    if lost.any():
        out[lost] = 0
        out[lost, : len(missing)] = np.frombuffer(missing.encode("ascii"), dtype=np.uint8)
    return out


def constant(text: str, n: int) -> Bytes:
    """The same text in each of ``n`` rows."""
    return np.broadcast_to(np.frombuffer(text.encode("ascii"), dtype=np.uint8), (n, len(text)))


def join_rows(columns: Sequence[Bytes], delimiter: str, end: str) -> bytes:
    """Rows of text from columns of equal length."""
    n = columns[0].shape[0]
    parts: list[Bytes] = []
    for column in columns:
        parts += [column, constant(delimiter, n)]
    parts[-1] = constant(end, n)
    table = np.hstack(parts)
    kept: Bytes = table[table != 0]
    return kept.tobytes()
