"""The log reader against delta-rs, an independent reader, and against logs damaged by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from guideway.lake.table_log import TableLog, TornLogError


def rows(first: int, n: int = 5) -> pa.Table:
    return pa.table({"key": pa.array(range(first, first + n), pa.int64()), "place name": [f"km {k}" for k in range(n)]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six versions: appends, an overwrite, a delete, a compaction; a checkpoint in the middle and odd file names."""
    folder = tmp_path / "gold" / "condition"
    for number in range(3):
        write_deltalake(folder, rows(number * 5), mode="append", partition_by=["place name"])
    DeltaTable(folder).create_checkpoint()
    DeltaTable(folder).delete("key = 3")
    DeltaTable(folder).optimize.compact()
    write_deltalake(folder, rows(100), mode="overwrite")
    return folder


def test_every_version_has_the_files_delta_rs_says(table: Path) -> None:
    log = TableLog(table)
    assert log.latest == 5
    assert (log.versions, log.checkpoints, log.gaps, log.oldest) == ([0, 1, 2, 3, 4, 5], [2], [], 0)
    for version in log.versions:
        actions = pa.table(DeltaTable(table, version=version).get_add_actions(flatten=True)).to_pydict()
        told = {str(Path(path)): size for path, size in zip(actions["path"], actions["size_bytes"], strict=True)}
        # delta-rs gives paths as the log quotes them
        from urllib.parse import unquote

        assert log.files(version) == {unquote(path): size for path, size in told.items()}
        assert log.damaged(log.files(version)) == []
    assert set(log.used_since(0)) == set(log.data_files())
    assert log.readable() == log.versions


def test_a_checkpoint_stands_for_the_commits_before_it(table: Path) -> None:
    whole = TableLog(table).files(5)
    for version in (0, 1):
        (table / "_delta_log" / f"{version:020d}.json").unlink()
    log = TableLog(table)
    assert log.files(5) == whole
    assert (log.oldest, log.readable()) == (2, [2, 3, 4, 5])
    with pytest.raises(TornLogError, match=r"00000\.json is missing"):
        log.files(1)


def test_metadata_is_found_in_commits_and_in_checkpoints(table: Path) -> None:
    told = TableLog(table).metadata()
    (table / "_delta_log" / f"{0:020d}.json").unlink()
    again = TableLog(table).metadata()
    assert told["schemaString"] == again["schemaString"]
    assert told["partitionColumns"] == again["partitionColumns"] == ["place name"]


@pytest.mark.parametrize("damage", ["", '{"commitInfo": {"timest', '{"add": {}}'], ids=["empty", "torn", "no commit"])
def test_a_torn_commit_is_named(table: Path, damage: str) -> None:
    (table / "_delta_log" / f"{4:020d}.json").write_text(damage)
    log = TableLog(table)
    assert log.readable() == [0, 1, 2, 3]
    with pytest.raises(TornLogError, match=r"0004\.json"):
        log.files(5)


def test_missing_and_cut_files_are_named(table: Path) -> None:
    log = TableLog(table)
    first, second, *_ = sorted(log.files(5))
    (table / first).unlink()
    (table / second).write_bytes(b"PAR1")
    assert sorted(log.damaged(log.files(5))) == [first, second]
    assert log.readable() == [0, 1, 2, 3, 4]


def test_the_version_of_a_moment_is_the_last_before_it(table: Path) -> None:
    log = TableLog(table)
    times = [log.commit(version).at for version in log.versions]
    assert log.version_at(times[3]) in [v for v in log.versions if times[v] == times[3]]
    assert log.version_at(times[5] + timedelta(days=1)) == 5
    assert log.version_at(times[0] - timedelta(days=1)) == 0
