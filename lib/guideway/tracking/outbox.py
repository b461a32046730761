"""Runs on their way to MLflow: written down first, delivered when it answers, never lost."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from guideway.tracking.record import RunRecord, read_record, write_record
from guideway.tracking.registry import Receipt, publish
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError


@dataclass(frozen=True)
class Delivery:
    """What became of the runs in the outbox.

    Attributes:
        receipts: runs delivered, by this call.
        waiting: records that still wait.
        problem: why they wait; empty when none does.
    """

    receipts: tuple[Receipt, ...]
    waiting: tuple[str, ...]
    problem: str = ""


def deliver(record: RunRecord, settings: TrackingSettings) -> Delivery:
    """Write the record down, then deliver it and whatever waited before it, oldest first.

    With MLflow down this returns within ``settings.max_wait_s`` and the record waits; no exception.
    """
    settings.outbox.mkdir(parents=True, exist_ok=True)
    place = settings.outbox / f"{record.started_ms:015d}-{record.record_id}"
    if not place.exists():
        shutil.rmtree(place.with_name(f".{place.name}.draft"), ignore_errors=True)
        write_record(record, place)
    return replay(settings)


def pending(settings: TrackingSettings) -> list[Path]:
    """Folders that wait, oldest first."""
    if not settings.outbox.is_dir():
        return []
    return sorted(path for path in settings.outbox.iterdir() if path.is_dir() and not path.name.startswith("."))


def replay(settings: TrackingSettings) -> Delivery:
    """Deliver what waits, oldest first, until MLflow fails; a folder that is damaged is set aside as ``.damaged``."""
    receipts = []
    for place in pending(settings):
        try:
            record = read_record(place)
        except (ValueError, KeyError, TypeError, OSError):
            place.rename(place.with_name(f".{place.name}.damaged"))
            continue
        try:
            receipts.append(publish(record, settings))
        except TrackingUnavailableError as error:
            waiting = tuple(path.name.split("-", 1)[1] for path in pending(settings))
            return Delivery(tuple(receipts), waiting, str(error))
        shutil.rmtree(place)
    return Delivery(tuple(receipts), ())
