"""The watch: batches of deliveries in, new rows of gold.live_alert out, each once whatever dies in between.

Spark gives a batch again until the batch was done; an alert is named by what it is about, and only alerts that are not
there yet are written, under the table's lock. So a batch that died anywhere is completed by its repetition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.archives.landing import hash_deliveries
from guideway.archives.profile import Profile, load_profiles
from guideway.contracts.gold import LIVE_ALERT
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.monitoring.alerts import alerts_of
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook
from guideway.settings import Settings
from guideway.transforms.delivery import split_duplicates
from guideway.transforms.landing import rows_to_deliveries
from guideway.transforms.live_alert import READS, Judged, Surroundings, judge

LOOK_EVERY = "1 second"


@dataclass
class Watch:
    """Follows a stream of deliveries.

    Attributes:
        lake: where alerts go and what is judged by.
        writer: writes as this run.
        settings: where profiles and rule books are.
        landing: the landing folder.
        say: takes one line of progress.
        clock: tells the time, UTC.
        counts: files by status, recordings by status, alerts by layer.
    """

    lake: Lake
    writer: Writer
    settings: Settings
    landing: Path
    say: Callable[[str], None]
    clock: Callable[[], datetime]
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._profiles: Mapping[str, Profile] = load_profiles(*self.settings.profile_folders)
        self._rulebooks: Mapping[str, Rulebook] = load_rulebooks(*self.settings.rulebook_folders)
        self._surroundings: Surroundings | None = None
        self._versions: dict[str, int] = {}
        self._error: Exception | None = None

    def follow(self, deliveries: DataFrame, checkpoint: Path, *, once: bool) -> None:
        """Follow the stream to the end of what is there now, or until interrupted.

        Raises:
            Exception: what a batch failed of; the same batch comes again with the next watch.
        """
        stream = deliveries.writeStream.queryName("watch_live").option("checkpointLocation", str(checkpoint))
        stream = stream.trigger(availableNow=True) if once else stream.trigger(processingTime=LOOK_EVERY)
        query = stream.foreachBatch(self._batch).start()
        try:
            query.awaitTermination()
        except KeyboardInterrupt:
            self.say("interrupted; what was not done comes again with the next watch")
        except StreamingQueryException:
            if self._error is not None:
                raise self._error from None
            raise
        finally:
            query.stop()

    @property
    def facts(self) -> dict[str, object]:
        """Counts for the job's summary."""
        names = ("files", "quarantined", "gone", "act", "plan", "failed", "no_indicator")
        return {name: self.counts[name] for name in names}

    @property
    def message(self) -> str:
        """The same in words."""
        count = self.counts
        told = f"{count['files']} files, {count['act']} alerts to act on, {count['plan']} to plan"
        odd = [f"{count[name]} {name}" for name in ("quarantined", "gone", "failed", "no_indicator") if count[name]]
        return f"{told}; {', '.join(odd)}" if odd else told

    def _batch(self, frame: DataFrame, number: int) -> None:
        try:
            self._judge(frame, number)
        except Exception as error:
            self._error = error  # Spark would tell its text only
            raise

    def _judge(self, frame: DataFrame, number: int) -> None:
        listed = rows_to_deliveries(frame.collect())
        there = [delivery for delivery in listed if (self.landing / delivery.path).is_file()]
        fresh, _ = split_duplicates(list(hash_deliveries(self.landing, there)), {})
        if not fresh:
            self.counts.update(files=len(listed), gone=len(listed) - len(there))
            return
        judged = judge(self.lake.spark, str(self.landing), fresh, self._profiles, self._judged_by())
        written = self._write(judged, number)
        self.counts.update(files=len(listed), gone=len(listed) - len(there))
        self.counts.update(judged.files + judged.recordings + written)
        self.say(f"{len(listed)} files, {written['act']} alerts to act on, {written['plan']} to plan")

    def _judged_by(self) -> Surroundings:
        """The surroundings, read again where a table they come from has changed."""
        versions = self.lake.versions(READS)
        if self._surroundings is None or versions != self._versions:
            self._surroundings = Surroundings.of(self.lake.read, self._rulebooks)
            self._versions = versions
        return self._surroundings

    def _write(self, judged: Judged, number: int) -> Counter[str]:
        """Write the alerts that are not there yet; returns how many, by layer."""
        if not judged.exceedances:
            return Counter()
        recordings = sorted({row["recording_id"] for row in judged.exceedances})
        with self.lake.writing((LIVE_ALERT,), owner=f"watch_live {self.writer.run_id}"):
            raised = self.lake.read(LIVE_ALERT).where(F.col("recording_id").isin(recordings)).select("alert_id")
            known = {row.alert_id for row in raised.collect()}
            alerts = alerts_of(judged.exceedances, self.clock())
            new = [row for identity, row in alerts.items() if identity not in known]
            if new:
                rows: list[tuple[Any, ...]] = [tuple(row[c.name] for c in LIVE_ALERT.columns) for row in new]
                frame = self.lake.spark.createDataFrame(rows, LIVE_ALERT.ddl)
                self.writer.part(number).append(frame, LIVE_ALERT)
        return Counter(row["layer"] for row in new)
