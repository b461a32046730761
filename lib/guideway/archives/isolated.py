"""Compiled readers of vendors' formats in a process of their own: bytes that end it must not end the worker."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from guideway.errors import DecodeError


def isolated(function: Callable[..., Any], *arguments: Any) -> Any:
    """What ``function`` returns or raises, worked out in a forked process; its result must be picklable.

    Some 10 ms a call: only for libraries that are known to crash on damaged files.

    Raises:
        DecodeError: ``corrupt_file``, the process died.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sender, function, arguments), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of forking beside threads: the child takes no lock of theirs
        process.start()
    sender.close()
    try:
        worked, answer = receiver.recv()
    except EOFError:
        process.join()
        raise DecodeError(
            "corrupt_file", f"the library that reads this format died of it ({process.exitcode})"
        ) from None
    finally:
        receiver.close()
        process.join()
    if not worked:
        raise answer
    return answer


def _answer(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result = True, function(*arguments)
    except Exception as error:  # whatever it is, the caller raises it
        result = False, error
    sender.send(result)
