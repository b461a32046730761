"""The lake: contract tables at ``<root>/<layer>/<table>``, created, read, described and registered for SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from delta import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts import TABLES, Table
from guideway.contracts.views import VIEWS
from guideway.errors import LakeError
from guideway.lake.locks import hold_locks
from guideway.lake.log import Commit, last_commits
from guideway.lake.migrate import migrate, wanted_properties
from guideway.lake.object_locks import ObjectLock, hold_object_locks
from guideway.settings import local_path

_NOT_PLAIN = frozenset({"deletionVectors", "columnMapping"})


class Lake:
    """A folder or bucket of Delta tables that follow ``guideway.contracts``."""

    def __init__(self, spark: SparkSession, root: str, lock_wait_seconds: float = 600.0) -> None:
        """Open the lake at ``root``; nothing is created until a table is written."""
        folder = local_path(root)
        self.spark = spark
        self.root = str(folder) if folder else root.rstrip("/")
        self._held: Mapping[str, ObjectLock] = {}
        self._lock_wait_seconds = lock_wait_seconds
        self._migrated: set[Table] = set()

    def path(self, table: Table) -> str:
        """Address of the table."""
        return f"{self.root}/{table.layer}/{table.name}"

    def exists(self, table: Table) -> bool:
        """Whether the table has ever been written."""
        return self.version(table) is not None

    def delta(self, table: Table) -> DeltaTable:
        """Delta's handle of the table, created from its contract, or brought to it where it is older.

        Raises:
            LakeError: the table cannot be brought to its contract; the message names the columns.
        """
        if table not in self._migrated:
            if self.exists(table):
                migrate(self.spark, table, self.path(table))
            else:
                self._create(table)
            self._migrated.add(table)
        return DeltaTable.forPath(self.spark, self.path(table))

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """The table now, or as it was at ``version``; empty where it was never written.

        Columns that came into the contract later are there and missing in every row.
        """
        if not self.exists(table):
            return self.spark.createDataFrame([], self.ddl(table))
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        frame = reader.load(self.path(table))
        later = [c for c in table.all_columns if c.nullable and c.name not in frame.columns]
        return frame.withColumns({c.name: F.lit(None).cast(c.type) for c in later}) if later else frame

    def require_plain(self, table: Table) -> None:
        """Make sure that the table's rows are what its Parquet files hold, so that they may be read without Delta.

        Raises:
            LakeError: the table has, or had, a feature that keeps some of it elsewhere; the message names it.
        """
        if not self.exists(table):
            return
        (detail,) = DeltaTable.forPath(self.spark, self.path(table)).detail().select("tableFeatures").collect()
        if strange := sorted(_NOT_PLAIN.intersection(detail.tableFeatures)):
            raise LakeError(
                f"{table.full_name} has {' and '.join(strange)}: its files alone do not tell its rows. "
                f"ALTER TABLE delta.`{self.path(table)}` DROP FEATURE {strange[0]} takes it off"
            )

    def commits(self, table: Table, most: int | None = 1) -> list[Commit]:
        """The table's latest commits, newest first, or all of them; none where it was never written."""
        return last_commits(self.path(table), most)

    def version(self, table: Table) -> int | None:
        """Latest Delta version, or None where the table was never written."""
        latest = self.commits(table)
        return latest[0].version if latest else None

    def versions(self, tables: tuple[Table, ...] = TABLES) -> dict[str, int]:
        """Latest version of every table that exists, by full name."""
        found = {table.full_name: self.version(table) for table in tables}
        return {name: version for name, version in found.items() if version is not None}

    def places(self, tables: tuple[Table, ...]) -> dict[str, tuple[str, int]]:
        """Address and latest version of every table that exists, by full name: what a run has read."""
        versions = self.versions(tables)
        return {t.full_name: (self.path(t), versions[t.full_name]) for t in tables if t.full_name in versions}

    def versions_at(self, moment: datetime, tables: tuple[Table, ...] = TABLES) -> dict[str, int]:
        """Version of every table that was current at the moment, by full name: what the lake knew then."""
        found: dict[str, int] = {}
        for table in tables:
            earlier = [commit.version for commit in self.commits(table, None) if commit.at <= moment]
            if earlier:
                found[table.full_name] = max(earlier)
        return found

    def counts(self, tables: tuple[Table, ...] = TABLES) -> dict[str, int]:
        """Rows of every table that exists, by full name."""
        return {table.full_name: self.read(table).count() for table in tables if self.exists(table)}

    def register(self, tables: tuple[Table, ...] = TABLES, versions: Mapping[str, int] | None = None) -> None:
        """Make tables and views reachable as ``layer.name`` in Spark SQL of this session.

        Args:
            tables: the tables.
            versions: only these tables, by full name, as they were at these versions.
        """
        for layer in sorted({table.layer for table in tables}):
            self.spark.sql(f"CREATE DATABASE IF NOT EXISTS {layer}")
        there = {table.full_name: self.path(table) for table in tables if self.exists(table)}
        if versions is not None:
            there = {name: path for name, path in there.items() if name in versions}
        for name, path in there.items():
            if versions is None:
                self.spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING DELTA LOCATION '{path}'")
            else:
                then = f"SELECT * FROM delta.`{path}` VERSION AS OF {versions[name]}"  # noqa: S608 - contract names
                self.spark.sql(f"CREATE OR REPLACE VIEW {name} AS {then}")
        for view in VIEWS:
            if there.keys() >= set(view.reads):
                self.spark.sql(f"CREATE OR REPLACE VIEW {view.full_name} AS {view.sql}")

    @contextmanager
    def writing(self, tables: tuple[Table, ...], owner: str) -> Iterator[None]:
        """Be the only writer of these tables; a second writer waits, then fails by name.

        In a folder by a lock of the operating system, on an object store by lock objects.
        """
        names = tuple(table.full_name for table in tables)
        folder = local_path(self.root)
        if folder:
            with hold_locks(folder / "_locks", names, owner, self._lock_wait_seconds):
                yield
            return
        with hold_object_locks(self.spark, f"{self.root}/_locks", names, owner, self._lock_wait_seconds) as held:
            self._held = held
            try:
                yield
            finally:
                self._held = {}

    def check_held(self, table: Table) -> None:
        """Make sure that nobody has taken over a table this lake writes; a folder's lock cannot be taken over.

        Raises:
            LakeError: somebody has.
        """
        if lock := self._held.get(table.full_name):
            lock.check()

    @staticmethod
    def ddl(table: Table) -> str:
        """Spark DDL of the table's columns, as ``createDataFrame`` and ``mapInArrow`` take it."""
        return ", ".join(
            f"`{column.name}` {column.type}{'' if column.nullable else ' NOT NULL'}" for column in table.all_columns
        )

    def _create(self, table: Table) -> None:
        folder = local_path(self.root)
        target = folder / table.layer / table.name if folder else None
        if target and target.is_dir() and any(Path(target).iterdir()):
            raise LakeError(f"{target} is not empty and not a Delta table: refusing to create {table.full_name} there")
        builder = DeltaTable.createIfNotExists(self.spark).location(self.path(table)).comment(table.comment)
        for column in table.all_columns:
            comment = f"{column.comment} [{column.unit}]" if column.unit else column.comment
            builder = builder.addColumn(column.name, column.type, nullable=column.nullable, comment=comment)
        if table.partition_by:
            builder = builder.partitionedBy(*table.partition_by)
        for name, expression in table.checks.items():
            builder = builder.property(f"delta.constraints.{name}", expression)
        for name, value in wanted_properties(table).items():
            builder = builder.property(name, value)
        builder.execute()
