"""What fits take of the condition series, in tasks that read the files of its cells by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.errors import LakeError
from guideway.threads import in_threads
from guideway.transforms.series import LIMIT_DDL, Limits
from guideway.transforms.series_cells import SeriesCells
from guideway.transforms.shared import shared
from guideway.transforms.task_sizes import equal_shares
from guideway.udfs.cell_files import CELL, CellFile, SeriesPlan, SeriesTask, cells_by_asset, read_series
from guideway.udfs.degradation import epoch_days

FIT_YEARS = 5
"""A fit takes the recordings of this year and of so many before it; see docs/decisions/0018."""

_TASK_CELLS = 200_000
_SERIES = "asset_id string, indicator string, line_id string, unit string, direction int, pool string"
_SERIES_DDL = f"{_SERIES}, t_days array<double>, values array<double>, limits {LIMIT_DDL}"
_FOUND = pa.schema([("asset_id", pa.string()), ("line_id", pa.string()), ("cells", pa.int64())])


@dataclass(frozen=True)
class RecentCells:
    """Where the cells of the latest ``FIT_YEARS`` are.

    Attributes:
        files: those of the table.
        found: tables of columns asset_id, line_id, cells (how many an asset has), of the files and of the unwritten.
        unwritten: cells that no file has as they are; None where there are none.
    """

    files: Sequence[CellFile]
    found: Sequence[pa.Table]
    unwritten: DataFrame | None

    @classmethod
    def of(cls, cells: SeriesCells, as_of: date) -> RecentCells:
        """Look into the files of recordings begun in the day's year or ``FIT_YEARS`` before it.

        Raises:
            LakeError: a file is missing or damaged, or is none of a line and year; the message names it.
        """
        is_recent = F.col("year").between(as_of.year - FIT_YEARS, as_of.year)
        files = _files(cells.untouched().where(is_recent).inputFiles())
        found = in_threads(cells_by_asset, files)
        if not cells.old:
            return cls(files, found, None)
        unwritten = cells.anew().where(is_recent).select(*CELL)
        counted = unwritten.groupBy("asset_id", "line_id").agg(F.count(F.lit(1)).alias("cells"))
        return cls(files, [*found, counted.toArrow().cast(_FOUND)], unwritten)


@dataclass(frozen=True)
class RecentSeries:
    """The latest ``FIT_YEARS`` of series, not read yet.

    Attributes:
        rows: what Spark sends to each task, see ``read_series``; a partition is a task.
        plan: what the tasks are told besides.
        past: columns of ``series.asset_past`` and their types.
    """

    rows: DataFrame
    plan: SeriesPlan
    past: Sequence[tuple[str, str]]

    def read(self) -> DataFrame:
        """One row an asset and indicator: columns of ``condition_series`` but known_days and lapsed_days; limits."""
        ddl = ", ".join([_SERIES_DDL, *(f"{name} {kind}" for name, kind in self.past)])
        return self.rows.mapInArrow(read_series(shared(self.rows.sparkSession, self.plan)), ddl)


def recent_series(
    cells: RecentCells,
    assets: DataFrame,
    lines: DataFrame,
    past: DataFrame,
    directions: Mapping[str, int],
    limits: Limits,
    as_of: date,
    chosen: DataFrame | None = None,
    whole_since: float = math.inf,
) -> RecentSeries:
    """Plan the reading of values measured by the end of ``as_of`` that never lapsed.

    Only the past of assets, and cells that no file has as they are, go through Spark.

    Args:
        cells: where they are.
        assets: reference.asset.
        lines: reference.line.
        past: what ``asset_past`` gives.
        directions: +1 worse when higher, -1 when lower, by the indicators that are taken.
        limits: of all assets.
        as_of: the day.
        chosen: only the series of these, a column asset_id; by default all.
        whole_since: see ``SeriesPlan``.
    """
    spark, unwritten = assets.sparkSession, cells.unwritten
    wanted = assets.select("asset_id", F.col("line_id").alias("home"), "asset_type")
    wanted = wanted if chosen is None else wanted.join(chosen, "asset_id", "left_semi")
    facts = wanted.toArrow()
    facts = facts.append_column("kind", limits.kind_of(facts.column("asset_id")))
    tasks, spans = _tasks(cells, facts, spark.sparkContext.defaultParallelism)
    modes = {row.line_id: row.mode for row in lines.select("line_id", "mode").collect()}
    plan = SeriesPlan(tasks, modes, directions, limits.kinds, epoch_days(as_of), whole_since)

    rows = spark.range(len(tasks)).select(F.col("id").cast("int").alias("task"))
    homes = wanted.select("asset_id", "home")
    of_tasks = F.broadcast(spark.createDataFrame(spans, "task int, home string, first string, last string"))
    is_inside = F.col("asset_id").between(F.col("first"), F.col("last"))
    for sent in (past,) if unwritten is None else (past, unwritten):
        of_task = sent.join(homes, "asset_id").join(of_tasks, "home").where(is_inside).drop("home", "first", "last")
        rows = rows.unionByName(of_task, allowMissingColumns=True)
    kinds = [(name, kind) for name, kind in past.dtypes if name != "asset_id"]
    return RecentSeries(rows.repartitionById(max(len(tasks), 1), "task"), plan, kinds)


def _files(addresses: Iterable[str]) -> list[CellFile]:
    """The line and year of files, as the names of their folders have them."""
    files = []
    for address in sorted(address.removeprefix("file:") for address in addresses):
        *_, line, year, _ = address.split("/")
        if not (line.startswith("line_id=") and year.startswith("year=")):
            raise LakeError(f"{address} is in no folder of a line and year: its cells cannot be told")
        files.append(CellFile(address, unquote(line.partition("=")[2]), int(year.partition("=")[2])))
    return files


def _tasks(cells: RecentCells, facts: pa.Table, cores: int) -> tuple[list[SeriesTask], list[tuple[int, str, str, str]]]:
    """As many tasks as ``_TASK_CELLS`` ask for, or one for each core, of assets that lie next to each other in a line.

    Args:
        cells: where they are.
        facts: columns asset_id, home (its line in the network), asset_type, kind.
        cores: of the session.

    Returns:
        The tasks; and the number of a task, a line, and the first and last asset of it that are the task's.
    """
    facts = facts.sort_by([("home", "ascending"), ("asset_id", "ascending")]).combine_chunks()
    found = pa.concat_tables([_FOUND.empty_table(), *cells.found])
    found = found.append_column("place", pc.index_in(found.column("asset_id"), value_set=facts.column("asset_id")))
    found = found.filter(pc.field("place").is_valid())
    place = np.asarray(found.column("place"), np.int64)
    sizes = np.bincount(place, found.column("cells"), facts.num_rows)
    shares = max(cores, math.ceil(sizes.sum() / _TASK_CELLS))
    numbers, task = np.unique(np.where(sizes > 0, equal_shares(sizes, shares), -1), return_inverse=True)
    task -= numbers[0] < 0 if len(numbers) else 0  # assets without cells are in none

    lines_of: dict[int, set[str]] = {}
    pairs = pa.table([pa.array(task[place]), found.column("line_id")], ["task", "line_id"])
    for pair in pairs.group_by(["task", "line_id"]).aggregate([]).to_pylist():
        lines_of.setdefault(pair["task"], set()).add(pair["line_id"])
    taken = facts.append_column("task", pa.array(task)).filter(pa.array(sizes > 0)).combine_chunks()
    columns = taken.select(["asset_id", "asset_type", "kind"])
    tasks = []
    for number, (start, stop) in enumerate(pairwise(_bounds(taken, "task"))):
        (assets,) = columns.slice(start, stop - start).sort_by("asset_id").combine_chunks().to_batches()
        tasks.append(SeriesTask(assets, tuple(file for file in cells.files if file.line_id in lines_of[number])))
    ends = [(start, stop - 1) for start, stop in pairwise(_bounds(taken, "task", "home"))]
    told = [taken.take([first, last]).to_pydict() for first, last in ends]
    return tasks, [(one["task"][0], one["home"][0], *one["asset_id"]) for one in told]


def _bounds(rows: pa.Table, *names: str) -> list[int]:
    """Where one of the columns changes from a row to the next, with both ends."""
    changes = np.zeros(max(rows.num_rows - 1, 0), bool)
    for name in names:
        column = rows.column(name)
        changes |= np.asarray(pc.not_equal(column[1:], column[:-1]))
    return [0, *(np.flatnonzero(changes) + 1).tolist(), *([rows.num_rows] if rows.num_rows else [])]
