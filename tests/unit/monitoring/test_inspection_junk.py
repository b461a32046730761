"""Junk from sensors: no exception and no number that is none, in any domain of inspection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guideway.monitoring import overhead_line, rail_surface, ride_comfort, switches
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.inspection_records import record, sections

BOOKS = load_rulebooks()
BODY = tuple(f"car_body_acceleration_{word}" for word in ("longitudinal", "lateral", "vertical"))
BOXES = ("axle_box_acceleration_vertical_left", "axle_box_acceleration_vertical_right")
CASES = [
    (ride_comfort, (*BODY, "position", "speed", "angular_rate_x")),
    (ride_comfort, (BODY[1], "speed")),
    (rail_surface, ("rail_roughness", "corrugation_rms_30_100_left")),
    (rail_surface, (*BOXES, "position", "speed")),
    (rail_surface, (BOXES[0], "speed")),
    (overhead_line, ("contact_wire_height", "contact_wire_stagger", "contact_force", "position")),
    (overhead_line, ("pantograph_acceleration_vertical", "pantograph_acceleration_vertical_2", "position")),
    (switches, ("motor_power",)),
]
ATTRIBUTES = {
    "wheel_diameter_m": "0.9", "bearing_rollers": "16", "bearing_roller_mm": "20", "bearing_pitch_mm": "no",
}  # fmt: skip


def junk(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    noise = rng.normal(size=n)
    spikes = noise.copy()
    spikes[rng.integers(0, max(n, 1), n // 50)] = rng.choice([np.inf, -np.inf, np.nan, 3e38, -3e38])
    return {
        "noise": 30.0 * noise,
        "spikes": spikes,
        "huge": 3e38 * np.sign(noise),
        "tiny": 1e-38 * noise,
        "ramp": np.linspace(0.0, 6000.0, n),
        "falling": np.linspace(500.0, 0.0, n),
        "stuck": np.full(n, 80.0),
        "missing": np.where(rng.random(n) < 0.6, np.nan, noise),
        "nothing": np.full(n, np.nan),
        "silence": np.full(n, -0.0),
    }[kind]


KINDS = ("noise", "spikes", "huge", "tiny", "ramp", "falling", "stuck", "missing", "nothing", "silence")


@pytest.mark.parametrize(("module", "names"), CASES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_junk_gives_numbers_or_nothing(module: object, names: tuple[str, ...], data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    n = data.draw(st.sampled_from([0, 1, 2, 17, 3000]))
    with np.errstate(over="ignore"):
        channels = {name: junk(rng, data.draw(st.sampled_from(KINDS)), n) for name in names}
        made = record(
            "x", data.draw(st.sampled_from([0.001, 0.02, 0.25])), channels,
            axis=data.draw(st.sampled_from(["time", "distance"])),
            direction=data.draw(st.sampled_from([None, 1, -1])), attributes=ATTRIBUTES,
        )  # fmt: skip
    for book in ("metro", "en_13848", "comfort"):
        found = module.measure(made, sections(3, 20.0), BOOKS[book])  # type: ignore[attr-defined]
        assert all(np.isfinite(one.value) for one in found.conditions)
        assert all(0.0 <= one.coverage <= 1.0 and one.n_samples >= 0 for one in found.conditions)
        assert all(np.isfinite(one.peak) and one.from_m <= one.to_m for one in found.exceedances)
        known = {one.name: one.unit for one in module.INDICATORS}  # type: ignore[attr-defined]
        assert all(known[one.indicator] == one.unit for one in found.conditions)
