"""The last commits of a Delta table, read from its log's own files.

Asking Delta starts a Spark job, and jobs look at versions a dozen times: the log is read as the JSON it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any

from pyarrow import fs

from guideway.object_store import open_store
from guideway.settings import local_path


@dataclass(frozen=True)
class Commit:
    """One commit: its version, the run it is stamped with, what it did, its counts and when it was made."""

    version: int
    run_id: str | None
    operation: str
    metrics: Mapping[str, int]
    at: datetime


def last_commits(path: str, most: int | None = 1) -> list[Commit]:
    """The latest commits of the table at ``path``, newest first; all for None, none where there is no table."""
    folder = local_path(path)
    if folder is None:
        return _in_store(path, most)
    files = sorted((folder / "_delta_log").glob("[0-9]*.json"), reverse=True)
    return [_read(file) for file in files[:most]]


def _read(file: Path) -> Commit:
    with file.open(encoding="utf-8") as lines:
        return _commit(int(file.stem), lines)


def _in_store(address: str, most: int | None) -> list[Commit]:
    store, path = open_store(address)
    entries = store.get_file_info(fs.FileSelector(f"{path}/_delta_log", allow_not_found=True))
    files = sorted((entry.path for entry in entries if _is_commit(PurePosixPath(entry.path))), reverse=True)
    found = []
    for file in files[:most]:
        with store.open_input_stream(file) as stream:
            found.append(_commit(int(PurePosixPath(file).stem), stream.read().decode().splitlines()))
    return found


def _is_commit(path: PurePosixPath) -> bool:
    return path.suffix == ".json" and path.stem.isdigit()


def _commit(version: int, lines: Iterable[str]) -> Commit:
    actions = (json.loads(line) for line in lines if '"commitInfo"' in line)
    info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    at = datetime.fromtimestamp((info.get("inCommitTimestamp") or info["timestamp"]) / 1000, timezone.utc)
    metrics = info.get("operationMetrics") or {}
    counts = {name: int(value) for name, value in metrics.items() if str(value).lstrip("-").isdigit()}
    return Commit(version, info.get("userMetadata"), info["operation"], counts, at)
