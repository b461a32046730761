"""Alert on delivered files as they arrive, by the nightly jobs' decoders and transforms; nothing is taken in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from guideway.archives.journal import Journal
from guideway.contracts.bronze import SOURCE_FILE
from guideway.contracts.jobs import WATCH_LIVE
from guideway.contracts.reference import LINE
from guideway.errors import ConfigurationError, LakeError
from guideway.job import JobContext, main, require_folder
from guideway.lake.live import Watch
from guideway.lake.locks import hold_locks
from guideway.settings import Settings, local_path
from guideway.transforms.landing import delivery_stream


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Watch the landing folder: once through with ``context.once``, else until interrupted."""
    lake, settings = context.lake, context.settings
    landing, state = require_folder("landing", settings.landing), state_folder(settings)
    if lake.read(LINE).isEmpty():
        raise LakeError(f"{lake.root} knows no line yet, so that nothing can be judged: run `guideway ingest` first")
    with hold_locks(state, ("watch",), f"watch_live {context.writer.run_id}", settings.lock_wait_seconds):
        ledger = lake.read(SOURCE_FILE).select("path", "size_bytes", "delivered_at").toArrow().to_pylist()
        journal = Journal(state / "journal")
        if journal.begin(landing, (tuple(row.values()) for row in ledger)):
            context.say(f"{landing}: first watch; {len(ledger)} files are in the lake already")
        watch = Watch(lake, context.writer, settings, landing, context.say, partial(datetime.now, timezone.utc))
        deliveries = delivery_stream(
            context.spark, landing, journal.folder, settings.settle_seconds, settings.profile_folders
        )
        watch.follow(deliveries, state / "checkpoint", once=context.once)
    return watch.message, watch.facts


def state_folder(settings: Settings) -> Path:
    """Folder of the journal and of Spark's checkpoint.

    Raises:
        ConfigurationError: the lake is an object store and no folder is set.
    """
    lake = local_path(settings.lake)
    if settings.watch_state:
        return Path(settings.watch_state)
    if lake is None:
        raise ConfigurationError("setting 'watch_state': name a folder, because the lake is an object store")
    return lake / "_watch"


if __name__ == "__main__":
    main(WATCH_LIVE, run)
