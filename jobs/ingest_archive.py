"""Bring delivered files into bronze: each content once, each delivery in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from guideway.archives.landing import REFERENCE_FOLDER, bundles, find_deliveries, hash_deliveries
from guideway.archives.ledger import COLUMNS, Ledger
from guideway.archives.profile import load_profiles
from guideway.archives.reference import geometry_of
from guideway.archives.staging import staged
from guideway.contracts.bronze import RECORDING, SIGNAL, SOURCE_FILE
from guideway.contracts.jobs import INGEST_ARCHIVE
from guideway.contracts.reference import LIMIT, LINE_GEOMETRY
from guideway.errors import ConfigurationError
from guideway.job import JobContext, main, require_folder
from guideway.object_store import is_object_store
from guideway.rulebooks.load import load_rulebooks
from guideway.threads import side_by_side
from guideway.transforms.delivery import (
    claims,
    hold_back,
    recording_rows,
    refuse_unclaimed,
    source_file_rows,
    split_duplicates,
)
from guideway.transforms.reference import (
    limit_frame,
    limit_rows,
    limits_differ,
    read_references,
    reference_frame,
)
from guideway.transforms.signal import SignalDecoding

COMMIT_BYTES = 8 << 30


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Ingest from the landing folder, or from the objects of a landing bucket that are due."""
    settings = context.settings
    if not is_object_store(settings.landing):
        return _ingest(context)
    if context.paths:
        raise ConfigurationError(f"paths are files of this machine, but setting 'landing' is {settings.landing}")
    ledger = Ledger.of(context.lake.read(SOURCE_FILE).select(*COLUMNS).toArrow().to_pylist())
    place = Path(settings.staging) if settings.staging else None
    with staged(settings.landing, lambda look: ledger.is_due(look, replay=context.replay), place) as folder:
        return _ingest(replace(context, settings=settings.model_copy(update={"landing": str(folder)})))


def _ingest(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Ingest what is new in the landing folder; a commit of the ledger acknowledges each bundle of files."""
    lake, settings, spark = context.lake, context.settings, context.spark
    landing = require_folder("landing", settings.landing)
    profiles = load_profiles(*settings.profile_folders)
    hashes = {source_id: profile.hash for source_id, profile in profiles.items()}
    undone = context.writer.undo_unacknowledged(SOURCE_FILE, (SIGNAL, RECORDING))
    limits = limit_rows(load_rulebooks(*settings.rulebook_folders))
    if limits_differ(limits, lake.read(LIMIT)):
        context.writer.upsert(limit_frame(spark, limits), LIMIT)

    ledger = Ledger.of(lake.read(SOURCE_FILE).select(*COLUMNS).toArrow().to_pylist())
    claim = claims(profiles, context.source)
    places: Sequence[Path] = context.paths or (landing,)
    if context.replay:
        places, claim = ledger.quarantine(landing, context.paths, context.source), ledger.claims(claim, profiles)
    found, growing = find_deliveries(landing, places, claim, datetime.now(timezone.utc), settings.settle_seconds)
    due = [delivery for delivery in found if ledger.is_due(delivery.look, replay=context.replay)]
    counts: Counter[str] = Counter(delivered=len(due), bytes=sum(delivery.size_bytes for delivery in due))
    held: dict[str, str] = {}
    for number, bundle in enumerate(bundles(due, COMMIT_BYTES)):
        writer = context.writer.part(number)
        fresh, doubled = split_duplicates(list(hash_deliveries(landing, bundle)), ledger.accepted)
        tables, outcomes = read_references(landing, [d for d in fresh if d.source_id == REFERENCE_FOLDER])
        frames = {table: reference_frame(spark, rows, table) for table, rows in tables.items()}
        side_by_side(*(partial(writer.upsert, frame, table) for table, frame in frames.items()))
        signals = [delivery for delivery in fresh if delivery.source_id in profiles]
        if signals:
            decoding = SignalDecoding(
                spark, str(landing), signals, profiles, geometry_of(lake.read(LINE_GEOMETRY).toArrow())
            )
            files = decoding.store(writer.folder(SIGNAL))
            outcomes |= decoding.outcomes
            reasons, kept_back = hold_back(signals, outcomes, profiles, ledger)
            held, outcomes = held | reasons, outcomes | kept_back
            writer.adopt([file for file in files if file.source_id not in reasons], SIGNAL)
            writer.append(recording_rows(spark, signals, outcomes), RECORDING)
        outcomes |= refuse_unclaimed(fresh)
        acknowledge = writer.upsert if context.replay else writer.append
        acknowledge(source_file_rows(spark, fresh, doubled, outcomes, hashes), SOURCE_FILE)
        ledger.accepted |= {d.content_sha256: d.path for d in fresh if outcomes[d.path]["status"] == "accepted"}
        counts["duplicate"] += len(doubled)
        counts.update(outcomes[delivery.path]["status"] for delivery in fresh)
        counts["rows"] += sum(outcomes[delivery.path]["rows_read"] for delivery in fresh)
        context.say(f"{counts['accepted'] + counts['quarantined'] + counts['duplicate']} of {len(due)} files")
    facts = {name: counts[name] for name in ("delivered", "accepted", "quarantined", "duplicate", "rows", "bytes")}
    told = [", ".join(f"{count} {name}" for name, count in facts.items()), f"{growing} still growing"]
    told += [f"{source_id} held back: {reason}" for source_id, reason in held.items()]
    return "; ".join(told), facts | {"growing": growing, "undone": undone, "held": held}


if __name__ == "__main__":
    main(INGEST_ARCHIVE, run)
