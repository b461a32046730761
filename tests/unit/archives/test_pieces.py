"""A long file read in pieces holds the samples, at the times, of the same file read whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from nptdms import ChannelObject, TdmsWriter

from guideway.archives import pieces
from guideway.archives.decode import decode_file, decode_parts
from guideway.archives.profile import Profile
from tests.unit.archives.helpers import profile

RATE = 1000.0
LEFT = (0.5 * np.sin(np.arange(2500) / 7)).astype(np.float32)
RIGHT = (0.25 * np.cos(np.arange(2500) / 5)).astype(np.float32)


def audio(path: Path) -> dict[str, Any]:
    soundfile.write(path, np.stack([LEFT, RIGHT], axis=1), int(RATE), subtype="FLOAT", format="WAV")
    return {"decode": {"format": "audio"}, "names": ("ch1", "ch2")}


def hdf5(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w") as file:
        file.attrs["rate"] = RATE
        file["a"], file["b"] = LEFT, RIGHT
    return {"decode": {"format": "hdf5", "rate_attribute": "rate"}, "names": ("a", "b")}


def hdf5_table(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w") as file:
        file.attrs["rate"] = RATE
        file["t"] = np.stack([LEFT, RIGHT], axis=1)
    options = {"format": "hdf5", "rate_attribute": "rate", "table": "t", "columns": ["a", "b"]}
    return {"decode": options, "names": ("a", "b")}


def tdms(path: Path) -> dict[str, Any]:
    waveform = {"wf_increment": 1.0 / RATE}
    with TdmsWriter(path) as writer:
        for half in (slice(0, 1300), slice(1300, 2500)):
            writer.write_segment([ChannelObject("g", "a", LEFT[half], waveform),
                                  ChannelObject("g", "b", RIGHT[half], waveform)])  # fmt: skip
    return {"decode": {"format": "tdms"}, "names": ("a", "b")}


def parquet(path: Path) -> dict[str, Any]:
    pq.write_table(pa.table({"a": LEFT, "b": RIGHT}), path, row_group_size=700)
    return {"decode": {"format": "parquet"}, "names": ("a", "b"), "axis": {"kind": "time", "step": 1.0 / RATE}}


def source(decode: dict[str, Any], names: tuple[str, str], **changes: Any) -> Profile:
    units = ("car_body_acceleration_lateral", "car_body_acceleration_vertical")
    channels = [{"name": name, "column": column, "unit": "m/s**2"} for name, column in zip(units, names, strict=True)]
    place = {"locate": {"line": "L1"}, "axis": {"kind": "time"}, "domain": "ride_comfort"}
    return profile(**place | {"decode": decode, "channels": channels} | changes)


@pytest.mark.parametrize("write", [audio, hdf5, hdf5_table, tdms, parquet])
def test_pieces_hold_what_the_whole_holds(
    write: Callable[[Path], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.bin"
    by = source(**write(path))
    (whole,) = decode_file(path, by).recordings
    monkeypatch.setattr(pieces, "PIECE_VALUES", 2000)
    monkeypatch.setattr("guideway.archives.parquet._BATCH_ROWS", 100)
    parts = list(decode_parts(path, by))
    cut = [recording for part in parts for recording in part.recordings]
    assert [recording.n_samples for recording in cut] == [1000, 1000, 500]
    assert [recording.started_at - whole.started_at for recording in cut] == [timedelta(seconds=i) for i in range(3)]
    assert {recording.step for recording in cut} == {whole.step} == {1.0 / RATE}
    for channel, truth in zip(whole.channels, (LEFT, RIGHT), strict=True):
        np.testing.assert_array_equal(channel.values, truth)
        np.testing.assert_array_equal(np.concatenate([r.values(channel.name) for r in cut]), truth)


def test_a_source_whose_start_stands_in_the_first_row_is_never_cut() -> None:
    start = {"column": "Date", "format": "%Y-%m-%d"}
    assert list(pieces.pieces(10**8, 2, profile(time={"started_at": start}))) == [slice(0, 10**8)]
    assert len(list(pieces.pieces(10**8, 2, profile()))) == 24
    assert list(pieces.pieces(0, 2, profile())) == []
