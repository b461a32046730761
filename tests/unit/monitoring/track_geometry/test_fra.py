from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.monitoring.track_geometry import measure
from guideway.monitoring.track_geometry.fra import (
    FOOT_M,
    mid_chord_offset,
    range_within,
    third_within,
    uniformity,
)
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.track_geometry.synthetic_track import STEP, found, noise, places, rails, recording, sections

FRA = load_rulebooks()["fra_213"]
MPH = 1.609344


@pytest.mark.parametrize("feet", [31, 62, 124])
def test_mid_chord_offset_of_a_circle_is_its_versine(feet: int) -> None:
    x, radius, chord = places(1.0), 500.0, feet * FOOT_M
    offsets = mid_chord_offset(1000 * x**2 / (2 * radius), STEP, chord)
    inner = np.isfinite(offsets)
    assert np.allclose(-offsets[inner], 1000 * chord**2 / (8 * radius), rtol=2e-3)
    assert inner.sum() == pytest.approx(x.size - chord / STEP, abs=2)
    deviation = offsets - uniformity(offsets, STEP, chord)
    assert np.nanmax(np.abs(deviation)) < 0.01


@pytest.mark.parametrize("feet", [31, 62, 124])
@pytest.mark.parametrize("wavelength", [8.0, 20.0, 45.0])
def test_mid_chord_offset_of_a_wave_has_the_known_gain(feet: int, wavelength: float) -> None:
    chord = feet * FOOT_M
    wave = 10 * np.sin(2 * np.pi * places(2.0) / wavelength)
    gain = 1 - np.cos(np.pi * chord / wavelength)
    offsets = mid_chord_offset(wave, STEP, chord)
    assert np.nanmax(np.abs(offsets - gain * wave)) < 0.12


def test_uniformity_is_the_mean_of_nine_offsets_a_quarter_chord_apart() -> None:
    offsets = noise(0, 4000)
    chord = 8.0
    expected = np.mean([np.roll(offsets, k * 8) for k in range(-4, 5)], axis=0)
    assert np.allclose(uniformity(offsets, STEP, chord)[32:-32], expected[32:-32])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=3, max_size=40), st.integers(1, 6))
def test_range_within_is_the_greatest_difference_of_a_window(values: list[float], samples: int) -> None:
    series = np.array(values)
    got = range_within(series, samples)
    every = [abs(a - b) for i, a in enumerate(values) for b in values[i : i + samples + 1]]
    assert np.max(got) == pytest.approx(max(every))


def test_three_deviations_in_five_chords_count_two_do_not() -> None:
    chord = 31 * FOOT_M
    deviation = np.zeros(4000)
    deviation[[1000, 1060, 1120]] = 11.0, 10.0, 12.0
    deviation[[3000, 3060]] = 30.0
    third = third_within(deviation, 5 * chord, chord / 2, STEP)
    assert np.nanmax(third[:2000]) == 10.0
    assert np.nanmax(third[2500:]) == 0.0
    apart = np.zeros(4000)
    apart[[500, 1500, 2500]] = 20.0
    assert np.nanmax(third_within(apart, 5 * chord, chord / 2, STEP)) == 0.0


def dip(depth_mm: float) -> np.ndarray:
    """A dip whose deviation from uniformity on a 62 ft chord is close to its depth at the bottom."""
    x = places(0.8)
    return -depth_mm * (np.exp(-(((x - 300.0) / 2.0) ** 2)) + 1e-3 * noise(7, x.size))


@pytest.mark.parametrize("inches", [0.1, 0.3, 0.45, 0.9, 1.2, 1.8, 2.2, 2.6, 2.9, 4.5])
def test_class_the_profile_still_meets(inches: float) -> None:
    depth = inches * 25.4
    profile = dip(depth)
    offsets = mid_chord_offset(profile, STEP, 62 * FOOT_M)
    deviation = np.nanmax(np.abs(offsets - uniformity(offsets, STEP, 62 * FOOT_M)))
    profile *= depth / deviation
    one = found(measure(recording(**rails("longitudinal_level", profile)), sections(4, speed_kmh=50.0), FRA))
    assert one["fra_profile_62ft"].value == pytest.approx(depth, rel=1e-4)
    classes = {"62": one["fra_profile_62ft"].value / 25.4, "31": one["fra_profile_31ft"].value / 25.4}
    limits = {
        "62": [3, 2.75, 2.25, 2, 1.25, 1, 1, 1, 0.75],
        "31": [9] * 5 + [1, 1, 0.75, 0.5],
        "124": [9] * 5 + [1.75, 1.5, 1.25, 1.25],
        "runoff": [3.5, 3, 2, 1.5, 1, 9, 9, 9, 9],
    }
    classes["124"] = one["fra_profile_124ft"].value / 25.4
    classes["runoff"] = one["fra_runoff_31ft"].value / 25.4
    meets = [all(classes[key] <= limits[key][c] for key in classes) for c in range(9)]
    expected = max((c + 1 for c in range(9) if meets[c]), default=0)
    assert one["fra_class"].value == expected
    speeds = (0, 15, 30, 60, 80, 90, 110, 125, 160, 220)
    assert one["allowed_speed"].value == pytest.approx(speeds[expected] * MPH, abs=1e-3)


def test_alinement_is_judged_as_tangent_or_as_curve() -> None:
    channels = rails("alignment", 3 * noise(4, places(0.8).size))
    straight = found(measure(recording(**channels), sections(4), FRA))
    curve = found(measure(recording(**channels), sections(4, curvature_per_km=2.0), FRA))
    assert "fra_alignment_62ft_tangent" in straight
    assert "fra_alignment_62ft_curve" not in straight
    assert "fra_alignment_62ft_curve" in curve
    assert "fra_alignment_62ft_tangent" not in curve


def test_warp_and_gage_against_the_class_of_the_posted_speed() -> None:
    x = places(0.8)
    cross_level = np.where((x > 310.0) & (x < 318.0), 47.0, 0.0) + 0.01 * noise(5, x.size)
    measured = measure(recording(cross_level=cross_level), sections(4, speed_kmh=79 * MPH), FRA)
    warp = [e for e in measured.exceedances if e.indicator == "fra_warp_62ft"]
    assert [(e.level, e.limit) for e in warp] == [("class 4", pytest.approx(1.75 * 25.4))]
    assert found(measured)["fra_warp_62ft"].value == pytest.approx(47.0, abs=0.2)
    assert found(measured)["fra_cross_level"].value == pytest.approx(47.0, abs=0.2)
    canted = measure(recording(cross_level=cross_level), sections(4, cant_mm=50.0, curvature_per_km=1.0), FRA)
    assert "fra_cross_level" not in found(canted)


def test_high_unbalance_has_its_own_limits() -> None:
    channels = rails("longitudinal_level", 3 * noise(6, places(0.8).size))
    slow = found(measure(recording(**channels), sections(4, curvature_per_km=2.0, speed_kmh=60.0), FRA))
    fast = found(measure(recording(**channels), sections(4, curvature_per_km=2.0, speed_kmh=120.0), FRA))
    assert "fra_profile_31ft_high_cant" not in slow
    assert fast["fra_profile_31ft_high_cant"].value == fast["fra_profile_31ft"].value


def test_variation_on_spirals_is_measured_on_spirals_only() -> None:
    x = places(1.0)
    curvature = np.interp(x, [300.0, 400.0], [0.0, 2.0])
    cross_level = np.interp(x, [300.0, 400.0], [0.0, 100.0])
    cross_level = cross_level + np.where(np.abs(x - 350.0) < 2.0, 30.0, 0.0) + np.where(x > 700.0, 80.0, 0.0)
    run = recording(cross_level=cross_level + 0.01 * noise(8, x.size), curvature=curvature + 0.001 * noise(9, x.size))
    one = measure(run, sections(5), FRA)
    assert found(one, "s1")["fra_spiral_variation_31ft"].value == pytest.approx(30.0 + 9.25, abs=0.7)
    assert "fra_spiral_variation_31ft" not in found(one, "s3")
    assert found(one, "s3")["fra_warp_62ft"].value > 75.0
