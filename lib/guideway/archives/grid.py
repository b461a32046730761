"""Samples at stated positions onto a uniform rising axis, without inventing any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from guideway.archives.table import Numbers
from guideway.errors import DecodeError

_MOST_SAMPLES_A_ROW = 200
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """One gapless stretch: sample ``i`` lies at ``start + i * step``.

    ``first_row`` is the file row of the first sample taken; ``direction`` is +1 where positions rose in the file.
    """

    start: float
    step: float
    direction: int
    values: Mapping[str, F32]
    first_row: int

    @property
    def n_samples(self) -> int:
        """Samples per column."""
        return next(iter(self.values.values())).size


@dataclass(frozen=True, slots=True)
class Regular:
    """Positions ``start + i * step`` of ``n`` rows, not written out: what a sensor with a fixed rate delivers."""

    start: float
    step: float
    n: int

    def __getitem__(self, rows: slice) -> Regular:
        """The positions of these rows."""
        return Regular(self.start + rows.start * self.step, self.step, rows.stop - rows.start)


@dataclass(frozen=True, slots=True)
class Spacing:
    """How samples are put on the axis; see ``AxisRule``."""

    step: float
    max_gap: float
    bridge: float
    tolerance: float
    min_samples: int


def to_grids(positions: F64 | Regular, columns: Mapping[str, Numbers], spacing: Spacing) -> tuple[list[Grid], int, int]:
    """Stretches of a run on uniform rising axes.

    Args:
        positions: position of each row, shape (n,), m or s; NaN where the file has none.
        columns: samples, each shape (n,).
        spacing: step and limits.

    Returns:
        The stretches in file order; how many rows had no usable position (missing, repeated, or going back); how many
        rows were lost in stretches shorter than ``min_samples``.
    """
    if not isinstance(positions, Regular):
        return _stated(positions, columns, spacing)
    if positions.n < spacing.min_samples:
        return [], 0, positions.n
    values = {name: column.astype(np.float32, copy=False) for name, column in columns.items()}
    return [Grid(_anchor(positions.start, spacing), positions.step, 1, values, 0)], 0, 0


def _stated(positions: F64, columns: Mapping[str, Numbers], spacing: Spacing) -> tuple[list[Grid], int, int]:
    rows = np.flatnonzero(np.isfinite(positions))
    n_bad = positions.size - rows.size
    grids: list[Grid] = []
    n_short = 0
    for run in _runs(positions[rows], spacing):
        stretch = rows[run]
        direction = _direction(positions[stretch])
        keep = _advancing(positions[stretch] * direction)
        n_bad += stretch.size - int(np.count_nonzero(keep))
        stretch = stretch[keep]
        if stretch.size < spacing.min_samples:
            n_short += stretch.size
            continue
        grids.append(_grid(positions, columns, stretch, direction, spacing))
    return grids, n_bad, n_short


def _runs(positions: F64, spacing: Spacing) -> list[slice]:
    """Slices between jumps longer than the gap limit, and between the legs of a run that turns back."""
    if positions.size == 0:
        return []
    steps = np.diff(positions)
    cuts = np.abs(steps) > spacing.max_gap
    cuts |= _turns(positions, spacing)
    edges = [0, *(np.flatnonzero(cuts) + 1).tolist(), positions.size]
    return [slice(a, b) for a, b in pairwise(edges)]


def _turns(positions: F64, spacing: Spacing) -> npt.NDArray[np.bool_]:
    """Where a run turns back by more than the gap limit (a vehicle that reverses), as cuts between rows."""
    cuts = np.zeros(max(positions.size - 1, 0), dtype=bool)
    forward = np.maximum.accumulate(positions) - positions
    backward = positions - np.minimum.accumulate(positions)
    if min(forward.max(initial=0.0), backward.max(initial=0.0)) <= spacing.max_gap:
        return cuts  # one direction throughout, but for jitter
    start, best, sign = 0, 0, 0
    for i in range(1, positions.size):
        if sign == 0:
            sign = int(np.sign(positions[i] - positions[start])) if abs(positions[i] - positions[start]) > 0 else 0
            best = i if sign else best
        elif (positions[i] - positions[best]) * sign >= 0:
            best = i
        elif (positions[best] - positions[i]) * sign > spacing.max_gap:
            if best > start:
                cuts[best] = True
            start, sign, best = best + 1, -sign, i
    return cuts


def _direction(positions: F64) -> int:
    return -1 if positions.size > 1 and positions[-1] < positions[0] else 1


def _advancing(rising: F64) -> npt.NDArray[np.bool_]:
    """Rows that lie beyond all rows before them: repeated and backward positions are left out."""
    highest = np.maximum.accumulate(rising)
    keep = np.ones(rising.size, dtype=bool)
    keep[1:] = rising[1:] > highest[:-1]
    return keep


def _grid(
    positions: F64, columns: Mapping[str, Numbers], stretch: npt.NDArray[np.intp], direction: int, spacing: Spacing
) -> Grid:
    order = stretch if direction > 0 else stretch[::-1]
    at = positions[order]
    start = _anchor(float(at[0]), spacing)
    index = (at - start) / spacing.step
    whole = np.rint(index)
    n = int(whole[-1]) + 1
    if n > _MOST_SAMPLES_A_ROW * stretch.size + 1000:
        raise DecodeError("no_position", f"{stretch.size} rows cover {n} steps: the step or max_gap does not fit")
    if np.all(np.abs(index - whole) <= spacing.tolerance) and np.all(np.diff(whole) > 0):
        values = {name: _place(column, order, whole.astype(np.intp), n) for name, column in columns.items()}
    else:
        n = int(np.floor(index[-1] + spacing.tolerance)) + 1
        target = start + spacing.step * np.arange(n, dtype=np.float64)
        values = {name: _resample(column, order, at, target, spacing) for name, column in columns.items()}
    return Grid(start, spacing.step, direction, values, int(stretch[0]))


def _anchor(first: float, spacing: Spacing) -> float:
    """The first position, moved onto a multiple of the step where it lies within the tolerance of one."""
    multiple = round(first / spacing.step) * spacing.step
    return multiple if abs(first - multiple) <= spacing.tolerance * spacing.step else first


def _place(column: Numbers, order: npt.NDArray[np.intp], index: npt.NDArray[np.intp], n: int) -> F32:
    samples = column[order].astype(np.float32, copy=False)
    if samples.size == n:
        return samples
    placed = np.full(n, np.nan, dtype=np.float32)
    placed[index] = samples
    return placed


def _resample(column: Numbers, order: npt.NDArray[np.intp], at: F64, target: F64, spacing: Spacing) -> F32:
    """Linear interpolation between valid neighbours not further apart than ``bridge``; NaN elsewhere.

    A missing sample between two valid ones stays a hole: neighbours are neighbours in the file.
    """
    samples = column[order].astype(np.float64)
    right = np.clip(np.searchsorted(at, target, side="left"), 1, at.size - 1)
    left = right - 1
    span = at[right] - at[left]
    weight = np.clip((target - at[left]) / span, 0.0, 1.0)
    mixed = samples[left] * (1.0 - weight) + samples[right] * weight
    near = spacing.tolerance * spacing.step
    on_left, on_right = np.abs(target - at[left]) <= near, np.abs(target - at[right]) <= near
    mixed = np.where(on_left & np.isnan(mixed), samples[left], mixed)
    mixed = np.where(on_right & np.isnan(mixed), samples[right], mixed)
    usable = (span <= spacing.bridge) | on_left | on_right
    mixed = np.where((span > spacing.bridge) & on_left, samples[left], mixed)
    mixed = np.where((span > spacing.bridge) & on_right, samples[right], mixed)
    usable &= (target >= at[0] - near) & (target <= at[-1] + near)
    return np.where(usable, mixed, np.nan).astype(np.float32)
