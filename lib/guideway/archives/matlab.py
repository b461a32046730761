"""MATLAB .mat files of any version: variables and struct fields as columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pymatreader

from guideway.archives.options import Matlab
from guideway.archives.pick import as_text, check_size, group_by_length, pick
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import RawTable
from guideway.errors import DecodeError


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """Tables of a .mat file, one for each length of its vectors.

    Raises:
        DecodeError: ``missing_column``, ``archive_bomb``, ``ragged_row``.
    """
    options = profile.decode
    assert isinstance(options, Matlab)  # noqa: S101
    path = member.path()
    check_size(_declared_bytes(path), profile.container)
    flat = dict(_flatten(pymatreader.read_mat(path)))
    vectors = {name: _vector(value) for name, value in flat.items() if _vector(value) is not None}
    metadata = {name: as_text(value) for name, value in flat.items() if name not in vectors and _is_small(value)}
    if options.table is not None:
        vectors = _columns(flat, options)
    chosen = pick(list(vectors), profile)
    step = None
    if options.rate_variable is not None:
        if options.rate_variable not in flat:
            raise DecodeError("missing_column", f"no variable {options.rate_variable!r}")
        step = 1.0 / float(np.ravel(flat[options.rate_variable])[0])
    for (n, _), labels in group_by_length((label, vectors[label].size, step) for label in chosen).items():
        numbers = {chosen[label]: vectors[label].astype(np.float64) for label in labels}
        yield RawTable(numbers, n, metadata=metadata, step=step)


def _declared_bytes(path: Any) -> int:
    """Bytes of the arrays a version 5 file declares; 0 for HDF5 based files, whose reader allocates by need."""
    from scipy.io import whosmat  # noqa: PLC0415
    from scipy.io.matlab import matfile_version  # noqa: PLC0415

    if matfile_version(path)[0] == 2:
        return 0
    return sum(8 * int(np.prod(shape, dtype=np.float64)) for _, shape, _ in whosmat(path))


def _flatten(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and depth < 8:
        for key, inner in value.items():
            if not str(key).startswith("__"):
                yield from _flatten(inner, f"{prefix}.{key}" if prefix else str(key), depth + 1)
    else:
        yield prefix, value


def _vector(value: Any) -> Any:
    array = np.asarray(value) if isinstance(value, (np.ndarray, list)) else None
    if array is None or array.dtype.kind not in "fiub" or array.size < 2 or max(array.shape) != array.size:
        return None
    return array.ravel()


def _is_small(value: Any) -> bool:
    return isinstance(value, (str, int, float)) or (isinstance(value, np.ndarray) and value.size == 1)


def _columns(flat: dict[str, Any], options: Matlab) -> dict[str, Any]:
    table = np.asarray(flat.get(str(options.table)))
    if table.ndim != 2 or table.shape[1] != len(options.columns) or table.dtype.kind not in "fiub":
        raise DecodeError("ragged_row", f"{options.table!r} has shape {table.shape}, not (n, {len(options.columns)})")
    return {name: table[:, i] for i, name in enumerate(options.columns)}
