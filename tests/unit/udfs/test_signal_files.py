"""Samples read straight from table files: every block of the recordings asked for, in order, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guideway.errors import LakeError
from guideway.udfs import signal_files
from guideway.udfs.signal_files import read_channels

Block = tuple[str, str, int, list[float | None]]
SCHEMA = pa.schema(
    [
        ("recording_id", pa.string()),
        ("channel", pa.string()),
        ("block", pa.int32()),
        ("unit", pa.string()),
        ("values", pa.list_(pa.float32())),
    ]
)


def put(file: Path, *groups: list[Block]) -> str:
    """A file with these row groups; its address."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(file, SCHEMA) as writer:
        for group in groups:
            rows = [
                {"recording_id": of, "channel": channel, "block": block, "unit": "mm", "values": values}
                for of, channel, block, values in group
            ]
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
    return str(file)


def test_blocks_of_several_files_and_groups_are_joined_in_order_and_missing_samples_are_nan(tmp_path: Path) -> None:
    one = put(
        tmp_path / "a lake%20" / "one.parquet",
        [("b", "gauge", 0, [9.0]), ("a", "gauge", 1, [3.0, None]), ("a", "gauge", 0, [1.0, 2.0])],
        [("c", "gauge", 0, [8.0])],
    )
    two = put(tmp_path / "two.parquet", [("a", "twist_3m", 0, [7.0]), ("a", "gauge", 2, [5.0])])
    found = read_channels({"a": [one, two], "c": [one], "nowhere": []})
    assert found.keys() == {"a", "c", "nowhere"}
    gauge, twist = found["a"]
    assert (gauge.name, gauge.unit, twist.name) == ("gauge", "mm", "twist_3m")
    assert gauge.values.dtype == np.float32
    np.testing.assert_array_equal(gauge.values, np.float32([1, 2, 3, np.nan, 5]))
    np.testing.assert_array_equal(twist.values, np.float32([7]))
    np.testing.assert_array_equal(found["c"][0].values, np.float32([8]))
    assert found["nowhere"] == []


def test_a_file_is_read_for_the_recordings_the_snapshot_puts_there_only(tmp_path: Path) -> None:
    """A copy a compaction left behind in an old file must not double the samples."""
    old = put(tmp_path / "old.parquet", [("a", "gauge", 0, [1.0]), ("b", "gauge", 0, [2.0])])
    new = put(tmp_path / "new.parquet", [("a", "gauge", 0, [1.0])])
    found = read_channels({"a": [new], "b": [old]})
    assert [channel.values.tolist() for one in "ab" for channel in found[one]] == [[1.0], [2.0]]


def test_row_groups_of_other_recordings_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = put(tmp_path / "file.parquet", *([(name, "gauge", 0, [1.0])] for name in "abcdef"))
    read: list[int] = []

    class Watched(pq.ParquetFile):  # type: ignore[misc]
        def iter_batches(self, size: int, groups: list[int], **kwargs: object) -> Iterator[pa.RecordBatch]:
            read.extend(groups)
            yield from super().iter_batches(size, groups, **kwargs)

    monkeypatch.setattr(signal_files.pq, "ParquetFile", Watched)
    found = read_channels({"b": [address], "e": [address]})
    assert [len(found[name]) for name in "be"] == [1, 1]
    assert read == [1, 4]


def test_a_large_row_group_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_files, "_BATCH_BLOCKS", 3)
    blocks: list[Block] = [(name, "gauge", k, [float(k)]) for k in range(10) for name in "ab"]
    found = read_channels({"b": [put(tmp_path / "file.parquet", blocks)]})
    assert found["b"][0].values.tolist() == list(range(10))


def test_pieces_between_the_recordings_that_are_wanted_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_files, "_BATCH_BLOCKS", 3)
    address = put(tmp_path / "file.parquet", [(name, "gauge", k, [float(k)]) for name in "abc" for k in range(8)])
    found = read_channels({"a": [address], "c": [address]})
    assert [found[name][0].values.tolist() for name in "ac"] == [list(range(8))] * 2


@pytest.mark.parametrize("damage", ["missing", "cut", "overwritten"])
def test_a_file_that_cannot_be_read_is_named_and_no_empty_recording(tmp_path: Path, damage: str) -> None:
    file = Path(put(tmp_path / "file.parquet", [("a", "gauge", 0, [float(k) for k in range(5000)])]))
    data = file.read_bytes()
    match damage:
        case "missing":
            file.unlink()
        case "cut":
            file.write_bytes(data[:-10])
        case "overwritten":
            file.write_bytes(data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :])
    with pytest.raises(LakeError, match=re.escape(str(file))):
        read_channels({"a": [str(file)]})
