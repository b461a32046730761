"""Every limit of the handbook's tables on vibration, noise and maglev, row by row, with its provenance."""

from __future__ import annotations

from itertools import product

import pytest

from guideway.monitoring import maglev, ride_comfort, structure_strain, vibration_noise
from guideway.monitoring.vibration_noise import asset_class
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks

BOOKS = load_rulebooks()
METRO, MAGLEV = BOOKS["metro"], BOOKS["maglev"]
UNVERIFIED = "unverified default"
DAY_NIGHT = ("day", "night")


def values(indicator: str, zone: str, speed_kmh: float = 70.0, book: str = "metro") -> dict[str, float]:
    """Value by level."""
    return {limit.level: limit.value for limit in BOOKS[book].limits(indicator, zone, speed_kmh)}


@pytest.mark.parametrize(
    ("zone", "day", "night"),
    [
        ("sensitive", 65, 65),
        ("residential", 70, 67),
        ("mixed", 75, 72),
        ("commercial", 75, 72),
        ("industrial", 75, 72),
        ("trunk_road", 75, 72),
        ("rail_trunk", 80, 80),
    ],
)
def test_gb_10070(zone: str, day: float, night: float) -> None:
    assert values("vibration_level_z_day", zone) == {"limit": day, "shock": day + 10}
    assert values("vibration_level_z_night", zone) == {"limit": night, "shock": night + 3}


@pytest.mark.parametrize(
    ("zone", "vibration", "noise"),
    [
        ("sensitive", (65, 62), (38, 35)),
        ("residential", (65, 62), (38, 35)),
        ("mixed", (70, 67), (41, 38)),
        ("commercial", (70, 67), (41, 38)),
        ("industrial", (75, 72), (45, 42)),
        ("trunk_road", (75, 72), (45, 42)),
        ("rail_trunk", (75, 72), (45, 42)),
    ],
)
def test_jgj_t_170(zone: str, vibration: tuple[float, float], noise: tuple[float, float]) -> None:
    for period, level, sound in zip(DAY_NIGHT, vibration, noise, strict=True):
        assert values(f"third_octave_vibration_level_{period}", zone) == {"limit": level}
        assert values(f"structure_borne_sound_level_{period}", zone) == {"limit": sound}


@pytest.mark.parametrize(
    ("zone", "day", "night"),
    [
        ("industrial", (0.4, 6, 0.2), (0.3, 0.6, 0.15)),
        ("commercial", (0.3, 6, 0.15), (0.2, 0.4, 0.1)),
        ("mixed", (0.2, 5, 0.1), (0.15, 0.3, 0.07)),
        ("residential", (0.15, 3, 0.07), (0.1, 0.2, 0.05)),
        ("sensitive", (0.1, 3, 0.05), (0.1, 0.15, 0.05)),
    ],
)
def test_din_4150_2(zone: str, day: tuple[float, ...], night: tuple[float, ...]) -> None:
    for period, (lower, upper, rating) in zip(DAY_NIGHT, (day, night), strict=True):
        assert values(f"kb_ft_max_{period}", zone) == {"A_u": lower, "A_o": upper}
        assert values(f"kb_ft_rating_{period}", zone) == {"A_r": rating}
        surface = f"{zone}.surface"
        assert values(f"kb_ft_max_{period}", surface) == pytest.approx({"A_u": 1.5 * lower})
        assert values(f"kb_ft_rating_{period}", surface) == pytest.approx({"A_r": 1.5 * rating})
    assert values("kb_single_train_night", "surface") == {"inspect": 0.6}
    assert values("kb_single_train_night", "underground") == {"inspect": 0.3}


@pytest.mark.parametrize(
    ("zone", "corners"),
    [
        ("industrial", (20, 20, 40, 50)),
        ("commercial", (20, 20, 40, 50)),
        ("residential", (5, 5, 15, 20)),
        ("mixed", (5, 5, 15, 20)),
        ("sensitive", (3, 3, 8, 10)),
    ],
)
def test_din_4150_3(zone: str, corners: tuple[float, ...]) -> None:
    for hertz, value in zip((1, 10, 50, 100), corners, strict=True):
        assert values(f"peak_particle_velocity_{hertz}_hz", zone) == {"guide": value}


@pytest.mark.parametrize(
    ("zone", "frequent", "occasional", "infrequent"),
    [("sensitive", 65, 65, 65), ("residential", 72, 75, 80), ("commercial", 75, 78, 83)],
)
def test_fta(zone: str, frequent: float, occasional: float, infrequent: float) -> None:
    for often, value in (("frequent", frequent), ("occasional", occasional), ("infrequent", infrequent)):
        assert values("vibration_velocity_level", f"{zone}.{often}") == {"impact": value}
    (row,) = METRO.limits("vibration_velocity_level", f"{zone}.occasional", 70.0)
    assert row.provenance == UNVERIFIED


@pytest.mark.parametrize(
    ("place", "value"), [("cab.tunnel", 80), ("cab.open", 75), ("saloon.tunnel", 83), ("saloon.open", 75)]
)
def test_gb_14892(place: str, value: float) -> None:
    assert values("in_car_sound_level", place) == {"limit": value}


def test_maglev_bands() -> None:
    assert values("levitation_gap_deviation", "maglev", 100.0, "maglev") == {"AL": 2.0, "IL": 4.0}
    assert values("levitation_gap_deviation", "maglev", 400.0, "maglev") == {"IL": 2.0}
    assert values("girder_deflection_ratio", "maglev", 100.0, "maglev") == {"IL": 4600.0}
    assert MAGLEV.judge("girder_deflection_ratio", 4000.0, "maglev", 100.0) is not None
    assert MAGLEV.judge("girder_deflection_ratio", 5000.0, "maglev", 100.0) is None


def test_what_nobody_checked_says_so() -> None:
    own = {"JGJ/T 170", "GB 14892", "Guideway default", "CJJ/T 262"}
    for row in (*METRO.rows, *MAGLEV.rows):
        if row.standard in own or (row.rulebook_id == "maglev" and row.standard != "EN 12299"):
            assert row.provenance == UNVERIFIED, row
        assert row.provenance == UNVERIFIED or "[S" in row.provenance, row


def test_limits_and_indicators_know_each_other() -> None:
    documented = {
        indicator.name: indicator
        for module in (vibration_noise, maglev, structure_strain, ride_comfort)
        for indicator in module.INDICATORS
    }
    special = {"kb_single_train_night", *(f"peak_particle_velocity_{f}_hz" for f in (1, 10, 50, 100))}
    for row in (*METRO.rows, *MAGLEV.rows):
        if row.indicator in documented:
            indicator = documented[row.indicator]
            assert (row.unit, row.direction) == (indicator.unit, indicator.direction), row.indicator
        elif row.standard.startswith(("GB 1", "JGJ", "DIN", "FTA")) or row.rulebook_id == "maglev":
            assert row.indicator in special, row.indicator


def test_classes_of_receivers_have_limits() -> None:
    zones = ("sensitive", "residential", "mixed", "commercial", "industrial")
    for zone, structure in product(zones, ("tunnel", "viaduct")):
        receiver = Stretch("R", "receiver", "M", "1", "metro", 0, 0, 70.0, structure=structure, receiver_zone=zone)
        for indicator in ("vibration_level_z_day", "kb_ft_max_night", "third_octave_vibration_level_day"):
            assert METRO.limits(indicator, asset_class(receiver, indicator), 70.0), (zone, indicator)
    at_home = Stretch("R", "receiver", "M", "1", "metro", 0, 0, 70.0, receiver_zone="residential")
    for passages, often in ((None, "frequent"), (100, "frequent"), (40, "occasional"), (10, "infrequent")):
        assert asset_class(at_home, "vibration_velocity_level", passages) == f"residential.{often}"
