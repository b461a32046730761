from __future__ import annotations

import numpy as np
import pytest

from guideway.monitoring.track_geometry import measure
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.track_geometry.synthetic_track import START, STEP, noise, places, rails, recording, sections

BOOKS = load_rulebooks()
EN = BOOKS["en_13848"]


def quiet(seed: int = 0, km: float = 1.0) -> np.ndarray:
    return 0.1 * noise(seed, places(km).size, shortest_m=3.0, longest_m=25.0)


def at(metres: float) -> int:
    return round((metres - START) / STEP)


@pytest.mark.parametrize(
    ("depth", "level", "severity", "limit"), [(16.5, "AL", 1, 16.0), (20.0, "IL", 2, 19.0), (27.0, "IAL", 3, 26.0)]
)
def test_an_isolated_defect_has_extent_peak_level_and_reason(
    depth: float, level: str, severity: int, limit: float
) -> None:
    left = quiet()
    left[at(1310.0) : at(1312.0) + 1] = -depth + 0.2
    left[at(1311.0)] = -depth
    measured = measure(recording(**rails("longitudinal_level_d1", left, quiet(1))), sections(5), EN)
    (one,) = [e for e in measured.exceedances if e.indicator == "longitudinal_level_peak"]
    assert (one.from_m, one.to_m) == (1310.0, 1312.0)
    assert one.peak == pytest.approx(depth)
    assert (one.level, one.severity, one.limit, one.asset_id) == (level, severity, limit, "s1")
    assert "left rail" in one.reason
    assert "EN 13848-5" in one.reason
    assert "unverified default" in one.reason


def test_neighbouring_half_waves_are_one_defect_distant_ones_two() -> None:
    left = quiet()
    for place in (1310.0, 1314.0, 1330.0):
        left[at(place) : at(place) + 2] = 17.0
    measured = measure(recording(**rails("longitudinal_level_d1", left)), sections(5), EN)
    extents = [(e.from_m, e.to_m) for e in measured.exceedances if e.indicator == "longitudinal_level_peak"]
    assert extents == [(1310.0, 1314.25), (1330.0, 1330.25)]


def test_the_same_dip_is_judged_by_the_speed_of_its_section() -> None:
    left = quiet()
    for place in (1310.0, 1710.0):
        left[at(place) : at(place) + 2] = 17.0
    slow, fast = sections(5, speed_kmh=80.0), sections(5, speed_kmh=200.0)
    measured = measure(recording(**rails("longitudinal_level_d1", left)), slow[:3] + fast[3:], EN)
    found = [(e.asset_id, e.level) for e in measured.exceedances if e.indicator == "longitudinal_level_peak"]
    assert found == [("s3", "IL")]


def test_tight_gauge_and_wide_gauge() -> None:
    gauge = 1435 + quiet()
    gauge[at(1310.0) : at(1313.0)] = 1466.0
    gauge[at(1500.0) : at(1501.0)] = 1425.5
    exceedances = measure(recording(gauge=gauge), sections(5), EN).exceedances
    found = {e.indicator: (e.level, e.peak, e.limit) for e in exceedances}
    assert found == {"gauge_max": ("IL", 1466.0, 1465.0), "gauge_min": ("IL", 1425.5, 1426.0)}


@pytest.mark.parametrize("nominal", [1000.0, 1067.0, 1435.0, 1524.0, 1668.0])
def test_other_nominal_gauges_have_the_same_deviations(nominal: float) -> None:
    gauge = nominal + quiet()
    gauge[at(1310.0) : at(1313.0)] = nominal + 31.0
    measured = measure(recording(gauge=gauge), sections(5), EN)
    assert [(e.indicator, e.level, e.peak) for e in measured.exceedances] == [("gauge_max", "IL", 1466.0)]
    mean = [one.value for one in measured.conditions if one.indicator == "gauge_mean"]
    assert mean == pytest.approx([nominal] * 5, abs=0.6)


def test_twist_in_a_tight_curve_has_its_own_limit() -> None:
    twist = quiet() * 0.1
    twist[at(1310.0) : at(1311.0)] = 6.5
    for curvature_per_km, level, allowed in ((0.0, "IL", 200.0), (4.0, "IAL", 0.0)):
        found = measure(recording(twist_3m=twist), sections(5, curvature_per_km=curvature_per_km), EN)
        assert [e.level for e in found.exceedances if e.indicator == "twist_3m_peak"] == [level]
        speeds = {c.asset_id: c.value for c in found.conditions if c.indicator == "allowed_speed"}
        assert speeds == {f"s{i}": allowed if i == 1 else 360.0 for i in range(5)}


def test_a_rough_section_is_an_exceedance_of_the_whole_section() -> None:
    wave = 3.0 * np.sqrt(2) * np.sin(2 * np.pi * places(1.0) / 10.0)
    wave[: at(1400.0)] *= 0.1
    exceedances = measure(recording(**rails("longitudinal_level_d1", wave)), sections(5), EN).exceedances
    found = [(e.asset_id, e.from_m, e.to_m, e.level) for e in exceedances if e.indicator == "longitudinal_level_sd"]
    assert found == [(f"s{i}", 1000.0 + 200 * i, 1200.0 + 200 * i, "AL") for i in (2, 3, 4)]


def test_a_book_without_a_limit_raises_nothing() -> None:
    left = quiet()
    left[at(1310.0) : at(1311.0)] = 99.0
    assert measure(recording(**rails("longitudinal_level_d1", left)), sections(5), BOOKS["inf_tsi"]).exceedances == ()


def test_no_two_exceedances_share_their_key() -> None:
    channels = {
        **rails("longitudinal_level", 20 * noise(1, 4000), 20 * noise(2, 4000)),
        "gauge": 1435 + 9 * noise(3, 4000),
    }
    exceedances = measure(recording(**channels), sections(5), EN).exceedances
    keys = [(e.indicator, e.from_m) for e in exceedances]
    assert len(keys) == len(set(keys)) > 10
