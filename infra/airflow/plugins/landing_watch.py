"""Tells Airflow that files have arrived in the landing folder: the watcher of the asset `landing`.

Runs in the triggerer, for as long as the DAG that waits for it is switched on. Files have arrived when the folder looks
the same at two looks in a row, so that a delivery of many is one event. It starts with what lies there: what came while
nobody looked is not missed, and an ingest that finds nothing new changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from airflow.triggers.base import BaseEventTrigger, TriggerEvent


class Look(NamedTuple):
    """What the folder looks like: the latest change of any file's name, place or bytes, and how much there is."""

    changed_ns: int = 0
    files: int = 0
    size_bytes: int = 0


class LandingTrigger(BaseEventTrigger):
    """An event whenever files have arrived in a folder.

    Args:
        folder: the landing folder; it may not be there yet.
        seconds: from look to look.
    """

    def __init__(self, folder: str, seconds: float = 30.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = folder
        self.seconds = seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Where this class is and how to make it again."""
        return f"{__name__}.{type(self).__name__}", {"folder": self.folder, "seconds": self.seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until told to end; each event says how many files lie there."""
        told_ns = 0
        before = Look()
        while True:
            now = await asyncio.to_thread(look_at, self.folder)
            if now == before and now.changed_ns > told_ns:
                told_ns = now.changed_ns
                yield TriggerEvent({"landing": self.folder, "files": now.files})
            before = now
            await asyncio.sleep(self.seconds)


def look_at(folder: str) -> Look:
    """The files below a folder that an ingest would see: no links, no hidden ones."""
    changed_ns = files = size_bytes = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            try:
                status = Path(place, name).lstat()
            except FileNotFoundError:  # taken away since the folder was listed
                continue
            if not name.startswith(".") and not stat.S_ISLNK(status.st_mode):
                # the time a name came here, too: who copies with times kept sends files that look old
                changed_ns = max(changed_ns, status.st_ctime_ns)
                files, size_bytes = files + 1, size_bytes + status.st_size
    return Look(changed_ns, files, size_bytes)
