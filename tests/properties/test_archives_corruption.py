"""Whatever happens to a file's bytes, the decoder answers with recordings of sane numbers or with a ``DecodeError``."""

from __future__ import annotations

import gc
import gzip
import io
import json
import lzma
import os
import random
import tempfile
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nptdms import ChannelObject, TdmsWriter

from guideway.archives.decode import DecodedFile, decode_file
from guideway.archives.profile import Profile
from guideway.archives.reasons import REASONS
from guideway.errors import DecodeError

# asammdf and obspy leave half-made objects behind for the garbage collector, which complains of them
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
N = 200
WAVE = np.sin(np.arange(N) / 5)


def profile(decode: dict, column: str = "a", **changes) -> Profile:
    data = {
        "source_id": "any", "domain": "track_geometry", "title": "any", "decode": decode,
        "channels": [{"name": "gauge", "column": column, "unit": "mm"}],
        "locate": {"line": "L"}, "time": {"started_at": "2024-01-01T00:00:00"}, "axis": {"kind": "time", "step": 0.01},
    }  # fmt: skip
    return Profile.model_validate(data | changes)


def text() -> bytes:
    return b"Pos [m];a [mm]\n" + b"".join(b"%.2f;%.3f\n" % (100 + i / 4, x) for i, x in enumerate(WAVE))


TEXT = profile(
    {"format": "text", "delimiter": ";"},
    locate={"line": "L", "chainage": {"columns": "Pos"}},
    axis={"kind": "distance", "step": 0.25},
)


def buffered(write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def hdf5(buffer):
    with h5py.File(buffer, "w") as file:
        file.create_dataset("a", data=WAVE, compression="gzip")


def tdms(buffer):
    with TdmsWriter(buffer) as writer:
        writer.write_segment([ChannelObject("g", "a", WAVE, {"wf_increment": 0.01})])


def through_a_file(write, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own imports warn
        path = Path(folder, name)
        write(path)
        return path.read_bytes()


def mdf4(path):
    from asammdf import MDF, Signal

    with MDF(version="4.10") as file:
        file.append([Signal(WAVE, np.arange(N) / 100, name="a", unit="mm")])
        file.save(path)


def miniseed(path):
    from obspy import Stream, Trace

    header = {"station": "S", "channel": "HNZ", "sampling_rate": 100.0}
    Stream([Trace(WAVE.astype(np.float32), header)]).write(str(path), format="MSEED")


def universal(path):
    import pyuff

    record = {
        "type": 58, "binary": 0, "func_type": 1, "rsp_dir": 3, "ref_dir": 0, "ref_node": 0, "rsp_node": 1, "num_pts": N,
        "x": np.arange(N) / 100, "data": WAVE, "abscissa_spacing": 1, "abscissa_inc": 0.01, "abscissa_min": 0.0,
        "abscissa_axis_units_lab": "s", "ordinate_axis_units_lab": "mm", "id1": "a", "id2": "", "id3": "", "id4": "",
        "id5": "", "ver_num": 0, "load_case_id": 0, "n_bytes": 0, "rsp_ent_name": "NONE", "ref_ent_name": "NONE",
        "abscissa_spec_data_type": 17, "ordinate_spec_data_type": 8, "orddenom_spec_data_type": 0, "z_axis_value": 0.0,
        "z_axis_spec_data_type": 0, "ord_data_type": 4,
    }  # fmt: skip
    pyuff.UFF(str(path)).write_sets([record], mode="overwrite")


def zipped(buffer):
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.csv", text())


UBX = b"".join(
    b"00:00:%09.6f,I,%s\n" % (i / 100, np.array([1, 2, 3, 4, 5, 16384], "<i2").tobytes().hex().encode())
    for i in range(50)
)
CASES = {
    "run.csv": (text(), TEXT),
    "run.csv.gz": (gzip.compress(text(), mtime=0), TEXT),
    "run.csv.xz": (lzma.compress(text()), TEXT),
    "run.zip": (buffered(zipped), TEXT),
    "run.h5": (buffered(hdf5), profile({"format": "hdf5"})),
    "run.mat": (
        buffered(lambda b: scipy.io.savemat(b, {"a": WAVE}, do_compression=True)),
        profile({"format": "matlab"}),
    ),
    "run.wav": (buffered(lambda b: soundfile.write(b, WAVE, 100, format="WAV")), profile({"format": "audio"}, "ch1")),
    "run.flac": (buffered(lambda b: soundfile.write(b, WAVE, 100, format="FLAC")), profile({"format": "audio"}, "ch1")),
    "run.parquet": (buffered(lambda b: pq.write_table(pa.table({"a": WAVE}), b)), profile({"format": "parquet"})),
    "run.json": (
        json.dumps({"q": [list(range(N)), WAVE.tolist()]}).encode(),
        profile({"format": "levels_json", "path": "q"}, "level"),
    ),
    "run.ubx": (UBX, profile({"format": "ubx"}, "accel_z")),
    "run.tdms": (buffered(tdms), profile({"format": "tdms"}, "g/a")),
    "run.mf4": (
        through_a_file(mdf4, "a.mf4"),
        profile({"format": "mdf4"}, time={"zone": "UTC", "samples": {"column": "time"}}),
    ),
    "run.uff": (through_a_file(universal, "a.uff"), profile({"format": "uff"}, "1 +Z")),
    "run.mseed": (through_a_file(miniseed, "a.mseed"), profile({"format": "miniseed"}, "S..HNZ", time={})),
}


@pytest.fixture(autouse=True)
def _collected():
    """Objects of this test are collected in this test, where the complaints about them are known."""
    yield
    gc.collect()


@st.composite
def damages(draw):
    """What may happen on the way: bytes flipped, cut, doubled, lost or put in."""
    return draw(st.sampled_from(["flip", "cut", "insert", "remove", "double", "zeros"])), draw(
        st.integers(0, 2**32 - 1)
    )


def damaged(data: bytes, kind: str, seed: int) -> bytes:
    rng = random.Random(seed)  # noqa: S311
    at = rng.randrange(len(data))
    if kind == "flip":
        out = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            out[rng.randrange(len(out))] = rng.randrange(256)
        return bytes(out)
    length = rng.randint(1, 40)
    return {
        "cut": data[:at],
        "insert": data[:at] + rng.randbytes(length) + data[at:],
        "remove": data[:at] + data[at + length :],
        "double": data[:at] + data[at : at + length] + data[at:],
        "zeros": data[:at] + bytes(length) + data[at + length :],
    }[kind]


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_undamaged_file_is_read(tmp_path, name):
    data, settings_ = CASES[name]
    (tmp_path / name).write_bytes(data)
    assert decode_file(tmp_path / name, settings_).recordings


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=damages())
def test_damage_gives_a_reason_or_sane_numbers(tmp_path, name, damage):
    data, settings_ = CASES[name]
    path = tmp_path / name
    path.write_bytes(damaged(data, *damage))
    decoded = answer(path, settings_)
    if isinstance(decoded, str):
        assert decoded in REASONS
        return
    assert 0 <= decoded.rows_rejected <= decoded.rows_read
    for recording in decoded.recordings:
        assert recording.step > 0
        assert all(channel.values.dtype == np.float32 for channel in recording.channels)
        assert not any(np.isinf(channel.values).any() for channel in recording.channels)
        assert {channel.values.size for channel in recording.channels} == {recording.n_samples}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), name=st.sampled_from(sorted(CASES)))
def test_any_bytes_at_all_are_answered(tmp_path, data, name):
    path = tmp_path / name
    path.write_bytes(data)
    reason = answer(path, CASES[name][1])
    assert not isinstance(reason, str) or reason in REASONS


def answer(path: Path, settings_: Profile) -> DecodedFile | str:
    """What the decoder makes of a file: recordings, or the reason why not."""
    try:
        return decode_file(path, settings_)
    except DecodeError as error:
        return error.reason


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_cut_file_is_never_taken_for_a_whole_one(tmp_path, name, share):
    data, settings_ = CASES[name]
    kept = data[: int(share * len(data))]
    path = tmp_path / name
    path.write_bytes(kept)
    whole = name in {"run.csv", "run.ubx"} and kept.endswith(b"\n")  # only a stated row count could tell
    whole |= name == "run.uff" and kept == data.rstrip(b"\n")  # its end mark is there
    assert whole or isinstance(answer(path, settings_), str)


@pytest.mark.parametrize(("kind", "reason"), [("channel", "corrupt_file"), ("record", "truncated")])
def test_an_mdf_that_points_outside_its_data_is_refused(tmp_path, kind, reason):
    """Found by fuzzing: the first ended the process in asammdf's compiled code, the second took 4 GB for 4 KB."""
    from asammdf import MDF

    data, settings_ = CASES["run.mf4"]
    path = tmp_path / "run.mf4"
    path.write_bytes(data)
    with MDF(path) as file:
        group = file.groups[0]
        channel, record = group.channels[1].address, group.channel_group.address
    place = channel + 24 + 8 * 8 + 4 if kind == "channel" else record + 24 + 6 * 8 + 8 + 8 + 8
    assert data[place : place + 4] == (8 if kind == "channel" else 16).to_bytes(4, "little")
    path.write_bytes(data[:place] + (0xF0_00_00_00).to_bytes(4, "little") + data[place + 4 :])
    assert answer(path, settings_) == reason


def test_a_file_that_ends_its_library_ends_no_worker(tmp_path):
    """Found by fuzzing: libmseed dies of some damaged headers ."""
    from guideway.archives.isolated import isolated

    with pytest.raises(DecodeError, match=r"corrupt_file: .* died of it"):
        isolated(os._exit, 3)
    assert isolated(sorted, [2, 1]) == [1, 2]
    with pytest.raises(ValueError, match="invalid literal"):
        isolated(int, "x")


def test_a_zip_member_without_a_name_is_refused(tmp_path):
    """Found by fuzzing: the standard library looks at the last character of its name."""
    data = CASES["run.zip"][0]
    at = data.rindex(b"PK\x01\x02")
    cut = data[:at] + data[at:].replace(b"run.csv", b"", 1)
    cut = bytearray(cut)
    cut[at + 28 : at + 30] = bytes(2)
    end = cut.rindex(b"PK\x05\x06")
    cut[end + 12 : end + 16] = (end - at).to_bytes(4, "little")
    (tmp_path / "run.zip").write_bytes(cut)
    assert answer(tmp_path / "run.zip", TEXT) in {"corrupt_archive", "hostile_name"}
