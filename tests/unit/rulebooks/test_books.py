"""Every cell of the limit tables the rule books were filled from, looked up as a user would."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from guideway.rulebooks.load import load_rulebooks

BOOKS = load_rulebooks()
EN, EARLY, FRA, CN = (BOOKS[name] for name in ("en_13848", "en_13848_early", "fra_213", "cn_tqi"))
SPEEDS = (80.0, 120.0, 160.0, 230.0, 300.0)


def values(book: object, indicator: str, speed: float, asset_class: str = "conventional") -> tuple[float, ...]:
    return tuple(row.value for row in book.limits(indicator, asset_class, speed))  # type: ignore[attr-defined]


def by_level(indicator: str, speed: float, *, early: bool = False) -> dict[str, float]:
    rows = (EARLY if early else EN).limits(indicator, "conventional", speed)
    return {row.level: row.value for row in rows}


EN_PEAKS = """
longitudinal_level_peak: 12-18 17-21 28 | 10-16 13-19 26 | 8-15 10-17 23 | 7-12 9-14 20 | 6-10 8-12 16
alignment_peak: 12-15 15-17 22 | 8-11 11-13 17 | 6-9 8-10 14 | 5-8 7-9 12 | 4-7 6-8 10
"""


@pytest.mark.parametrize("line", EN_PEAKS.strip().splitlines())
def test_en_13848_5_peaks(line: str) -> None:
    indicator, _, cells = line.partition(": ")
    for speed, cell in zip(SPEEDS, cells.split(" | "), strict=True):
        al, il, ial = cell.split()
        for early, end in ((True, 0), (False, 1)):
            expected = {"AL": float(al.split("-")[end]), "IL": float(il.split("-")[end]), "IAL": float(ial)}
            assert by_level(indicator, speed, early=early) == expected


EN_SPREADS = """
longitudinal_level_sd: 2.3-3.0 1.8-2.7 1.4-2.4 1.2-1.9 1.0-1.5
alignment_sd: 1.5-1.8 1.2-1.5 1.0-1.3 0.8-1.1 0.7-1.0
"""


@pytest.mark.parametrize("line", EN_SPREADS.strip().splitlines())
def test_en_13848_5_standard_deviations(line: str) -> None:
    indicator, _, cells = line.partition(": ")
    for speed, cell in zip(SPEEDS, cells.split(), strict=True):
        low, high = map(float, cell.split("-"))
        assert by_level(indicator, speed, early=True) == {"AL": low}
        assert by_level(indicator, speed) == {"AL": high}


def test_en_13848_5_gauge() -> None:
    cells = "-7+25 -9+30 -11+35 | -7+25 -9+30 -11+35 | -6+25 -8+30 -10+35 | -4+20 -5+23 -7+28 | -3+20 -4+23 -5+28"
    for speed, cell in zip(SPEEDS, cells.split(" | "), strict=True):
        pairs = [tuple(map(int, re.findall(r"[+-]\d+", pair))) for pair in cell.split()]
        levels = ("AL", "IL", "IAL")
        assert by_level("gauge_min", speed) == {k: 1435.0 + low for k, (low, _) in zip(levels, pairs, strict=True)}
        assert by_level("gauge_max", speed) == {k: 1435.0 + high for k, (_, high) in zip(levels, pairs, strict=True)}


def test_en_13848_5_long_waves_and_twist() -> None:
    assert [values(EN, "longitudinal_level_d2_peak", speed) for speed in SPEEDS] == [(), (), (), (33,), (28,)]
    assert [values(EN, "alignment_d2_peak", speed) for speed in SPEEDS] == [(), (), (), (24,), (20,)]
    twist = {speed: values(EN, "twist_3m_peak", speed) for speed in (80.0, 160.0, 200.0, 201.0, 300.0)}
    assert twist == {80.0: (4, 5, 7), 160.0: (4, 5, 7), 200.0: (3, 4, 7), 201.0: (3, 4, 5), 300.0: (3, 4, 5)}
    base_m = 3.0
    assert min(20 / base_m + 3, 7) == values(EN, "twist_3m_peak", 80.0)[-1]
    assert min(20 / base_m + 1.5, 6) == values(EN, "twist_3m_peak", 80.0, "tight_curve")[-1]


EN_CLASSES = """
longitudinal_level: 1.25|1.75|2.75|3.75 .75|1.10|1.80|2.50 .65|.85|1.40|1.85 .60|.75|1.15|1.60 .40|.55|.85|1.15
alignment: .90|1.25|1.95|2.70 .50|.70|1.05|1.45 .45|.55|.75|1.00 .40|.50|.70|.90 .35|.40|.50|.65
"""


@pytest.mark.parametrize("line", EN_CLASSES.strip().splitlines())
def test_en_13848_6_classes(line: str) -> None:
    quantity, _, cells = line.partition(": ")
    for speed, cell in zip(SPEEDS, cells.split(), strict=True):
        rows = EN.limits(f"{quantity}_sd_class", "high_speed", speed)
        assert [(row.level, row.value) for row in rows] == list(zip("BCDE", map(float, cell.split("|")), strict=True))


def test_tsi_gauge_and_uk_reopening() -> None:
    cells = {120.0: (1426, 1470), 160.0: (1427, 1470), 230.0: (1428, 1463), 300.0: (1430, 1463)}
    for speed, (low, high) in cells.items():
        assert values(BOOKS["inf_tsi"], "gauge_min", speed) == (low,)
        assert values(BOOKS["inf_tsi"], "gauge_max", speed) == (high,)
    assert values(BOOKS["uk_reopening"], "twist_3m_peak", 100.0) == (pytest.approx(10 / 3, abs=1e-4),)


FRA_CELLS = """
gauge_min 1: 56 56 56 56 56 56 56 56 56+1/4
gauge_max 1: 58 57+3/4 57+3/4 57+1/2 57+1/2 57+1/4 57+1/4 57+1/4 57+1/4
fra_alignment_62ft_tangent 1: 5 3 1+3/4 1+1/2 3/4 3/4 3/4 3/4 1/2
fra_alignment_31ft_curve 1: - - 1+1/4 1 1/2 1/2 1/2 1/2 1/2
fra_alignment_62ft_curve 1: 5 3 1+3/4 1+1/2 5/8 5/8 1/2 1/2 1/2
fra_profile_62ft 1: 3 2+3/4 2+1/4 2 1+1/4 1 1 1 3/4
fra_runoff_31ft 1: 3+1/2 3 2 1+1/2 1
fra_cross_level 1: 3 2 1+3/4 1+1/4 1
fra_warp_62ft 1: 3 2+1/4 2 1+3/4 1+1/2
fra_spiral_variation_31ft 1: 2 1+3/4 1+1/4 1 3/4
fra_joint_harmonic 1: 1+1/4 1+1/4 1+1/4 1+1/4 1+1/4
fra_profile_31ft_high_cant 1: - - 1 1 1
fra_profile_62ft_high_cant 1: 2+1/4 2+1/4 1+3/4 1+1/4 1
fra_warp_10ft_high_cant 1: 2 2 1+3/4 1+3/4 1+1/2
fra_gauge_change_31ft 6: 3/4 1/2 1/2 1/2
fra_alignment_31ft_tangent 6: 1/2 1/2 1/2 1/2
fra_alignment_124ft_tangent 6: 1+1/2 1+1/4 1 3/4
fra_alignment_124ft_curve 6: 1+1/2 1+1/4 3/4 3/4
fra_alignment_31ft_repeated 6: 3/8 3/8 3/8 3/8
fra_alignment_62ft_repeated 6: 1/2 3/8 3/8 3/8
fra_alignment_124ft_repeated 6: 1 7/8 1/2 1/2
fra_profile_31ft 6: 1 1 3/4 1/2
fra_profile_124ft 6: 1+3/4 1+1/2 1+1/4 1+1/4
"""
PASSENGER_MPH = (15, 30, 60, 80, 90, 110, 125, 160, 220)
MPH = 1.609344


@pytest.mark.parametrize("line", FRA_CELLS.strip().splitlines())
def test_fra_213_cells(line: str) -> None:
    head, _, cells = line.partition(": ")
    indicator, first = head.split()
    for track_class, cell in enumerate(cells.split(), int(first)):
        rows = FRA.limits(indicator, "conventional", PASSENGER_MPH[track_class - 1] * MPH - 0.01)
        if cell == "-":
            assert rows == ()
            continue
        inches = sum((Fraction(part) for part in cell.split("+")), Fraction(0))
        assert [(row.level, row.value) for row in rows] == [
            (f"class {track_class}", pytest.approx(float(inches) * 25.4, abs=1e-3))
        ]


def test_fra_213_speeds() -> None:
    freight = (10, 25, 40, 60, 80)
    for track_class, mph in enumerate(PASSENGER_MPH, 1):
        (row,) = FRA.limits("fra_speed_passenger", "*", mph * MPH - 0.01)
        assert row.level == f"class {track_class}"
        assert row.value == pytest.approx(mph * MPH, abs=1e-3)
        slow = values(FRA, "fra_speed_freight", mph * MPH - 0.01)
        expected = (pytest.approx(freight[track_class - 1] * MPH, abs=1e-3),) if track_class <= 5 else ()
        assert slow == expected
    hunting = [(row.edition, row.value, row.is_verified) for row in FRA.limits("truck_hunting_rms", "*", 100.0)]
    new, old = (pytest.approx(share * 9.80665, abs=1e-3) for share in (0.3, 0.4))
    assert hunting == [("2013", new, False), ("1998", old, True)]


def test_chinese_tqi() -> None:
    table = {
        100.0: (2.5, 2.2, 1.6, 1.9, 2.1, 15),
        120.0: (2.5, 1.8, 1.5, 1.9, 2.0, 14),
        160.0: (1.8, 1.4, 1.3, 1.6, 1.7, 11),
    }
    names = ("longitudinal_level_sd", "alignment_sd", "gauge_sd", "cross_level_sd", "tqi_cn_twist_sd", "tqi_cn")
    for speed, cells in table.items():
        assert tuple(values(CN, name, speed)[0] for name in names) == cells
        level, alignment, gauge, cross_level, twist, total = cells
        assert total == round(2 * level + 2 * alignment + gauge + cross_level + twist)
    assert [values(CN, "tqi_cn", speed) for speed in (200.0, 250.0, 350.0)] == [(9,), (8,), (5,)]
    assert values(CN, "tqi_cn", 250.0, "high_speed") == (5,)
    assert values(BOOKS["cn_tqi_general"], "tqi_cn", 100.0) == (15, 18)


def test_cnossos_average_network() -> None:
    cells = """35 31 28 25 23 20 17 13.5 10.5 9 6.5 5.5 5 3.5 2 .1 -.2 -.3 -.8 -3 -5 -7 -8 -9 -10
    -12 -13 -14 -15 -16 -17 -18 -19 -19 -19"""
    wavelengths_mm = [row.indicator.split("_")[2].replace("p", ".") for row in BOOKS["cnossos_average"].rows]
    assert wavelengths_mm == sorted(wavelengths_mm, key=float, reverse=True)
    assert [row.value for row in BOOKS["cnossos_average"].rows] == list(map(float, cells.split()))
    smooth = {row.indicator: row.value for row in EN.rows if row.indicator.startswith("rail_roughness")}
    assert {row.indicator for row in BOOKS["cnossos_average"].rows} == smooth.keys()


def test_iso_10816_zones() -> None:
    table = {"I": (0.71, 1.8, 4.5), "II": (1.12, 2.8, 7.1), "III": (1.8, 4.5, 11.2), "IV": (2.8, 7.1, 18.0)}
    book = BOOKS["iso_10816"]
    for machine, cells in table.items():
        assert values(book, "machine_vibration_velocity", 0.0, machine) == cells
        for zone, value in zip("BCD", cells, strict=True):
            worst = book.judge("machine_vibration_velocity", value + 0.01, machine, 0.0)
            assert worst is not None
            assert worst.level == zone
            assert worst.is_verified
        assert book.judge("machine_vibration_velocity", cells[0], machine, 0.0) is None


def test_iso_10816_3_zones() -> None:
    table = {
        "group_1.rigid": (2.3, 4.5, 7.1),
        "group_1.flexible": (3.5, 7.1, 11.0),
        "group_2.rigid": (1.4, 2.8, 4.5),
        "group_2.flexible": (2.3, 4.5, 7.1),
    }
    for machine, cells in table.items():
        rows = BOOKS["iso_10816"].limits("machine_vibration_velocity", machine, 0.0)
        assert [(row.level, row.value) for row in rows] == list(zip("BCD", cells, strict=True))
        assert not any(row.is_verified for row in rows)


def test_wheel_impact_loads() -> None:
    kip_kn = 4.4482216
    rows = BOOKS["wheel_impact"].limits("wheel_impact_load", "*", 80.0)
    found = {row.level: row.value / kip_kn for row in rows}
    kips = {"watch": 65, "opportunistic": 80, "condemnable": 90, "immediate": 140}
    assert found == pytest.approx(kips, abs=1e-3)
    assert list(found) == list(kips)


def test_whole_body_vibration() -> None:
    assert values(BOOKS["whole_body"], "daily_vibration_exposure", 0.0) == (0.5, 1.15)
    assert values(BOOKS["whole_body"], "daily_vibration_dose", 0.0) == (9.1, 21.0)


def test_beijing_metro() -> None:
    cells = {
        "tqi_cn": (10.97, 14.79),
        "longitudinal_level_sd": (1.8, 2.6),
        "alignment_sd": (1.5, 2.3),
        "gauge_sd": (1.1, 1.7),
        "cross_level_sd": (1.4, 2.6),
        "tqi_cn_twist_sd": (1.1, 1.8),
    }
    for name, expected in cells.items():
        assert values(BOOKS["metro"], name, 80.0, "metro") == expected


def test_provenance_is_a_source_or_says_that_nobody_checked() -> None:
    for book in BOOKS.values():
        for row in book.rows:
            sourced = re.match(r"\[S\d+\] \S", row.provenance)
            assert sourced or row.provenance == "unverified default", row
            assert row.is_verified == bool(sourced)
    assert not any(row.is_verified for row in EN.rows if row.standard.startswith("EN 13848"))
    verified = {row.indicator for row in FRA.rows if row.is_verified}
    assert {"fra_profile_62ft", "fra_warp_62ft", "fra_alignment_124ft_curve"} <= verified
