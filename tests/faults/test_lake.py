"""Faults of the lake on Spark and Delta: dying workers, damaged tables, full disks, backfills, odd names."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import deltalake
import pandas as pd
import psutil
import pytest
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts.bronze import SIGNAL
from guideway.contracts.gold import CONDITION, LIMIT_FORECAST
from guideway.contracts.silver import MEASUREMENT
from guideway.doctor_lake import diagnose_lake
from guideway.errors import LakeError
from guideway.lake.lake import Lake
from guideway.lake.session import SQL_SETTINGS
from guideway.lake.writer import Writer
from tests.faults.catalogue import check_told
from tests.faults.histories.in_spark import SparkWorld, forget_last_commit
from tests.faults.histories.model import Found
from tests.faults.histories.operations import Content, Ingest, Put

pytestmark = pytest.mark.spark
MONDAY = datetime(2025, 6, 2, tzinfo=timezone.utc)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"), lock_wait_seconds=1)


def conditions(spark: SparkSession, recording: str, *values: float) -> DataFrame:
    rows = [(f"A{k}", "gauge_mean", recording, "L1", MONDAY, value, "mm", 800, 1.0, "good")
            for k, value in enumerate(values)]  # fmt: skip
    return spark.createDataFrame(rows, CONDITION.ddl)


def held(lake: Lake, version: int | None = None) -> list[tuple[str, float]]:
    """Rows as another engine reads them."""
    table = deltalake.DeltaTable(lake.path(CONDITION), version=version)
    return sorted((row["recording_id"], row["value"]) for row in table.to_pyarrow_table().to_pylist())


@pytest.mark.fault(3)
@pytest.mark.parametrize("how", ["SIGKILL", "SIGSEGV", "exit", "raises"])
def test_a_worker_that_dies_in_one_group_leaves_no_row_and_the_retry_gives_all(
    spark: SparkSession, lake: Lake, tmp_path: Path, how: str, tally
) -> None:
    marker = str(tmp_path / "died")

    def once(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            if (frame["value"] == 2.0).any() and not os.path.exists(marker):  # noqa: PTH110
                open(marker, "w").close()  # noqa: PTH123
                if how == "raises":
                    raise ValueError("poisoned group")
                if how == "exit":
                    os._exit(3)
                os.kill(os.getpid(), getattr(signal, how))
            yield frame

    def rows() -> DataFrame:
        frame = conditions(spark, "r1", 1.0, 2.0, 3.0)
        return frame.repartition(2).mapInPandas(once, frame.schema)

    with pytest.raises(Exception, match="poisoned group" if how == "raises" else r"(?i)worker|crash|EOF|exited"):
        Writer(lake, "first").append(rows(), CONDITION)
    assert held(lake) == []
    tally(kills=int(how != "raises"), lost=0, doubled=0)
    assert Writer(lake, "retry").append(rows(), CONDITION) == 3
    assert held(lake) == [("r1", 1.0), ("r1", 2.0), ("r1", 3.0)]


@pytest.mark.fault(3, 4)
def test_a_worker_that_hangs_is_ended_and_the_retry_gives_all(
    spark: SparkSession, lake: Lake, tmp_path: Path, tally
) -> None:
    """Half an hour is the session's patience, two seconds that of this test; what then happens is the session's."""
    hung, patience = tmp_path / "hung", "spark.sql.execution.pyspark.udf.idleTimeoutSeconds"
    marker = str(hung)

    def once(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            if (frame["value"] == 2.0).any() and not os.path.exists(marker):  # noqa: PTH110
                open(marker, "w").write(str(os.getpid()))  # noqa: PTH123, SIM115
                time.sleep(300)
            yield frame

    frame = conditions(spark, "r1", 1.0, 2.0, 3.0).repartition(2)
    frame.mapInPandas(lambda frames: frames, frame.schema).count()  # workers that start are silent for seconds too
    spark.conf.set(patience, "2")
    try:
        with pytest.raises(Exception, match=r"terminated due to idle timeout|Python worker exited"):
            Writer(lake, "first").append(frame.mapInPandas(once, frame.schema), CONDITION)
    finally:
        spark.conf.set(patience, SQL_SETTINGS[patience])
    tally(kills=1, lost=0, doubled=0)
    assert not psutil.pid_exists(int(hung.read_text(encoding="utf-8")))
    assert held(lake) == []
    assert Writer(lake, "retry").append(frame.mapInPandas(once, frame.schema), CONDITION) == 3
    assert held(lake) == [("r1", 1.0), ("r1", 2.0), ("r1", 3.0)]


@pytest.mark.fault(1, 14)
@pytest.mark.parametrize("kind", ["append", "replace", "delete", "upsert"])
def test_a_commit_that_was_never_made_leaves_the_old_version(spark: SparkSession, lake: Lake, kind: str, tally) -> None:
    """Data files without a commit: what a kill between the two leaves, for every way of writing."""
    Writer(lake, "first").append(conditions(spark, "r1", 1.0, 2.0), CONDITION)
    before = held(lake)
    window, sql = F.col("recording_id") == "r1", "recording_id = 'r1'"

    def write(run_id: str) -> int:
        writer = Writer(lake, run_id)
        if kind == "append":
            return writer.append(conditions(spark, "r2", 3.0), CONDITION)
        if kind == "replace":
            return writer.replace(conditions(spark, "r1", 5.0), CONDITION, window, sql)
        if kind == "delete":
            return writer.delete(CONDITION, F.col("asset_id") == "A1")
        return writer.upsert(conditions(spark, "r1", 1.0, 9.0, 4.0), CONDITION)

    write("killed")
    wanted = held(lake)
    forget_last_commit(lake, CONDITION)
    assert held(lake) == before
    tally(kills=1, lost=0, doubled=0)
    assert write("retry") > 0
    assert held(lake) == wanted


@pytest.mark.fault(13)
def test_an_old_window_written_after_newer_ones_changes_only_itself(spark: SparkSession, lake: Lake) -> None:
    """A high-water mark a table (``txnVersion``) would make this write nothing and report success."""

    def forecasts(day: date, level: float) -> DataFrame:
        row = ("A1", "gauge_mean", "AL", day, "L1", 7.0, "mm", level, None, None, None, 0.0, 0.0, 0.1, 0.2, "x")
        return spark.createDataFrame([row], LIMIT_FORECAST.ddl)

    def put(day: date, level: float, run_id: str) -> int:
        sql = f"as_of = DATE'{day}'"
        return Writer(lake, run_id).replace(forecasts(day, level), LIMIT_FORECAST, F.col("as_of") == F.lit(day), sql)

    weeks = [date(2025, 6, 2), date(2025, 6, 9), date(2025, 6, 16)]
    assert [put(day, 1.0, f"week-{k}") for k, day in enumerate(weeks)] == [1, 1, 1]
    assert put(weeks[0], 2.0, "backfill") == 1
    assert put(weeks[0], 2.0, "backfill again") == 0
    now = {row.as_of: (row.level_now, row.run_id) for row in lake.read(LIMIT_FORECAST).collect()}
    assert now == {weeks[0]: (2.0, "backfill"), weeks[1]: (1.0, "week-1"), weeks[2]: (1.0, "week-2")}


@pytest.mark.fault(14)
def test_a_reader_keeps_its_version_while_the_table_is_rewritten(spark: SparkSession, lake: Lake) -> None:
    for number in range(3):
        Writer(lake, f"run-{number}").append(conditions(spark, f"r{number}", 1.0, 2.0), CONDITION)
    version = lake.version(CONDITION)
    frame, before = lake.read(CONDITION, version), held(lake)
    spark.sql(f"OPTIMIZE delta.`{lake.path(CONDITION)}`").collect()
    Writer(lake, "delete").delete(CONDITION, F.col("recording_id") == "r0")
    spark.sql(f"VACUUM delta.`{lake.path(CONDITION)}`").collect()
    assert sorted((row.recording_id, row.value) for row in frame.collect()) == before
    assert held(lake, version) == before
    assert len(held(lake)) == len(before) - 2


@pytest.mark.fault(14)
def test_vacuum_refuses_to_delete_what_a_running_writer_may_need(spark: SparkSession, lake: Lake) -> None:
    Writer(lake, "run-1").append(conditions(spark, "r1", 1.0), CONDITION)
    with pytest.raises(Exception, match=r"(?i)retention"):
        spark.sql(f"VACUUM delta.`{lake.path(CONDITION)}` RETAIN 0 HOURS").collect()
    assert held(lake) == [("r1", 1.0)]


@pytest.mark.fault(14)
def test_a_commit_beside_the_lock_is_told(spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(lake, "mine")
    writer.append(conditions(spark, "r1", 1.0), CONDITION)
    original = Writer._write

    def beside(self: Writer, *arguments: object) -> object:
        if self is writer:
            Writer(lake, "intruder").append(conditions(spark, "r9", 9.0), CONDITION)
        return original(self, *arguments)

    monkeypatch.setattr(Writer, "_write", beside)
    with pytest.raises(LakeError) as caught:
        writer.append(conditions(spark, "r2", 2.0), CONDITION)
    check_told(14, "foreign_commit", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(7)
def test_a_foreign_folder_is_told(lake: Lake) -> None:
    folder = Path(lake.path(CONDITION))
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(LakeError) as caught:
        lake.delta(CONDITION)
    check_told(7, "not_a_table", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(23)
@pytest.mark.parametrize("kind", ["data-file-missing", "data-file-cut", "commit-missing", "last-commit-torn"])
def test_a_damaged_table_fails_by_name_and_never_gives_fewer_rows(spark: SparkSession, lake: Lake, kind: str) -> None:
    for number in range(3):
        Writer(lake, f"run-{number}").append(conditions(spark, f"r{number}", 1.0, 2.0), CONDITION)
    folder = Path(lake.path(CONDITION))
    log = sorted((folder / "_delta_log").glob("[0-9]*.json"))
    data = next(path for path in sorted(folder.glob("*.parquet")))
    match kind:
        case "data-file-missing":
            data.unlink()
        case "data-file-cut":
            data.write_bytes(data.read_bytes()[:-10])
        case "commit-missing":
            log[1].unlink()
        case "last-commit-torn":
            log[-1].write_bytes(log[-1].read_bytes()[:-40])
    for crc in (folder / "_delta_log").glob("*.crc"):
        crc.unlink()
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    with pytest.raises((LakeError, Py4JError, PySparkException)) as caught:
        lake.read(CONDITION).agg(F.count("value"), F.sum("value")).collect()
    assert re.search(r"(?i)\.parquet|\.json|version", str(caught.value)), caught.value
    findings = [finding for finding in diagnose_lake(Path(lake.root)) if not finding.ok]
    match kind:
        case "commit-missing":
            check_told(23, "missing_commit", str(findings[0]))
        case "last-commit-torn":
            check_told(23, "torn_commit", str(findings[0]))
        case _:
            check_told(23, "damaged_files", str(findings[0]))
            assert data.name in findings[0].fact


@pytest.mark.fault(23)
def test_what_the_doctor_proposes_mends_the_table(spark: SparkSession, lake: Lake) -> None:
    for number in range(3):
        Writer(lake, f"run-{number}").append(conditions(spark, f"r{number}", 1.0), CONDITION)
    added = deltalake.DeltaTable(lake.path(CONDITION)).file_uris()
    before = held(lake, 2)
    (lost,) = set(added) - set(deltalake.DeltaTable(lake.path(CONDITION), version=2).file_uris())
    Path(lost).unlink()
    (finding,) = [finding for finding in diagnose_lake(Path(lake.root)) if not finding.ok]
    spark.sql(finding.remedy[finding.remedy.index("RESTORE TABLE") :]).collect()
    assert held(lake) == before
    assert Writer(lake, "again").append(conditions(spark, "r2", 1.0), CONDITION) == 1


@pytest.mark.fault(23)
def test_a_torn_checkpoint_pointer_loses_nothing(spark: SparkSession, lake: Lake) -> None:
    for number in range(3):
        Writer(lake, f"run-{number}").append(conditions(spark, f"r{number}", 1.0), CONDITION)
    before = held(lake)
    (Path(lake.path(CONDITION)) / "_delta_log" / "_last_checkpoint").write_text('{"version": 9, "si', encoding="utf-8")
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    assert sorted((row.recording_id, row.value) for row in lake.read(CONDITION).collect()) == before
    assert Writer(lake, "next").append(conditions(spark, "r3", 1.0), CONDITION) == 1


def fill_up(lake: Lake, acknowledged: list[str]) -> None:
    """Write until the disk is full."""
    for number in range(1, 60):
        Writer(lake, f"run-{number}").append(conditions(lake.spark, f"r{number}", 1.0), CONDITION)
        acknowledged.append(f"r{number}")


@pytest.mark.fault(6)
def test_a_disk_that_fills_up_keeps_what_was_acknowledged(spark: SparkSession, small_disk: Path, tally) -> None:
    lake = Lake(spark, str(small_disk / "lake"))
    filler = small_disk / "filler"
    acknowledged: list[str] = []
    Writer(lake, "run-0").append(conditions(spark, "r0", 1.0), CONDITION)
    acknowledged.append("r0")
    used = shutil.disk_usage(small_disk)
    filler.write_bytes(bytes(used.free - 40_000))
    try:
        with pytest.raises(Exception, match="No space left"):
            fill_up(lake, acknowledged)
        found = [recording for recording, _ in held(lake)]
        tally(lost=len(set(acknowledged) - set(found)), doubled=len(found) - len(set(found)))
        assert found == sorted(acknowledged), "no more than what was acknowledged, and no less"
        filler.unlink()
        assert Writer(lake, "healed").append(conditions(spark, "healed", 1.0), CONDITION) == 1
        assert len(held(lake)) == len(acknowledged) + 1
    finally:
        spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]


@pytest.mark.fault(17)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_junk_number_gets_into_gold(spark: SparkSession, lake: Lake, value: float) -> None:
    with pytest.raises(Exception, match="value_is_a_number"):
        Writer(lake, "run-1").append(conditions(spark, "r1", 1.0, value), CONDITION)
    assert held(lake) == []


@pytest.mark.fault(20, 29, 33)
def test_odd_texts_go_through_a_table_as_they_are(spark: SparkSession, lake: Lake) -> None:
    texts = ["../../x", "a/b=c", "CON", " lead", "trail ", "%2F", "line\nbreak", "tab\t", "x" * 300, "🚄", "עברית",
             "'; DROP TABLE gold.condition; --", "1 OR 1=1", "`id`", ":x", "\\", '"quoted"', "", "é"]  # fmt: skip
    rows = [(text, "gauge_mean", "r1", "L1", MONDAY, 1.0, "mm", 8, 1.0, "good") for text in texts]
    writer = Writer(lake, "run-1")
    writer.append(spark.createDataFrame(rows, CONDITION.ddl), CONDITION)
    stored = deltalake.DeltaTable(lake.path(CONDITION)).to_pyarrow_table()["asset_id"].to_pylist()
    assert sorted(stored) == sorted(texts)
    assert writer.delete(CONDITION, F.col("asset_id") == "1 OR 1=1") == 1
    assert writer.delete(CONDITION, F.col("asset_id").isin(["'; DROP TABLE gold.condition; --"])) == 1
    assert lake.read(CONDITION).count() == len(texts) - 2
    assert not list(Path(lake.root).parent.glob("x*"))


AGES_DAYS = (730.0, 35.0, 1.0)


def delivered_in(first: SparkWorld, root: Path, *batches: tuple[int, ...]) -> SparkWorld:
    """A world in which these runs arrived in these batches, each followed by an ingest."""
    world = first.copy(root)
    for batch in batches:
        for number in batch:
            world.do(Put(f"test-car/r{number}.csv", Content(number, 0), AGES_DAYS[number] * 86_400.0))
        world.do(Ingest())
    return world


@pytest.fixture(scope="module")
def in_order(first: SparkWorld, tmp_path_factory: pytest.TempPathFactory) -> Found:
    return delivered_in(first, tmp_path_factory.mktemp("order") / "plain", (0, 1, 2)).found()


@pytest.mark.fault(12)
@pytest.mark.parametrize("batches", [((2,), (1,), (0,)), ((1, 2), (0,)), ((2, 0), (1,))], ids=str)
def test_the_order_of_deliveries_does_not_matter(
    first: SparkWorld, in_order: Found, tmp_path: Path, batches: tuple[tuple[int, ...], ...]
) -> None:
    world = delivered_in(first, tmp_path / "world", *batches)
    found = world.found()
    assert set(found.ledger) == set(in_order.ledger)
    assert sorted(found.recordings) == sorted(in_order.recordings)
    assert sorted(found.signals) == sorted(in_order.signals)
    world.check_values()


@pytest.mark.fault(2, 14)
def test_an_ingest_beside_another_is_refused_and_told(first: SparkWorld, tmp_path: Path) -> None:
    world = first.copy(tmp_path / "world")
    world.settings = world.settings.model_copy(update={"lock_wait_seconds": 0.3})
    world.do(Put("test-car/r.csv", Content(1, 0), 60.0))
    before = world.found()
    with world.lake.writing((MEASUREMENT,), "measuring"):
        world.do(Ingest())
    after = world.found()
    assert len(after.ledger) == len(before.ledger) + 1, "another table's writer is no hindrance"
    with world.lake.writing((SIGNAL,), "the living predecessor"), pytest.raises(LakeError) as caught:
        world.do(Ingest())
    check_told(2, "second_writer", str(caught.value), caught.value.exit_code)
    assert "the living predecessor" in str(caught.value)
    assert world.found() == after


@pytest.mark.fault(29)
def test_one_name_that_is_no_text_does_not_stop_an_ingest(first: SparkWorld, tmp_path: Path) -> None:
    world = first.copy(tmp_path / "world")
    folder = os.fsencode(world.root / "landing" / "test-car")
    with open(os.path.join(folder, b"run\xff.csv"), "wb") as file:  # noqa: PTH118, PTH123
        file.write(Content(1, 0).data)
    world.do(Put("test-car/good.csv", Content(2, 0), 60.0))
    world.do(Ingest())
    world.do(Ingest())
    statuses = [(path, status) for path, _, status in world.found().ledger if path != "test-car/base.csv"]
    assert sorted(statuses) == [("test-car/good.csv", "accepted"), (r"test-car/run\xff.csv", "quarantined")]
    world.check_values()


@pytest.mark.fault(1)
def test_a_killed_run_is_undone_however_many_commits_came_after_it(spark: SparkSession, lake: Lake) -> None:
    Writer(lake, "killed").append(conditions(spark, "r1", 1.0), CONDITION)
    log = Path(lake.path(CONDITION)) / "_delta_log"
    for version in range(2, 62):  # nightly upkeep for some weeks, while the job that was killed does not run
        info = {"inCommitTimestamp": 4_000_000_000_000 + version, "timestamp": 4_000_000_000_000 + version,
                "operation": "OPTIMIZE", "operationParameters": {}, "userMetadata": "upkeep"}  # fmt: skip
        (log / f"{version:020d}.json").write_text(json.dumps({"commitInfo": info}) + "\n", encoding="utf-8")
    assert lake.read(CONDITION).count() == 1
    assert Writer(lake, "next").undo_unacknowledged(MEASUREMENT, (CONDITION,)) == {"gold.condition": 1}
    assert held(lake) == []
