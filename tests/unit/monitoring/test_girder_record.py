"""Girders under trains: closed forms of a beam under a moving load, natural frequencies of simulated structures."""

from __future__ import annotations

import math
from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.signal import cont2discrete, lfilter

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.maglev import measure
from guideway.monitoring.maglev.girder_record import largest_deflection, resonance_speed
from guideway.monitoring.maglev.modal import operational_modes
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks

pytestmark = pytest.mark.slow

BAND = (1.0, 40.0)
START = datetime(2026, 3, 2, 3, tzinfo=timezone.utc)
GIRDER = Stretch("B1", "girder", "G1", "1", "maglev", 0.0, 25.0, 100.0, attributes={"nominal_frequency_hz": "6.4"})


def ambient(frequency_hz: float, damping: float, fs: float, seconds: float, seed: int) -> np.ndarray:
    """Acceleration of one mode under white noise."""
    w = 2 * np.pi * frequency_hz
    numerator, denominator, _ = cont2discrete(([1.0, 0.0, 0.0], [1.0, 2 * damping * w, w * w]), 1 / fs, "zoh")
    return lfilter(numerator.ravel(), denominator, np.random.default_rng(seed).normal(size=round(fs * seconds)))


def moving_load(t: np.ndarray, speed: float, span: float, frequency_hz: float, static_mm: float) -> np.ndarray:
    """Midspan deflection of an undamped simply supported beam under one moving force, first mode (Fryba).

    While the force is on the beam; 0 before and the free vibration after it.
    """
    w1, drive = 2 * np.pi * frequency_hz, np.pi * speed / span
    a = drive / w1
    on = (t >= 0) & (t <= span / speed)
    forced = static_mm / (1 - a**2) * (np.sin(drive * t) - a * np.sin(w1 * t))
    end = span / speed
    x0 = static_mm / (1 - a**2) * (np.sin(drive * end) - a * np.sin(w1 * end))
    v0 = static_mm / (1 - a**2) * (drive * np.cos(drive * end) - a * w1 * np.cos(w1 * end))
    free = x0 * np.cos(w1 * (t - end)) + v0 / w1 * np.sin(w1 * (t - end))
    decay = np.exp(-0.02 * w1 * np.clip(t - end, 0, None))
    return np.where(on, forced, np.where(t > end, free * decay, 0.0))


@given(st.floats(2.0, 20.0), st.floats(0.008, 0.03), st.integers(0, 50))
@settings(max_examples=8, deadline=None)
def test_frequency_and_damping_of_one_mode(frequency_hz: float, damping: float, seed: int) -> None:
    modes = operational_modes(ambient(frequency_hz, damping, 200.0, 180.0, seed), 200.0, BAND)
    nearest = min(modes, key=lambda mode: abs(mode.frequency_hz - frequency_hz))
    assert nearest.frequency_hz == pytest.approx(frequency_hz, rel=0.015)
    assert nearest.damping_ratio == pytest.approx(damping, rel=0.6)


def test_all_modes_of_a_simulated_beam() -> None:
    # six masses between springs to the ground and to each other; damping 1.5 % in every mode
    masses = np.ones(6)
    stiffness = 9e3 * (2 * np.eye(6) - np.eye(6, k=1) - np.eye(6, k=-1))
    squared, shapes = eigh(stiffness, np.diag(masses))
    frequencies = np.sqrt(squared) / (2 * np.pi)
    force = np.random.default_rng(7).normal(size=(6, 200 * 300))
    at_first = np.zeros(force.shape[1])
    for k, f in enumerate(frequencies):
        w = 2 * np.pi * f
        b, a, _ = cont2discrete(([1.0, 0.0, 0.0], [1.0, 2 * 0.015 * w, w * w]), 1 / 200.0, "zoh")
        at_first += shapes[0, k] * lfilter(b.ravel(), a, shapes[:, k] @ force)
    modes = operational_modes(at_first, 200.0, (1.0, 40.0))
    found = np.array([min((m.frequency_hz for m in modes), key=lambda g, f=f: abs(g - f)) for f in frequencies])
    deviation = np.abs(found / frequencies - 1.0)
    assert deviation.max() < 0.01
    assert len(modes) == 6


@pytest.mark.parametrize("signal", [np.empty(0), np.zeros(20000), np.ones(100)])
def test_nothing_vibrates_without_a_signal(signal: np.ndarray) -> None:
    assert operational_modes(signal, 200.0, BAND) == ()


def test_largest_deflection_under_a_moving_load() -> None:
    fs, span, static = 500.0, 25.0, 4.0
    t = np.arange(-20.0, 40.0, 1 / fs)
    noise = 0.01 * np.random.default_rng(0).normal(size=t.size)
    deviations = []
    for speed in (20.0, 40.0, 70.0):
        w = moving_load(t, speed, span, 6.4, static)
        deviations.append(largest_deflection(w + noise) / np.abs(w).max() - 1.0)
    assert np.abs(deviations).max() < 0.01


def test_a_quiet_girder_has_no_deflection() -> None:
    assert math.isnan(largest_deflection(0.05 * np.random.default_rng(0).normal(size=30000)))
    assert math.isnan(largest_deflection(np.full(100, np.nan)))


def test_girder_record_through_measure() -> None:
    fs = 250.0
    t = np.arange(-60.0, 120.0, 1 / fs)
    deflection = moving_load(t, 28.0, 25.0, 6.4, 6.0)
    vibration = 1e-4 * ambient(5.7, 0.012, fs, t[-1] - t[0] + 1, 3)[: t.size]
    vibration += np.where((t > 0) & (t < 1.0), 0.5 * np.random.default_rng(1).normal(size=t.size), 0.0)
    channels = (
        Channel("girder_deflection", "mm", deflection.astype(np.float32)),
        Channel("girder_acceleration", "m/s**2", vibration.astype(np.float32)),
    )
    recording = Recording("g", "maglev", "g", "G1", "1", START, "time", 0.0, 1 / fs, channels, asset_id="B1")
    found = measure(recording, [GIRDER], load_rulebooks()["maglev"])
    values = {c.indicator: c.value for c in found.conditions}
    assert values["girder_deflection"] == pytest.approx(np.abs(deflection).max(), rel=0.01)
    assert values["girder_deflection_ratio"] == pytest.approx(25000 / np.abs(deflection).max(), rel=0.01)
    assert values["girder_frequency"] == pytest.approx(5.7, rel=0.01)
    assert values["girder_frequency_ratio"] == pytest.approx(5.7 / 6.4, rel=0.01)
    assert values["girder_resonance_margin"] == pytest.approx(5.7 * 25 * 3.6 / 100, rel=0.01)
    levels = {e.indicator: e.level for e in found.exceedances}
    assert levels == {"girder_frequency_ratio": "IL", "girder_deflection_ratio": "IL"}


def test_resonance_speed_is_frequency_times_span() -> None:
    # the Shanghai model of the handbook: 127.34 km/h on 24.768 m spans is 1.43 Hz
    assert resonance_speed(1.4281, 24.768) == pytest.approx(127.34, abs=0.02)


@pytest.mark.drill
def test_modes_agree_with_pyoma2() -> None:
    setup_module = pytest.importorskip("pyoma2.setup")
    algorithms = pytest.importorskip("pyoma2.algorithms")
    signal = ambient(4.2, 0.015, 100.0, 300.0, 0) + ambient(11.0, 0.015, 100.0, 300.0, 1)
    setup = setup_module.SingleSetup(np.column_stack((signal, 0.5 * signal)), fs=100)
    ssi = algorithms.SSI(name="ssi", method="cov", br=40, ordmax=20)
    setup.add_algorithms(ssi)
    setup.run_by_name("ssi")
    ssi.mpe(sel_freq=[4.2, 11.0], order_in=12)
    ours = [m.frequency_hz for m in operational_modes(signal, 100.0, BAND)]
    for theirs in ssi.result.Fn:
        assert min(abs(f / theirs - 1) for f in ours) < 0.01
