"""The archive as a whole: deterministic, complete, and every file meets the fate its manifest states."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from guideway.errors import DecodeError
from guideway.simulate import maglev
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec

from .conftest import Tiny


def fingerprint(folder: Path) -> dict[str, tuple[str, float]]:
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def only(tiny: Tiny, line_id: str, **changes: object) -> NetworkSpec:
    lines = tuple(line for line in tiny.spec.lines if line.line_id == line_id)
    return tiny.spec.model_copy(update={"lines": lines, **changes})


def test_a_line_written_alone_has_the_same_bytes_and_times(tiny: Tiny, tmp_path: Path) -> None:
    whole = fingerprint(tiny.landing)
    for line_id in ("C01", "G01"):
        write_archive(only(tiny, line_id), tmp_path / line_id, tmp_path / f"{line_id}-truth")
        alone = {k: v for k, v in fingerprint(tmp_path / line_id).items() if not k.startswith("reference/")}
        assert len(alone) > 15
        assert alone == {path: whole[path] for path in alone}


def test_another_seed_gives_other_signals(tiny: Tiny, tmp_path: Path) -> None:
    write_archive(only(tiny, "M01", seed=8, weeks=2), tmp_path / "landing", tmp_path / "truth")
    ours = {value[0] for value in fingerprint(tiny.landing).values()}
    other = fingerprint(tmp_path / "landing")
    signals = {k: v for k, v in other.items() if k.startswith("sim_")}
    assert len(signals) >= 6
    assert not ours & {value[0] for value in signals.values()}


def test_the_manifest_lists_every_file_once_with_its_size(tiny: Tiny) -> None:
    files = tiny.table("files.csv")
    delivered = dict(zip(files.path, files.size_bytes, strict=True))
    on_disk = {
        path.relative_to(tiny.landing).as_posix(): path.stat().st_size
        for path in tiny.landing.rglob("*")
        if path.is_file() and path.parent.name != "reference"
    }
    assert len(delivered) == len(files)
    assert dict(delivered.items()) == on_disk
    assert tiny.summary.files == len(files)
    assert tiny.summary.size_bytes == sum(on_disk.values())
    assert tiny.summary.by_fault == files.fault.value_counts().to_dict()


def test_every_kind_of_fault_meets_the_status_and_reason_it_should(tiny: Tiny) -> None:
    files = tiny.table("files.csv")
    faulty = files[(files.fault != "none") & (files.source_id != "unknown")]
    assert set(faulty.fault) >= {
        "truncated", "duplicate", "dead_channel", "late", "wrong_unit", "spikes", "superseded", "correction",
        "missing_samples", "missing_column", "stuck_channel", "unreadable", "clock", "empty",
    }  # fmt: skip
    for file in faulty.itertuples():
        if file.expected_status == "quarantined":
            with pytest.raises(DecodeError) as caught:
                tiny.decode(file.path)
            assert caught.value.reason in file.expected_reason.split("|"), (file.path, file.fault)
        else:
            assert tiny.decode(file.path).recordings[0].line_id == file.line_id


@pytest.mark.filterwarnings("error")
def test_healthy_files_decode_into_one_recording_of_the_right_place_and_time(tiny: Tiny) -> None:
    files = tiny.table("files.csv")
    for _, of_source in files[files.fault == "none"].groupby("source_id"):
        for file in of_source.iloc[[0, -1]].itertuples():
            decoded = tiny.decode(file.path)
            (recording,) = decoded.recordings
            assert decoded.rows_rejected == 0
            assert (recording.line_id, recording.track_id) == (file.line_id, str(int(file.track_id)))
            assert recording.started_at == pd.Timestamp(file.started_at).to_pydatetime()
            if file.source_id == "sim_maglev_vehicle":
                assert recording.attributes["magnet_asset_id"] == file.asset_id
            elif isinstance(file.asset_id, str):
                assert recording.asset_id == file.asset_id
            else:
                assert recording.direction == file.direction


def test_duplicates_have_the_same_bytes_and_come_later(tiny: Tiny) -> None:
    files = tiny.table("files.csv")
    duplicates = files[files.fault == "duplicate"].path
    assert len(duplicates) >= 3
    for path in duplicates:
        again, first = tiny.landing / path, tiny.landing / path.replace("-copy", "")
        assert again.read_bytes() == first.read_bytes()
        assert again.stat().st_mtime > first.stat().st_mtime


def test_files_arrive_after_they_were_measured_and_late_ones_weeks_after(tiny: Tiny) -> None:
    files = tiny.table("files.csv").dropna(subset="started_at")
    delivered = [(tiny.landing / path).stat().st_mtime for path in files.path]
    started = [pd.Timestamp(text).timestamp() for text in files.started_at]
    days = pd.Series(delivered, index=files.index).sub(started).div(86400.0)
    assert days.min() > 0.0
    assert days[files.fault == "late"].min() > 20.0
    assert days[files.fault == "none"].max() < 2.0


def test_a_correction_follows_what_it_supersedes(tiny: Tiny) -> None:
    files = tiny.table("files.csv")
    (wrong,) = files[files.fault == "superseded"].itertuples()
    (right,) = files[files.fault == "correction"].itertuples()
    assert (tiny.landing / right.path).stat().st_mtime > (tiny.landing / wrong.path).stat().st_mtime
    before, after = (tiny.decode(file.path).recordings[0] for file in (wrong, right))
    assert before.started_at == after.started_at
    ratio = before.values("longitudinal_level_left").std() / after.values("longitudinal_level_left").std()
    assert ratio == pytest.approx(1.3, rel=0.01)


def test_without_faults_nothing_is_quarantined(tiny: Tiny, tmp_path: Path) -> None:
    summary = write_archive(only(tiny, "H01", faults=False), tmp_path / "landing", tmp_path / "truth")
    assert set(summary.by_fault) == {"none"}


def test_progress_counts_every_measurement_of_every_source(tiny: Tiny, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_archive(only(tiny, "M01", weeks=6, faults=False), tmp_path / "a", tmp_path / "b", lambda *s: told.append(s))
    sources = ("sim_metro_geometry", "sim_wayside_vibration", "sim_wayside_noise")
    for source_id in sources:
        steps = [(done, total) for label, done, total in told if label == f"M01 {source_id}"]
        files = len(list((tmp_path / "a" / source_id).rglob("*.*")))
        assert steps == [(done, files) for done in range(files)]
    assert len({label for label, _, _ in told}) == len(sources)


def test_maglev_files_state_the_levitation_loop(tiny: Tiny) -> None:
    files = tiny.table("files.csv")
    path = files[(files.source_id == "sim_maglev_vehicle") & (files.fault == "none")].path.iloc[0]
    (recording,) = tiny.decode(path).recordings
    stated = tuple(float(recording.attributes[name]) for name in ("control_hz", "control_damping", "gap_sign"))
    assert stated == (maglev.CONTROL_HZ, maglev.CONTROL_DAMPING, maglev.GAP_SIGN)
