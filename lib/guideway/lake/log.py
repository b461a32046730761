"""The last commits of a Delta table: read from its log's own files where the lake is a folder, else asked of Delta.

Asking Delta starts a Spark job, and jobs look at versions a dozen times: in a folder the log is read as the JSON it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delta import DeltaTable
from pyspark.sql import SparkSession

from guideway.settings import local_path


@dataclass(frozen=True)
class Commit:
    """One commit: its version, the run it is stamped with, what it did and its counts."""

    version: int
    run_id: str | None
    operation: str
    metrics: Mapping[str, int]


def last_commits(spark: SparkSession, path: str, most: int = 1) -> list[Commit]:
    """The latest commits of the table at ``path``, newest first; none where there is no table."""
    folder = local_path(path)
    if folder is None:
        return _asked(spark, path, most) if DeltaTable.isDeltaTable(spark, path) else []
    files = sorted((folder / "_delta_log").glob("[0-9]*.json"), reverse=True)
    return [_read(file) for file in files[:most]]


def _read(file: Path) -> Commit:
    with file.open(encoding="utf-8") as lines:
        actions = (json.loads(line) for line in lines if '"commitInfo"' in line)
        info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    return _commit(int(file.stem), info.get("userMetadata"), info.get("operation", ""), info.get("operationMetrics"))


def _asked(spark: SparkSession, path: str, most: int) -> list[Commit]:
    columns = ("version", "userMetadata", "operation", "operationMetrics")
    return [_commit(*row) for row in DeltaTable.forPath(spark, path).history(most).select(*columns).collect()]


def _commit(version: int, run_id: str | None, operation: str, metrics: Mapping[str, str] | None) -> Commit:
    counts = {name: int(value) for name, value in (metrics or {}).items() if str(value).lstrip("-").isdigit()}
    return Commit(version, run_id, operation, counts)
