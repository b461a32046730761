"""Bring delivered files into bronze: each content once, each delivery in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone

from guideway.archives.landing import REFERENCE_FOLDER, bundles, find_deliveries, hash_deliveries
from guideway.archives.profile import load_profiles
from guideway.contracts.bronze import RECORDING, SIGNAL, SOURCE_FILE
from guideway.contracts.jobs import INGEST_ARCHIVE
from guideway.contracts.reference import LIMIT
from guideway.job import JobContext, main, require_folder
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms.delivery import claims, recording_rows, refuse_unclaimed, source_file_rows, split_duplicates
from guideway.transforms.reference import limit_frame, limit_rows, limits_differ, read_references, reference_frame
from guideway.transforms.signal import SignalDecoding

COMMIT_BYTES = 8 << 30


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Ingest what is new in the landing folder; a commit of the ledger acknowledges each bundle of files."""
    lake, writer, settings, spark = context.lake, context.writer, context.settings, context.spark
    landing = require_folder("landing", settings.landing)
    profiles = load_profiles(*settings.profile_folders)
    hashes = {source_id: profile.hash for source_id, profile in profiles.items()}
    undone = writer.undo_unacknowledged(SOURCE_FILE, (SIGNAL, RECORDING))
    limits = limit_rows(load_rulebooks(*settings.rulebook_folders))
    if limits_differ(limits, lake.read(LIMIT)):
        writer.upsert(limit_frame(spark, limits), LIMIT)

    ledger = lake.read(SOURCE_FILE).select("path", "size_bytes", "delivered_at", "content_sha256", "status").toArrow()
    seen = {(row["path"], row["size_bytes"], row["delivered_at"]) for row in ledger.to_pylist()}
    accepted = {row["content_sha256"]: row["path"] for row in ledger.to_pylist() if row["status"] == "accepted"}
    claim = claims(profiles, context.source)
    now = datetime.now(timezone.utc)
    found, growing = find_deliveries(landing, context.paths or (landing,), claim, now, settings.settle_seconds)
    new = [delivery for delivery in found if delivery.look not in seen]
    counts: Counter[str] = Counter(delivered=len(new), bytes=sum(delivery.size_bytes for delivery in new))
    for number, bundle in enumerate(bundles(new, COMMIT_BYTES)):
        writer = context.writer.part(number)
        fresh, doubled = split_duplicates(list(hash_deliveries(landing, bundle)), accepted)
        tables, outcomes = read_references(landing, [d for d in fresh if d.source_id == REFERENCE_FOLDER])
        for table, rows in tables.items():
            writer.upsert(reference_frame(spark, rows, table), table)
        signals = [delivery for delivery in fresh if delivery.source_id in profiles]
        if signals:
            decoding = SignalDecoding(spark, str(landing), signals, profiles)
            counts["signal_rows"] += writer.append(decoding.frame, SIGNAL)
            outcomes |= decoding.outcomes
            writer.append(recording_rows(spark, signals, outcomes), RECORDING)
        outcomes |= refuse_unclaimed(fresh)
        writer.append(source_file_rows(spark, fresh, doubled, outcomes, hashes), SOURCE_FILE)
        accepted |= {d.content_sha256: d.path for d in fresh if outcomes[d.path]["status"] == "accepted"}
        counts["duplicate"] += len(doubled)
        counts.update(outcomes[delivery.path]["status"] for delivery in fresh)
        counts["rows"] += sum(outcomes[delivery.path]["rows_read"] for delivery in fresh)
        context.say(f"{counts['accepted'] + counts['quarantined'] + counts['duplicate']} of {len(new)} files")
    facts = {name: counts[name] for name in ("delivered", "accepted", "quarantined", "duplicate", "rows", "bytes")}
    told = ", ".join(f"{count} {name}" for name, count in facts.items())
    return f"{told}; {growing} still growing", facts | {"growing": growing, "undone": undone}


if __name__ == "__main__":
    main(INGEST_ARCHIVE, run)
