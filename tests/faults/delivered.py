"""A landing folder of tests, and what the real ingest decides about it, without Spark."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from guideway.archives.decode import decode_file
from guideway.archives.landing import Delivery, find_deliveries, hash_deliveries
from guideway.archives.profile import Profile
from guideway.archives.reasons import REASONS
from guideway.errors import DecodeError
from guideway.transforms.delivery import claims, refuse_unclaimed, split_duplicates
from tests.unit.archives.helpers import HEADER, lines, profile, rows

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=timezone.utc)
PROFILES: Mapping[str, Profile] = {"test-car": profile()}


def run_text(start: float = 1000.0, n: int = 40) -> bytes:
    """Bytes of a healthy run of the test car; another start gives other bytes."""
    return lines(HEADER, *rows(n, start)).encode()


def deliver(landing: Path, path: str, data: bytes, at: datetime = NOW - timedelta(hours=1)) -> Path:
    """Put a file into the landing folder with that time of delivery."""
    target = landing / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    os.utime(target, (at.timestamp(), at.timestamp()))
    return target


def verdict(path: Path, source: Profile = PROFILES["test-car"]) -> str:
    """``accepted``, or the machine reason of the quarantine; any other error than the decoder's own passes."""
    try:
        decode_file(path, source)
    except DecodeError as error:
        refused = error
    else:
        return "accepted"
    assert refused.reason in REASONS
    assert str(refused).startswith(f"{refused.reason}: ")
    assert len(str(refused).splitlines()) == 1, "one line that a ledger row can hold"
    return refused.reason


def decide(
    landing: Path, accepted: Mapping[str, str] | None = None, settle_seconds: float = 5.0
) -> tuple[dict[str, str], int]:
    """What an ingest decides about each file that lies there: its status or reason; and how many still grow."""
    found, growing = find_deliveries(landing, (landing,), claims(PROFILES), NOW, settle_seconds)
    fresh, doubled = split_duplicates(list(hash_deliveries(landing, found)), accepted or {})
    decided = {delivery.path: _status(landing, delivery) for delivery in fresh}
    decided |= {delivery.path: f"duplicate of {original}" for delivery, original in doubled}
    assert len(decided) == len(found), "every delivery has one fate"
    return decided, growing


def _status(landing: Path, delivery: Delivery) -> str:
    if delivery.source_id is None:
        return str(refuse_unclaimed([delivery])[delivery.path]["reason"]).partition(":")[0]
    return verdict(landing / delivery.path, PROFILES[delivery.source_id])
