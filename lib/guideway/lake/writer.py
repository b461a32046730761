"""Writing without losing or doubling anything: append, adopt, upsert, replace a window, undo what was not acknowledged.

Every method writes at most one Delta commit, stamps it with the run, and returns the number of rows it changed;
a write that would change nothing makes no commit. Different tables may be written from threads of the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial, reduce
from operator import and_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway import __version__
from guideway.contracts import Table
from guideway.contracts.schema import PROVENANCE
from guideway.errors import LakeError
from guideway.lake.adoption import commit_files, folder_of
from guideway.lake.lake import Lake
from guideway.lake.log import Commit
from guideway.udfs.data_files import DataFile, DataFolder

_PROVENANCE = tuple(column.name for column in PROVENANCE)
_HISTORY_DEPTH = 50


class Writer:
    """Writes the rows of one run.

    ``run_id`` must be new at each attempt: what is not acknowledged is found by it.
    """

    def __init__(self, lake: Lake, run_id: str) -> None:
        self.lake = lake
        self.run_id = run_id
        self.rows: dict[str, int] = {}

    def part(self, number: int) -> Writer:
        """A writer for one separately acknowledged part of the run; it counts into the same rows."""
        part = Writer(self.lake, f"{self.run_id}.{number}")
        part.rows = self.rows
        return part

    def append(self, frame: DataFrame, table: Table) -> int:
        """Append rows whose keys are known to be new."""
        return self._commit(table, partial(self._write, frame, table), "numOutputRows")

    def folder(self, table: Table) -> DataFolder:
        """Where tasks may write files of rows for ``adopt``; the table is there."""
        self.lake.delta(table)
        stamp = {"run_id": self.run_id, "code_version": __version__}
        return folder_of(self.lake.path(table), table, stamp)

    def adopt(self, files: Sequence[DataFile], table: Table) -> int:
        """Append the rows of files that tasks have written into the table's ``folder``, in one commit of Delta's own.

        Rows of files that are never adopted are nobody's, and upkeep removes the files. Who writes into the
        folder sees to it that columns that must have a value have one, and upholds the table's checks.
        """
        if not files:
            return self._none(table)
        add = partial(commit_files, self.lake.spark, self.lake.path(table), files)
        return self._commit(table, add, "numOutputRows")

    def upsert(self, frame: DataFrame, table: Table) -> int:
        """Insert new keys, update rows that differ, leave equal rows untouched.

        Raises:
            LakeError: the frame holds a key twice; the message shows it.
        """
        incoming = self._stamp(frame, table).persist()
        try:
            rows, _ = _fingerprint_of_keys(incoming, table)
            if rows and self._is_new(table):
                return self.append(incoming, table)
            same = reduce(
                and_,
                (
                    _hashable(F.col(f"n.{c.name}"), c.type).eqNullSafe(_hashable(F.col(f"o.{c.name}"), c.type))
                    for c in table.columns
                ),
            )
            changed = incoming.alias("n").join(self.lake.read(table).alias("o"), same, "left_anti")
            if changed.isEmpty():
                return self._none(table)
            matched = reduce(and_, (F.col(f"old.{key}") == F.col(f"new.{key}") for key in table.key))
            merge = self.lake.delta(table).alias("old").merge(changed.alias("new"), matched)
            merge = merge.whenMatchedUpdateAll().whenNotMatchedInsertAll()
            return self._commit(table, merge.execute, "numTargetRowsInserted", "numTargetRowsUpdated")
        finally:
            incoming.unpersist()

    def replace(self, frame: DataFrame, table: Table, window: SparkColumn, window_sql: str) -> int:
        """Make the window hold exactly these rows; equal content makes no commit.

        Args:
            frame: the window's rows.
            table: the table.
            window: predicate of the window as a column, for reading.
            window_sql: the same predicate as SQL of literals, for ``replaceWhere``.

        Raises:
            LakeError: a key comes twice, or in a new table a row is outside of the window; elsewhere Delta refuses it.
        """
        incoming = self._stamp(frame, table).persist()
        try:
            wanted = _fingerprint_of_keys(incoming, table)
            if wanted[0] and self._is_new(table):
                if not incoming.where(~F.coalesce(window, F.lit(False))).isEmpty():
                    raise LakeError(f"{table.full_name}: there are rows outside of {window_sql}")
                return self.append(incoming, table)
            if wanted == fingerprint(self.lake.read(table).where(window), table):
                return self._none(table)
            write = partial(self._write, incoming, table, mode="overwrite", replaceWhere=window_sql)
            return self._commit(table, write, "numOutputRows")
        finally:
            incoming.unpersist()

    def replace_days(self, frame: DataFrame, table: Table, *days: date) -> int:
        """Make the table hold exactly these rows of the days ``as_of``; equal content makes no commit."""
        literals = ", ".join(f"DATE '{day.isoformat()}'" for day in days)
        return self.replace(frame, table, F.col("as_of").isin(*days), f"as_of IN ({literals})")

    def delete(self, table: Table, condition: SparkColumn) -> int:
        """Delete the rows the condition selects."""
        if not self.lake.exists(table):
            return 0
        return self._commit(table, partial(self.lake.delta(table).delete, condition), "numDeletedRows")

    def undo_unacknowledged(self, ledger: Table, parts: tuple[Table, ...]) -> dict[str, int]:
        """Remove what a killed run left behind: rows of runs that never reached the ledger.

        A run writes its parts first and its ledger last, and holds the lock of all of them: so whatever a part holds of
        a run the ledger does not know was never acknowledged.

        Returns:
            Rows removed, by table.
        """
        known = {row.run_id for row in self.lake.read(ledger).select("run_id").distinct().collect()}
        removed = {}
        for part in parts:
            if not self.lake.exists(part):
                continue
            commits = self._commits_since_known(part, known)
            orphans = sorted({c.run_id for c in commits if c.run_id and c.operation in ("WRITE", "MERGE")} - known)
            if orphans:
                rows = self.delete(part, F.col("run_id").isin(orphans))
                if rows:
                    removed[part.full_name] = rows
        return removed

    def _commits_since_known(self, part: Table, known: set[str]) -> list[Commit]:
        """The latest commits, back to one of a run the ledger knows: that run undid what was there before it."""
        depth = _HISTORY_DEPTH
        commits = self.lake.commits(part, depth)
        while len(commits) == depth and not any(commit.run_id in known for commit in commits):
            depth *= 4
            commits = self.lake.commits(part, depth)
        return commits

    def _is_new(self, table: Table) -> bool:
        """Whether nothing was ever written into the table: there is nothing to merge with, to compare or to replace."""
        return [commit.operation for commit in self.lake.commits(table)] in ([], ["CREATE TABLE"])

    def _stamp(self, frame: DataFrame, table: Table) -> DataFrame:
        stamped = frame.withColumns({"run_id": F.lit(self.run_id), "code_version": F.lit(__version__)})
        return stamped.select([F.col(c.name).cast(c.type).alias(c.name) for c in table.all_columns])

    def _write(self, frame: DataFrame, table: Table, mode: str = "append", **options: str) -> None:
        stamped = frame if set(_PROVENANCE) <= set(frame.columns) else self._stamp(frame, table)
        stamped.write.format("delta").mode(mode).options(**options).save(self.lake.path(table))

    def _commit(self, table: Table, write: Callable[[], object], *metrics: str) -> int:
        """Stamp the one commit that ``write`` makes with the run, and count the rows it changed; it may be none."""
        self.lake.delta(table)
        before = self.lake.version(table) or 0
        self.lake.check_held(table)
        self.lake.spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", self.run_id)
        write()
        last = self.lake.commits(table)[0]
        if last.version > before + 1 or (last.version > before and last.run_id != self.run_id):
            raise LakeError(f"{table.full_name}: another driver wrote beside run {self.run_id}; look at its history")
        counted = last.metrics if last.version > before else {}
        changed = sum(counted.get(metric, 0) for metric in metrics)
        self.rows[table.full_name] = self.rows.get(table.full_name, 0) + changed
        return changed

    def _none(self, table: Table) -> int:
        self.rows.setdefault(table.full_name, 0)
        return 0


def _refuse_duplicate_keys(frame: DataFrame, table: Table) -> None:
    double = frame.groupBy(*table.key).count().where("count > 1").drop("count").limit(3).collect()
    if double:
        raise LakeError(f"{table.full_name}: {len(double)} or more keys come twice, first {double[0].asDict()}")


def fingerprint(frame: DataFrame, table: Table) -> tuple[int, int]:
    """Number of rows and a sum of row hashes: equal for equal content in any order."""
    (row,) = frame.agg(F.count(F.lit(1)).alias("n"), F.sum(_row_hash(table)).alias("h")).collect()
    return int(row["n"]), int(row["h"] or 0)


def _fingerprint_of_keys(frame: DataFrame, table: Table) -> tuple[int, int]:
    """The same in one pass with the search for keys that come twice.

    Raises:
        LakeError: there are; the message shows one.
    """
    by_key = frame.groupBy(*table.key).agg(F.count(F.lit(1)).alias("n"), F.sum(_row_hash(table)).alias("h"))
    (row,) = by_key.agg(F.sum("n").alias("n"), F.sum("h").alias("h"), F.max("n").alias("most")).collect()
    if (row["most"] or 0) > 1:
        _refuse_duplicate_keys(frame, table)
    return int(row["n"] or 0), int(row["h"] or 0)


def _row_hash(table: Table) -> SparkColumn:
    return F.xxhash64(*[_hashable(F.col(c.name), c.type) for c in table.columns]).cast("decimal(38,0)")


def _hashable(column: SparkColumn, sql_type: str) -> SparkColumn:
    # xxhash64 takes no maps: their sorted entries stand for them
    return F.sort_array(F.map_entries(column)) if sql_type.startswith("map<") else column
