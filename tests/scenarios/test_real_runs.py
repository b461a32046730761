"""Real inspection runs, through the same jobs, compared with the figures their folders state."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.profile import load_profiles
from tests.scenarios.conftest import World

pytestmark = pytest.mark.spark
DAY = 86_400


def deliver(world: World, source: str, files: list[Path]) -> None:
    folder = Path(world.settings.landing) / source
    folder.mkdir(parents=True)
    for number, file in enumerate(files):
        copy = folder / file.name
        shutil.copyfile(file, copy)
        os.utime(copy, (1_700_000_000 + number * DAY, 1_700_000_000 + number * DAY))


@pytest.fixture(scope="module")
def real(shared_data: Path, make_world: Callable[[str], World]) -> World:
    world = make_world("real")
    deliver(world, "cn-hsr", sorted((shared_data / "cn-hsr-track-geometry").glob("*.txt")))
    finnish = shared_data / "fi-track-inspection"
    deliver(world, "fi-ams", sorted(finnish.glob("AMS*.csv")))
    deliver(world, "fi-tg", [finnish / "samples" / "tgCsv.csv"])
    reference = Path(world.settings.landing) / "reference"
    reference.mkdir()
    line = "line_id,name,mode,rulebook_id,time_zone,from_m,to_m\n"
    line += "cn-hsr,Real pair,high_speed,en_13848,Asia/Shanghai,99000,100200\n"
    (reference / "line.csv").write_text(line, encoding="utf-8")
    track = "line_id,track_id,from_m,to_m,nominal_gauge_mm\ncn-hsr,1,99000,100200,1435\n"
    (reference / "track.csv").write_text(track, encoding="utf-8")
    sections = [
        "asset_id,line_id,track_id,from_m,to_m,speed_kmh,curvature_per_km,cant_mm,structure,track_form,drainage,receiver_zone"
    ]
    assets = ["asset_id,asset_type,line_id,track_id,from_m,to_m,name,installed_on,attributes"]
    for from_m in range(99_000, 100_200, 200):
        sections.append(f"S{from_m},cn-hsr,1,{from_m},{from_m + 200},250,0,0,viaduct,slab,,")
        assets.append(f"S{from_m},track_section,cn-hsr,1,{from_m},{from_m + 200},km {from_m / 1000},,{{}}")
    (reference / "section.csv").write_text("\n".join(sections) + "\n", encoding="utf-8")
    (reference / "asset.csv").write_text("\n".join(assets) + "\n", encoding="utf-8")
    world.run("ingest_archive", "measure_condition", run_id="real")
    return world


def read_chinese(path: Path) -> pd.DataFrame:
    """The file by pandas alone: an independent reading."""
    rows = pd.read_csv(path, encoding="gbk", skipinitialspace=True)
    rows.columns = [name.strip() for name in rows.columns]
    return rows


def test_all_rows_arrive_with_their_values(real: World, shared_data: Path) -> None:
    recordings = real.rows("bronze.recording").query("source_id == 'cn-hsr'").sort_values("started_at")
    assert recordings["n_samples"].tolist() == [4000, 4400]
    assert recordings["direction"].tolist() == [-1, -1]
    signals = real.rows("bronze.signal")
    for recording, name in zip(recordings.itertuples(), ("run_20170110.txt", "run_20170213.txt"), strict=True):
        rows = read_chinese(shared_data / "cn-hsr-track-geometry" / name)
        left = next(column for column in rows.columns if column.startswith("左高程"))
        blocks = signals[
            (signals["recording_id"] == recording.recording_id) & (signals["channel"] == "longitudinal_level_left")
        ]
        stored = np.concatenate(blocks.sort_values("block")["values"].to_list())
        np.testing.assert_array_equal(stored, rows[left].to_numpy(np.float32)[::-1])


def test_the_runs_are_shifted_by_five_and_a_half_to_six_metres(real: World) -> None:
    fixes = real.rows("silver.position_fix")
    assert len(fixes) >= 5
    assert fixes["comparable"].all()
    assert fixes["shift_m"].abs().between(5.0, 6.5).all()
    assert fixes["correlation"].min() >= 0.90


def test_sections_have_the_standard_deviation_of_the_filtered_samples(real: World, shared_data: Path) -> None:
    """The reference run's section SD against scipy on the file itself, band D1, without any code of ours."""
    from scipy.signal import butter, sosfiltfilt

    rows = read_chinese(shared_data / "cn-hsr-track-geometry" / "run_20170110.txt")
    chainage = rows.iloc[:, 0].to_numpy(float) * 1000 + rows.iloc[:, 1].to_numpy(float)
    order = np.argsort(chainage)
    sos = butter(4, [2 * 0.25 / 25.0, 2 * 0.25 / 3.0], btype="band", output="sos")
    sides = [column for column in rows.columns if "高程" in column]
    filtered = [sosfiltfilt(sos, rows[side].to_numpy(float)[order]) for side in sides]
    conditions = real.rows("gold.condition").query("indicator == 'longitudinal_level_sd'").sort_values("measured_at")
    first = conditions[conditions["measured_at"] == conditions["measured_at"].min()].set_index("asset_id")["value"]
    inside = [start for start in range(99_200, 100_000, 200) if f"S{start}" in first.index]
    assert len(inside) >= 4
    for start in inside:
        here = (chainage[order] >= start) & (chainage[order] < start + 200)
        expected = np.mean([values[here].std(ddof=1) for values in filtered])
        assert first[f"S{start}"] == pytest.approx(expected, rel=0.03)


def test_a_recording_without_a_valid_sample_gives_no_indicator(real: World, shared_data: Path) -> None:
    """All 23 acceleration channels of the Finnish AMS recording are NaN: nothing may come of them."""
    recording = real.rows("bronze.recording").query("source_id == 'fi-ams'").iloc[0]
    assert not any("acceleration" in channel for channel in recording["channels"])
    note = real.rows("bronze.source_file").query("source_id == 'fi-ams'").iloc[0]["reason"]
    assert "no valid sample" in note
    told = real.rows("silver.measurement").set_index("recording_id").loc[recording["recording_id"]]
    assert (told["status"], told["n_conditions"]) == ("no_indicator", 0)


def test_the_finnish_geometry_sample_keeps_its_numbers(real: World, shared_data: Path) -> None:
    path = shared_data / "fi-track-inspection" / "samples" / "tgCsv.csv"
    (recording,) = decode_file(path, load_profiles()["fi-tg"]).recordings
    signals = real.rows("bronze.signal")
    facts = real.rows("bronze.recording").query("source_id == 'fi-tg'").iloc[0]
    for channel in recording.channels:
        here = signals[(signals["recording_id"] == facts["recording_id"]) & (signals["channel"] == channel.name)]
        np.testing.assert_array_equal(np.array(here.iloc[0]["values"], np.float32), channel.values)
    assert recording.has("gauge", "cross_level")
    assert 1515 < np.nanmedian(recording.values("gauge")) < 1535, "the Finnish gauge is 1524 mm"
