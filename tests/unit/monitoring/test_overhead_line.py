from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.monitoring.overhead_line import find_contact_events, measure
from guideway.monitoring.overhead_line.pantograph import cleaned
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.inspection_records import real, record, sections, values

EN = load_rulebooks()["en_13848"]
WAY = np.arange(0.0, 600.0, 0.5)
SPAN = 60.0


def wire(**changed: np.ndarray) -> dict[str, np.ndarray]:
    """Sagging wire at 5.3 m with a zigzag of 250 mm."""
    height = 5300.0 - 40.0 * np.sin(np.pi * (WAY % SPAN) / SPAN)
    stagger = 250.0 * (2.0 * np.abs((WAY / SPAN) % 2 - 1) - 1)
    return {"contact_wire_height": height, "contact_wire_stagger": stagger, **changed}


def measured(channels: dict[str, np.ndarray], count: int = 3):  # type: ignore[no-untyped-def]
    return measure(record("overhead_line", 0.5, channels, axis="distance"), sections(count), EN)


def test_a_sound_wire_keeps_every_limit() -> None:
    found = measured(wire())
    one = values(found, "s1")
    assert one["wire_height_min"] == pytest.approx(5260.0, abs=0.1)
    assert one["wire_height_max"] == pytest.approx(5300.0, abs=0.1)
    assert one["wire_stagger_max"] == pytest.approx(250.0, abs=5.0)
    assert found.exceedances == ()


def test_a_low_wire_and_a_wide_stagger_are_found_on_their_section() -> None:
    low = wire()["contact_wire_height"] - np.where((WAY > 250) & (WAY < 330), 330.0, 0.0)
    wide = wire()["contact_wire_stagger"] * np.where(WAY > 400, 1.8, 1.0)
    found = measured(wire(contact_wire_height=low, contact_wire_stagger=wide))
    judged = {(one.asset_id, one.indicator): one for one in found.exceedances}
    assert judged["s1", "wire_height_min"].level == "IAL"
    assert judged["s1", "wire_height_min"].peak == pytest.approx(4930.0, abs=2.0)
    assert judged["s2", "wire_stagger_max"].level == "IAL"
    assert set(judged) == {("s1", "wire_height_min"), ("s2", "wire_stagger_max")}


def test_a_ramp_has_its_gradient() -> None:
    found = measured({"contact_wire_height": 5100.0 + 2.0 * WAY * (WAY < 200) + 400.0 * (WAY >= 200)})
    assert values(found, "s0")["wire_gradient_max"] == pytest.approx(2.0)
    assert values(found, "s2")["wire_gradient_max"] == pytest.approx(0.0) if "s2" in values(found, "s2") else True


def test_single_spikes_gaps_and_stuck_sensors_do_not_count() -> None:
    height = wire()["contact_wire_height"] + np.random.default_rng(0).normal(scale=0.5, size=WAY.size)
    height[500] = 4000.0
    height[820:1100] = np.nan
    one = values(measured({"contact_wire_height": height}), "s1")
    assert one["wire_height_min"] > 5250.0
    assert values(measured({"contact_wire_height": height}), "s2")["wire_height_min"] > 5250.0
    assert measured({"contact_wire_height": np.full(WAY.size, 5300.0)}).conditions == ()
    assert measured({"contact_wire_height": np.full(WAY.size, np.nan)}).conditions == ()


def test_contact_force_statistics() -> None:
    force = 150.0 + np.random.default_rng(1).normal(scale=20.0, size=WAY.size)
    force[600:608] = 0.0
    one = values(measured({"contact_force": force}), "s1")
    assert one["contact_loss_share"] == pytest.approx(100 * 8 / 400)
    assert one["contact_force_sd_ratio"] == pytest.approx(np.std(force[400:800], ddof=1) / force[400:800].mean())
    assert one["contact_force_max"] == pytest.approx(force[400:800].max())
    assert "contact_loss_share" in {row.indicator for row in measured({"contact_force": force}).exceedances}


def hammered(rng: np.random.Generator, places: tuple[int, ...]) -> np.ndarray:
    signal = rng.normal(scale=2.0, size=24_000)
    for at in places:
        signal[at : at + 8] += 60.0 * np.array([1, -1] * 4)
    return signal


def test_hard_points_are_counted_once_whatever_the_number_of_sensors() -> None:
    rng, places = np.random.default_rng(2), (3000, 9000, 9040, 17_000)
    channels = {
        "pantograph_acceleration_vertical": hammered(rng, places),
        "pantograph_acceleration_vertical_2": np.zeros(24_000),
        "pantograph_acceleration_vertical_3": hammered(rng, places),
    }
    found = measure(record("overhead_line", 0.0025, channels), [], EN)
    one = values(found, "V1")
    assert one["pantograph_impact_rate"] == pytest.approx(3.0)
    assert one["pantograph_impact_peak"] == pytest.approx(62.0, abs=6.0)
    (worst,) = [c for c in found.conditions if c.indicator == "pantograph_impact_peak"]
    assert min(abs(worst.at_offset_s - 0.0025 * at) for at in places) < 0.05


@pytest.mark.parametrize("signal", [np.zeros(5000), np.full(5000, np.nan), np.full(5000, 9.81), np.ones(10)])
def test_dead_sensors_stay_silent(signal: np.ndarray) -> None:
    assert cleaned(signal) is None
    assert measure(record("overhead_line", 0.01, {"pantograph_acceleration_vertical": signal}), [], EN).conditions == ()


def test_gaps_make_no_events() -> None:
    signal = np.random.default_rng(3).normal(size=24_000)
    signal[np.arange(24_000) % 400 < 100] = np.nan
    clean = cleaned(signal)
    assert clean is not None
    assert find_contact_events(clean, 0.0025) == ()


def test_the_real_pantograph(shared_data: Path) -> None:
    recording = replace(
        real(shared_data / "pantograph-acceleration" / "one.csv.gz", "pantograph"), domain="overhead_line"
    )
    assert not recording.has("pantograph_acceleration_vertical_2")
    one = values(measure(recording, [], EN), "pantograph")
    assert 0 < one["pantograph_impact_rate"] < 60
    table = pd.read_csv(shared_data / "pantograph-acceleration" / "one.csv.gz")
    liveliest = max(float((table[name] - table[name].median()).pow(2).mean()) ** 0.5 for name in ("Z1", "Z3", "Z4"))
    assert one["pantograph_acceleration_rms"] == pytest.approx(9.80665 * liveliest, rel=1e-5)
