"""Tables as quantised columns in one compressed block: what keeps 100,000 sections in a few megabytes of HTML.

The block is ``uint32 length of the header | JSON header, padded to 8 bytes | column buffers, each on 8 bytes``,
compressed with gzip (no clock in it) and written as base64: inert inside a ``<script>`` element whatever the data says.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from guideway.reporting.inert import inert

_INTEGERS = (np.int8, np.int16, np.int32)
_CODES = {"int8": "i1", "int16": "i2", "int32": "i4", "uint8": "u1", "uint16": "u2", "uint32": "u4", "float32": "f4"}


class Packer:
    """Collects column buffers; ``table`` and ``matrix`` return the JSON that finds them again."""

    def __init__(self) -> None:
        self._buffers: list[bytes] = []
        self._size = 0

    def numbers(self, values: Any, decimals: int = 0) -> dict[str, Any]:
        """A column rounded to ``decimals``: the smallest signed integer that holds it, its least value for missing."""
        raw = pd.to_numeric(pd.Series(np.asarray(values)), errors="coerce").to_numpy(float, na_value=np.nan)
        raw = np.where(np.isfinite(raw), raw, np.nan)
        scaled = np.round(raw * 10.0**decimals)
        reach = np.nanmax(np.abs(scaled)) if np.isfinite(scaled).any() else 0.0
        for kind in _INTEGERS:
            if reach <= np.iinfo(kind).max:
                whole = np.where(np.isnan(scaled), np.iinfo(kind).min, scaled).astype(kind)
                return {**self._add(whole), "s": decimals}
        return self._add(raw.astype(np.float32))

    def strings(self, values: Any) -> dict[str, Any]:
        """A column of texts: codes into the list of distinct ones; a missing text is the empty one."""
        texts = ["" if _is_missing(value) else inert(str(value)) for value in values]
        codes, distinct = pd.factorize(np.array(texts, dtype=object))
        kind = np.uint8 if len(distinct) <= 256 else np.uint16 if len(distinct) <= 65536 else np.uint32
        return {**self._add(codes.astype(kind)), "v": list(distinct)}

    def matrix(self, values: np.ndarray) -> dict[str, Any]:
        """A matrix in 8 bits: 0 to 254 between its extremes, 255 for missing; rows first."""
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        span = (high - low) or 1.0
        with np.errstate(invalid="ignore"):
            cells = np.where(np.isfinite(values), np.round((values - low) / span * 254), 255).astype(np.uint8)
        return {**self._add(cells), "lo": low, "hi": low + span, "shape": list(values.shape)}

    def table(self, columns: Mapping[str, dict[str, Any]], rows: int) -> dict[str, Any]:
        """The columns of one table."""
        return {"n": rows, "c": dict(columns)}

    def pack(self, header: Mapping[str, Any]) -> str:
        """Header and buffers, compressed, as base64."""
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(len(text) + 4) % 8)
        block = np.uint32(len(text)).tobytes() + text + b"".join(self._buffers)
        return base64.b64encode(gzip.compress(block, compresslevel=6, mtime=0)).decode("ascii")

    def _add(self, array: np.ndarray) -> dict[str, Any]:
        data = np.ascontiguousarray(array).tobytes()
        spec = {"t": _CODES[array.dtype.name], "o": self._size, "n": int(array.size)}
        data += b"\0" * (-len(data) % 8)
        self._buffers.append(data)
        self._size += len(data)
        return spec


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT or value is pd.NA
