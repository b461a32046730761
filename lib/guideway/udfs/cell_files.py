"""Condition series read in a task straight from the files of silver.condition_series, row groups of others left alone.

Points that come through Spark go one by one from its Parquet reader into rows, through a shuffle and a sort, and into
Arrow; that cost more than to fit them. Only files that a version of the table names may be read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guideway.degradation.series import ragged_filter
from guideway.udfs.parquet_files import bounds_of, column_of, named, opened
from guideway.udfs.ragged import Floats, Ints, floats, ragged

CELL = ("asset_id", "indicator", "line_id", "unit", "year", "points")
"""Columns of silver.condition_series by which a cell that is in no file is sent to its task."""

MOST_POINTS = 1000
"""Values of a series that a fit takes: a sensor of many values a day holds up no other series."""

_PIECE_POINTS = 1_000_000
_BUFFER_BYTES = 1 << 20
_NAMES = ("indicator", "unit")
_POINT = "points.list.element."
_TAKEN = ("asset_id", *_NAMES, f"{_POINT}t_days", f"{_POINT}value")
_LAPSED = f"{_POINT}lapsed_days"
_FACTS = ("asset_id", "asset_type", "kind")

Bools = npt.NDArray[np.bool_]


class CellFile(NamedTuple):
    """A file with cells of a line and a year."""

    address: str
    line_id: str
    year: int


@dataclass(frozen=True)
class SeriesTask:
    """What a task reads.

    Attributes:
        assets: columns asset_id, asset_type, kind (of its limits, or null); in the order of asset_id.
        files: those with cells of these assets, and of others.
    """

    assets: pa.RecordBatch
    files: tuple[CellFile, ...]


@dataclass(frozen=True)
class SeriesPlan:
    """All that tasks are told but the past of assets, and cells no file has.

    Attributes:
        tasks: by their numbers.
        modes: of each line.
        directions: +1 worse when higher, -1 when lower, by the indicators that are taken.
        limits: columns kind, indicator, limits.
        end_days: first moment not to know of, days since 1970-01-01 UTC.
        whole_since: a day since 1970-01-01 UTC; of the values of a series before it no more than the ``MOST_POINTS``
            latest are taken, and all since then.
    """

    tasks: Sequence[SeriesTask]
    modes: Mapping[str, str]
    directions: Mapping[str, int]
    limits: pa.Table
    end_days: float
    whole_since: float = math.inf


def cells_by_asset(file: CellFile) -> pa.Table:
    """Columns asset_id, line_id, cells: how many cells of each asset a file has.

    Raises:
        LakeError: the file is missing or damaged; the message names it.
    """
    with named(file.address), opened(file.address, buffer_size=_BUFFER_BYTES) as cells:
        counts = pc.value_counts(cells.read(["asset_id"], use_threads=False).column("asset_id"))
    line_id = pa.repeat(pa.scalar(file.line_id), len(counts))
    return pa.table([counts.field("values"), line_id, counts.field("counts")], ["asset_id", "line_id", "cells"])


def read_series(plan: Callable[[], SeriesPlan]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow`` that yields the series of a task; see ``transforms.recent_series``.

    Its rows are one with the number of the task, those of ``asset_past`` of its assets, and cells of them that no file
    has; columns of others are null. Batches have all series of an asset, in the order of asset_id and indicator; each
    is made of row groups of at most ``_PIECE_POINTS`` values, or is of one asset.

    Raises:
        LakeError: a file is missing or damaged; the message names it.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sent = [batch for batch in batches if batch.num_rows]
        if not sent:
            return
        whole, rows = plan(), pa.Table.from_batches(sent).combine_chunks()
        task = whole.tasks[rows.column("task")[0].as_py()]
        rows = rows.filter(pc.field("asset_id").is_valid())
        unwritten = None
        if "points" in rows.schema.names:
            unwritten = _unwritten(rows.filter(pc.field("points").is_valid()).combine_chunks())
            rows = rows.filter(pc.field("points").is_null()).drop_columns(CELL[1:])
        assets = _with_past(task.assets, rows.drop_columns("task").combine_chunks())
        with ExitStack() as stack:
            files = [stack.enter_context(_opened(file)) for file in task.files]
            yield from _in_pieces(assets, files, unwritten, whole)

    return run


def _with_past(assets: pa.RecordBatch, past: pa.Table) -> pa.RecordBatch:
    """The assets with their past beside them; empty lists where there is none."""
    place = pc.index_in(assets.column("asset_id"), value_set=past.column("asset_id"))
    lists = past.drop_columns("asset_id")
    columns = [_taken(column.combine_chunks(), place) for column in lists.columns]
    return pa.RecordBatch.from_arrays([*assets.columns, *columns], [*assets.schema.names, *lists.column_names])


def _taken(lists: pa.ListArray, place: pa.Array) -> pa.ListArray:
    """Lists by their places, an empty one for null."""
    return pa.concat_arrays([lists, pa.array([[]], lists.type)]).take(pc.fill_null(place, len(lists)))


def _in_pieces(
    assets: pa.RecordBatch, files: Sequence[_File], unwritten: _Cells | None, plan: SeriesPlan
) -> Iterator[pa.RecordBatch]:
    """The series of the assets; those of half of them first, where all would be too many to hold."""
    ids = assets.column("asset_id")
    groups = [file.groups_with(ids[0].as_py(), ids[-1].as_py()) for file in files]
    if len(ids) > 1 and sum(group.points for of_file in groups for group in of_file) > _PIECE_POINTS:
        half = len(ids) // 2
        yield from _in_pieces(assets.slice(0, half), files, unwritten, plan)
        yield from _in_pieces(assets.slice(half), files, unwritten, plan)
        return
    parts = [file.read(wanted) for file, wanted in zip(files, groups, strict=True) if wanted]
    parts += [unwritten] if unwritten else []
    if parts:
        series = _series(assets, parts, plan)
        if series.num_rows:
            yield series


class _Group(NamedTuple):
    """A row group: its number, how many values it has, first and last asset (None: not told), whether any lapsed."""

    number: int
    points: int
    first: str | None
    last: str | None
    has_lapsed: bool


class _Cells(NamedTuple):
    """Cells: what each is of, its year, and its points."""

    asset_id: pa.Array
    indicator: pa.DictionaryArray
    line_id: pa.DictionaryArray
    unit: pa.DictionaryArray
    year: Ints
    points: pa.ListArray

    def series(self, names: Sequence[pa.Array]) -> Ints:
        """A number for each cell's series, in the order of the names; -1 where one of its names is not among them."""
        number, is_named = np.zeros(len(self.year), np.int64), np.ones(len(self.year), bool)
        for column, wanted in zip(self, names, strict=False):
            words = column.dictionary if isinstance(column, pa.DictionaryArray) else column
            code = np.asarray(pc.fill_null(pc.index_in(words, value_set=wanted), -1), np.int64)
            if words is not column:
                code = code[np.asarray(column.indices)]
            is_named &= code >= 0
            number = number * len(wanted) + code
        return np.where(is_named, number, -1)


@dataclass(frozen=True)
class _File:
    told: CellFile
    groups: Sequence[_Group]
    file: pq.ParquetFile

    def groups_with(self, first: str, last: str) -> list[_Group]:
        """Row groups that may have one of these assets."""
        return [
            group
            for group in self.groups
            if group.first is None or group.last is None or (group.first <= last and first <= group.last)
        ]

    def read(self, groups: Sequence[_Group]) -> _Cells:
        columns = [*_TAKEN, *([_LAPSED] if any(group.has_lapsed for group in groups) else [])]
        with named(self.told.address):
            table = self.file.read_row_groups([group.number for group in groups], columns, use_threads=False)
        (rows,) = table.combine_chunks().to_batches()
        asset_id, indicator, unit, points = (rows.column(name) for name in ("asset_id", *_NAMES, "points"))
        line_id = pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int32), pa.array([self.told.line_id]))
        return _Cells(asset_id, indicator, line_id, unit, np.full(len(rows), self.told.year), points)


@contextmanager
def _opened(told: CellFile) -> Iterator[_File]:
    with opened(told.address, read_dictionary=list(_NAMES), buffer_size=_BUFFER_BYTES) as file:
        yield _File(told, list(_groups(file.metadata)), file)


def _groups(told: pq.FileMetaData) -> Iterator[_Group]:
    for number in range(told.num_row_groups):
        group = told.row_group(number)
        first, last = bounds_of(group, "asset_id") or (None, None)
        lapsed = column_of(group, _LAPSED)
        none = lapsed.statistics is not None and lapsed.statistics.null_count == lapsed.num_values
        if group.num_rows:
            yield _Group(number, lapsed.num_values, first, last, not none)


def _unwritten(cells: pa.Table) -> _Cells:
    """Cells that came along, because no file has them as they are."""
    asset_id, points = (cells.column(name).combine_chunks() for name in ("asset_id", "points"))
    indicator, line_id, unit = (
        cells.column(name).combine_chunks().dictionary_encode() for name in ("indicator", "line_id", "unit")
    )
    return _Cells(asset_id, indicator, line_id, unit, np.asarray(cells.column("year"), np.int64), points)


def _series(assets: pa.RecordBatch, parts: Sequence[_Cells], plan: SeriesPlan) -> pa.RecordBatch:
    """The series of the assets: the cells of each one after the other, of its points those that count."""
    units = {unit for part in parts for unit in part.unit.dictionary.to_pylist()}
    indicators, lines, units = (pa.array(sorted(names), pa.string()) for names in (plan.directions, plan.modes, units))
    names = assets.column("asset_id"), indicators, lines, units
    series = np.concatenate([part.series(names) for part in parts])
    series, bounds, t_days, values = _gathered(series, parts)
    bounds, t_days, values = _kept(t_days < plan.end_days, bounds, t_days, values)  # without those that lapsed
    bounds, t_days, values = _kept(_latest(bounds, t_days, plan.whole_since), bounds, t_days, values)
    has_points = np.diff(bounds) > 0
    series, bounds = series[has_points], np.append(bounds[:-1][has_points], bounds[-1])

    asset, indicator, line, unit = map(pa.array, np.unravel_index(series, [max(len(one), 1) for one in names]))
    modes = pa.array([plan.modes[name] for name in lines.to_pylist()], pa.string())
    directions = pa.array([plan.directions[name] for name in indicators.to_pylist()], pa.int32())
    kinds = assets.column("asset_type").take(asset)
    columns = {
        "asset_id": assets.column("asset_id").take(asset),
        "indicator": indicators.take(indicator),
        "line_id": lines.take(line),
        "unit": units.take(unit),
        "direction": directions.take(indicator),
        "pool": pc.binary_join_element_wise(indicators.take(indicator), modes.take(line), kinds, "|"),
        "t_days": _lists(bounds, t_days),
        "values": _lists(bounds, values),
        "limits": _limits(plan.limits, assets.column("kind").take(asset), indicators, indicator),
    }
    columns |= {name: assets.column(name).take(asset) for name in assets.schema.names if name not in _FACTS}
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _gathered(series: Ints, parts: Sequence[_Cells]) -> tuple[Ints, Ints, Floats, Floats]:
    """Series in their order, and the bounds of each in the days and values of all points; NaN days where one lapsed.

    Args:
        series: the number of each cell's series; cells of -1 are left out.
        parts: the cells.
    """
    lengths, days, values = [], [], []
    for part in parts:
        offsets, points = ragged(part.points)
        t_days = floats(points.field("t_days"))
        if points.type.get_field_index("lapsed_days") >= 0:
            t_days = np.where(np.isnan(floats(points.field("lapsed_days"))), t_days, np.nan)
        lengths.append(np.diff(offsets))
        days.append(t_days)
        values.append(floats(points.field("value")))
    length, year = np.concatenate(lengths), np.concatenate([part.year for part in parts])
    start = np.cumsum(length) - length
    cells = np.flatnonzero(series >= 0)
    by_year = series[cells] * (np.ptp(year) + 1) + year[cells] - year.min() if len(cells) else cells
    cells = cells[np.argsort(by_year, kind="stable")]  # cells of a file are mostly in order already
    bounds = np.concatenate(([0], np.cumsum(length[cells])))
    point = np.arange(bounds[-1]) + np.repeat(start[cells] - bounds[:-1], length[cells])
    begins = np.flatnonzero(np.diff(series[cells], prepend=-1))
    return (
        series[cells[begins]],
        bounds[np.append(begins, len(cells))],
        np.concatenate(days)[point],
        np.concatenate(values)[point],
    )


def _kept(keep: Bools, bounds: Ints, t_days: Floats, values: Floats) -> tuple[Ints, Floats, Floats]:
    return (bounds, t_days, values) if keep.all() else (ragged_filter(bounds, keep), t_days[keep], values[keep])


def _latest(bounds: Ints, t_days: Floats, whole_since: float) -> Bools:
    """Which values count: the ``MOST_POINTS`` latest of each series before ``whole_since``, and all since then."""
    length = np.diff(bounds)
    if length.max(initial=0) <= MOST_POINTS:
        return np.ones(len(t_days), bool)
    before = np.diff(np.concatenate(([0], np.cumsum(t_days < whole_since)))[bounds])
    first = bounds[:-1] + np.maximum(before - MOST_POINTS, 0)
    return np.arange(len(t_days)) >= np.repeat(first, length)


def _lists(bounds: Ints, numbers: Floats) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(bounds.astype(np.int32)), pa.array(numbers))


def _limits(limits: pa.Table, kinds: pa.Array, indicators: pa.Array, indicator: pa.Array) -> pa.ListArray:
    """The limits of each series, by the kind of its asset and its indicator; an empty list where there are none."""
    named = pc.index_in(limits.column("indicator"), value_set=indicators)  # null for indicators nobody takes
    told = pc.add(pc.multiply(limits.column("kind").cast(pa.int64()), len(indicators)), named)
    wanted = pc.add(pc.multiply(kinds.cast(pa.int64()), len(indicators)), indicator)
    return _taken(limits.column("limits").combine_chunks(), pc.index_in(wanted, value_set=told, skip_nulls=True))
