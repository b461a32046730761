"""One writer a table: an operating-system lock, because two drivers can lose a Delta commit on a local disk.

Delta guards a local commit by a lock inside one JVM only; two Airflow tasks are two JVMs. The lock is held from
before the first read to after the last commit, and the system releases it when the process dies, however it dies.

Whoever wants a table first becomes the next in line, by a second lock that is given back once the table is held. So a
writer that starts again at once finds somebody in front of it and cannot keep the others out for ever.
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
            deadline = time.monotonic() + wait_seconds
            with (folder / f"{name}.next").open("w", encoding="utf-8") as line:
                if not (_acquired(line, deadline) and _acquired(handle, deadline)):
                    handle.seek(0)
                    holder = handle.read() or "an unnamed process"
                    raise LakeError(f"table {name} is being written by {holder}; gave up after {wait_seconds:g} s")
            handle.seek(0)
            handle.truncate()
            json.dump({"pid": os.getpid(), "owner": owner}, handle)
            handle.flush()
        yield


def _acquired(handle: IO[str], deadline: float) -> bool:
    """Whether the file's lock could be taken before the deadline."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True
