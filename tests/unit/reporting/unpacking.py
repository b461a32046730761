"""Reads a page's data block back: an independent reader of the format ``packing`` documents."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import numpy as np

_KINDS = {
    "i1": np.int8,
    "i2": np.int16,
    "i4": np.int32,
    "u1": np.uint8,
    "u2": np.uint16,
    "u4": np.uint32,
    "f4": np.float32,
}


def unpack(text: str) -> tuple[dict[str, Any], bytes]:
    block = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(block[:4], "little")
    return json.loads(block[4 : 4 + length]), block[4 + length :]


def unpack_page(page: str) -> tuple[dict[str, Any], bytes]:
    found = re.search(r'id="pack">([A-Za-z0-9+/=]+)</script>', page)
    assert found, "the page has no data block"
    return unpack(found[1])


def column(spec: dict[str, Any], buffers: bytes) -> list[Any]:
    raw = np.frombuffer(buffers, _KINDS[spec["t"]], count=spec["n"], offset=spec["o"])
    if "v" in spec:
        return [spec["v"][code] for code in raw]
    if spec["t"] == "f4":
        return [float(value) for value in raw]
    missing = np.iinfo(raw.dtype).min
    return [float("nan") if value == missing else value / 10 ** spec["s"] for value in raw.tolist()]
