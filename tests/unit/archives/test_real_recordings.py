"""Every folder of real signals decodes to the figures of its README, or of an independent reader."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, sosfiltfilt

from guideway.archives.decode import decode_file
from guideway.archives.profile import find_profile, load_profiles

pytestmark = pytest.mark.slow

PROFILES = load_profiles()
G = 9.80665


def decode(data, relative):
    profile = find_profile(relative, PROFILES)
    assert profile is not None, relative
    return decode_file(data / relative, profile)


def files(data, folder, pattern):
    found = sorted(p.relative_to(data).as_posix() for p in (data / folder).rglob(pattern))
    assert found
    return found


def test_paris_metro_rides_are_resampled_from_irregular_51_hz_to_50_hz(shared_data):
    decoded = [decode(shared_data, f) for f in files(shared_data, "fr-paris-metro-acceleration", "Acc*.gz")]
    assert sorted(d.rows_read for d in decoded) == [7954, 29933, 36318]
    assert sorted(r.line_id for d in decoded for r in d.recordings) == ["paris-L13", "paris-L4", "paris-L4"]
    long_ride = max(decoded, key=lambda d: d.rows_read).recordings[0]
    raw = pd.read_csv(next((shared_data / "fr-paris-metro-acceleration").glob("*2024-02-02*/Acc*.gz")))
    duration = (raw["time"].iloc[-1] - raw["time"].iloc[0]) / 1e9
    assert (long_ride.n_samples - 1) * 0.02 == pytest.approx(duration, abs=0.04)
    assert long_ride.started_at.timestamp() == pytest.approx(raw["time"].iloc[0] / 1e9, abs=1e-3)
    own = np.interp(long_ride.positions, (raw["time"] - raw["time"].iloc[0]) / 1e9, raw["y"])
    np.testing.assert_allclose(long_ride.values("car_body_acceleration_longitudinal"), own, atol=1e-4)


def test_bratislava_trams_lose_gravity_and_nothing_else(shared_data):
    decoded = [decode(shared_data, f) for f in files(shared_data, "sk-bratislava-tram-vibration", "L*.gz")]
    assert sorted(d.rows_read for d in decoded) == [70437, 97362, 149150]
    for one in decoded:
        (ride,) = one.recordings
        assert ride.step == pytest.approx(1 / 500)
        assert float(np.mean(ride.values("car_body_acceleration_vertical"))) + G == pytest.approx(10.15, abs=0.05)


def test_niederwangen_level_histories_come_per_pass_by_and_section(shared_data):
    decoded = decode(shared_data, "ch-niederwangen-passby-noise/passby_raw.json.gz")
    assert len(decoded.recordings) == 8 * 4
    assert {r.attributes["section"] for r in decoded.recordings} == {"B2", "B3", "B4", "B5"}
    with gzip.open(shared_data / "ch-niederwangen-passby-noise/passby_raw.json.gz") as stream:
        raw = json.load(stream)
    one = next(r for r in decoded.recordings if (r.attributes["passby"], r.attributes["section"]) == ("5", "B2"))
    np.testing.assert_allclose(one.values("sound_level_a_fast"), raw["5"]["Q4"]["LAF"]["FAMOS"][1], atol=1e-4)
    assert json.loads(one.attributes["axle_times_s"]) == raw["5"]["Q4"]["tPeaks"]


def test_lerelva_strain_is_quiet_until_the_last_seconds(shared_data):
    decoded = decode(shared_data, "no-lerelva-bridge-strain/1603161026.txt.gz")
    (record,) = decoded.recordings
    assert (decoded.rows_read, record.n_samples, 1 / record.step) == (24576, 24576, 1024)
    strain = record.values("strain").astype(float)
    slow = sosfiltfilt(butter(4, 40, fs=1024, output="sos"), strain - strain.mean())  # the bridge, not the 98 Hz hum
    assert np.std(slow[1024 : 20 * 1024]) < 0.6
    assert np.std(slow[-3 * 1024 :]) == pytest.approx(2.0, abs=0.5)


def test_the_pantograph_loses_its_dead_sensor_and_keeps_its_rms(shared_data):
    decoded = decode(shared_data, "pantograph-acceleration/one.csv.gz")
    assert decoded.rows_read == 8269
    (record,) = decoded.recordings
    names = {c.name for c in record.channels}
    assert len(names) == 9
    assert not any(name.endswith("_2") for name in names)
    assert sum("dead" in note for note in decoded.notes) == 3
    assert "120 records lost: column 'RecordID' jumps" in decoded.notes
    assert (record.n_samples - 1) * record.step == pytest.approx(59.833, abs=0.01)  # milliseconds, not seconds
    z1 = record.values("pantograph_acceleration_vertical") / G
    assert np.isfinite(z1).sum() == 8269
    assert np.sqrt(np.nanmean(z1**2)) == pytest.approx(0.3315, abs=5e-5)


def test_a_resting_modena_train_feels_one_g_in_little_endian_only(shared_data):
    names = files(shared_data, "it-modena-train-imu-gnss", "*.gz")
    assert len(names) == 5
    for name in names:
        record = decode(shared_data, name).recordings[0]
        axes = ("longitudinal", "lateral", "vertical")
        rest = [float(np.median(record.values(f"car_body_acceleration_{a}"))) for a in axes]
        norm = np.sqrt(rest[0] ** 2 + rest[1] ** 2 + (rest[2] + G) ** 2)
        assert norm / G == pytest.approx(1.01, abs=0.01)
    first = decode(shared_data, names[0])
    position = next(r for r in first.recordings if r.has("latitude"))
    assert position.values("latitude")[0] == pytest.approx(44.655062, abs=1e-5)
    assert position.values("longitude")[0] == pytest.approx(10.9295529, abs=1e-5)
    assert position.started_at.strftime("%Y-%m-%d %H:%M:%S") in ("2022-10-19 09:53:30", "2022-10-19 09:53:31")


def test_raw_and_processed_maglev_captures_agree(shared_data):
    raw = decode(shared_data, "maglev-gap/testnew_raw.csv.gz").recordings[0]
    processed = decode(shared_data, "maglev-gap/testnew_processed.csv.gz").recordings[0]
    assert raw.n_samples == processed.n_samples == 4096
    np.testing.assert_allclose(raw.values("levitation_gap_left"), processed.values("levitation_gap_left"), atol=1e-4)
    np.testing.assert_allclose(raw.values("flux_density"), processed.values("flux_density"), atol=0.01)
    np.testing.assert_allclose(raw.values("magnet_current"), processed.values("magnet_current"), atol=1e-3)
    assert float(np.median(processed.values("levitation_gap_left"))) == pytest.approx(10.23, abs=0.01)


def test_a_switch_throw_has_562_samples_of_power(shared_data):
    (throw,) = decode(shared_data, "fr-railway-switch-power/switch_operation_y1.csv").recordings
    assert (throw.n_samples, throw.step, throw.asset_id) == (562, 0.01, "fr-switch-1")
    assert throw.values("motor_power")[0] == pytest.approx(2721.927, abs=1e-3)


def test_femto_snapshots_come_out_of_their_tar_and_reach_end_of_life(shared_data):
    name = "femto-bearing-run-to-failure/Learning_Bearing3_1_every5.tar.xz"
    decoded = decode(shared_data, name)
    assert len(decoded.recordings) == 106
    assert {r.n_samples for r in decoded.recordings} == {2560}
    with tarfile.open(shared_data / name) as archive:
        member = sorted(m for m in archive.getnames() if "acc_" in m)[-1]
        raw = pd.read_csv(io.BytesIO(archive.extractfile(member).read()), header=None)
    last = decoded.recordings[-1]
    np.testing.assert_allclose(last.values("bearing_acceleration_horizontal") / G, raw[4], rtol=1e-5)
    assert last.attributes["snapshot"] == member[-9:-4]


def test_ims_series_keep_every_snapshot(shared_data):
    first = decode(shared_data, "ims-bearing-run-to-failure/1st_test_resmaple_10minutes.csv.gz")
    second = decode(shared_data, "ims-bearing-run-to-failure/2nd_test_resmaple_10minutes.csv.gz")
    assert (first.rows_read, second.rows_read) == (2156, 984)
    (series,) = second.recordings
    values = series.values("bearing_vibration_1") / G
    assert values[0] == pytest.approx(0.05833, abs=1e-4)
    assert np.all(values[-2:] < 0.01)  # after the stop


def test_train_positions_of_both_sessions(shared_data):
    names = files(shared_data, "se-borlange-mora-vibration", "segments_*.csv")
    rides = [decode(shared_data, name).recordings[0] for name in names]
    assert [r.n_samples for r in rides] == [179, 179]
    assert rides[0].started_at.isoformat() == "2024-12-10T09:00:00+00:00"
    assert rides[0].values("speed")[0] == pytest.approx(142.4685, abs=1e-3)


def test_notes_beside_recordings_are_no_recordings_and_not_refused(shared_data):
    for name in files(shared_data, "fr-paris-metro-acceleration", "Metadata.csv"):
        decoded = decode(shared_data, name)
        assert (decoded.recordings, decoded.rows_read) == ((), 0)
