"""decode(write(x)) is x, within what each format resolves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.profile import load_profiles
from guideway.monitoring.maglev.run import order_run
from guideway.simulate import binaries, formats
from guideway.simulate.formats import RunHeader

pytestmark = pytest.mark.slow

TRACK = ("longitudinal_level_left", "longitudinal_level_right", "alignment_left", "alignment_right", "twist_3m")


def header(zone: str, direction: int = 1) -> RunHeader:
    started = datetime(2024, 3, 5, 1, 31, 7, tzinfo=ZoneInfo(zone))
    return RunHeader("X07", "1", started, direction, "EM-X07")


def track_channels(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    channels = {name: np.cumsum(rng.normal(0.0, 0.1, n)) for name in TRACK}
    channels["gauge"] = 1436.0 + rng.normal(0.0, 0.5, n)
    channels["cross_level"] = 55.0 + np.cumsum(rng.normal(0.0, 0.05, n))
    channels["speed"] = 90.0 + np.cumsum(rng.normal(0.0, 0.05, n))
    for name in (*TRACK, "gauge"):
        channels[name][200:215] = np.nan
    return channels


def same(decoded: np.ndarray, written: np.ndarray, resolution: float) -> None:
    assert np.array_equal(np.isnan(decoded), np.isnan(written))
    assert np.nanmax(np.abs(decoded - written)) <= 0.5001 * resolution + 1e-6 * np.nanmax(np.abs(written))


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("mode", ["conventional", "high_speed", "metro"])
def test_track_geometry(mode: str, direction: int, tmp_path: Path) -> None:
    source_id, write = formats.TRACK_FORMATS[mode]
    profile = load_profiles()[source_id]
    stated = 98_900.0 + 0.25 * np.arange(1600)
    channels = track_channels(stated.size)
    driven = {name: values[::direction] for name, values in channels.items()}
    name, data = write(header(profile.time.zone, direction), stated[::direction], driven)
    (tmp_path / name).write_bytes(data)
    (run,) = decode_file(tmp_path / name, profile).recordings
    assert (run.line_id, run.track_id, run.direction) == ("X07", "1", direction)
    assert run.started_at == header(profile.time.zone).started_local
    assert (run.start, run.step, run.n_samples) == (98_900.0, 0.25, 1600)
    resolution = {"gauge": 0.1 if mode == "metro" else 0.01, "speed": 0.1}
    resolution |= {"cross_level": 0.0001 * 25.4 if mode == "metro" else 0.01}
    for channel, values in channels.items():
        same(run.values(channel), values, resolution.get(channel, 0.01))


def test_maglev_vehicle(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    n = 900
    channels = {
        "position": 300_000.0 + 0.14 * np.arange(n),
        "speed": 200.0 + rng.normal(0.0, 0.5, n),
        "levitation_gap_left": 10.0 + rng.normal(0.0, 0.3, n),
        "levitation_gap_right": 10.0 + rng.normal(0.0, 0.3, n),
        "guidance_gap": 10.0 + rng.normal(0.0, 0.3, n),
        "magnet_current": 25.0 + rng.normal(0.0, 0.3, n),
        "magnet_temperature": 40.0 + rng.normal(0.0, 0.3, n),
    }
    facts = {"nominal_gap_mm": 10.0, "control_hz": 2.5, "control_damping": 0.6, "gap_sign": -1.0}
    name, data = binaries.maglev_vehicle(header("Asia/Shanghai"), "X07-V1-M2", 400.0, channels, facts)
    (run,) = decoded(tmp_path, name, data, "sim_maglev_vehicle").recordings
    assert {fact: float(run.attributes[fact]) for fact in facts} == facts
    ordered = order_run(run, 5.0)
    assert ordered is not None
    assert (ordered.control, ordered.gap_sign) == ((2.5, 0.6), -1.0)
    assert (run.attributes["magnet_asset_id"], run.attributes["nominal_gap_mm"], run.step) == (
        "X07-V1-M2",
        "10.0",
        0.0025,
    )
    for channel, values in channels.items():
        coarse = {"position": 0.04, "speed": 3.6 / 128, "guidance_gap": 1e-3 / 128}
        same(run.values(channel), values, coarse.get(channel, 1 / 128))


def test_maglev_girder(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    channels = {
        "girder_deflection": np.cumsum(rng.normal(0.0, 0.02, 500)),
        "girder_acceleration": np.clip(np.cumsum(rng.normal(0.0, 0.02, 500)), -2, 2),
    }
    channels["girder_deflection"][40:44] = np.nan
    name, data = binaries.maglev_girder(header("Asia/Shanghai"), "X07-1-B0002", 50.0, channels)
    (run,) = decoded(tmp_path, name, data, "sim_maglev_girder").recordings
    assert (run.asset_id, run.line_id, run.track_id, run.step) == ("X07-1-B0002", "X07", "1", 0.02)
    same(run.values("girder_deflection"), channels["girder_deflection"], 0.001)
    same(run.values("girder_acceleration"), channels["girder_acceleration"], 9.80665e-6)


def test_wayside_vibration(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    channels = {
        "vibration_velocity_z": rng.normal(0.0, 0.02, 2000),
        "vibration_acceleration_z": rng.normal(0.0, 0.01, 2000),
    }
    facts: Mapping[str, str | float] = {"train_type": "B6", "train_id": "T09", "speed_kmh": 61.5}
    name, data = binaries.wayside_vibration(header("Europe/Vienna"), "X07-1-R2", 640.0, channels, facts)
    (run,) = decoded(tmp_path, name, data, "sim_wayside_vibration").recordings
    assert (run.asset_id, run.step, run.started_at) == ("X07-1-R2", 1 / 640, header("Europe/Vienna").started_local)
    assert run.attributes["train_type"] == "B6"
    assert float(run.attributes["speed_kmh"]) == 61.5
    for channel, values in channels.items():
        same(run.values(channel), values, np.abs(values).max() / 32000)


def test_wayside_noise(tmp_path: Path) -> None:
    pressure = np.random.default_rng(8).normal(0.0, 0.3, 4000)
    name, data = binaries.wayside_noise(
        header("Europe/Vienna"), "X07-1-N2", 16000, pressure, full_scale_pa=20.0, train="T09-B6", speed_kmh=61.4
    )
    (run,) = decoded(tmp_path, name, data, "sim_wayside_noise").recordings
    assert (run.line_id, run.track_id, run.asset_id) == ("X07", "1", "X07-1-N2")
    assert run.attributes == {"train_id": "T09", "train_type": "B6", "speed_kmh": "61"}
    same(run.values("sound_pressure"), pressure, 2 * 20.0 / 2**23)


def decoded(folder: Path, name: str, data: bytes, source_id: str):  # type: ignore[no-untyped-def]
    (folder / name).write_bytes(data)
    return decode_file(folder / name, load_profiles()[source_id])
