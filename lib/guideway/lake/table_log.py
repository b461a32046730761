"""A Delta table's log in a folder, read as the files it is: which data files a version uses, and what is torn.

Needs no Java, so that it still tells the truth about a lake no engine can open. Format:
https://github.com/delta-io/delta/blob/master/PROTOCOL.md (actions, checkpoints, in-commit timestamps).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

from guideway.errors import LakeError


class TornLogError(LakeError):
    """A commit or checkpoint a version needs is missing or cannot be read; ``file`` is the one."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(f"{file} {problem}")
        self.file = file


@dataclass(frozen=True)
class CommitFiles:
    """What one commit did to the files: sizes in bytes of those added, names of those removed, and when."""

    added: dict[str, int]
    removed: frozenset[str]
    at: datetime


class TableLog:
    """The log of the table in ``folder``; every path is relative to the folder and unquoted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "_delta_log"
        self._commits: dict[int, CommitFiles] = {}

    @cached_property
    def versions(self) -> list[int]:
        """Versions that have a commit file, oldest first."""
        return sorted(int(file.stem) for file in self._log.glob("[0-9]*.json") if file.stem.isdigit())

    @cached_property
    def checkpoints(self) -> list[int]:
        """Versions that have a checkpoint, oldest first."""
        return sorted({int(file.name.split(".")[0]) for file in self._log.glob("[0-9]*.checkpoint*.parquet")})

    @property
    def latest(self) -> int:
        """The newest version the log speaks of.

        Raises:
            TornLogError: it speaks of none.
        """
        if not self.versions and not self.checkpoints:
            raise TornLogError(self._log, "holds no commit")
        return max(*self.versions[-1:], *self.checkpoints[-1:], 0)

    @property
    def gaps(self) -> list[int]:
        """Commit files missing between the oldest and the newest."""
        if not self.versions:
            return []
        return sorted(set(range(self.versions[0], self.versions[-1])) - set(self.versions))

    @property
    def oldest(self) -> int:
        """The oldest version the log still tells all about."""
        if self.versions and self.versions[0] == 0:
            return 0
        return min((c for c in self.checkpoints if c + 1 in self.versions), default=max(self.checkpoints, default=0))

    def commit(self, version: int) -> CommitFiles:
        """What the commit did.

        Raises:
            TornLogError: the file is missing or torn; the message names it.
        """
        if version not in self._commits:
            self._commits[version] = self._read_commit(self._log / f"{version:020d}.json")
        return self._commits[version]

    def files(self, version: int) -> dict[str, int]:
        """Size in bytes of every data file the version uses.

        Raises:
            TornLogError: the log no longer tells.
        """
        base = max((c for c in self.checkpoints if c <= version), default=None)
        if base is None:
            return self._replayed({}, 0, version)
        try:
            return self._replayed(self._checkpoint(base), base + 1, version)
        except TornLogError:
            if self.versions and self.versions[0] == 0:
                return self._replayed({}, 0, version)
            raise

    def metadata(self) -> dict[str, Any]:
        """The latest ``metaData`` action: ``schemaString``, ``partitionColumns``, ``configuration``.

        Raises:
            TornLogError: the log no longer tells.
        """
        base = max(self.checkpoints, default=-1)
        for version in sorted((v for v in self.versions if v > base), reverse=True):
            lines = (self._log / f"{version:020d}.json").read_text(encoding="utf-8").splitlines()
            for line in (line for line in lines if '"metaData"' in line):
                action: dict[str, Any] = json.loads(line)
                if "metaData" in action:
                    return dict(action["metaData"])
        rows = self._checkpoint_rows(base, "metaData") if base >= 0 else []
        if not rows:
            raise TornLogError(self._log, "holds no metadata")
        return rows[0] | {"configuration": dict(rows[0]["configuration"])}

    def damaged(self, files: dict[str, int]) -> list[str]:
        """Names of those files that are missing or of another size than the log says."""
        return [name for name, size in files.items() if not _has_size(self.folder / name, size)]

    def readable(self) -> list[int]:
        """Versions whose log and data files are all there, oldest first."""
        broken: dict[str, bool] = {}
        found = []
        for version in range(self.oldest, self.latest + 1):
            try:
                files = self.files(version)
            except TornLogError:
                continue
            for name, size in files.items():
                if name not in broken:
                    broken[name] = not _has_size(self.folder / name, size)
            if not any(broken[name] for name in files):
                found.append(version)
        return found

    def used_since(self, version: int) -> dict[str, int]:
        """Size of every file that this or a later version uses."""
        later = [self.commit(number).added for number in self.versions if number > version]
        return self.files(version) | {name: size for added in later for name, size in added.items()}

    def version_at(self, moment: datetime) -> int:
        """The version that was current at the moment; the oldest there is where all are later."""
        earlier = [v for v in self.versions if v >= self.oldest and self.commit(v).at <= moment]
        return max(earlier, default=self.oldest)

    def data_files(self) -> dict[str, Path]:
        """Every file of the folder that is not the log's or hidden, used or not."""
        named = {path.relative_to(self.folder): path for path in sorted(self.folder.rglob("*")) if path.is_file()}
        hidden = ("_", ".")
        return {n.as_posix(): path for n, path in named.items() if not any(p.startswith(hidden) for p in n.parts)}

    def log_bytes(self) -> int:
        """Size of the log."""
        return sum(path.stat().st_size for path in self._log.rglob("*") if path.is_file())

    def _replayed(self, files: dict[str, int], first: int, last: int) -> dict[str, int]:
        for version in range(first, last + 1):
            commit = self.commit(version)
            files = {name: size for name, size in files.items() if name not in commit.removed} | commit.added
        return files

    def _read_commit(self, file: Path) -> CommitFiles:
        try:
            actions = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        except FileNotFoundError:
            raise TornLogError(file, "is missing") from None
        except (ValueError, OSError) as error:
            raise TornLogError(file, f"cannot be read: {error}") from error
        info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
        if not info:
            raise TornLogError(file, "holds no commit")
        added = {unquote(a["add"]["path"]): int(a["add"]["size"]) for a in actions if "add" in a}
        removed = frozenset(unquote(a["remove"]["path"]) for a in actions if "remove" in a)
        milliseconds = info.get("inCommitTimestamp") or info["timestamp"]
        return CommitFiles(added, removed, datetime.fromtimestamp(milliseconds / 1000, timezone.utc))

    def _checkpoint(self, version: int) -> dict[str, int]:
        return {unquote(row["path"]): int(row["size"]) for row in self._checkpoint_rows(version, "add", "path", "size")}

    def _checkpoint_rows(self, version: int, action: str, *fields: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for file in sorted(self._log.glob(f"{version:020d}.checkpoint*.parquet")):
            try:
                columns = [f"{action}.{field}" for field in fields] or [action]
                rows = pq.ParquetFile(file).read(columns).column(action).to_pylist()
            except (OSError, ValueError, KeyError) as error:
                raise TornLogError(file, f"cannot be read: {error}") from error
            found += [row for row in rows if row and any(value is not None for value in row.values())]
        return found


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
