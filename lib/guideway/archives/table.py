"""What a decoder hands over before a profile gives it meaning: columns of one sampling, and what the file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers: TypeAlias = npt.NDArray[np.floating[Any]]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RawTable:
    """Columns of equal length, in file order and in the file's units.

    Attributes:
        numbers: column -> samples, NaN where the file has none; float32 or float64.
        texts: column -> cells as Arrow strings.
        units: column -> unit as the file writes it, where it states one.
        metadata: attributes and properties of the file.
        preamble: lines above the column names.
        name: what the table is called in the file.
        n_rows: rows of the table.
        unreadable: column -> number of cells that are neither a number nor a known word for a missing one.
        step: sample distance the file states, s or m.
        first_row: rows of the file before this piece of it.
        started_at: first sample as the file states it; aware, or naive for the profile's zone.
    """

    numbers: Mapping[str, Numbers]
    n_rows: int
    texts: Mapping[str, pa.ChunkedArray] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    preamble: str = ""
    name: str = ""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    step: float | None = None
    started_at: datetime | None = None
    first_row: int = 0
