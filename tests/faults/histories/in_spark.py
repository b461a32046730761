"""An ingest in Spark and Delta: the real job on a small lake, killed at a commit, compacted, vacuumed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import deltalake
import numpy as np
import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

from guideway.archives.decode import decode_file
from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING, SIGNAL, SOURCE_FILE
from guideway.contracts.jobs import INGEST_ARCHIVE
from guideway.contracts.reference import LIMIT
from guideway.job import execute
from guideway.lake.lake import Lake
from guideway.lake.upkeep import lake_time, maintain, newest_commit
from guideway.lake.writer import Writer
from guideway.rulebooks.load import load_rulebooks
from guideway.settings import Settings
from jobs.ingest_archive import run
from tests.faults.delivered import NOW, deliver
from tests.faults.histories.model import Found, Lying, Model
from tests.faults.histories.operations import PLACES, Clock, Content, Ingest, Operation, Put
from tests.faults.histories.plain import source

BASE = Put("test-car/base.csv", Content(PLACES, 0), 60.0)
_BOOK = """rulebook_id,indicator,asset_class,speed_from_kmh,speed_to_kmh,level,severity,value,unit,direction,standard,\
edition,clause,provenance,valid_from
en_13848,longitudinal_level_sd,own,0,80,AL,1,{value},mm,above,own,1,1,unverified default,2025-01-01
"""


class KilledError(Exception):
    """The job dies here."""


@dataclass
class SparkWorld:
    """A landing folder and a lake with one file ingested, to be played with."""

    root: Path
    spark: SparkSession
    settings: Settings
    now: datetime = NOW
    model: Model = field(default_factory=Model)
    runs: int = 0
    limit: int = 1
    time: datetime | None = None

    @classmethod
    def first(cls, root: Path, spark: SparkSession, settings: Settings) -> SparkWorld:
        """A world whose tables exist and hold one run."""
        places = {name: str(root / name) for name in ("lake", "landing", "profiles", "rulebooks")}
        world = cls(root, spark, settings.model_copy(update=places | {"lock_wait_seconds": 5.0}))
        for name in ("landing", "profiles", "rulebooks"):
            (root / name).mkdir(parents=True)
        world._write_settings()
        world.do(BASE)
        world.do(Ingest())
        return world

    def copy(self, root: Path) -> SparkWorld:
        """The same world at another place: a lake is a folder, and its log names no absolute path."""
        shutil.copytree(self.root, root)
        places = {name: str(root / name) for name in ("lake", "landing", "profiles", "rulebooks")}
        model = Model(dict(self.model.files), False, set(self.model.seen), self.model.ledger.copy(),
                      dict(self.model.accepted))  # fmt: skip
        return SparkWorld(root, self.spark, self.settings.model_copy(update=places), self.now, model)

    @property
    def lake(self) -> Lake:
        """The lake of this world."""
        return Lake(self.spark, self.settings.lake, 5.0)

    def do(self, operation: Operation) -> bool:
        """Do it, in the world and in the model; returns whether it was killed."""
        match operation:
            case Put():
                at = self.now - timedelta(seconds=operation.age)
                deliver(self.root / "landing", operation.path, operation.content.data, at)
                self.model.files[operation.path] = Lying(operation.content, at)
            case Clock():
                self.now += timedelta(seconds=operation.seconds)
            case Ingest():
                return self._ingest(operation)
            case _:
                self._keep_up(operation.kind)
        return False

    def _ingest(self, operation: Ingest) -> bool:
        self.runs += 1
        due = [operation.only] if operation.only else list(self.model.files)
        paths = [self.root / "landing" / operation.only] if operation.only else []
        with pytest.MonkeyPatch.context() as patch, dying(patch, operation.kill) as died:
            try:
                execute(INGEST_ARCHIVE, run, self.settings, spark=self.spark, as_of=date(2026, 1, 5),
                        run_id=f"run-{self.runs}", paths=paths)  # fmt: skip
            except KilledError:
                if died == [True]:
                    self.model.acknowledge(due)
                return True
        self.model.acknowledge(due)
        return False

    def _keep_up(self, kind: str) -> None:
        if kind == "compact":
            self.spark.sql(f"OPTIMIZE delta.`{self.lake.path(SIGNAL)}`").collect()
        elif kind == "vacuum":
            self.spark.sql(f"VACUUM delta.`{self.lake.path(RECORDING)}`").collect()
        elif kind == "maintain":
            self._maintain()
        elif kind == "profile":
            self.model.strict = not self.model.strict
        elif kind == "rulebook":
            self.limit += 1
        self._write_settings()

    def _maintain(self) -> None:
        """The upkeep of the product, by a clock that runs ten years ahead."""
        clock = datetime.now(timezone.utc) + timedelta(days=3650)
        with self.lake.writing((SIGNAL,), "maintain"):
            self.time = lake_time(clock, self.time, newest_commit(self.lake, (SIGNAL,)))
            maintain(self.lake, SIGNAL, self.time, (), f"upkeep-{self.runs}")

    def _write_settings(self) -> None:
        profile = source(self.model.strict).model_dump(mode="json", exclude_defaults=True)
        (self.root / "profiles" / "car.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        (self.root / "rulebooks" / "own.csv").write_text(_BOOK.format(value=self.limit), encoding="utf-8")

    def found(self) -> Found:
        """What the tables hold; recordings and signals by the bytes they came from."""
        ledger = self._rows(SOURCE_FILE, "path", "content_sha256", "status")
        recordings = self._rows(RECORDING, "content_sha256")
        signals = self._rows(SIGNAL, "recording_id", "channel")
        whole = {row["content_sha256"][:24]: row["content_sha256"] for row in ledger + recordings}
        return Found(
            tuple((row["path"], row["content_sha256"], row["status"]) for row in ledger),
            tuple(row["content_sha256"] for row in recordings),
            tuple((whole.get(row["recording_id"][:24], row["recording_id"]), row["channel"]) for row in signals),
        )

    def _rows(self, table: Table, *columns: str) -> list[dict[str, Any]]:
        """Rows as another engine than the one that wrote them reads them."""
        return deltalake.DeltaTable(self.lake.path(table)).to_pyarrow_table(columns=list(columns)).to_pylist()

    def check_values(self) -> None:
        """Every sample in the lake is what the decoder reads from the delivered bytes; limits are the rule books'."""
        rows = self._rows(SIGNAL, "recording_id", "channel", "values")
        stored = {(row["recording_id"][:24], row["channel"]): row["values"] for row in rows}
        copy = self.root / "check.csv"
        for sha256, content in self.model.accepted.items():
            copy.write_bytes(content.data)
            (recording,) = decode_file(copy, source(strict=False)).recordings
            for channel in recording.channels:
                values = np.array(stored[sha256[:24], channel.name], dtype=np.float32)
                np.testing.assert_array_equal(values, channel.values)
        limits = {row["value"] for row in self._rows(LIMIT, "asset_class", "value") if row["asset_class"] == "own"}
        book = load_rulebooks(self.root / "rulebooks")["en_13848"]
        assert limits == {row.value for row in book.rows if row.asset_class == "own"}


@contextmanager
def dying(patch: pytest.MonkeyPatch, kill: tuple[int, str] | None) -> Iterator[list[bool]]:
    """Let the job die at its n-th append, as a kill at that phase leaves the disk.

    ``within`` is after the data files and before the commit's rename: the commit's file is taken away again. Yields a
    list that holds, once dead, whether the ledger had been written.
    """
    original, count, died = Writer.append, 0, list[bool]()

    def append(self: Writer, frame: DataFrame, table: Table) -> int:
        nonlocal count
        count += 1
        if kill is None or count != kill[0] + 1:
            return original(self, frame, table)
        if kill[1] != "before":
            original(self, frame, table)
        if kill[1] == "within":
            forget_last_commit(self.lake, table)
        died.append(kill[1] == "after" and table is SOURCE_FILE)
        raise KilledError

    patch.setattr(Writer, "append", append)
    yield died


def forget_last_commit(lake: Lake, table: Table) -> None:
    """Take the last commit's file away: the disk is as a kill between data files and commit leaves it."""
    last = max((Path(lake.path(table)) / "_delta_log").glob("[0-9]*.json"))
    last.unlink()
    (last.with_name(f".{last.name}.crc")).unlink(missing_ok=True)
    last.with_suffix(".crc").unlink(missing_ok=True)
    lake.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
