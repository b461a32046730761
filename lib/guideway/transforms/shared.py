"""Values every task needs, sent once to each executor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from pyspark.sql import SparkSession

T = TypeVar("T")

_MOST = 4
# a stream sends the same network with every batch: the value itself is kept, so that its id stays its own
_sent: OrderedDict[tuple[int, int], tuple[object, object, Any]] = OrderedDict()


def shared(spark: SparkSession, value: T) -> Callable[[], T]:
    """A function that gives ``value`` inside tasks; a value that was sent lately is not sent again.

    ``value`` must not be changed afterwards: tasks may see the old one.
    """
    context = spark.sparkContext
    key = (id(context), id(value))
    if key not in _sent:
        _sent[key] = (context, value, context.broadcast(value))
    _sent.move_to_end(key)
    while len(_sent) > _MOST:
        _sent.popitem(last=False)
    broadcast = _sent[key][2]
    return lambda: broadcast.value
