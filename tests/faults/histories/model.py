"""The plain model: what was acknowledged, and so what must be in the lake, no more and no less."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.faults.histories.operations import ODD, Content

CHANNELS = ("gauge", "longitudinal_level_left")
Look = tuple[str, int, datetime]


@dataclass(frozen=True)
class Lying:
    """A file that lies in the landing folder."""

    content: Content
    delivered_at: datetime

    @property
    def sha256(self) -> str:
        """Identity of its bytes."""
        return hashlib.sha256(self.content.data).hexdigest()


@dataclass(frozen=True)
class Found:
    """What a lake holds: ledger rows (path, sha256, status), bytes with a recording, and samples by bytes."""

    ledger: tuple[tuple[str, str, str], ...]
    recordings: tuple[str, ...]
    signals: tuple[tuple[str, str], ...]


@dataclass
class Model:
    """Files that lie there, and what was acknowledged of them."""

    files: dict[str, Lying] = field(default_factory=dict)
    strict: bool = False
    seen: set[Look] = field(default_factory=set)
    ledger: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: dict[str, Content] = field(default_factory=dict)

    def acknowledge(self, paths: Iterable[str]) -> None:
        """An ingest of these paths has ended: each file not seen before now has a row, and its fate."""
        for path in paths:
            file = self.files[path]
            look = (path, len(file.content.data), file.delivered_at)
            if look in self.seen:
                continue
            self.seen.add(look)
            self.ledger[path, file.sha256] += 1
            good = not file.content.cut and not (self.strict and file.content.variant == ODD)
            if path.startswith("test-car/") and good:
                self.accepted[file.sha256] = file.content

    def differences(self, found: Found, *, killed: bool = False) -> tuple[list[str], int, int]:
        """What is wrong in words, and how many rows are lost and doubled.

        After a kill there may be rows nobody acknowledged, until the next run undoes them; never fewer, never twice.
        """
        wrong: list[str] = []
        lost = doubled = 0
        rows = Counter((path, sha) for path, sha, _ in found.ledger)
        takes = Counter(sha for _, sha, status in found.ledger if status == "accepted")
        once = Counter(dict.fromkeys(self.accepted, 1))
        every = Counter(
            {(sha, channel): 1 for sha in self.accepted for channel in ("gauge", "longitudinal_level_left")}
        )
        held = (
            ("ledger", self.ledger, rows, False),
            ("accepted rows", once, takes, False),
            ("recordings", once, Counter(found.recordings), killed),
            ("signals", every, Counter(found.signals), killed),
        )
        for name, wanted, there, more_allowed in held:
            missing, extra = wanted - there, there - wanted
            if more_allowed:
                extra = Counter({key: n for key, n in extra.items() if key in wanted or there[key] > 1})
            lost += missing.total()
            doubled += extra.total()
            wrong += [f"{name}: {what} {sorted(map(str, keys))[:3]}" for what, keys in
                      (("lost", missing), ("not acknowledged or twice", extra)) if keys]  # fmt: skip
        return wrong, lost, doubled
