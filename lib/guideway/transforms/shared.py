"""Values every task needs, sent once to each executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pyspark.sql import SparkSession

T = TypeVar("T")


def shared(spark: SparkSession, value: T) -> Callable[[], T]:
    """A function that gives ``value`` inside tasks."""
    broadcast = spark.sparkContext.broadcast(value)
    return lambda: broadcast.value
