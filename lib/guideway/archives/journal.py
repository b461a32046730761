"""What a watch of the landing folder has seen, in the order it saw it: a file that is only ever appended to.

Spark asks a stream for the same deliveries again after a crash; a folder cannot answer that, because files come and go.
A place in the journal is a number of bytes, so that it only grows and says by itself where to read on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from guideway.archives.landing import Delivery
from guideway.errors import ConfigurationError

Look = tuple[str, int, datetime]

_KNOWN = "known.jsonl"
_DELIVERIES = "deliveries.jsonl"


class Journal:
    """The journal of one landing folder in a folder of its own; one process writes it at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / _DELIVERIES

    def begin(self, landing: Path, known: Iterable[Look]) -> bool:
        """Begin the journal where there is none, else see that it is the one of this landing folder.

        Args:
            landing: the landing folder.
            known: what is no news: looks of deliveries that were dealt with before there was a journal.

        Returns:
            Whether it was begun now.

        Raises:
            ConfigurationError: the journal is that of another landing folder.
        """
        header = json.dumps({"landing": str(landing.resolve())})
        target = self.folder / _KNOWN
        if target.is_file():
            with target.open(encoding="utf-8") as file:
                found = file.readline().rstrip("\n")
            if found != header:
                raise ConfigurationError(
                    f"setting 'watch_state': {self.folder} is about {found}, not {header}; give this watch its own"
                )
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}")
        with draft.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in (header, *map(_look_line, known)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        return True

    def append(self, deliveries: Iterable[Delivery]) -> int:
        """Add deliveries, on the disk when this returns; returns the place after them.

        A line a killed process left half written was never answered for: it is cut off.
        """
        end = self.end()
        with self._file.open("ab") as file:
            file.truncate(end)
            for delivery in deliveries:
                row = (*_look(delivery), delivery.source_id)
                end += file.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return end

    def end(self) -> int:
        """The place after the last whole line; 0 where nothing was seen yet."""
        if not self._file.is_file():
            return 0
        with self._file.open("rb") as file:
            at = file.seek(0, os.SEEK_END)
            while at > 0:
                start = max(0, at - 65_536)
                file.seek(start)
                newline = file.read(at - start).rfind(b"\n")
                if newline >= 0:
                    return start + newline + 1
                at = start
        return 0

    def read(self, start: int, end: int) -> list[Delivery]:
        """The deliveries from one place to another, without their hash."""
        return [delivery for _, delivery in self._lines(start, end)]

    def advance(self, start: int, most_files: int, most_bytes: int) -> int:
        """The place after the next deliveries: at most so many files and bytes of them, at least one where there is."""
        place = start
        files = size = 0
        for after, delivery in self._lines(start, self.end()):
            files, size = files + 1, size + delivery.size_bytes
            if files > 1 and (files > most_files or size > most_bytes):
                break
            place = after
        return place

    def looks(self) -> set[Look]:
        """Everything that was seen: the deliveries that were known from the beginning, and those that came since."""
        with (self.folder / _KNOWN).open(encoding="utf-8") as file:
            next(file)
            known = {(path, size, datetime.fromisoformat(at)) for path, size, at in map(json.loads, file)}
        return known | {delivery.look for delivery in self.read(0, self.end())}

    def _lines(self, start: int, end: int) -> Iterable[tuple[int, Delivery]]:
        if start >= end:
            return
        with self._file.open("rb") as file:
            file.seek(start)
            while start < end:
                line = file.readline()
                start += len(line)
                path, size, at, source_id = json.loads(line)
                yield start, Delivery(path, size, datetime.fromisoformat(at), source_id)


def _look(delivery: Delivery) -> tuple[str, int, str]:
    return delivery.path, delivery.size_bytes, delivery.delivered_at.isoformat()


def _look_line(look: Look) -> str:
    path, size, at = look
    return json.dumps((path, size, at.isoformat()))
