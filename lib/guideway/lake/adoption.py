"""Data files that tasks wrote become rows of a table: one transaction of Delta's own names them.

Delta has no Python call for it. Its transaction is what its own writes go through: conflicts, in-commit timestamps,
checkpoints and the run's ``userMetadata`` are the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession

from guideway.contracts import Table
from guideway.object_store import open_place
from guideway.udfs.data_files import DataFile, DataFolder


def folder_of(path: str, table: Table, stamp: Mapping[str, str]) -> DataFolder:
    """The folder at ``path``, in the file system or an object store, for tasks to write files of ``table`` into."""
    system, place = open_place(path)
    return DataFolder(system, place, dict(stamp), frozenset(c.name for c in table.all_columns if not c.nullable))


def commit_files(spark: SparkSession, path: str, files: Sequence[DataFile]) -> None:
    """Commit the files to the table at ``path`` as an append; they lie in its folder, which has no partitions."""
    jvm: Any = spark._jvm
    delta, to_scala = jvm.org.apache.spark.sql.delta, jvm.org.apache.spark.api.python.PythonUtils
    actions, counted = jvm.java.util.ArrayList(), jvm.java.util.HashMap()
    for file in files:
        actions.add(delta.actions.Action.fromJson(json.dumps({"add": _add(file)})))
    counts = {
        "numFiles": len(files),
        "numOutputRows": sum(file.rows for file in files),
        "numOutputBytes": sum(file.size_bytes for file in files),
    }
    for name, count in counts.items():
        metric = jvm.org.apache.spark.sql.execution.metric.SQLMetrics.createMetric(spark.sparkContext._jsc.sc(), name)
        metric.add(count)
        counted.put(name, metric)
    transaction = delta.DeltaLog.forTable(spark._jsparkSession, path).startTransaction()
    transaction.registerSQLMetrics(spark._jsparkSession, to_scala.toScalaMap(counted))
    none = jvm.scala.Option.empty()
    write = getattr(delta, "DeltaOperations$Write")(jvm.org.apache.spark.sql.SaveMode.Append, *[none] * 8)
    transaction.commit(to_scala.toSeq(actions), write)


def _add(file: DataFile) -> dict[str, Any]:
    """The file as an action (https://github.com/delta-io/delta/blob/master/PROTOCOL.md, Add File)."""
    return {
        "path": file.name,
        "partitionValues": {},
        "size": file.size_bytes,
        "modificationTime": file.modified_ms,
        "dataChange": True,
        "stats": file.stats,
    }
