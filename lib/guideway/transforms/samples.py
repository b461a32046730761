"""Where the samples of due recordings are, in tasks of about equal size: in files of bronze.signal, or handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from urllib.parse import unquote, urlsplit

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from guideway.object_store import is_object_store
from guideway.transforms.task_sizes import equal_shares
from guideway.udfs.measure import ALIGNED_ON

_TASK_SAMPLES = 8_000_000
_MOST_RUNS = 100


def signals_of(due: DataFrame, recordings: DataFrame, signals: DataFrame) -> DataFrame:
    """The signals written by the runs that brought the due recordings and their reference runs.

    Recordings are told apart by hashes, of which every file spans all; runs of a job are not mixed in a file until it
    is compacted. So a week's measuring opens the week's files and those of the references, however long the history is.

    Args:
        due: rows of ``due_recordings``.
        recordings: bronze.recording.
        signals: bronze.signal.
    """
    references = due.select("reference_recording_id").where("reference_recording_id IS NOT NULL").distinct()
    wanted = due.select("recording_id").union(references)
    brought = recordings.join(F.broadcast(wanted), "recording_id", "left_semi").select("run_id").distinct()
    runs = [F.col("run_id") == row.run_id for row in brought.collect()]
    # by a list Delta leaves out files beyond its first and last value only; by single values each file is judged
    return signals.where(reduce(or_, runs)) if 0 < len(runs) <= _MOST_RUNS else signals


def stored(due: DataFrame, signals: DataFrame) -> DataFrame:
    """The files of bronze.signal with a recording's blocks and its reference run's; tasks read them by themselves.

    Spark reads the identifiers only, so that the files are those of the table's version that ``signals`` is.

    Args:
        due: rows of ``due_recordings``.
        signals: rows of bronze.signal as the lake reads them, at least those of due recordings and their references.

    Returns:
        Columns recording_id, files, reference_files; a row a due recording that has samples. Recordings whose blocks
        lie next to each other share a task, in it those aligned to one reference run are in a row.
    """
    reference = F.when(~F.col("is_reference"), F.col("reference_recording_id")).alias("reference_id")
    size = (F.col("n_samples") * F.size("channels")).alias("samples")
    rows = due.select("recording_id", reference, size).collect()
    places = _places(due.select("recording_id").union(due.select(reference)).distinct(), signals)
    rows = sorted((row for row in rows if row.recording_id in places), key=lambda row: places[row.recording_id].first)
    spark = due.sparkSession
    tasks = _tasks(rows, spark.sparkContext.defaultParallelism)
    planned = [
        (
            row.recording_id,
            places[row.recording_id].files,
            places[row.reference_id].files if row.reference_id in places else None,
            row.reference_id,
            task,
        )
        for row, task in zip(rows, tasks, strict=True)
    ]
    ddl = "recording_id string, files array<string>, reference_files array<string>, reference_id string, task int"
    return (
        spark.createDataFrame(planned, ddl)
        .repartitionById(max(tasks, default=0) + 1, "task")
        .sortWithinPartitions("reference_id")
        .drop("reference_id", "task")
    )


@dataclass
class _Place:
    """Where blocks of a recording are: addresses of files, and the first block's number among all that were looked at.

    Numbers of blocks that lie next to each other in a file follow each other.
    """

    files: list[str]
    first: int


def _places(wanted: DataFrame, signals: DataFrame) -> dict[str, _Place]:
    """Places of the wanted recordings that have blocks."""
    found = (
        signals.select("recording_id", "_metadata.file_path", F.monotonically_increasing_id().alias("number"))
        .join(F.broadcast(wanted), "recording_id", "left_semi")
        .groupBy("recording_id", "file_path")
        .agg(F.min("number").alias("first"))
    )
    places: dict[str, _Place] = {}
    for row in found.collect():
        place = places.setdefault(row.recording_id, _Place([], row.first))
        place.files.append(_address(row.file_path))
        place.first = min(place.first, row.first)
    return places


def _address(uri: str) -> str:
    """The path or address behind what Spark tells of a file, with special characters escaped."""
    return unquote(uri if is_object_store(uri) else urlsplit(uri).path)


def _tasks(rows: Sequence[Row], cores: int) -> list[int]:
    """The task of each recording: as many as ``_TASK_SAMPLES`` ask for, and some for each core."""
    sizes = np.array([row.samples for row in rows], dtype=np.int64)
    count = max(1, min(len(rows), max(2 * cores, int(sizes.sum()) // _TASK_SAMPLES)))
    found: list[int] = equal_shares(sizes, count).tolist()
    return found


def handed_over(due: DataFrame, signals: DataFrame) -> DataFrame:
    """The blocks themselves, of samples that are in no table yet. They are shuffled once.

    A block of a reference run goes to every recording aligned to it; gathering references by themselves would take a
    join, and with it two more shuffles of all samples.

    Returns:
        Columns recording_id, signals, reference_signals.
    """
    shapes = sorted({name for names in ALIGNED_ON.values() for name in names})
    own = due.select("recording_id", F.col("recording_id").alias("of_recording_id"), F.lit(False).alias("is_shape"))
    aligned = due.where("NOT is_reference AND reference_recording_id IS NOT NULL")
    wanted = own.unionByName(
        aligned.select(
            "recording_id", F.col("reference_recording_id").alias("of_recording_id"), F.lit(True).alias("is_shape")
        )
    )
    block = F.struct("channel", "block", "unit", "values")
    blocks = (
        signals.withColumnRenamed("recording_id", "of_recording_id")
        .join(F.broadcast(wanted), "of_recording_id")
        .where(~F.col("is_shape") | F.col("channel").isin(shapes))
        .select(
            "recording_id",
            F.when(~F.col("is_shape"), block).alias("own"),
            F.when(F.col("is_shape"), block).alias("shape"),
        )
    )
    gathered = blocks.repartition(2 * due.sparkSession.sparkContext.defaultParallelism, "recording_id").groupBy(
        "recording_id"
    )
    return gathered.agg(F.collect_list("own").alias("signals"), F.collect_list("shape").alias("reference_signals"))
