"""The landing folder as a stream of deliveries: one row a file that has stopped growing, each once, for good.

Spark's own file source is no help: it takes a file while it still grows, never looks again at a path that was written
anew, and passes over files whose time is a week behind the newest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadLimit, ReadMaxFiles, SupportsTriggerAvailableNow
from pyspark.sql.types import StructType

from guideway.archives.journal import Journal
from guideway.archives.landing import REFERENCE_FOLDER, Delivery, find_deliveries
from guideway.archives.profile import load_profiles
from guideway.transforms.delivery import claims

MOST_FILES = 32
MOST_BYTES = 256 << 20
_COLUMNS = "path string, size_bytes bigint, delivered_at timestamp, source_id string"

Row = tuple[str, int, datetime, str | None]


def delivery_stream(
    spark: SparkSession, landing: Path, journal: Path, settle_seconds: float, profile_folders: Sequence[Path]
) -> DataFrame:
    """Deliveries that a profile claims, as a streaming frame: path, size_bytes, delivered_at, source_id.

    Args:
        spark: the session.
        landing: the landing folder.
        journal: folder of a journal that was begun.
        settle_seconds: files modified less than this long ago may still be growing and are left for later.
        profile_folders: folders of source profiles besides the packaged ones.
    """
    spark.dataSource.register(_Landing)
    folders = json.dumps([str(folder.resolve()) for folder in profile_folders])
    options = {"landing": str(landing.resolve()), "journal": str(journal.resolve()), "profiles": folders}
    return spark.readStream.format(_Landing.name()).options(**options, settle=str(settle_seconds)).load()


def rows_to_deliveries(rows: Sequence[Row]) -> list[Delivery]:
    """What the stream's rows stand for, in the order they were delivered."""
    found = [Delivery(path, size, at.replace(tzinfo=timezone.utc), source) for path, size, at, source in rows]
    return sorted(found, key=lambda delivery: (delivery.delivered_at, delivery.path))


class _Landing(DataSource):
    @classmethod
    def name(cls) -> str:
        return "guideway_landing"

    def schema(self) -> str:
        return _COLUMNS

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: N802
        return LandingReader(
            Path(self.options["landing"]),
            Journal(Path(self.options["journal"])),
            float(self.options["settle"]),
            [Path(folder) for folder in json.loads(self.options["profiles"])],
        )


class _Deliveries(InputPartition):
    """Rows known to the driver already, on their way to one task."""


class LandingReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Looks into the folder, notes what is new in the journal, and gives the journal's places as offsets."""

    def __init__(self, landing: Path, journal: Journal, settle_seconds: float, profile_folders: list[Path]) -> None:
        self._landing = landing
        self._journal = journal
        self._settle_seconds = settle_seconds
        self._claim = claims(load_profiles(*profile_folders))
        self._seen = journal.looks()
        self._target: int | None = None

    def initialOffset(self) -> dict[str, int]:  # noqa: N802
        """The journal's beginning."""
        return {"place": 0}

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802
        """Files of one batch."""
        return ReadMaxFiles(MOST_FILES)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802
        """Look once: what is there now is all there is."""
        self._target = self._look()

    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:  # noqa: N802
        """Look for new files, unless the stream ends with what is there; then the place after the next batch."""
        if self._target is None:
            self._look()
        if isinstance(limit, ReadMaxFiles):
            return {"place": self._journal.advance(start["place"], limit.max_files, MOST_BYTES)}
        return {"place": max(start["place"], self._target or self._journal.end())}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        """The rows between two places; the same after any crash."""
        found = self._journal.read(start["place"], end["place"])
        rows = [(d.path, d.size_bytes, d.delivered_at, d.source_id) for d in found]
        return [_Deliveries(rows)] if rows else []

    def read(self, partition: InputPartition) -> Iterator[Row]:
        """The partition's rows."""
        yield from partition.value

    def _look(self) -> int:
        # the one place that must ask what time it is: a file's age tells whether it may still be growing
        now = datetime.now(timezone.utc)
        found, _ = find_deliveries(self._landing, (self._landing,), self._claim, now, self._settle_seconds)
        new = [d for d in found if d.look not in self._seen and d.source_id not in (None, REFERENCE_FOLDER)]
        if not new:
            return self._journal.end()
        end = self._journal.append(new)
        self._seen |= {delivery.look for delivery in new}
        return end
