"""Counts of what Spark did: they are the same on a busy machine and on a quiet one, unlike seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LOG = "DeltaLogFileIndex"  # Delta's looks into its log open files, too, when they are due: none of a table's rows
_SENT, _FILES = "data sent to Python workers", "number of files read"


@dataclass
class Counts:
    """What happened between two moments of a session.

    Attributes:
        jobs: Spark jobs.
        tasks: tasks of all stages.
        shuffled_bytes: bytes written for shuffles.
        files: files of tables opened, as the scans of queries tell.
        python_operators: operators of query plans that sent rows to Python; one evaluated twice counts once.
        python_bytes: bytes sent to Python; evaluated twice, they count twice.
    """

    jobs: int = 0
    tasks: int = 0
    shuffled_bytes: int = 0
    files: int = 0
    python_operators: int = 0
    python_bytes: int = 0


@contextmanager
def counting(spark: SparkSession) -> Iterator[Counts]:
    """Counts of what is done inside; they are there when the block has ended."""
    counts = Counts()
    _hear_all(spark)  # what came before would be counted
    jobs, stages = _last(_jobs(spark), "jobId"), _last(_stages(spark), "stageId")
    queries = _last(_queries(spark), "executionId")
    yield counts
    _hear_all(spark)
    counts.jobs = sum(job.jobId() > jobs for job in _jobs(spark))
    for stage in _stages(spark):
        if stage.stageId() > stages:
            counts.tasks += stage.numCompleteTasks()
            counts.shuffled_bytes += stage.shuffleWriteBytes()
    sent, files = _of_operators(spark, queries, _SENT), _of_operators(spark, queries, _FILES)
    counts.python_operators, counts.python_bytes = len(sent), sum(sent.values())
    counts.files = sum(files.values())


def _hear_all(spark: SparkSession) -> None:
    """Wait until the listeners that count have been told of all that was done."""
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()


def _jobs(spark: SparkSession) -> list[Any]:
    return _items(_store(spark).jobsList(None))


def _stages(spark: SparkSession) -> list[Any]:
    jvm = spark.sparkContext._jvm
    no_quantiles = spark.sparkContext._gateway.new_array(jvm.double, 0)
    return _items(_store(spark).stageList(None, False, False, no_quantiles, jvm.java.util.ArrayList()))


def _queries(spark: SparkSession) -> list[Any]:
    return _items(spark._jsparkSession.sharedState().statusStore().executionsList())


def _of_operators(spark: SparkSession, after: int, name: str) -> dict[int, int]:
    """A metric of each operator, by its accumulator: an operator below a cache shows in several queries."""
    store = spark._jsparkSession.sharedState().statusStore()
    found: dict[int, int] = {}
    for query in _queries(spark):
        if query.executionId() <= after or _LOG in query.physicalPlanDescription():
            continue
        wanted = {metric.accumulatorId() for metric in _items(query.metrics()) if metric.name() == name}
        told = store.executionMetrics(query.executionId()) if wanted else None
        for accumulator in wanted:
            value = told.get(accumulator)
            size = _number(value.get()) if value.isDefined() else 0
            if size:
                found[accumulator] = max(size, found.get(accumulator, 0))
    return found


def _number(text: str) -> int:
    """A count, or the total of a size as Spark prints it: ``total (min, ...)`` and below ``10.5 KiB (...)``."""
    found = re.search(r"([\d.,]+) ?([KMG]?i?B)?", text.rsplit("\n", maxsplit=1)[-1])
    return int(float(found[1].replace(",", "")) * _UNITS[found[2] or "B"]) if found else 0


def _store(spark: SparkSession) -> Any:
    return spark.sparkContext._jsc.sc().statusStore()


def _items(sequence: Any) -> list[Any]:
    return [sequence.apply(i) for i in range(sequence.size())]


def _last(items: list[Any], number: str) -> int:
    return max((int(getattr(item, number)()) for item in items), default=-1)
