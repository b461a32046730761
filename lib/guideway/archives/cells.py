"""Cells that are not plain numbers: foreign words, hemispheres, kilometre plus metre, clock times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

F64 = npt.NDArray[np.float64]
_SPACES = " \t\u00a0\u2009\u202f"


def lenient_numbers(
    cells: pa.ChunkedArray, decimal: str, thousands: str | None, missing: Sequence[str]
) -> tuple[F64, int]:
    """Numbers of text cells, NaN where a cell is missing or unreadable; and how many are unreadable."""
    text = pc.utf8_trim(cells, _SPACES + '"')
    known = pc.is_in(text, value_set=pa.array(["", *missing], type=pa.string()))
    absent = pc.or_(known, pc.is_null(text)).to_numpy(zero_copy_only=False).astype(bool)
    if thousands:
        text = pc.replace_substring(text, thousands, "")
    if decimal != ".":
        text = pc.replace_substring(text, decimal, ".")
    values: F64 = pd.to_numeric(pd.Series(text.to_pandas()), errors="coerce").to_numpy(np.float64, copy=True)
    values[~np.isfinite(values)] = np.nan
    values[absent] = np.nan
    return values, int(np.count_nonzero(np.isnan(values) & ~absent))


def hemisphere(cells: pa.ChunkedArray, decimal: str) -> F64:
    """Signed degrees of cells such as ``60.97612362° N`` or ``24,5 W``; NaN where a cell is something else."""
    parts = _extract(cells, r"^\s*(?P<number>[+-]?[0-9]+(?:[.,][0-9]*)?)\s*°?\s*(?P<side>[NSEWnsew])?\s*$")
    degrees = _number(parts["number"], decimal)
    side = pc.utf8_upper(pc.fill_null(parts["side"], ""))
    sign = np.where(pc.is_in(side, value_set=pa.array(["S", "W"])).to_numpy(zero_copy_only=False), -1.0, 1.0)
    return degrees * sign


def km_plus_m(cells: pa.ChunkedArray, decimal: str) -> F64:
    """Metres of cells such as ``130+0663.25``; NaN where a cell is something else. ``-1+0200`` is -1000 + 200 m."""
    fixed = _fixed_km_plus_m(cells, decimal)
    if fixed is not None:
        return fixed
    parts = _extract(cells, r"^\s*(?P<km>-?[0-9]+)\s*\+\s*(?P<m>-?[0-9]+(?:[.,][0-9]*)?)\s*$")
    metres: F64 = 1000.0 * _number(parts["km"], decimal) + _number(parts["m"], decimal)
    return metres


def _fixed_km_plus_m(cells: pa.ChunkedArray, decimal: str) -> F64 | None:
    """The same for cells whose metres have a fixed number of digits, five times faster; ``None`` for others.

    ``130+0663.25`` without its plus is the number 1300663.25, kilometres and metres apart by 10 000.
    """
    if len(cells) == 0 or cells.null_count:
        return None
    cells = pc.replace_substring(cells, ",", ".") if decimal == "," else cells  # a point is understood as well
    plus, point = pc.find_substring(cells, "+"), pc.find_substring(cells, ".")
    point = pc.if_else(pc.equal(point, -1), pc.binary_length(cells), point)
    span = pc.min_max(pc.subtract(point, plus)).as_py()
    if span["min"] != span["max"] or span["min"] < 3 or pc.min(plus).as_py() < 1:
        return None
    plain = pc.replace_substring(cells, "+", "", max_replacements=1)
    try:
        joined: F64 = pc.cast(plain, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    if not (joined >= 0).all() or np.isinf(joined).any():
        return None
    base = 10.0 ** (span["min"] - 1)
    km = np.floor(joined / base)
    metres: F64 = 1000.0 * km + (joined - base * km)
    return metres


def clock_seconds(cells: pa.ChunkedArray) -> F64:
    """Seconds of cells such as ``00:00:43.463562``; NaN where a cell is something else."""
    parts = _extract(cells, r"^\s*(?P<h>[0-9]+):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9](?:[.,][0-9]*)?)\s*$")
    hours, minutes, seconds = (_number(parts[key], ".") for key in ("h", "m", "s"))
    total: F64 = 3600.0 * hours + 60.0 * minutes + seconds
    return total


def _extract(cells: pa.ChunkedArray, pattern: str) -> dict[str, pa.Array]:
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.string())
    struct = pc.extract_regex(array, pattern=pattern)
    names = [struct.type.field(i).name for i in range(struct.type.num_fields)]
    valid = struct.is_valid()
    return {name: pc.if_else(valid, pc.struct_field(struct, [name]), None) for name in names}


def _number(texts: pa.Array, decimal: str) -> F64:
    plain = pc.replace_substring(texts, ",", ".") if decimal == "," else texts
    usable = pc.if_else(pc.match_substring_regex(plain, r"^[+-]?[0-9]+(\.[0-9]*)?$"), plain, None)
    values: F64 = pc.cast(usable, pa.float64()).to_numpy(zero_copy_only=False)
    return values
