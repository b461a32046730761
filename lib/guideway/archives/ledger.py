"""What the ledger of delivered files says: what was seen, what was accepted, what waits in quarantine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from guideway.archives.audit import HELD

COLUMNS = ("path", "size_bytes", "delivered_at", "content_sha256", "source_id", "status", "reason", "rows_read")
"""Columns of ``bronze.source_file`` a ledger is made from."""

UNKNOWN = "unknown"
"""Source of a delivery nobody claims."""

Look = tuple[str, int, datetime]


@dataclass
class Ledger:
    """The deliveries of the past.

    Attributes:
        seen: path, size and time of every delivery.
        accepted: path by content hash, of accepted content.
        quarantined: source of each delivery in quarantine, by its look.
        held: looks of those that an audit holds back.
        rows: number of rows of each accepted file, by source.
    """

    seen: set[Look] = field(default_factory=set)
    accepted: dict[str, str] = field(default_factory=dict)
    quarantined: dict[Look, str] = field(default_factory=dict)
    held: set[Look] = field(default_factory=set)
    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Ledger:
        """The ledger with these rows of ``COLUMNS``."""
        ledger = cls()
        for row in rows:
            look = row["path"], row["size_bytes"], row["delivered_at"]
            ledger.seen.add(look)
            if row["status"] == "accepted":
                ledger.accepted[row["content_sha256"]] = row["path"]
                ledger.rows[row["source_id"]].append(row["rows_read"])
            elif row["status"] == "quarantined":
                ledger.quarantined[look] = row["source_id"]
                if row["reason"].startswith(f"{HELD}:"):
                    ledger.held.add(look)
        return ledger

    def is_due(self, look: Look, *, replay: bool) -> bool:
        """Whether a delivery is to be read: it was never seen, or in a replay, it waits in quarantine."""
        return look in self.quarantined if replay else look not in self.seen

    def quarantine(self, landing: Path, places: Sequence[Path], source_id: str | None) -> list[Path]:
        """Files in quarantine that still lie there; where told, only those below ``places`` and of one source.

        A file nobody claimed is of the source told when its place is told, too.
        """
        asked = {source_id, UNKNOWN} if places else {source_id}
        roots = [place.resolve() for place in places]
        files = {landing / path for (path, *_), source in self.quarantined.items() if not source_id or source in asked}
        below = (file for file in files if not roots or any(file.resolve().is_relative_to(root) for root in roots))
        return sorted(file for file in below if file.is_file())

    def claims(self, claim: Callable[[str], str | None], known: Iterable[str]) -> Callable[[str], str | None]:
        """Who claims a path, and for one nobody claims the source it was read as when it went into quarantine."""
        sources = set(known)
        read_as = {path: source for (path, *_), source in self.quarantined.items() if source in sources}
        return lambda path: claim(path) or read_as.get(path)
