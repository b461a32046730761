"""Upkeep of one table: bring it to its contract, compact it, checkpoint it, remove what no reader may still want.

Nothing is removed by the clock's word alone. A file goes when no version uses it that is (a) current, (b) pinned by a
published report or (c) newer than the policy's days before the lake's own time. That time is the clock, but never more
than ``LONGEST_STEP`` after the upkeep before: a clock that jumps forward by years makes files a step older, not years.
The age of a version is its in-commit timestamp, which never runs backwards, and not a file's modification time.
Delta's VACUUM is given the list of what may go, and by itself refuses what the current version uses.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from delta import DeltaTable

from guideway.contracts import Table
from guideway.lake.lake import Lake
from guideway.lake.migrate import migrate
from guideway.lake.policy import Policy, policy_of
from guideway.lake.table_log import TableLog
from guideway.settings import local_path

LONGEST_STEP = timedelta(days=15)
_INVENTORY = "guideway_vacuum_inventory"


@dataclass(frozen=True)
class Health:
    """State of a table after its upkeep; sizes in bytes. Field by field a row of ``ops.lake_health``."""

    version: int
    first_version: int
    pinned_versions: int
    files: int
    small_files: int
    bytes: int
    kept_files: int
    kept_bytes: int
    orphan_files: int
    orphan_bytes: int
    log_bytes: int
    removed_files: int
    removed_bytes: int
    done: tuple[str, ...]


def lake_time(clock: datetime, last_upkeep: datetime | None, newest_commit: datetime) -> datetime:
    """The time by which the lake judges age.

    Args:
        clock: what the machine says.
        last_upkeep: this function's answer at the upkeep before; None at the first.
        newest_commit: in-commit timestamp of the lake's newest commit.
    """
    if last_upkeep is None:
        return min(clock, newest_commit)
    return min(clock, last_upkeep + LONGEST_STEP)


def maintain(lake: Lake, table: Table, now: datetime, pinned: Collection[int], run_id: str) -> Health:
    """Do the table's upkeep and say how it is. The caller is the table's only writer (``Lake.writing``).

    Args:
        lake: the lake, in a folder.
        table: a table that exists.
        now: the lake's time.
        pinned: versions of the table that published reports were made of.
        run_id: stamped on every commit.

    Raises:
        LakeError: the log is torn, or the table cannot be brought to its contract.
    """
    folder = local_path(lake.path(table))
    if folder is None:
        raise ValueError(f"{lake.path(table)} is no folder")
    policy = policy_of(table)
    lake.spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", run_id)
    done = [f"upgraded: {statement}" for statement in migrate(lake.spark, table, lake.path(table))]
    done += _compact(lake, table, policy, TableLog(folder))
    removed = _vacuum(lake, table, _unwanted(TableLog(folder), now - timedelta(days=policy.keep_days), pinned))
    done += [f"removed {len(removed)} files"] if removed else []
    done += _checkpoint(lake, table, TableLog(folder))
    return _health(TableLog(folder), policy, pinned, removed, tuple(done))


def _compact(lake: Lake, table: Table, policy: Policy, log: TableLog) -> list[str]:
    small = _small(log.files(log.latest), policy)
    if len(small) < policy.small_files:
        return []
    lake.spark.conf.set("spark.databricks.delta.optimize.maxFileSize", policy.target_file_mb << 20)
    lake.spark.conf.set("spark.databricks.delta.optimize.minFileSize", policy.target_file_mb << 19)
    builder = DeltaTable.forPath(lake.spark, lake.path(table)).optimize()
    frame = builder.executeZOrderBy(*policy.cluster_by) if policy.cluster_by else builder.executeCompaction()
    (metrics,) = frame.select("metrics.numFilesRemoved", "metrics.numFilesAdded").collect()
    return [f"compacted {metrics[0]} files to {metrics[1]}"]


def _checkpoint(lake: Lake, table: Table, log: TableLog) -> list[str]:
    if log.checkpoints and log.checkpoints[-1] == log.latest:
        return []
    # Delta has no Python call for a checkpoint
    jvm: Any = lake.spark._jvm
    logs = jvm.org.apache.spark.sql.delta.DeltaLog
    logs.forTable(lake.spark._jsparkSession, lake.path(table)).checkpoint()
    return [f"checkpointed version {log.latest}"]


def _unwanted(log: TableLog, cutoff: datetime, pinned: Collection[int]) -> dict[str, Path]:
    """Files on disk that no wanted version uses and that were not written lately."""
    wanted = set(log.used_since(log.version_at(cutoff)))
    for version in pinned:
        wanted |= set(log.files(version))
    unused = {name: path for name, path in log.data_files().items() if name not in wanted}
    return {name: path for name, path in unused.items() if path.stat().st_mtime < cutoff.timestamp()}


def _vacuum(lake: Lake, table: Table, unwanted: dict[str, Path]) -> dict[str, int]:
    """Have Delta remove these files; returns the size of each that is gone."""
    if not unwanted:
        return {}
    sizes = {name: path.stat().st_size for name, path in unwanted.items()}
    rows = [(f"file:{path}", sizes[name], False, int(path.stat().st_mtime * 1000)) for name, path in unwanted.items()]
    ddl = "path string, length bigint, isDir boolean, modificationTime bigint"
    lake.spark.createDataFrame(rows, ddl).createOrReplaceTempView(_INVENTORY)
    check = "spark.databricks.delta.retentionDurationCheck.enabled"
    # the inventory has decided about age, by better evidence than Delta's
    lake.spark.conf.set(check, "false")
    try:
        inventory = f"(SELECT * FROM {_INVENTORY})"  # noqa: S608 - a name of this module
        lake.spark.sql(f"VACUUM delta.`{lake.path(table)}` USING INVENTORY {inventory} RETAIN 0 HOURS")
    finally:
        lake.spark.conf.unset(check)
        lake.spark.catalog.dropTempView(_INVENTORY)
    return {name: size for name, size in sizes.items() if not unwanted[name].exists()}


def _health(
    log: TableLog, policy: Policy, pinned: Collection[int], removed: dict[str, int], done: tuple[str, ...]
) -> Health:
    current = log.files(log.latest)
    first = log.readable()[0]
    used = log.used_since(first)
    for version in pinned:
        used |= log.files(version)
    there = {name: path.stat().st_size for name, path in log.data_files().items()}
    kept = [size for name, size in there.items() if name in used and name not in current]
    orphans = [size for name, size in there.items() if name not in used]
    return Health(
        version=log.latest,
        first_version=first,
        pinned_versions=len(pinned),
        files=len(current),
        small_files=len(_small(current, policy)),
        bytes=sum(current.values()),
        kept_files=len(kept),
        kept_bytes=sum(kept),
        orphan_files=len(orphans),
        orphan_bytes=sum(orphans),
        log_bytes=log.log_bytes(),
        removed_files=len(removed),
        removed_bytes=sum(removed.values()),
        done=done,
    )


def _small(files: dict[str, int], policy: Policy) -> list[int]:
    return [size for size in files.values() if size < policy.target_file_mb << 19]


def pinned_versions(lake: Lake, report_version: Table) -> dict[str, set[int]]:
    """Versions published reports were made of, by full name of the table."""
    found: dict[str, set[int]] = {}
    for row in lake.read(report_version).select("table_name", "version").distinct().collect():
        found.setdefault(row["table_name"], set()).add(row["version"])
    return found


def newest_commit(lake: Lake, tables: Collection[Table]) -> datetime:
    """In-commit timestamp of the newest commit of any of the tables."""
    latest = [commit.at for table in tables for commit in lake.commits(table)]
    return max(latest, default=datetime.fromtimestamp(0, timezone.utc))
