"""Binary formats, written by the library the field uses, come back with names, units, rates and times."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import datetime, timezone

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
import soundfile

from guideway.archives.decode import decode_file
from guideway.errors import DecodeError
from tests.unit.archives.helpers import profile

pytestmark = pytest.mark.slow

N, RATE = 1000, 250.0
T = np.arange(N) / RATE
ACCELERATION = np.sin(2 * np.pi * 5 * T) + 0.01 * T
STRAIN = 100 * np.cos(2 * np.pi * T)
START = datetime(2024, 5, 1, 8, 0, tzinfo=timezone.utc)
CHANNELS = [
    {"name": "girder_acceleration", "column": ["acc", "station/acc"], "unit": "g"},
    {"name": "strain", "column": ["eps", "station/eps"], "unit": "um/m", "required": False},
]


def made_for(decode: dict, **changes):
    settings = {
        "decode": decode,
        "channels": CHANNELS,
        "locate": {"line": "L1"},
        "axis": {"kind": "time"},
        "time": {"started_at": "2024-05-01T10:00:00", "zone": "Europe/Berlin"},
    }
    return profile(**(settings | changes))


def check(decoded, *, atol=1e-4, strain=True):
    (record,) = decoded.recordings
    assert record.n_samples == N
    assert record.step == pytest.approx(1 / RATE)
    assert record.started_at == START
    np.testing.assert_allclose(record.values("girder_acceleration"), 9.80665 * ACCELERATION, atol=10 * atol)
    if strain:
        np.testing.assert_allclose(record.values("strain"), STRAIN, atol=100 * atol)


def write_hdf5(path, **attrs):
    with h5py.File(path, "w") as file:
        file.attrs["rate"] = RATE
        file.attrs["line"] = "L7"
        group = file.create_group("station")
        for name, values, unit in (("acc", ACCELERATION, "g"), ("eps", STRAIN.astype(np.float32), "µm/m")):
            data = group.create_dataset(name, data=values, chunks=True, compression="gzip")
            data.attrs["unit"] = unit
        group.create_dataset("slow", data=np.arange(5.0))
    return path


def test_hdf5_data_sets_by_name_with_rate_and_unit_attributes(tmp_path):
    path = write_hdf5(tmp_path / "a.h5")
    decoded = decode_file(
        path, made_for({"format": "hdf5", "rate_attribute": "rate"}, locate={"line": {"metadata": "line"}})
    )
    check(decoded)
    assert decoded.recordings[0].line_id == "L7"
    wrong = [CHANNELS[0], CHANNELS[1] | {"unit": "mm/m"}]
    with pytest.raises(DecodeError, match="wrong_unit"):
        decode_file(path, made_for({"format": "hdf5", "rate_attribute": "rate"}, channels=wrong))
    with pytest.raises(DecodeError, match="no_position"):
        decode_file(path, made_for({"format": "hdf5"}))


def test_hdf5_tables(tmp_path):
    both = np.column_stack([ACCELERATION, STRAIN])
    record = np.rec.fromarrays(both.T, names="acc,eps")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["plain"], file["compound"] = both, record
    axis = {"kind": "time", "step": 1 / RATE}
    check(
        decode_file(
            tmp_path / "a.h5", made_for({"format": "hdf5", "table": "plain", "columns": ["acc", "eps"]}, axis=axis)
        )
    )
    check(decode_file(tmp_path / "a.h5", made_for({"format": "hdf5", "table": "compound"}, axis=axis)))


def test_hdf5_that_declares_more_than_it_may_is_a_bomb_and_outside_data_is_hostile(tmp_path):
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("acc", shape=(10**13,), chunks=(10**6,), dtype="f8")
    axis = {"kind": "time", "step": 1 / RATE}
    with pytest.raises(DecodeError, match="archive_bomb"):
        decode_file(tmp_path / "bomb.h5", made_for({"format": "hdf5"}, axis=axis))
    with h5py.File(tmp_path / "out.h5", "w") as file:
        file.create_dataset("acc", shape=(10,), dtype="u1", external=[("/etc/hostname", 0, 10)])
    with pytest.raises(DecodeError, match="hostile_name"):
        decode_file(tmp_path / "out.h5", made_for({"format": "hdf5"}, axis=axis))


def test_matlab_structs_and_tables(tmp_path):
    station = {"acc": ACCELERATION, "eps": STRAIN[:, None]}
    scipy.io.savemat(tmp_path / "a.mat", {"station": station, "fs": RATE}, do_compression=True)
    channels = [c | {"column": f"station.{c['column'][0]}"} for c in CHANNELS]
    check(decode_file(tmp_path / "a.mat", made_for({"format": "matlab", "rate_variable": "fs"}, channels=channels)))
    scipy.io.savemat(tmp_path / "b.mat", {"m": np.column_stack([ACCELERATION, STRAIN]), "fs": RATE})
    table = {"format": "matlab", "rate_variable": "fs", "table": "m", "columns": ["acc", "eps"]}
    check(decode_file(tmp_path / "b.mat", made_for(table)))


def test_tdms_waveforms_with_scaling_units_and_utc_start(tmp_path):
    from nptdms import ChannelObject, RootObject, TdmsWriter

    wave = {"wf_increment": 1 / RATE, "wf_start_time": np.datetime64("2024-05-01T08:00:00"), "wf_start_offset": 0.0}
    scale = {
        "NI_Scaling_Status": "unscaled", "NI_Number_Of_Scales": 1, "NI_Scale[0]_Scale_Type": "Linear",
        "NI_Scale[0]_Linear_Slope": 1e-4, "NI_Scale[0]_Linear_Y_Intercept": 0.0,
        "NI_Scale[0]_Linear_Input_Source": np.uint32(0xFFFFFFFF),
    }  # fmt: skip
    counts = np.rint(ACCELERATION * 1e4).astype(np.int16)
    path = tmp_path / "a.tdms"
    with TdmsWriter(str(path)) as writer:
        writer.write_segment(
            [
                RootObject({"line": "L9"}),
                ChannelObject("station", "acc", counts, wave | scale | {"unit_string": "g"}),
                ChannelObject("station", "eps", STRAIN, wave | {"unit_string": "µε"}),
            ]
        )
    settings = made_for({"format": "tdms"}, locate={"line": {"metadata": "line"}}, time={"zone": "UTC"})
    check(decode_file(path, settings), atol=1e-3)
    cut = tmp_path / "cut.tdms"
    cut.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(DecodeError, match=r"truncated|corrupt_file"):
        decode_file(cut, settings)


def test_mdf4_groups_with_invalid_samples(tmp_path):
    from asammdf import MDF, Signal

    invalid = np.zeros(N, dtype=bool)
    invalid[100:103] = True
    path = tmp_path / "a.mf4"
    with MDF(version="4.10") as file:
        file.header.start_time = START
        file.append([Signal(ACCELERATION, T, name="acc", unit="g"), Signal(STRAIN, T, name="eps", unit="um/m")])
        file.append([Signal(np.arange(7.0), np.arange(7.0), name="other")])
        file.save(path, compression=2)
    settings = made_for(
        {"format": "mdf4"}, time={"zone": "UTC", "samples": {"column": "time"}}, axis={"kind": "time", "step": 1 / RATE}
    )
    check(decode_file(path, settings))
    with pytest.raises(DecodeError, match="missing_column"):
        decode_file(path, made_for({"format": "mdf4"}, channels=[CHANNELS[0] | {"column": "nothing"}]))


def test_universal_file_58(tmp_path):
    import pyuff

    path = tmp_path / "a.uff"
    common = {
        "type": 58, "binary": 0, "func_type": 1, "rsp_dir": 3, "ref_dir": 0, "ref_node": 0, "x": T, "num_pts": N,
        "abscissa_spacing": 1, "abscissa_inc": 1 / RATE, "abscissa_min": 0.0, "abscissa_axis_units_lab": "s",
        "id1": "girder", "id2": "", "id3": "", "id4": "", "id5": "", "ver_num": 0, "load_case_id": 0, "n_bytes": 0,
        "rsp_ent_name": "NONE", "ref_ent_name": "NONE", "abscissa_spec_data_type": 17, "ordinate_spec_data_type": 12,
        "orddenom_spec_data_type": 0, "z_axis_value": 0.0, "z_axis_spec_data_type": 0, "ord_data_type": 4,
    }  # fmt: skip
    file = pyuff.UFF(str(path))
    sets = [
        common | {"rsp_node": 1, "data": ACCELERATION, "ordinate_axis_units_lab": "g"},
        common | {"rsp_node": 2, "data": STRAIN, "ordinate_axis_units_lab": "um/m"},
    ]
    file.write_sets(sets, mode="overwrite")
    channels = [CHANNELS[0] | {"column": "1 +Z"}, CHANNELS[1] | {"column": "2 +Z"}]
    check(decode_file(path, made_for({"format": "uff"}, channels=channels)), atol=1e-3)


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_24"), ("a.flac", "PCM_16"), ("a.wav", "FLOAT")])
def test_audio_channels_at_full_scale(tmp_path, name, subtype):
    path = tmp_path / name
    soundfile.write(path, np.column_stack([ACCELERATION / 4, STRAIN / 400]), int(RATE), subtype=subtype)
    channels = [
        CHANNELS[0] | {"column": "ch1", "scale": 4.0},
        CHANNELS[1] | {"column": "ch2", "scale": 400.0},
    ]
    check(decode_file(path, made_for({"format": "audio"}, channels=channels)), atol=1e-3)


def test_a_cut_wav_is_truncated_though_the_library_reads_it(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, ACCELERATION / 4, int(RATE), subtype="PCM_24")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DecodeError, match="truncated"):
        decode_file(path, made_for({"format": "audio"}, channels=[CHANNELS[0] | {"column": "ch1"}]))


def test_miniseed_gaps_start_new_recordings(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # obspy's own imports warn
        from obspy import Stream, Trace, UTCDateTime

    def trace(code, values, start):
        header = {"station": "BR1", "channel": code, "sampling_rate": RATE, "starttime": UTCDateTime(start)}
        return Trace(values.astype(np.float32), header)

    late = datetime(2024, 5, 1, 9, 0, tzinfo=timezone.utc)
    stream = Stream([trace("HNZ", ACCELERATION, START), trace("HNZ", ACCELERATION[:100], late)])
    path = tmp_path / "a.mseed"
    stream.write(str(path), format="MSEED")
    channels = [CHANNELS[0] | {"column": "BR1..HNZ"}]
    first, second = decode_file(path, made_for({"format": "miniseed"}, channels=channels, time={})).recordings
    assert (first.started_at, first.n_samples) == (START, N)
    assert (second.started_at, second.n_samples) == (late, 100)
    np.testing.assert_allclose(first.values("girder_acceleration"), 9.80665 * ACCELERATION, rtol=1e-5)


def test_parquet_with_units_and_timestamps(tmp_path):
    at = (np.datetime64("2024-05-01T08:00:00", "us") + (T * 1e6).astype("timedelta64[us]")).astype("datetime64[us]")
    fields = [
        pa.field("at", pa.timestamp("us", tz="UTC")),
        pa.field("acc", pa.float64(), metadata={"unit": "g"}),
        pa.field("eps", pa.float32()),
    ]
    table = pa.table([pa.array(at, pa.timestamp("us", tz="UTC")), ACCELERATION, STRAIN.astype("f4")], pa.schema(fields))
    pq.write_table(table, tmp_path / "a.parquet")
    settings = {
        "time": {"samples": {"column": "at", "unit": "s", "epoch": "unix"}},
        "axis": {"kind": "time", "step": 1 / RATE},
    }
    check(decode_file(tmp_path / "a.parquet", made_for({"format": "parquet"}, **settings)))


def test_a_decoder_is_imported_for_its_own_format_only():
    code = (
        "import sys, guideway.archives.decode, guideway.archives.text, guideway.archives.profile\n"
        "heavy = {'asammdf', 'obspy', 'nptdms', 'h5py', 'pyuff', 'pymatreader', 'soundfile', 'pyubx2', 'pint'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
