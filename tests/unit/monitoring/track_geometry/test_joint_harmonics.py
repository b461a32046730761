"""Seven low joints in turn: what 49 CFR 213.63 lets no jointed track have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.monitoring.track_geometry import measure
from guideway.monitoring.track_geometry.joint_harmonics import joint_harmonic
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.track_geometry.synthetic_track import START, STEP, found, noise, places, recording, sections

FRA = load_rulebooks()["fra_213"]
FOOT_M = 0.3048


def low_joints(depths_mm: list[float], *, first_m: float = 300.0, spacing_m: float = 19.5 * FOOT_M) -> np.ndarray:
    """Cross level of joints that lie low by a depth each, right and left rail in turn."""
    x = places(0.8)
    signs = np.where(np.arange(len(depths_mm)) % 2 == 0, 1.0, -1.0)
    return sum(
        (
            sign * depth * np.exp(-(((x - first_m - i * spacing_m) / 1.5) ** 2))
            for i, (sign, depth) in enumerate(zip(signs, depths_mm, strict=True))
        ),
        start=np.zeros_like(x),
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(10.0, 40.0), min_size=7, max_size=12))
def test_the_worst_six_pairs_by_hand(depths: list[float]) -> None:
    pairs = np.array(depths[:-1]) + np.array(depths[1:])
    by_hand = max(pairs[i : i + 6].min() for i in range(pairs.size - 5))
    assert np.nanmax(joint_harmonic(low_joints(depths), STEP)) == pytest.approx(by_hand, rel=0.02)


def test_seven_low_joints_are_a_defect_with_its_extent_and_six_are_none() -> None:
    run = recording(cross_level=low_joints([17.0] * 7) + 0.3 * noise(1, places(0.8).size))
    measured = measure(run, sections(4, speed_kmh=60.0), FRA)
    (defect,) = (e for e in measured.exceedances if e.indicator == "fra_joint_harmonic")
    assert defect.peak == pytest.approx(34.0, abs=1.0)
    assert defect.limit == pytest.approx(1.25 * 25.4)
    assert (defect.from_m, defect.to_m) == pytest.approx((START + 300.0, START + 300.0 + 6 * 19.5 * FOOT_M), abs=1.0)
    assert found(measured)["fra_class"].value == 0.0
    six = measure(recording(cross_level=low_joints([17.0] * 6)), sections(4, speed_kmh=60.0), FRA)
    assert found(six)["fra_joint_harmonic"].value == 0.0


@pytest.mark.parametrize("spacing_m", [9 * FOOT_M, 45 * FOOT_M])
def test_joints_out_of_spacing_do_not_count(spacing_m: float) -> None:
    assert np.nanmax(joint_harmonic(low_joints([20.0] * 8, spacing_m=spacing_m), STEP)) == 0.0


def test_a_gap_parts_the_joints() -> None:
    cross_level = low_joints([20.0] * 8)
    cross_level[round(320.0 / STEP) : round(328.0 / STEP)] = np.nan
    assert np.nanmax(joint_harmonic(cross_level, STEP)) == 0.0
    assert np.isnan(joint_harmonic(cross_level, STEP)).sum() == np.isnan(cross_level).sum()
