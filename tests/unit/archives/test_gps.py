"""Positions of a receiver to track and chainage: curves with noise, parallel tracks, loops, ends, and a real run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.line_geometry import LineGeometry, to_earth_centred
from guideway.archives.profile import Profile, load_profiles
from guideway.errors import DecodeError
from tests.unit.archives.helpers import profile, write

F64 = npt.NDArray[np.float64]
LATITUDE, LONGITUDE = 48.15, 17.11
METRES_A_DEGREE = 111_198.0  # of latitude at 48.15 degrees on the WGS 84 ellipsoid, good to 1e-4
NOISE_M = 2.0


def to_degrees(x: F64, y: F64) -> tuple[F64, F64]:
    """Places east and north of the origin in metres, as latitude and longitude; exact enough within 3 km."""
    phi = np.radians(LATITUDE)
    normal = 6_378_137.0 / np.sqrt(1 - 6.694379990141317e-3 * np.sin(phi) ** 2)
    meridian = normal**3 * (1 - 6.694379990141317e-3) / 6_378_137.0**2
    return LATITUDE + np.degrees(y / meridian), LONGITUDE + np.degrees(x / (normal * np.cos(phi)))


def curve(metres: F64, radius_m: float = 400.0, aside_m: float = 0.0) -> tuple[F64, F64]:
    """500 m straight, then a curve; ``aside_m`` to its inside. Chainage is that of the centre line."""
    straight = np.minimum(metres, 500.0)
    angle = np.maximum(metres - 500.0, 0.0) / radius_m
    x, y = straight + radius_m * np.sin(angle), radius_m * (1 - np.cos(angle))
    return x - aside_m * np.sin(angle), y + aside_m * np.cos(angle)


def rows(line: str, track: str, metres: F64, x: F64, y: F64) -> list[tuple[str, str, float, float, float]]:
    latitude, longitude = to_degrees(x, y)
    return [(line, track, *map(float, vertex)) for vertex in zip(metres, latitude, longitude, strict=True)]


VERTICES = np.arange(0.0, 1501.0, 10.0)
ONE = LineGeometry.of(rows("L1", "1", VERTICES, *curve(VERTICES)))
DOUBLE = LineGeometry.of(
    rows("L1", "1", VERTICES, *curve(VERTICES)) + rows("L1", "2", VERTICES, *curve(VERTICES, aside_m=4.5))
)


def test_a_degree_is_as_long_as_on_the_ellipsoid() -> None:
    ends = to_earth_centred(np.array([LATITUDE - 0.005, LATITUDE + 0.005]), np.array([LONGITUDE, LONGITUDE]))
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(0.01 * METRES_A_DEGREE, rel=1e-4)


def test_chainage_is_recovered_in_a_curve_to_the_noise_along_the_track() -> None:
    rng = np.random.default_rng(3)
    truth = rng.uniform(20.0, 1480.0, 4000)
    x, y = curve(truth)
    noisy = to_degrees(x + rng.normal(0, NOISE_M, truth.size), y + rng.normal(0, NOISE_M, truth.size))
    found = ONE.match(*noisy, max_distance_m=25.0, margin_m=10.0)
    error = found.chainage_m - truth
    assert (found.track == 0).all()
    assert abs(error.mean()) < 0.15
    assert error.std() == pytest.approx(NOISE_M, rel=0.05)
    assert found.distance_m.mean() == pytest.approx(NOISE_M * np.sqrt(2 / np.pi), rel=0.05)
    exact = ONE.match(*to_degrees(x, y), max_distance_m=25.0, margin_m=10.0)
    assert np.abs(exact.chainage_m - truth).max() < 0.01


def test_a_position_far_away_beyond_the_end_or_missing_is_no_place() -> None:
    x = np.array([100.0, 100.0, -5.0, 0.5, np.nan, 100.0])
    y = np.array([24.9, 25.1, 0.0, 0.0, 0.0, 5000.0])
    found = ONE.match(*to_degrees(x, y), max_distance_m=25.0, margin_m=10.0)
    assert found.track.tolist() == [0, -1, -1, 0, -1, -1]
    assert np.isnan(found.chainage_m[[1, 2, 4, 5]]).all()
    np.testing.assert_allclose(found.chainage_m[[0, 3]], [100.0, 0.5], atol=0.01)


@pytest.mark.parametrize(
    ("aside", "track"), [(-2.0, 0), (0.0, 0), (1.7, -1), (2.25, -1), (2.8, -1), (4.5, 1), (7.0, 1)]
)
def test_between_two_parallel_tracks_nothing_is_guessed(aside: float, track: int) -> None:
    at = np.linspace(20.0, 1480.0, 50)
    found = DOUBLE.match(*to_degrees(*curve(at, aside_m=aside)), max_distance_m=10.0, margin_m=2.0)
    assert set(found.track) == {track}
    assert found.is_ambiguous.all() == (track < 0)
    wide = DOUBLE.match(*to_degrees(*curve(at, aside_m=aside)), max_distance_m=10.0, margin_m=10.0)
    assert set(wide.track) == {-1}, "tracks closer than the margin are never told apart"
    named = DOUBLE.only("L1", "2").match(*to_degrees(*curve(at, aside_m=aside)), max_distance_m=10.0, margin_m=10.0)
    assert {DOUBLE.tracks[number] for number in named.track} == {("L1", "2")}


def test_where_a_line_comes_back_to_itself_nothing_is_guessed() -> None:
    """A hairpin: the way back runs 12 m beside the way there."""
    there = np.arange(0.0, 501.0, 10.0)
    x, y = np.concatenate([there, there[::-1]]), np.concatenate([0 * there, 0 * there + 12.0])
    metres = np.concatenate([there, there + 550.0])
    hairpin = LineGeometry.of(rows("L1", "1", metres, x, y))
    found = hairpin.match(*to_degrees(np.array([100.0, 100.0, 100.0]), np.array([0.0, 6.0, 12.0])), 10.0, 8.0)
    assert found.track.tolist() == [0, -1, 0]
    np.testing.assert_allclose(found.chainage_m[[0, 2]], [100.0, 950.0], atol=0.01)


GPS = {"latitude": "lat", "longitude": "lon", "max_distance_m": 10.0, "margin_m": 2.0}


def located(**changes: object) -> Profile:
    place = {"locate": {"gps": GPS}, "axis": {"kind": "distance", "step": 1.0, "max_gap": 50.0, "bridge": 5.0}}
    return profile(**place | {"decode": {"format": "text"}} | changes)


def run(folder: Path, at: F64, aside: F64, each: int = 5, hole: tuple[float, float] = (0.0, 0.0)) -> Path:
    """A run whose receiver writes a fix every ``each`` rows, none in the hole; the signal is the chainage."""
    places = [to_degrees(*curve(np.array([m]), aside_m=a)) for m, a in zip(at, aside, strict=True)]
    text = "Level left,Gauge,lat,lon\n"
    for i, (metres, (latitude, longitude)) in enumerate(zip(at, places, strict=True)):
        is_fix = i % each == 0 and not hole[0] < metres < hole[1]
        text += f"{metres:.3f},1435," + (f"{latitude[0]:.8f},{longitude[0]:.8f}\n" if is_fix else ",\n")
    return write(folder, text)


def test_a_run_is_put_on_the_chainage_of_its_track(tmp_path: Path) -> None:
    at = np.arange(100.0, 1401.0, 1.0)
    decoded = decode_file(run(tmp_path, at, np.zeros(at.size)), located(), DOUBLE)
    (recording,) = decoded.recordings
    assert (recording.line_id, recording.track_id, recording.direction) == ("L1", "1", 1)
    np.testing.assert_allclose(recording.values("longitudinal_level_left"), recording.positions, atol=0.02)
    assert recording.n_samples == at.size
    back = decode_file(run(tmp_path, at[::-1], np.full(at.size, 4.5)), located(), DOUBLE).recordings[0]
    assert (back.track_id, back.direction) == ("2", -1)


def test_a_stretch_that_is_unclear_takes_the_track_before_and_after_and_a_changed_track_does_not(
    tmp_path: Path,
) -> None:
    at = np.arange(100.0, 1400.0, 1.0)
    wandering = np.where((at > 400) & (at < 700), 2.25, 0.0)
    (kept,) = decode_file(run(tmp_path, at, wandering, each=1), located(), DOUBLE).recordings
    assert (kept.track_id, kept.start, kept.n_samples) == ("1", 100.0, at.size)
    crossing = np.where(at <= 400, 0.0, np.where(at < 700, 2.25, 4.5))
    decoded = decode_file(run(tmp_path, at, crossing, each=1), located(), DOUBLE)
    spans = [(r.track_id, r.start, r.start + r.n_samples - 1) for r in decoded.recordings]
    assert spans == [("1", 100.0, 400.0), ("2", 700.0, 1399.0)]
    assert "299 of 1300 fixes lie between two tracks" in decoded.notes
    assert decoded.rows_rejected == 299


def test_only_a_short_hole_between_fixes_is_filled(tmp_path: Path) -> None:
    at = np.arange(100.0, 1401.0, 1.0)
    (filled,) = decode_file(run(tmp_path, at, np.zeros(at.size), hole=(400.0, 600.0)), located(), DOUBLE).recordings
    assert filled.n_samples == at.size
    np.testing.assert_allclose(filled.values("longitudinal_level_left"), filled.positions, atol=0.02)
    decoded = decode_file(run(tmp_path, at, np.zeros(at.size), hole=(400.0, 605.0)), located(), DOUBLE)
    assert [(r.start, r.n_samples) for r in decoded.recordings] == [(100.0, 301), (605.0, 796)]
    assert decoded.rows_rejected == 204


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (LineGeometry.of([]), "no_geometry"),
        (LineGeometry.of(rows("L9", "1", VERTICES, VERTICES, VERTICES + 9e4)), "no_position"),
    ],
)
def test_a_file_without_a_place_is_refused_with_the_reason(tmp_path: Path, geometry: LineGeometry, reason: str) -> None:
    at = np.arange(100.0, 200.0, 1.0)
    with pytest.raises(DecodeError) as caught:
        decode_file(run(tmp_path, at, np.zeros(at.size)), located(), geometry)
    assert caught.value.reason == reason


def test_a_real_run_is_found_at_the_chainage_its_odometer_says(shared_data: Path) -> None:
    """Finnish measuring train: a vertex every 20 m of its own chainage; the fixes between are matched to it."""
    path = shared_data / "fi-track-inspection" / "AMS_20221024_251_LHRP_1_130_130.csv"
    by_odometer = load_profiles()["fi-ams"]
    (stated,) = decode_file(path, by_odometer).recordings
    degrees = [cell.split(",") for cell in path.read_text(encoding="utf-8-sig").replace('"', "").splitlines()[2:]]
    metres = stated.positions
    latitude, longitude = (np.array([float(row[i].split("°")[0]) for row in degrees]) for i in (3, 4))
    corners = np.arange(0, metres.size, 80)
    geometry = LineGeometry.of(
        [(stated.line_id, stated.track_id or "", metres[i], latitude[i], longitude[i]) for i in corners]
    )
    ground = np.linalg.norm(geometry.vector, axis=1).sum()
    assert ground == pytest.approx(metres[corners[-1]] - metres[0], rel=0.01), "odometer and ellipsoid agree"

    data = by_odometer.model_dump(exclude={"locate": {"chainage"}}, exclude_none=True)
    data["locate"]["gps"] = {"latitude": "Latitude", "longitude": "Longitude", "form": "hemisphere"}
    (found,) = decode_file(path, Profile.model_validate(data), geometry).recordings
    assert (found.line_id, found.track_id, found.direction) == (stated.line_id, stated.track_id, stated.direction)
    match = geometry.match(latitude, longitude, 25.0, 10.0)
    inside = match.track >= 0
    assert inside.mean() > 0.95, "but for what lies beyond the last vertex"
    assert np.abs(match.chainage_m[inside] - metres[inside]).max() < 0.5
