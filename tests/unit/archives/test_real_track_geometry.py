"""Real inspection runs decode to the figures of their READMEs."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.profile import find_profile, load_profiles

PROFILES = load_profiles()


def decode(data: Path, relative: str):
    profile = find_profile(relative, PROFILES)
    assert profile is not None, relative
    return decode_file(data / relative, profile)


@pytest.mark.parametrize(("day", "rows", "month"), [("20170110", 4000, 1), ("20170213", 4400, 2)])
def test_a_chinese_run_of_falling_chainage_in_gbk_becomes_one_rising_recording(shared_data, day, rows, month):
    path = f"cn-hsr-track-geometry/run_{day}.txt"
    decoded = decode(shared_data, path)
    (run,) = decoded.recordings
    assert (decoded.rows_read, decoded.rows_rejected, run.n_samples) == (rows, 0, rows)
    assert (run.line_id, run.axis, run.step, run.direction) == ("cn-hsr", "distance", 0.25, -1)
    assert run.started_at.month in (month, month - 1)
    assert run.started_at.tzinfo == timezone.utc
    # an independent reader: the standard library, last line first
    lines = (shared_data / path).read_text("gbk").splitlines()[:0:-1]
    cells = np.array([[float(c) for c in line.split(",")] for line in lines])
    np.testing.assert_allclose(run.positions, 1000 * cells[:, 0] + cells[:, 1])
    np.testing.assert_allclose(run.values("longitudinal_level_left"), cells[:, 4], atol=1e-6)
    np.testing.assert_allclose(run.values("longitudinal_level_right"), cells[:, 5], atol=1e-6)


def test_the_unaligned_chinese_runs_do_not_correlate_as_their_readme_says(shared_data):
    first, second = (
        decode(shared_data, f"cn-hsr-track-geometry/run_{day}.txt").recordings[0] for day in ("20170110", "20170213")
    )
    n = min(first.n_samples, second.n_samples)
    assert first.start == second.start
    left = "longitudinal_level_left"
    correlation = np.corrcoef(first.values(left)[:n], second.values(left)[:n])[0, 1]
    assert correlation == pytest.approx(-0.1, abs=0.05)


def test_the_failed_finnish_run_has_position_and_speed_and_no_acceleration(shared_data):
    decoded = decode(shared_data, "fi-track-inspection/AMS_20221024_251_LHRP_1_130_130.csv")
    (run,) = decoded.recordings
    assert decoded.rows_read == run.n_samples == 1171
    assert {channel.name for channel in run.channels} == {"speed", "latitude", "longitude"}
    assert sum("no valid sample" in note for note in decoded.notes) == 6
    assert (run.line_id, run.track_id, run.start) == ("fi-251", "LHRP 1", 130_663.0)
    assert run.started_at == datetime(2022, 10, 24, 10, 35, 38, tzinfo=timezone.utc)
    assert run.values("latitude")[0] == pytest.approx(60.97612362, abs=1e-5)


def test_comma_and_semicolon_exports_of_the_same_run_hold_the_same_numbers(shared_data):
    folder = "fi-track-inspection/samples/"
    (point,), (comma,) = (
        decode(shared_data, folder + name).recordings
        for name in ("amsCsv.csv", "amsCsvDifferentSeparatorAndDecimal.csv")
    )
    assert point.n_samples == comma.n_samples == 6
    assert [c.name for c in point.channels] == [c.name for c in comma.channels]
    for channel in point.channels:
        np.testing.assert_array_equal(channel.values, comma.values(channel.name))


def test_every_localized_word_for_missing_is_missing_and_not_rejected(shared_data):
    decoded = decode(shared_data, "fi-track-inspection/samples/amsWithNansCsv.csv")
    assert (decoded.rows_read, decoded.rows_rejected) == (1, 0)
    assert not decoded.recordings[0].has("axle_box_acceleration_vertical_left")
    assert decoded.recordings[0].values("bogie_acceleration_vertical")[0] == pytest.approx(2.2629)


def test_finnish_track_geometry_has_absolute_gauge_and_drops_repeated_positions(shared_data):
    decoded = decode(shared_data, "fi-track-inspection/samples/tgCsv.csv")
    (run,) = decoded.recordings
    assert (decoded.rows_read, decoded.rows_rejected, run.n_samples) == (12, 2, 10)
    assert run.values("gauge")[0] == pytest.approx(1523.18)
    assert run.values("curvature")[0] == pytest.approx(-0.182)


def test_finnish_corrugation_counts_the_cell_that_is_no_number(shared_data):
    decoded = decode(shared_data, "fi-track-inspection/samples/rcCsv.csv")
    (run,) = decoded.recordings
    assert (decoded.rows_read, decoded.rows_rejected) == (13, 1)
    assert run.direction == -1
    assert run.start + run.step * (run.n_samples - 1) == 622_896.0
