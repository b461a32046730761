"""A landing bucket as a folder: the objects that are due are brought to the machine, decoded there and removed again.

Decoders open files, many through libraries that know nothing else. Only what is due is brought, so the room it takes is
that of one delivery. On a cluster the staging folder must be one that every node sees, as a landing folder must.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

from pyarrow import fs

from guideway.errors import ConfigurationError
from guideway.object_store import open_store

_CHUNK_BYTES = 1 << 20
Look = tuple[str, int, datetime]


@contextmanager
def staged(address: str, is_due: Callable[[Look], bool], place: Path | None = None) -> Iterator[Path]:
    """A folder that holds the objects below ``address`` that are due, with the times they were delivered.

    Args:
        address: ``s3a://bucket/path`` of the landing.
        is_due: whether an object is wanted, by its path below ``address``, size and time of delivery (whole seconds).
        place: folder in which the folder is made (default: the system's own for temporary files).

    Raises:
        ConfigurationError: the bucket is not there, or refuses.
    """
    if place:
        place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="guideway-landing-", dir=place) as folder:
        store, root = open_store(address)
        try:
            entries = store.get_file_info(fs.FileSelector(root, recursive=True))
        except OSError as error:
            raise ConfigurationError(f"setting 'landing': {address}: {' '.join(str(error).split())[:300]}") from error
        for entry in entries:
            path = PurePosixPath(entry.path).relative_to(root)
            delivered_at = entry.mtime.replace(microsecond=0).astimezone(timezone.utc) if entry.mtime else None
            if entry.type != fs.FileType.File or delivered_at is None or not _is_plain(entry.path):
                continue
            if is_due((path.as_posix(), entry.size, delivered_at)):
                _bring(store, entry.path, Path(folder, path), delivered_at)
        yield Path(folder)


def _is_plain(key: str) -> bool:
    """Whether a key can be a file's path: a bucket allows ``..``, too. Hidden ones are a sender's drafts."""
    return not any(part in ("", ".", "..") or part.startswith(".") for part in key.split("/"))


def _bring(store: fs.S3FileSystem, key: str, file: Path, delivered_at: datetime) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with store.open_input_stream(key) as source, file.open("wb") as target:
        while chunk := source.read(_CHUNK_BYTES):
            target.write(chunk)
    os.utime(file, (delivered_at.timestamp(), delivered_at.timestamp()))
