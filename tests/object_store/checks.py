"""What must hold on an object store: run by ``test_object_store.py`` in a process whose Spark has the JARs for it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import polars as pl
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from guideway.contracts import table
from guideway.contracts.jobs import INGEST_ARCHIVE, MEASURE_CONDITION
from guideway.contracts.reference import LINE
from guideway.errors import ConfigurationError, LakeError
from guideway.job import JobSummary, execute
from guideway.lake.lake import Lake
from guideway.lake.object_locks import ObjectLock
from guideway.lake.session import open_session
from guideway.lake.writer import Writer, fingerprint
from guideway.settings import Settings, load_settings
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of
from jobs import ingest_archive, measure_condition

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "guideway"
DAY = date(2024, 1, 8)
ROWS = [(f"line {number}", "name", "metro", "rulebook", "UTC", 0.0, 1000.0) for number in range(3)]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    place = tmp_path_factory.mktemp("store")
    return load_settings(
        lake=f"s3a://{BUCKET}/lake",
        landing=f"s3a://{BUCKET}/landing",
        staging=str(place / "staging"),
        events=str(place / "events"),
        jars=str(ROOT / "var" / "jars"),
        master="local[2]",
        driver_memory="2g",
        shuffle_partitions=2,
        settle_seconds=0,
        log_level="DEBUG",
    )


@pytest.fixture(scope="session")
def spark(settings: Settings) -> Iterator[SparkSession]:
    session = open_session(settings, "guideway object store")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def client() -> Any:
    return boto3.client("s3")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, client: Any) -> Path:
    """A week of a short line in a folder, and the same files in the bucket, with a draft and a key that climbs."""
    root = tmp_path_factory.mktemp("archive")
    lines = (line_of("metro", 1, 0.6),)
    write_archive(NetworkSpec(weeks=1, lines=lines, faults=False), root / "landing", root / "truth")
    files = sorted(file for file in (root / "landing").rglob("*") if file.is_file())
    for file in files:
        key = f"landing/{file.relative_to(root / 'landing').as_posix()}"
        client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
    client.put_object(Bucket=BUCKET, Key="landing/.draft.csv", Body=b"half")
    client.put_object(Bucket=BUCKET, Key="landing/../../climbs.csv", Body=b"out")
    return root / "landing"


def ingest(spark: SparkSession, settings: Settings, run_id: str) -> JobSummary:
    return execute(INGEST_ARCHIVE, ingest_archive.run, settings, spark=spark, as_of=DAY, run_id=run_id)


def run(spark: SparkSession, settings: Settings, run_id: str) -> tuple[JobSummary, JobSummary]:
    ingested = ingest(spark, settings, run_id)
    return ingested, execute(MEASURE_CONDITION, measure_condition.run, settings, spark=spark, as_of=DAY, run_id=run_id)


def storage() -> dict[str, str]:
    return {"AWS_ALLOW_HTTP": "true", "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}


def test_a_bucket_gives_the_tables_a_folder_gives_and_a_second_run_nothing(
    spark: SparkSession, settings: Settings, archive: Path, tmp_path: Path
) -> None:
    folder = settings.model_copy(update={"lake": str(tmp_path / "lake"), "landing": str(archive)})
    here, there = run(spark, folder, "here"), run(spark, settings, "there")
    n_files = sum(file.is_file() for file in archive.rglob("*"))
    assert there[0].facts["delivered"] == n_files, "neither the draft nor the key that climbs"
    assert [summary.rows for summary in there] == [summary.rows for summary in here]
    for name in ("bronze.signal", "gold.condition", "reference.section"):
        assert there[0].rows.get(name) or there[1].rows.get(name), name
        one, other = (fingerprint(Lake(spark, each.lake).read(table(name)), table(name)) for each in (folder, settings))
        assert one == other, name
    condition = DeltaTable(f"s3://{BUCKET}/lake/gold/condition", storage_options=storage())
    assert condition.count() == here[1].rows["gold.condition"]
    scanned = pl.scan_delta(f"s3://{BUCKET}/lake/gold/condition", storage_options=storage())
    assert scanned.select(pl.len()).collect().item() == condition.count()

    again = ingest(spark, settings, "again")
    assert again.facts["delivered"] == 0
    assert set(again.rows.values()) <= {0}
    assert again.versions == there[0].versions
    assert list(Path(settings.staging or "").iterdir()) == [], "nothing stays on the machine"


def test_a_bucket_that_is_not_there_is_named(spark: SparkSession, settings: Settings) -> None:
    wrong = settings.model_copy(update={"landing": "s3a://nobody/landing"})
    with pytest.raises(ConfigurationError, match="setting 'landing': s3a://nobody/landing"):
        ingest(spark, wrong, "wrong")


def test_a_second_writer_is_refused_by_name_and_the_next_gets_in(spark: SparkSession) -> None:
    root = f"s3a://{BUCKET}/refused"
    first, second = Lake(spark, root), Lake(spark, root, lock_wait_seconds=0)
    with first.writing((LINE,), "ann"):
        with pytest.raises(LakeError, match=r"reference\.line is held by ann"), second.writing((LINE,), "bob"):
            pass
        assert Writer(first, "ann").upsert(spark.createDataFrame(ROWS, LINE.ddl), LINE) == 3
    with second.writing((LINE,), "bob"):
        assert Writer(second, "bob").upsert(spark.createDataFrame(ROWS[:1], LINE.ddl), LINE) == 0


def test_a_writer_that_was_overtaken_commits_nothing(spark: SparkSession, client: Any) -> None:
    lake = Lake(spark, f"s3a://{BUCKET}/fenced")
    heir = ObjectLock(spark, f"{lake.root}/_locks/{LINE.full_name}", "bob", lease_seconds=0)
    rows = spark.createDataFrame(ROWS, LINE.ddl)
    with lake.writing((LINE,), "ann"):
        writer = Writer(lake, "ann")
        writer.upsert(rows.limit(1), LINE)
        before = lake.version(LINE)
        heir.acquire(0)  # as after a pause of ann's that was longer than the lease
        with pytest.raises(LakeError, match="another writer took over"):
            writer.upsert(rows, LINE)
        assert lake.version(LINE) == before
    heir.check()
    left = client.list_objects_v2(Bucket=BUCKET, Prefix=f"fenced/_locks/{LINE.full_name}/")["Contents"]
    assert [entry["Key"].rpartition("/")[2] for entry in left] == [f"{2:012d}"]
    holder = json.loads(client.get_object(Bucket=BUCKET, Key=left[0]["Key"])["Body"].read())
    assert (holder["owner"], holder["released"]) == ("bob", False)


def test_a_sign_of_life_that_comes_late_does_not_hold_on(spark: SparkSession) -> None:
    address = f"s3a://{BUCKET}/late/_locks/t"
    one, other = ObjectLock(spark, address, "ann"), ObjectLock(spark, address, "bob")
    one.acquire(0)
    one.renew()
    with pytest.raises(LakeError, match="held by ann"):
        other.acquire(0)
    one.release()
    one.renew()
    other.acquire(0)
    other.check()


def test_of_two_who_take_over_at_once_one_wins(spark: SparkSession) -> None:
    address = f"s3a://{BUCKET}/race/_locks/t"
    one, other = ObjectLock(spark, address, "ann"), ObjectLock(spark, address, "bob")
    assert one._create(1)
    assert not other._create(1)


def test_models_are_kept_in_a_bucket(tmp_path: Path, client: Any) -> None:
    from guideway.tracking.store import TrackingSettings, connect, experiment_id

    tracking = TrackingSettings.of(f"sqlite:///{tmp_path / 'mlflow.db'}", f"s3a://{BUCKET}/artifacts")
    with connect(tracking) as (mlflow, _):
        run_id = mlflow.create_run(experiment_id(mlflow, tracking)).info.run_id
        mlflow.log_text(run_id, "tree", "model/tree.txt")
        local = mlflow.download_artifacts(run_id, "model/tree.txt", str(tmp_path))
    assert Path(local).read_text() == "tree"
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket=BUCKET, Prefix="artifacts/")["Contents"]]
    assert [key for key in keys if key.endswith(f"{run_id}/artifacts/model/tree.txt")] == keys
    assert tracking.outbox.is_relative_to(tmp_path)
