from __future__ import annotations

import numpy as np
import pytest

from guideway.monitoring.rail_surface import measure
from guideway.monitoring.rail_surface.bearings import BearingGeometry, defect_frequencies, envelope_lines
from guideway.monitoring.rail_surface.impacts import find_impacts
from guideway.monitoring.rail_surface.roughness import (
    RoughnessSpectrum,
    above_limit,
    band_rms,
    limit_name,
    roughness_spectrum,
)
from guideway.monitoring.rail_surface.wheels import average_turn
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.inspection_records import real, record, sections, values
from tests.unit.monitoring.rough_rails import niederwangen, rail_with_levels

EN = load_rulebooks()["en_13848"]
FS, SPEED = 2000.0, 20.0


def sine(amplitude: float, wavelength_m: float, length_m: float, step: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * np.arange(round(length_m / step)) * step / wavelength_m)


def test_a_corrugated_rail_has_its_level_in_its_band() -> None:
    spectrum = roughness_spectrum(sine(20.0, 0.05012, 30.0, 0.002), 0.002)
    band = int(np.argmin(np.abs(spectrum.wavelength_m - 0.05)))
    assert spectrum.level_db[band] == pytest.approx(20 * np.log10(20 / 2**0.5), abs=0.1)
    assert np.nanargmax(spectrum.level_db) == band
    assert not np.isfinite(spectrum.level_db[spectrum.wavelength_m < 0.004]).any()


def test_short_profiles_do_not_know_long_waves() -> None:
    spectrum = roughness_spectrum(np.random.default_rng(0).normal(size=1000), 0.001)
    assert not np.isfinite(spectrum.level_db[spectrum.wavelength_m > 0.2]).any()
    assert np.isfinite(spectrum.level_db[(spectrum.wavelength_m > 0.004) & (spectrum.wavelength_m < 0.1)]).all()


def test_corrugation_bands_part_the_waves() -> None:
    profile = sine(10.0, 0.02, 40.0, 0.001) + sine(30.0, 0.06, 40.0, 0.001) + sine(80.0, 0.5, 40.0, 0.001)
    found = [band_rms(profile, 0.001, band) for band in ((10, 30), (30, 100), (100, 300), (300, 1000))]
    assert found == pytest.approx([10 / 2**0.5, 30 / 2**0.5, 0.0, 80 / 2**0.5], rel=0.02, abs=0.3)
    assert np.isnan(band_rms(profile[:500], 0.001, (300, 1000)))
    assert np.isnan(band_rms(profile, 0.02, (10, 30)))


def test_iso_3095_is_filed_band_by_band() -> None:
    wavelengths = 10.0 ** (-np.arange(-3, 32) / 10.0)
    limits = [EN.limits(limit_name(w), "*", 100.0)[0].value for w in wavelengths]
    expected = [17.1] * 8 + [15, 13, 11, 9, 7, 4.9, 2.9, 0.9, -1.1, -3.2, -5, -5.6, -6.2, -6.8, -7.4, -8]
    expected += [-8.6, -9.2, -9.8, -10.4, -11, -11.6, -12.2, -12.8, -13.4, -14, -14]
    assert limits == pytest.approx(expected)
    assert limit_name(0.00315) == "rail_roughness_3p15_mm"


def test_excess_names_the_worst_band() -> None:
    spectrum = RoughnessSpectrum(np.array([0.1, 0.05012, 0.01]), np.array([1.0, 4.0, np.nan]))
    worst = above_limit(spectrum, EN, "conventional", 100.0)
    assert worst is not None
    assert worst.excess_db == pytest.approx(4.0 + 1.1)
    assert worst.wavelength_m == pytest.approx(0.05012)
    assert above_limit(RoughnessSpectrum(np.array([0.1]), np.array([np.nan])), EN, "*", 100.0) is None


def test_niederwangen_levels_come_back_from_a_rail_made_of_them(shared_data) -> None:  # type: ignore[no-untyped-def]
    for number, (wavelength, level) in niederwangen(shared_data).items():
        spectrum = roughness_spectrum(rail_with_levels(wavelength, level, seed=int(number)), 5e-4)
        mine = np.array([spectrum.level_db[np.argmin(np.abs(np.log(spectrum.wavelength_m / w)))] for w in wavelength])
        inner = slice(1, -1)
        assert np.abs(mine - level)[inner].max() < 1.0, number
        assert np.abs(mine - level)[inner].mean() < 0.3, number


def test_a_rough_section_is_above_the_limit_and_a_smooth_one_is_not() -> None:
    profile = np.concatenate((sine(1.0, 0.05012, 200.0, 0.002), sine(20.0, 0.05012, 200.0, 0.002)))
    measured = measure(record("rail_surface", 0.002, {"rail_roughness": profile}, axis="distance"), sections(2), EN)
    smooth, rough = values(measured, "s0"), values(measured, "s1")
    assert smooth["rail_roughness_excess"] < 0 < rough["rail_roughness_excess"]
    assert rough["rail_roughness_excess"] == pytest.approx(20 * np.log10(20 / 2**0.5) + 1.1, abs=0.2)
    assert rough["rail_corrugation_30_100"] == pytest.approx(20 / 2**0.5, rel=0.02)
    (beyond,) = measured.exceedances
    assert beyond.asset_id == "s1"
    assert "ISO 3095" in beyond.reason


def test_a_measuring_cars_values_are_averaged_by_energy_and_the_worse_rail_counts() -> None:
    left, right = np.tile([3.0, 4.0], 400), np.full(800, 1.0)
    right[:500] = np.nan
    channels = {"corrugation_rms_30_100_left": left, "corrugation_rms_30_100_right": right}
    measured = measure(record("rail_surface", 0.25, channels, axis="distance"), sections(1), EN)
    assert values(measured, "s0") == {"rail_corrugation_30_100": pytest.approx(12.5**0.5)}


def box_run(rng: np.random.Generator, joints: np.ndarray, squats: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    where = SPEED * np.arange(round(seconds * FS)) / FS
    sides = {}
    for side, places in (("left", np.concatenate((joints, squats))), ("right", joints)):
        signal = rng.normal(scale=4.0, size=where.size)
        for place in places:
            t = np.arange(120) / FS
            at = int(place / SPEED * FS)
            signal[at : at + 120] += 150.0 * np.exp(-t / 0.01) * np.sin(2 * np.pi * 320.0 * t)[: where.size - at]
        sides[f"axle_box_acceleration_vertical_{side}"] = signal
    return {**sides, "position": where, "speed": np.full(where.size, 3.6 * SPEED)}


def test_joints_and_squats_are_found_where_they_lie() -> None:
    joints, squats = np.arange(60.0, 560.0, 50.0), np.array([75.0, 230.0, 435.0])
    run = box_run(np.random.default_rng(1), joints, squats, 30.0)
    found = find_impacts(*(run[f"axle_box_acceleration_vertical_{s}"] for s in ("left", "right")), run["position"], FS)
    for kind, places in (("joint", joints), ("squat", squats)):
        assert [one.position_m for one in found if one.kind == kind] == pytest.approx(places.tolist(), abs=0.5)
    assert {one.rail for one in found if one.kind == "squat"} == {"left"}
    measured = measure(record("rail_surface", 1 / FS, run), sections(3), EN)
    assert values(measured, "s1")["rail_joint_count"] == pytest.approx(1000 * 4 / 200, rel=0.01)
    assert values(measured, "s1")["rail_squat_count"] == pytest.approx(1000 * 1 / 200, rel=0.01)


def test_plain_rolling_has_neither() -> None:
    run = box_run(np.random.default_rng(2), np.empty(0), np.empty(0), 30.0)
    measured = measure(record("rail_surface", 1 / FS, run), sections(3), EN)
    assert values(measured, "s1") == {"rail_joint_count": 0.0, "rail_squat_count": 0.0}


@pytest.mark.parametrize("order", [1, 3, 12])
def test_an_out_of_round_wheel_shows_its_amplitude(order: int) -> None:
    rng = np.random.default_rng(order)
    t = np.arange(round(60 * FS)) / FS
    circumference = np.pi * 0.92
    f = order * SPEED / circumference
    a = 200e-6 * (2 * np.pi * f) ** 2 * np.cos(2 * np.pi * f * t) + rng.normal(scale=2.0, size=t.size)
    wheel = average_turn(a, SPEED * t, circumference, FS)
    assert wheel is not None
    assert wheel.out_of_round_um[order - 1] == pytest.approx(200.0, rel=0.05 if order > 1 else 0.2)
    if order > 2:
        assert np.argmax(wheel.out_of_round_um[2:]) == order - 3


def test_a_flat_strikes_once_a_turn() -> None:
    rng = np.random.default_rng(4)
    where = SPEED * np.arange(round(30 * FS)) / FS
    signal = rng.normal(scale=3.0, size=where.size)
    plain = average_turn(signal, where, np.pi * 0.92, FS)
    struck = np.flatnonzero(np.diff(np.floor(where / (np.pi * 0.92) + 0.3)))
    for at in struck:
        signal[at : at + 8] += 60.0
    flat = average_turn(signal, where, np.pi * 0.92, FS)
    assert plain is not None and flat is not None  # noqa: PT018
    assert flat.impact_ratio > 5 * plain.impact_ratio
    assert average_turn(signal[:500], where[:500], np.pi * 0.92, FS) is None


def test_bearing_frequencies_are_those_published() -> None:
    # bearing of the IMS run-to-failure tests at 2,000 turns a minute, figures of its publishers
    found = defect_frequencies(BearingGeometry(16, 8.4074, 71.501, 15.17), 2000 / 60)
    assert found["outer"] == pytest.approx(236.4, abs=0.2)
    assert found["inner"] == pytest.approx(296.9, abs=0.2)
    assert 2 * found["roller"] == pytest.approx(279.8, abs=0.5)
    assert found["cage"] == pytest.approx(14.78, abs=0.05)
    assert found["outer"] + found["inner"] == pytest.approx(16 * 2000 / 60)


@pytest.mark.parametrize("part", ["outer", "inner"])
def test_a_struck_ring_rings_at_its_own_line(part: str) -> None:
    fs, rng = 12_000.0, np.random.default_rng(7)
    lines = defect_frequencies(BearingGeometry(16, 20.0, 150.0), 8.0)
    t = np.arange(round(4 * fs)) / fs
    signal = rng.normal(scale=1.0, size=t.size)
    for k, moment in enumerate(np.arange(0.05, 3.9, 1 / lines[part])):
        at = round((moment + rng.normal(scale=2e-5)) * fs) + 0 * k
        burst = np.arange(60) / fs
        signal[at : at + 60] += 6.0 * np.exp(-burst / 0.001) * np.sin(2 * np.pi * 3000 * burst)
    found = envelope_lines(signal, fs, lines, (1000.0, 5000.0))
    assert max(found, key=found.__getitem__) == part
    assert found[part] > 15.0
    assert max(value for name, value in found.items() if name != part) < 10.0


def test_the_finnish_sample_is_too_short_for_a_section(shared_data) -> None:  # type: ignore[no-untyped-def]
    recording = real(shared_data / "fi-track-inspection" / "samples" / "rcCsv.csv", "fi-rc")
    place = sections(1)[0]
    whole = type(place)("s0", "track_section", "fi-008", "1", "conventional", 622_800.0, 623_000.0, 80.0)
    short = type(place)("s1", "track_section", "fi-008", "1", "conventional", 622_893.0, 622_896.25, 80.0)
    measured = measure(recording, [whole, short], EN)
    assert {one.asset_id for one in measured.conditions} == {"s1"}
    left = recording.values("corrugation_rms_30_100_left").astype(float)
    assert values(measured, "s1")["rail_corrugation_30_100"] == pytest.approx(np.sqrt(np.mean(left**2)))
