"""The landing folder: which files lie there, whose they are, and what their bytes are."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

REFERENCE_FOLDER = "reference"
_CHUNK_BYTES = 1 << 20
_ESCAPED = re.compile(r"\\x[89a-f][0-9a-f]")


@dataclass(frozen=True, slots=True)
class Delivery:
    r"""One delivered file: where it lies, what it holds, and who claims it (None: nobody).

    ``path`` fits into a row whatever the file's name is: bytes that are no UTF-8 are escaped as ``\xff``. Where it has
    such an escape nobody claims the file, and ``on_disk`` is the path to open, as the operating system gives it.
    """

    path: str
    size_bytes: int
    delivered_at: datetime
    source_id: str | None
    content_sha256: str = ""
    on_disk: str = ""

    @property
    def look(self) -> tuple[str, int, datetime]:
        """What tells, without reading it, whether a file has been seen before."""
        return self.path, self.size_bytes, self.delivered_at


def find_deliveries(
    landing: Path, places: Sequence[Path], claim: Callable[[str], str | None], now: datetime, settle_seconds: float
) -> tuple[list[Delivery], int]:
    """All files in these places that have stopped growing, sorted by time of delivery, then path.

    Links are not followed and hidden files (a sender's drafts) are left alone.

    Args:
        landing: the landing folder; paths below it are told relative to it, others absolute.
        places: folders or files to look at, usually the landing folder alone.
        claim: from a path as told to a source id, or None.
        now: the time it is, UTC.
        settle_seconds: files modified less than this long ago may still be growing.

    Returns:
        The deliveries, without their hash, and the number of files left for later.
    """
    found: list[Delivery] = []
    growing = 0
    root = landing.resolve()
    for path in (file for place in places for file in _files(place.resolve())):
        try:
            stat = path.stat()
        except FileNotFoundError:  # taken away or renamed since the folder was listed
            continue
        delivered_at = datetime.fromtimestamp(stat.st_mtime, timezone.utc)
        if 0 <= (now - delivered_at).total_seconds() < settle_seconds:
            growing += 1
            continue
        lies = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
        told = os.fsencode(lies).decode("utf-8", "backslashreplace")
        if _ESCAPED.search(told):  # also a name that spells an escape: two files must not share an accepted path
            found.append(Delivery(told, stat.st_size, delivered_at, None, on_disk=lies))
        else:
            found.append(Delivery(told, stat.st_size, delivered_at, claim(told)))
    return sorted(found, key=lambda delivery: (delivery.delivered_at, delivery.path)), growing


def hash_deliveries(landing: Path, deliveries: Iterable[Delivery], threads: int = 4) -> Iterator[Delivery]:
    """The same deliveries with the SHA-256 of their bytes, in the same order."""
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(lambda delivery: _hashed(landing, delivery), deliveries)


def bundles(deliveries: Iterable[Delivery], target_bytes: int) -> list[list[Delivery]]:
    """Deliveries in bundles of at most ``target_bytes``, in order; a larger file is a bundle of its own."""
    result: list[list[Delivery]] = []
    room = 0
    for delivery in deliveries:
        if not result or delivery.size_bytes > room:
            result.append([])
            room = target_bytes
        result[-1].append(delivery)
        room -= delivery.size_bytes
    return result


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for entry in place.iterdir():
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _files(entry)
        elif entry.is_file():
            yield entry


def _hashed(landing: Path, delivery: Delivery) -> Delivery:
    digest = hashlib.sha256()
    with (landing / (delivery.on_disk or delivery.path)).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return replace(delivery, content_sha256=digest.hexdigest())
