"""Files and folders that are there whole or not at all, also after a power cut: write beside, flush, rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_OLD = ".old-"
_NEW = ".new-"


def replace_text(path: Path, text: str) -> None:
    """Put ``text`` in the place of a file's content, whole."""
    handle, name = tempfile.mkstemp(prefix=_NEW, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Flush every file of a folder, and the folder itself, to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    _sync_folder(folder)


def replace_folder(new: Path, place: Path) -> None:
    """Put a finished folder in its place; what was there before is kept until the new one stands.

    A folder cannot replace another in one step everywhere, so the old one steps aside first; ``restore_folders`` puts
    it back if the process dies between the two renames.
    """
    old = place.with_name(_OLD + place.name)
    if place.exists():
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise
    _sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def restore_folders(parent: Path) -> None:
    """Put back folders a killed process left aside, and clear away its unfinished ones."""
    if not parent.is_dir():
        return
    for old in parent.glob(_OLD + "*"):
        place = old.with_name(old.name.removeprefix(_OLD))
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(place)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
