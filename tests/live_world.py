"""A lake with the history of one line, and files of that line that are not delivered yet."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import deltalake
from pyspark.sql import SparkSession

from guideway.contracts import Table
from guideway.contracts.gold import LIVE_ALERT
from guideway.contracts.jobs import INGEST_ARCHIVE, MEASURE_CONDITION, WATCH_LIVE, Job
from guideway.job import JobSummary, execute
from guideway.settings import Settings
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of
from jobs import ingest_archive, measure_condition, watch_live

FUNCTIONS = {INGEST_ARCHIVE: ingest_archive.run, MEASURE_CONDITION: measure_condition.run, WATCH_LIVE: watch_live.run}
PLACES = ("lake", "landing", "rulebooks")
SOURCE = "sim_measuring_train/C01"
_BOOK = """rulebook_id,indicator,asset_class,speed_from_kmh,speed_to_kmh,level,severity,value,unit,direction,standard,\
edition,clause,provenance,valid_from
en_13848,longitudinal_level_sd,conventional,0,400,AL,1,0.01,mm,above,own,1,1,unverified default,2024-01-01
en_13848,alignment_sd,conventional,0,400,IL,2,0.01,mm,above,own,1,1,unverified default,2024-01-01
"""
"""Limits so low that every section of every run is beyond both: one alert to plan and one to act on."""


@dataclass
class LiveWorld:
    """A landing folder, a lake and files held back."""

    root: Path
    spark: SparkSession
    settings: Settings

    @classmethod
    def first(cls, root: Path, spark: SparkSession, settings: Settings, weeks: int = 24, km: float = 1.0) -> LiveWorld:
        """A line with a run every four weeks; all but the first two runs are held back."""
        world = cls._at(root, spark, settings)
        spec = NetworkSpec(weeks=weeks, lines=(line_of("conventional", 1, km, start_km=130),), faults=False)
        write_archive(spec, root / "landing", root / "truth")
        (root / "rulebooks").mkdir()
        (root / "rulebooks" / "low.csv").write_text(_BOOK, encoding="utf-8")
        (root / "held").mkdir()
        for path in sorted((root / "landing" / SOURCE).iterdir())[2:]:
            path.rename(root / "held" / path.name)
        world.run(INGEST_ARCHIVE)
        world.run(MEASURE_CONDITION)
        return world

    @classmethod
    def _at(cls, root: Path, spark: SparkSession, settings: Settings) -> LiveWorld:
        places = {name: str(root / name) for name in PLACES}
        return cls(root, spark, settings.model_copy(update=places | {"lock_wait_seconds": 30.0}))

    def copy(self, root: Path) -> LiveWorld:
        """The same world at another place."""
        shutil.copytree(self.root, root)
        return self._at(root, self.spark, self.settings)

    @property
    def held(self) -> list[Path]:
        """Files not yet delivered, in the order of their names."""
        return sorted((self.root / "held").iterdir())

    def deliver(self, files: Sequence[Path]) -> None:
        """Deliver files as a careful sender does: under a hidden name, then renamed."""
        for path in files:
            draft = self.root / "landing" / SOURCE / f".{path.name}"
            shutil.copyfile(path, draft)
            draft.rename(draft.with_name(path.name))
            path.unlink()

    def run(self, job: Job, **options: Any) -> JobSummary:
        """Run a job in the shared session."""
        run_id = f"{job.name}-{datetime.now(timezone.utc).timestamp()}"
        return execute(
            job, FUNCTIONS[job], self.settings, spark=self.spark, as_of=date(2024, 6, 16), run_id=run_id, **options
        )

    def watch(self) -> JobSummary:
        """Watch once through what is there."""
        return self.run(WATCH_LIVE, once=True)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """A table as another engine than the one that wrote it reads it; none where it was never written."""
        place = Path(self.settings.lake, table.layer, table.name)
        if not (place / "_delta_log").is_dir():
            return []
        return deltalake.DeltaTable(place).to_pyarrow_table().to_pylist()

    def alerts(self) -> list[str]:
        """Identities of all alerts, sorted; doubled ones twice."""
        return sorted(row["alert_id"] for row in self.rows(LIVE_ALERT))
