"""HDF5 files: one-dimensional data sets, or one table, with units and rates from attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
import pyarrow as pa

from guideway.archives.options import Hdf5
from guideway.archives.pick import as_text, check_size, group_by_length, pick
from guideway.archives.pieces import pieces
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of an HDF5 file, one for each length and rate, long ones in pieces.

    Raises:
        DecodeError: ``missing_column``, ``archive_bomb``, ``hostile_name`` for data kept outside the file.
    """
    options = profile.decode
    assert isinstance(options, Hdf5)  # noqa: S101
    with h5py.File(member.path(), "r") as file:
        metadata = _metadata(file)
        columns = _table(file, options, profile) if options.table else _data_sets(file)
        chosen = pick(list(columns), profile)
        check_size(sum(columns[label].nbytes for label in chosen), profile.container)
        step = _step(file, None, options)
        groups = group_by_length(
            (label, columns[label].shape[0], _step(columns[label], step, options)) for label in chosen
        )
        for (n, own_step), labels in groups.items():
            for rows in pieces(n, len(labels), profile):
                yield _piece({chosen[label]: columns[label] for label in labels}, rows, options, metadata, own_step)


def _piece(
    columns: dict[str, Any], rows: slice, options: Hdf5, metadata: dict[str, str], step: float | None
) -> RawTable:
    numbers: dict[str, Numbers] = {}
    texts: dict[str, pa.ChunkedArray] = {}
    units: dict[str, str] = {}
    for key, data in columns.items():
        if data.dtype.kind in "OSU":
            texts[key] = pa.chunked_array([pa.array([as_text(v) for v in data[rows]], pa.string())])
        else:
            numbers[key] = _floats(data[rows])
        if options.unit_attribute in data.attrs:
            units[key] = as_text(data.attrs[options.unit_attribute])
    n = rows.stop - rows.start
    return RawTable(numbers, n, texts=texts, units=units, metadata=metadata, step=step, first_row=rows.start)


class _Column:
    """One column of a table, looking like a data set."""

    def __init__(self, data: Any, name: str | int) -> None:
        self._data = data
        self._name = name
        self.shape = (data.shape[0],)
        self.dtype = data.dtype[name] if isinstance(name, str) else data.dtype
        self.nbytes = data.shape[0] * self.dtype.itemsize
        self.attrs: dict[str, object] = {}

    def __getitem__(self, rows: slice) -> Any:
        return self._data[rows][self._name] if isinstance(self._name, str) else self._data[rows, self._name]


def _table(file: Any, options: Hdf5, profile: Profile) -> dict[str, Any]:
    if options.table not in file:
        raise DecodeError("missing_column", f"no data set {options.table!r}")
    data = file[options.table]
    check_size(data.nbytes, profile.container)
    if data.dtype.names:
        return {name: _Column(data, name) for name in data.dtype.names}
    if data.ndim != 2 or data.shape[1] != len(options.columns):
        raise DecodeError("ragged_row", f"{options.table!r} has shape {data.shape}, not (n, {len(options.columns)})")
    return {name: _Column(data, i) for i, name in enumerate(options.columns)}


def _data_sets(file: Any) -> dict[str, Any]:
    """One-dimensional data sets inside this file; links to other files are not followed."""
    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 1 and item.shape[0] > 0:
            if item.external or item.is_virtual:
                raise DecodeError("hostile_name", f"data set {name!r} keeps its data outside the file")
            found[name] = item

    file.visititems(visit)
    return found


def _metadata(file: Any) -> dict[str, str]:
    found = {key: as_text(value) for key, value in file.attrs.items()}

    def visit(name: str, item: Any) -> None:
        for key, value in item.attrs.items():
            found[f"{name}/{key}"] = as_text(value)

    file.visititems(visit)
    return found


def _step(item: Any, default: float | None, options: Hdf5) -> float | None:
    if options.step_attribute and options.step_attribute in item.attrs:
        return float(as_text(item.attrs[options.step_attribute]))
    if options.rate_attribute and options.rate_attribute in item.attrs:
        return 1.0 / float(as_text(item.attrs[options.rate_attribute]))
    return default


def _floats(data: Any) -> Numbers:
    values = np.asarray(data)
    if values.dtype == np.float32:
        return values
    return values.astype(np.float64)
