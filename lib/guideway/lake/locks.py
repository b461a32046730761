"""One writer a table: an operating-system lock, because two drivers can lose a Delta commit on a local disk.

Delta guards a local commit by a lock inside one JVM only; two Airflow tasks are two JVMs. The lock is held from
before the first read to after the last commit, and the system releases it when the process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from guideway.errors import LakeError

_POLL_SECONDS = 0.2


@contextmanager
def hold_locks(folder: Path, names: tuple[str, ...], owner: str, wait_seconds: float) -> Iterator[None]:
    """Hold the locks of these tables, taken in sorted order so that two jobs cannot deadlock.

    Raises:
        LakeError: another process still holds one after ``wait_seconds``; the message names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name in sorted(names):
            handle = stack.enter_context((folder / f"{name}.lock").open("a+", encoding="utf-8"))
            _acquire(handle, name, wait_seconds)
            handle.seek(0)
            handle.truncate()
            json.dump({"pid": os.getpid(), "owner": owner}, handle)
            handle.flush()
        yield


def _acquire(handle: IO[str], name: str, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                handle.seek(0)
                holder = handle.read() or "an unnamed process"
                raise LakeError(
                    f"table {name} is being written by {holder}; gave up after {wait_seconds:g} s"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return
