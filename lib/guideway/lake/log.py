"""The last commits of a Delta table: read from its log's own files where the lake is a folder, else asked of Delta.

Asking Delta starts a Spark job, and jobs look at versions a dozen times: in a folder the log is read as the JSON it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from delta import DeltaTable
from pyspark.sql import SparkSession

from guideway.settings import local_path


@dataclass(frozen=True)
class Commit:
    """One commit: its version, the run it is stamped with, what it did, its counts and when it was made."""

    version: int
    run_id: str | None
    operation: str
    metrics: Mapping[str, int]
    at: datetime


def last_commits(spark: SparkSession, path: str, most: int | None = 1) -> list[Commit]:
    """The latest commits of the table at ``path``, newest first; all for None, none where there is no table."""
    folder = local_path(path)
    if folder is None:
        return _asked(spark, path, most) if DeltaTable.isDeltaTable(spark, path) else []
    files = sorted((folder / "_delta_log").glob("[0-9]*.json"), reverse=True)
    return [_read(file) for file in files[:most]]


def _read(file: Path) -> Commit:
    with file.open(encoding="utf-8") as lines:
        actions = (json.loads(line) for line in lines if '"commitInfo"' in line)
        info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    at = datetime.fromtimestamp((info.get("inCommitTimestamp") or info["timestamp"]) / 1000, timezone.utc)
    return _commit(int(file.stem), info.get("userMetadata"), info["operation"], info.get("operationMetrics"), at)


def _asked(spark: SparkSession, path: str, most: int | None) -> list[Commit]:
    rows = DeltaTable.forPath(spark, path).history(most or 2**31 - 1).collect()
    return [
        _commit(
            row["version"],
            row["userMetadata"],
            row["operation"],
            row["operationMetrics"],
            # collected timestamps are naive; the session made the process's local time UTC
            row["timestamp"].replace(tzinfo=timezone.utc),
        )
        for row in rows
    ]


def _commit(
    version: int, run_id: str | None, operation: str, metrics: Mapping[str, str] | None, at: datetime
) -> Commit:
    counts = {name: int(value) for name, value in (metrics or {}).items() if str(value).lstrip("-").isdigit()}
    return Commit(version, run_id, operation, counts, at)
