"""Says which disk is full: Spark and Python only say that some device has no space left."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from guideway.errors import GuidewayError
from guideway.settings import Settings, local_path

_SIGN = "No space left on device"
_MIB = 1 << 20


class DiskFullError(GuidewayError):
    """A disk is full; what was acknowledged stays, and the next run heals once there is room."""


def explain_full_disk(error: BaseException, settings: Settings) -> DiskFullError | None:
    """The error to tell instead where ``error`` is that of a full disk, else None.

    A failed job has removed its drafts by now, so no disk need be quite full any more: all are named, fullest first.
    """
    if _SIGN not in str(error):
        return None
    disks = sorted((shutil.disk_usage(folder).free, use, folder) for use, folder in _folders(settings))
    told = ", ".join(f"{use} in {folder} has {free / _MIB:,.1f} MiB free" for free, use, folder in disks)
    return DiskFullError(f"{_SIGN}: {told}")


def _folders(settings: Settings) -> Iterable[tuple[str, Path]]:
    """Where a job writes: what a folder is used for, one a disk."""
    scratch = os.environ.get("SPARK_LOCAL_DIRS", tempfile.gettempdir())
    wanted = [(name, local_path(getattr(settings, name))) for name in ("lake", "reports", "mlflow_artifacts")]
    wanted += [("Spark's scratch", Path(folder)) for folder in (*scratch.split(","), tempfile.gettempdir())]
    found: dict[int, tuple[str, Path]] = {}
    for use, folder in wanted:
        there = next((place for place in (folder, *folder.parents) if place.exists()), None) if folder else None
        if there:
            found.setdefault(there.stat().st_dev, (use, there))
    return found.values()
