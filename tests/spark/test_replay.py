"""Quarantine replayed after a profile was mended, and a batch held back by its audit: the real job on small lakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from guideway.contracts.bronze import RECORDING, SIGNAL, SOURCE_FILE
from guideway.contracts.jobs import INGEST_ARCHIVE
from guideway.job import JobSummary, execute
from guideway.lake.lake import Lake
from guideway.settings import Settings
from jobs.ingest_archive import run
from tests.faults.delivered import NOW, deliver, run_text
from tests.unit.archives.helpers import profile

pytestmark = [pytest.mark.spark, pytest.mark.fault(13)]
BROKEN = {"channels": [{"name": "gauge", "column": "Gauge", "unit": "inch"}]}
"""A profile that misreads the source's unit: its files say mm."""


@dataclass
class World:
    """A landing folder, a lake and the profile of a source."""

    root: Path
    spark: SparkSession
    settings: Settings
    runs: int = 0

    @classmethod
    def make(cls, root: Path, spark: SparkSession, settings: Settings) -> World:
        for name in ("landing", "profiles"):
            (root / name).mkdir(parents=True)
        places = {name: str(root / name) for name in ("lake", "landing", "profiles")}
        return cls(root, spark, settings.model_copy(update=places))

    def say(self, **changes: Any) -> None:
        """The source's profile, with these changes."""
        text = yaml.safe_dump(profile(**changes).model_dump(mode="json", exclude_defaults=True))
        (self.root / "profiles" / "car.yaml").write_text(text, encoding="utf-8")

    def deliver(self, files: Mapping[str, bytes]) -> None:
        for number, (path, data) in enumerate(files.items()):
            deliver(self.root / "landing", path, data, NOW - timedelta(days=1, seconds=-number))

    def ingest(self, *, replay: bool = False) -> JobSummary:
        self.runs += 1
        return execute(INGEST_ARCHIVE, run, self.settings, spark=self.spark, as_of=date(2026, 1, 5),
                       run_id=f"run-{self.runs}", replay=replay)  # fmt: skip

    def tables(self) -> list[Sequence[tuple[Any, ...]]]:
        """All three tables without their provenance, sorted."""
        lake = Lake(self.spark, self.settings.lake)
        frames = (
            lake.read(table).select(*[c.name for c in table.columns]) for table in (SOURCE_FILE, RECORDING, SIGNAL)
        )
        return [sorted(tuple(map(str, row)) for row in frame.collect()) for frame in frames]

    def reasons(self) -> dict[str, str | None]:
        return {r["path"]: r["reason"] for r in Lake(self.spark, self.settings.lake).read(SOURCE_FILE).collect()}


def counts(summary: JobSummary) -> tuple[object, ...]:
    return tuple(summary.facts[name] for name in ("delivered", "accepted", "quarantined", "duplicate"))


FILES = {f"test-car/{i}.csv": run_text(1000.0 + 50 * i) for i in range(3)}
MIXED = FILES | {"test-car/again.csv": FILES["test-car/1.csv"], "test-car/cut.csv": run_text(3000.0)[:-3]}


def test_a_replay_after_mending_gives_the_tables_of_a_profile_that_was_right_at_first(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    mended, right = (World.make(tmp_path / name, spark, settings) for name in ("mended", "right"))
    for world in (mended, right):
        world.deliver(MIXED)
    right.say()
    assert counts(right.ingest()) == (5, 3, 1, 1)

    mended.say(**BROKEN)
    assert counts(mended.ingest()) == (5, 0, 4, 1)
    assert mended.reasons()["test-car/0.csv"].startswith("wrong_unit:")  # type: ignore[union-attr]
    before = mended.ingest(replay=True)
    assert counts(before) == (4, 0, 4, 0), "nothing was mended yet"
    assert before.rows["bronze.source_file"] == 0

    mended.say()
    assert counts(mended.ingest()) == (0, 0, 0, 0), "what is in quarantine is no new delivery"
    assert counts(mended.ingest(replay=True)) == (4, 3, 1, 0)
    assert mended.tables() == right.tables()

    again = mended.ingest(replay=True)
    assert counts(again) == (1, 0, 1, 0), "the cut file is cut for good"
    assert not any(again.rows.values())
    assert mended.tables() == right.tables()


def test_a_batch_whose_audit_fails_leaves_the_last_good_version_and_is_published_after_mending(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    world = World.make(tmp_path, spark, settings)
    world.say(audit={"min_files": 4, "max_quarantined_share": 0.4})
    world.deliver({"test-car/first.csv": run_text(500.0)})
    assert world.ingest().facts["held"] == {}
    good, lake = world.tables(), Lake(spark, world.settings.lake)
    version = lake.version(SIGNAL)

    cut = {f"test-car/cut-{i}.csv": run_text(5000.0 + 50 * i)[:-3] for i in range(3)}
    world.deliver(FILES | cut)
    summary = world.ingest()
    why = "3 of 6 files cannot be read, at most 40% may"
    assert summary.facts["held"] == {"test-car": why}
    assert f"test-car held back: {why}" in summary.message
    assert counts(summary) == (6, 0, 6, 0)
    assert world.tables()[1:] == good[1:], "recordings and samples are those of the last good version"
    assert lake.version(SIGNAL) == version, "no version ever held samples of the batch"
    assert {world.reasons()[path] for path in FILES} == {f"audit_failed: {why}"}
    assert counts(world.ingest(replay=True)) == (6, 0, 6, 0), "reading it again does not get it past its audit"
    assert world.tables()[1:] == good[1:]

    world.say(audit={"min_files": 4, "max_quarantined_share": 0.5})
    assert counts(world.ingest(replay=True)) == (6, 3, 3, 0)
    published = {sha256(data).hexdigest() for data in (*FILES.values(), run_text(500.0))}
    assert sorted(row.content_sha256 for row in lake.read(RECORDING).collect()) == sorted(published)
    signals = Counter(row.recording_id[:24] for row in lake.read(SIGNAL).collect())
    assert signals == Counter({content[:24]: 2 for content in published}), "two channels each, once"


def test_a_run_located_by_gps_waits_for_the_line_and_is_placed_by_a_replay(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    """Due north along a meridian: 0.01 degrees of latitude are 1111.4 m at 47 degrees."""
    world = World.make(tmp_path, spark, settings)
    place = {"gps": {"latitude": "lat", "longitude": "lon"}}
    world.say(locate=place, axis={"kind": "distance", "step": 1.0, "max_gap": 50.0}, decode={"format": "text"})
    fixes = "".join(f"{i},1435,{47.001 + i * 1e-5:.6f},8.5\n" for i in range(400))
    world.deliver({"test-car/north.csv": b"Level left,Gauge,lat,lon\n" + fixes.encode()})
    assert counts(world.ingest()) == (1, 0, 1, 0)
    assert world.reasons()["test-car/north.csv"] == "no_geometry: reference.line_geometry has no row of any line"
    vertices = "line_id,track_id,chainage_m,latitude,longitude\nL7,2,5000,47.0,8.5\nL7,2,6111.4,47.01,8.5\n"
    world.deliver({"reference/line_geometry.csv": vertices.encode()})
    assert counts(world.ingest()) == (1, 1, 0, 0)
    assert counts(world.ingest(replay=True)) == (1, 1, 0, 0)
    (found,) = Lake(spark, world.settings.lake).read(RECORDING).collect()
    assert (found.line_id, found.track_id, found.direction, found.step) == ("L7", "2", 1, 1.0)
    assert abs(found.start - 5111.14) < 0.5
    assert abs(found.n_samples - 0.00399 * 111_140) < 2
