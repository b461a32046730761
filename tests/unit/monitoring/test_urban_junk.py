"""Junk from sensors: no exception, no number that is none, in any of the urban domains."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guideway.archives.recording import Channel, Recording
from guideway.monitoring import maglev, structure_strain, vibration_noise
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks

START = datetime(2026, 3, 29, 0, 59, 50, tzinfo=timezone.utc)  # the night the clocks change
BOOKS = load_rulebooks()
CHANNELS = {
    vibration_noise: (
        ("vibration_velocity_x", "vibration_velocity_z", "vibration_acceleration_z", "sound_pressure"),
        ("sound_level_a_fast",),
        ("sound_pressure", "position", "speed"),
    ),
    maglev: (
        ("levitation_gap_left", "levitation_gap_right", "position", "speed", "magnet_current", "magnet_temperature"),
        ("girder_deflection", "girder_acceleration"),
        ("levitation_gap_right", "guidance_gap"),
    ),
    structure_strain: (("strain",), ("bragg_wavelength", "temperature")),
}
CASES = [(module, names) for module, groups in CHANNELS.items() for names in groups]
STRETCHES = [
    Stretch(
        "A1", "girder", "L", "1", "maglev", 0.0, 25.0, 100.0, receiver_zone="residential", time_zone="Europe/Vienna"
    ),
    Stretch("A2", "girder", "L", "1", "maglev", 25.0, 50.0, 100.0, attributes={"span_m": "no number"}),
]


def junk(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    """Samples of a broken sensor."""
    noise = rng.normal(size=n)
    spikes = noise.copy()
    spikes[rng.integers(0, max(n, 1), n // 50)] = rng.choice([np.inf, -np.inf, np.nan, 3e38, -3e38])
    return {
        "noise": noise,
        "spikes": spikes,
        "huge": 3e38 * np.sign(noise),
        "tiny": 1e-38 * noise,
        "ramp": np.linspace(0.0, 50.0, n),
        "stuck": np.full(n, 8.0),
        "missing": np.where(rng.random(n) < 0.6, np.nan, noise),
        "silence": np.full(n, -0.0),
    }[kind].astype(np.float32)


KINDS = ("noise", "spikes", "huge", "tiny", "ramp", "stuck", "missing", "silence")


@pytest.mark.parametrize(("module", "names"), CASES)
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_junk_gives_numbers_or_nothing(module: object, names: tuple[str, ...], data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    n = data.draw(st.sampled_from([0, 1, 2, 17, 3000]))
    channels = tuple(
        Channel(name, "dB" if "level_a" in name else "1", junk(rng, data.draw(st.sampled_from(KINDS)), n))
        for name in names
    )
    axis = data.draw(st.sampled_from(["time", "distance"]))
    asset = data.draw(st.sampled_from([None, "A1", "unknown"]))
    recording = Recording(
        "j", module.DOMAIN, "S", "L", "1", START, axis, 0.0, 0.01, channels, asset_id=asset,
        attributes={"speed_kmh": "fast", "nominal_gap_mm": "8", "nominal_current_a": "0", "wavelength_nm": "1550"},
    )  # fmt: skip
    for book in ("metro", "maglev"):
        found = module.measure(recording, STRETCHES, BOOKS[book])
        assert all(np.isfinite(c.value) for c in found.conditions)
        assert all(0.0 <= c.coverage <= 1.0 and c.n_samples >= 0 for c in found.conditions)
        assert all(np.isfinite(e.peak) for e in found.exceedances)
        keys = [(c.asset_id, c.indicator) for c in found.conditions]
        assert len(keys) == len(set(keys))
