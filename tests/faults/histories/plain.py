"""An ingest on plain tables: every decision by the functions the job calls, every table a list, no Spark.

What a killed run leaves is undone as the lake's writer does it: rows of runs the ledger does not know.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from guideway.archives.decode import decode_file
from guideway.archives.landing import Delivery, bundles, find_deliveries, hash_deliveries
from guideway.archives.profile import Profile
from guideway.errors import DecodeError
from guideway.transforms.delivery import claims, split_duplicates
from tests.faults.delivered import NOW, deliver
from tests.faults.histories.model import Found, Lying, Model
from tests.faults.histories.operations import Clock, Ingest, Operation, Put
from tests.unit.archives.helpers import profile

SETTLE_SECONDS = 5.0
STRICT = {"quality": {"rules": [
    {"rule": "plausible", "channels": ["gauge"], "statistic": "median", "low": 1300, "high": 1700}
]}}  # fmt: skip


class KilledError(Exception):
    """The process dies here."""


@cache
def source(strict: bool) -> Profile:
    """The source's profile before and after somebody changed it."""
    return profile(**STRICT) if strict else profile()


@dataclass
class Commit:
    """Rows of one table, stamped with the run that wrote them."""

    run_id: str
    rows: list[tuple[object, ...]]


@dataclass
class PlainWorld:
    """A landing folder, a clock and three tables."""

    landing: Path
    now: datetime = NOW
    model: Model = field(default_factory=Model)
    signals: list[Commit] = field(default_factory=list)
    recordings: list[Commit] = field(default_factory=list)
    ledger: list[Commit] = field(default_factory=list)
    runs: int = 0

    def do(self, operation: Operation) -> bool:
        """Do it, in the world and in the model; returns whether it was killed."""
        match operation:
            case Put():
                at = self.now - timedelta(seconds=operation.age)
                deliver(self.landing, operation.path, operation.content.data, at)
                self.model.files[operation.path] = Lying(operation.content, at)
            case Clock():
                self.now += timedelta(seconds=operation.seconds)
            case Ingest():
                return self._ingest(operation)
            case _:
                self.model.strict = not self.model.strict
        return False

    def found(self) -> Found:
        """What the tables hold."""
        return Found(
            tuple(row[:3] for commit in self.ledger for row in commit.rows),  # type: ignore[misc]
            tuple(str(row[0]) for commit in self.recordings for row in commit.rows),
            tuple(row for commit in self.signals for row in commit.rows),  # type: ignore[misc]
        )

    def _ingest(self, operation: Ingest) -> bool:
        self.runs += 1
        known = {commit.run_id for commit in self.ledger}
        for part in (self.signals, self.recordings):
            part[:] = [commit for commit in part if commit.run_id in known]
        profiles = {"test-car": source(self.model.strict)}
        places = [self.landing / operation.only] if operation.only else [self.landing]
        rows = [row for commit in self.ledger for row in commit.rows]
        seen = {row[3] for row in rows}
        accepted = {str(row[1]): str(row[0]) for row in rows if row[2] == "accepted"}
        found, _ = find_deliveries(self.landing, places, claims(profiles), self.now, SETTLE_SECONDS)
        new = [delivery for delivery in found if delivery.look not in seen]
        try:
            for number, bundle in enumerate(bundles(new, 1500)):
                self._commit_bundle(bundle, accepted, f"{self.runs}.{number}", profiles, operation.kill)
                self.model.acknowledge(delivery.path for delivery in bundle)
        except KilledError:
            return True
        return False

    def _commit_bundle(
        self,
        bundle: list[Delivery],
        accepted: dict[str, str],
        run_id: str,
        profiles: dict[str, Profile],
        kill: tuple[int, str] | None,
    ) -> None:
        fresh, doubled = split_duplicates(list(hash_deliveries(self.landing, bundle, 1)), accepted)
        fates = {d.path: _fate(self.landing / d.path, d, profiles) for d in fresh}
        good = [d.content_sha256 for d in fresh if fates[d.path][0] == "accepted"]
        ledger: list[tuple[object, ...]] = [(d.path, d.content_sha256, fates[d.path][0], d.look) for d in fresh]
        ledger += [(d.path, d.content_sha256, "duplicate", d.look) for d, _ in doubled]
        signals: list[tuple[object, ...]] = [(d.content_sha256, c) for d in fresh for c in fates[d.path][1]]
        commits = ((self.signals, signals), (self.recordings, [(sha,) for sha in good]), (self.ledger, ledger))
        for number, (table, content) in enumerate(commits):
            dies = kill is not None and kill[0] == number
            if dies and kill is not None and kill[1] != "after":
                raise KilledError  # data files without a commit are no rows: within is before, to a reader
            table.append(Commit(run_id, content))
            if dies:
                if table is self.ledger:
                    self.model.acknowledge(delivery.path for delivery in bundle)
                raise KilledError
        accepted |= {d.content_sha256: d.path for d in fresh if fates[d.path][0] == "accepted"}


def _fate(path: Path, delivery: Delivery, profiles: dict[str, Profile]) -> tuple[str, tuple[str, ...]]:
    if delivery.source_id is None:
        return "quarantined", ()
    return _decoded(path.read_bytes(), path, profiles[delivery.source_id].hash, profiles[delivery.source_id])


_CACHE: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}


def _decoded(data: bytes, path: Path, profile_hash: str, by: Profile) -> tuple[str, tuple[str, ...]]:
    """Fate and channels of a content; the few contents of all histories are decoded once each."""
    key = (hashlib.sha256(data).hexdigest(), profile_hash)
    if key not in _CACHE:
        try:
            (run,) = decode_file(path, by).recordings
            _CACHE[key] = "accepted", tuple(channel.name for channel in run.channels)
        except DecodeError:
            _CACHE[key] = "quarantined", ()
    return _CACHE[key]
