"""What fits take of the condition series, in tasks that read the files of its cells by themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.object_store import file_address
from guideway.transforms.series import LIMIT_DDL, Limits
from guideway.transforms.series_cells import SeriesCells
from guideway.transforms.shared import shared
from guideway.udfs.cell_files import FACTS, CellFiles, read_series
from guideway.udfs.degradation import epoch_days

FIT_YEARS = 5
"""A fit takes the recordings of this year and of so many before it; see docs/decisions/0018."""

_TASK_CELLS = 60_000
_SERIES = "asset_id string, indicator string, line_id string, unit string, direction int, pool string"
_SERIES_DDL = f"{_SERIES}, t_days array<double>, values array<double>, limits {LIMIT_DDL}"


@dataclass(frozen=True)
class RecentSeries:
    """The latest ``FIT_YEARS`` of series, not read yet.

    Attributes:
        assets: a row an asset that has cells: asset_id, line_ids (of its cells), asset_type, kind (of its limits),
            the columns of ``series.asset_past``, and unwritten (its cells that are in no file) where there are any.
            Assets of a partition lie next to each other.
        cells: what tasks need besides.
    """

    assets: DataFrame
    cells: CellFiles

    def rows(self) -> DataFrame:
        """One row an asset and indicator: columns of ``condition_series`` but known_days and lapsed_days; limits."""
        past = [f"{name} {kind}" for name, kind in self.assets.dtypes if name not in FACTS]
        read = read_series(shared(self.assets.sparkSession, self.cells))
        return self.assets.mapInArrow(read, ", ".join([_SERIES_DDL, *past]))


def recent_series(
    cells: SeriesCells,
    assets: DataFrame,
    lines: DataFrame,
    past: DataFrame,
    indicators: DataFrame,
    limits: Limits,
    as_of: date,
    chosen: DataFrame | None = None,
    whole_since: float = math.inf,
) -> RecentSeries:
    """Plan the reading of values measured by the end of ``as_of`` that never lapsed.

    Args:
        cells: silver.condition_series, and which of its cells are old.
        assets: reference.asset.
        lines: reference.line.
        past: what ``asset_past`` gives.
        indicators: what ``indicator_frame`` gives.
        limits: of all assets.
        as_of: the day; only recordings begun in its year or ``FIT_YEARS`` before it are taken.
        chosen: only the series of these, a column asset_id; by default all.
        whole_since: see ``CellFiles``.
    """
    spark = assets.sparkSession
    is_recent = F.col("year").between(as_of.year - FIT_YEARS, as_of.year)

    def wanted(rows: DataFrame) -> DataFrame:
        rows = rows.where(is_recent).join(F.broadcast(indicators), "indicator", "left_semi")
        return rows if chosen is None else rows.join(chosen, "asset_id", "left_semi")

    found = wanted(cells.current()).groupBy("asset_id", "line_id").agg(F.count(F.lit(1)).alias("cells")).toArrow()
    tasks = _tasks(found, spark.sparkContext.defaultParallelism)
    rows = (
        spark.createDataFrame(tasks)
        .join(assets.select("asset_id", "asset_type"), "asset_id")
        .join(F.broadcast(limits.assets), "asset_id", "left")
        .join(past, "asset_id", "left")
        .withColumns({name: F.coalesce(name, F.array()) for name in past.columns if name != "asset_id"})
    )
    if cells.old:
        rows = rows.join(_unwritten(wanted(cells.anew())), "asset_id", "left")
    n_tasks = tasks.column("task")[-1].as_py() + 1 if len(tasks) else 1
    told = CellFiles(
        _files(cells.untouched().where(is_recent)),
        {row.line_id: row.mode for row in lines.select("line_id", "mode").collect()},
        {row.indicator: row.direction for row in indicators.collect()},
        limits.kinds,
        epoch_days(as_of),
        whole_since,
    )
    return RecentSeries(rows.repartitionById(n_tasks, "task").drop("task"), told)


def _tasks(found: pa.Table, cores: int) -> pa.Table:
    """The task of each asset: as many as ``_TASK_CELLS`` ask for, or one for each core; of them neighbours share one.

    Args:
        found: columns asset_id, line_id, cells.
        cores: of the session.

    Returns:
        Columns asset_id, line_ids, task.
    """
    by_asset = found.group_by("asset_id").aggregate([("line_id", "min"), ("line_id", "list"), ("cells", "sum")])
    by_asset = by_asset.sort_by([("line_id_min", "ascending"), ("asset_id", "ascending")])
    sizes = np.asarray(by_asset.column("cells_sum"), np.int64)
    count = max(cores, -(-int(sizes.sum()) // _TASK_CELLS))
    middle = np.cumsum(sizes) - sizes / 2
    task = pa.array((middle * count // max(sizes.sum(), 1)).astype(np.int32))
    columns = [by_asset.column("asset_id"), by_asset.column("line_id_list"), task]
    return pa.table(columns, ["asset_id", "line_ids", "task"])


def _files(cells: DataFrame) -> dict[str, Sequence[tuple[int, str]]]:
    """Year and address of each file with cells of a line, by line."""
    if not cells.inputFiles():  # a table that was never written has no file, and rows of none know of none
        return {}
    files: dict[str, list[tuple[int, str]]] = {}
    for row in cells.select("line_id", "year", "_metadata.file_path").distinct().collect():
        files.setdefault(row.line_id, []).append((row.year, file_address(row.file_path)))
    return {line_id: sorted(of_line) for line_id, of_line in files.items()}


def _unwritten(cells: DataFrame) -> DataFrame:
    """Columns asset_id, unwritten."""
    cell = F.struct("indicator", "line_id", "unit", "year", "points")
    return cells.groupBy("asset_id").agg(F.collect_list(cell).alias("unwritten"))
