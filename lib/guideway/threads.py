"""Threads of the driver: kernels that let go of Python's lock, and questions to Spark that wait for Java."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_threads(function: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
    """``function`` of every item, in order, on as many threads as there are cores.

    An error is raised when what has begun has ended; what has not begun then is left undone.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(function, items))


def side_by_side(*calls: Callable[[], Made]) -> list[Made]:
    """What each call gives, in order, made on as many threads as there are cores."""
    return in_threads(lambda call: call(), calls)
