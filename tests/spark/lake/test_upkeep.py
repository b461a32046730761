"""Upkeep changes no row, removes what nobody may want, and leaves every report's versions readable."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import deltalake
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from guideway.contracts import TABLES
from guideway.contracts.gold import CONDITION, REPORT_VERSION
from guideway.contracts.ops import JOB_RUN, LAKE_HEALTH
from guideway.job import execute
from guideway.lake.lake import Lake
from guideway.lake.table_log import TableLog
from guideway.lake.upkeep import maintain, newest_commit
from guideway.lake.writer import Writer, fingerprint
from guideway.settings import Settings

pytestmark = pytest.mark.spark
AS_OF = date(2025, 6, 2)


def rows_of(run: str, value: float) -> list[tuple[object, ...]]:
    at = datetime(2025, 6, 1, tzinfo=timezone.utc)
    return [(f"A{i}", "gauge_mean", run, "L1", at, value + i, "mm", 10, 1.0, "good") for i in range(40)]


@pytest.fixture
def used(lake: Lake, writer: Writer) -> Lake:
    """Sixteen small files in version 1, then two of them replaced in versions 2 and 3."""
    rows = [row for number in range(16) for row in rows_of(f"r{number}", float(number))]
    writer.append(lake.spark.createDataFrame(lake.spark.sparkContext.parallelize(rows, 16), CONDITION.ddl), CONDITION)
    for number in (0, 1):
        window = F.col("recording_id") == f"r{number}"
        better = lake.spark.createDataFrame(rows_of(f"r{number}", 99.0), CONDITION.ddl).coalesce(1)
        writer.replace(better, CONDITION, window, f"recording_id = 'r{number}'")
    return lake


def test_upkeep_of_a_table(used: Lake) -> None:
    folder = Path(used.path(CONDITION))
    content = fingerprint(used.read(CONDITION), CONDITION)
    then = fingerprint(used.read(CONDITION, 1), CONDITION)
    now = newest_commit(used, TABLES)

    young = maintain(used, CONDITION, now, (1,), "u1")
    assert any("compacted 16 files to 1" in step for step in young.done)
    assert (young.files, young.small_files, young.removed_files, young.first_version) == (1, 1, 0, 0)
    assert young.kept_files == 18
    orphans = set(TableLog(folder).data_files()) - set(TableLog(folder).used_since(0))
    assert young.orphan_files == len(orphans)
    assert {pq.read_metadata(folder / name).num_rows for name in orphans} <= {0}, "Spark leaves files without a row"
    assert fingerprint(used.read(CONDITION), CONDITION) == content
    assert TableLog(folder).checkpoints

    (folder / "part-lost.parquet").write_bytes(b"x" * 1000)
    later = now + timedelta(days=31)
    aged = maintain(used, CONDITION, later, (1,), "u2")
    # version 1 holds on to its sixteen files; the two that replaced others in versions 2 and 3, and the lost one, go
    assert (aged.removed_files, aged.kept_files, aged.orphan_files) == (3 + len(orphans), 16, 0)
    assert not (folder / "part-lost.parquet").exists()
    assert fingerprint(used.read(CONDITION), CONDITION) == content
    assert fingerprint(used.read(CONDITION, 1), CONDITION) == then
    other_eyes = deltalake.DeltaTable(folder, version=1).to_pyarrow_table()
    assert (other_eyes.num_rows, sum(other_eyes["value"].to_pylist())) == (640, 40 * 120 + 16 * 780)
    assert 2 not in TableLog(folder).readable()

    released = maintain(used, CONDITION, later, (), "u3")
    assert (released.removed_files, released.kept_files) == (16, 0)
    assert maintain(used, CONDITION, later, (), "u4").done == (), "nothing is left to do"
    assert fingerprint(used.read(CONDITION), CONDITION) == content


def test_the_job_keeps_every_table_and_what_reports_were_made_of(used: Lake, settings: Settings) -> None:
    from guideway.contracts.jobs import MAINTAIN_LAKE
    from jobs.maintain_lake import run

    own = settings.model_copy(update={"lake": used.root})
    pins = used.spark.createDataFrame([(AS_OF, CONDITION.full_name, "2025-W22", 1)], REPORT_VERSION.ddl)
    Writer(used, "report").append(pins, REPORT_VERSION)
    content = fingerprint(used.read(CONDITION), CONDITION)
    for attempt in ("first", "again"):
        summary = execute(MAINTAIN_LAKE, run, own, spark=used.spark, as_of=AS_OF, run_id=attempt)
        assert summary.facts["skipped"] == {}
    health = {row.table_name: row for row in used.read(LAKE_HEALTH).collect()}
    assert set(health) >= {CONDITION.full_name, REPORT_VERSION.full_name}
    told = health[CONDITION.full_name]
    files = TableLog(Path(used.path(CONDITION))).files(told.version)
    assert (told.files, told.bytes, told.pinned_versions) == (len(files), sum(files.values()), 1)
    assert told.checked_at.replace(tzinfo=timezone.utc) <= datetime.now(timezone.utc)
    runs = {row.job_run_id.split("~")[0]: row for row in used.read(JOB_RUN).collect()}
    assert runs["first"].status == "complete", "a later upkeep tells of the run before it"
    assert sum(runs["first"].rows_changed.values()) == 2, "the two tables there were before it"
    assert fingerprint(used.read(CONDITION), CONDITION) == content

    versions = used.versions((CONDITION,))
    hurried = own.model_copy(update={"lock_wait_seconds": 0.1})
    with used.writing((CONDITION,), "a long fit"):
        summary = execute(MAINTAIN_LAKE, run, hurried, spark=used.spark, as_of=AS_OF, run_id="busy")
    assert list(summary.facts["skipped"]) == [CONDITION.full_name]
    assert "a long fit" in summary.message, "a table another job writes is named and left alone"
    assert used.versions((CONDITION,)) == versions
