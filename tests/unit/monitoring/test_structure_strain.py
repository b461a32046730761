"""Bragg gratings and strain records: calibration, compensation, uncertainty, crossings, drift."""

from __future__ import annotations

import gzip
import math
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.structure_strain import DOMAIN, INDICATORS, measure
from guideway.monitoring.structure_strain.demodulation import fit_bragg_peak
from guideway.monitoring.structure_strain.drift import YEAR_S, strain_drift
from guideway.monitoring.structure_strain.fbg import (
    Grating,
    StrainUncertainty,
    expanded_strain_uncertainty,
    fit_temperature_response,
    strain_of,
    temperature_of,
    wavelength_of,
)
from guideway.monitoring.structure_strain.live_load import find_crossings
from guideway.rulebooks.load import load_rulebooks

START = datetime(2026, 3, 2, tzinfo=timezone.utc)
LIMITS = load_rulebooks()["maglev"]


def test_usual_sensitivities_at_1550_nm() -> None:
    grating = Grating(1550.0)
    assert grating.strain_pm == pytest.approx(1.2, abs=0.02)
    assert grating.temperature_pm == pytest.approx(10.0, abs=0.2)


@given(st.floats(-3000, 3000), st.floats(-30, 80), st.floats(-2e-8, 2e-8))
@settings(max_examples=60)
def test_strain_and_temperature_come_back(strain: float, celsius: float, quadratic: float) -> None:
    grating = Grating(1545.0, quadratic_per_k2=quadratic)
    assert float(strain_of(wavelength_of(strain, celsius, grating), celsius, grating)) == pytest.approx(
        strain, abs=1e-6
    )
    assert float(temperature_of(wavelength_of(0.0, celsius, grating), grating)) == pytest.approx(celsius, abs=1e-6)


def test_quadratic_compensation_beats_linear_over_the_whole_range() -> None:
    truth = Grating(1550.0, quadratic_per_k2=8e-9)
    celsius = np.linspace(-30, 80, 56)
    rng = np.random.default_rng(0)
    cycle = wavelength_of(0.0, celsius, truth) + 1e-3 * rng.normal(size=celsius.size)
    fitted = fit_temperature_response(celsius, cycle, 20.0)
    assert fitted.quadratic_per_k2 == pytest.approx(8e-9, rel=0.1)
    loaded = wavelength_of(200.0, celsius, truth)
    quadratic = np.abs(strain_of(loaded, celsius, fitted) - 200.0).max()
    linear = np.abs(strain_of(loaded, celsius, Grating(1550.0)) - 200.0).max()
    assert quadratic < 3.0
    assert linear > 20.0


def test_uncertainty_covers_the_scatter_it_states() -> None:
    rng = np.random.default_rng(1)
    grating, u = Grating(1550.0), StrainUncertainty()
    n = 20000
    true_strain, true_t = 300.0, 45.0
    sensitivity = 1 + u.strain_sensitivity * rng.normal(size=n)
    thermal = 1 + u.temperature_sensitivity * rng.normal(size=n)
    slope = grating.expansion_per_k + grating.thermooptic_per_k
    shift = (1 - grating.photoelastic) * true_strain * 1e-6 * sensitivity + slope * (true_t - 20) * thermal
    measured = 1550.0 * (1 + shift) + u.wavelength_pm * 1e-3 * rng.normal(size=n)
    found = strain_of(measured, true_t + u.temperature_k * rng.normal(size=n), grating)
    expanded = float(expanded_strain_uncertainty(true_strain, true_t, grating, u))
    assert found.std() * 2.0 == pytest.approx(expanded, rel=0.03)
    assert np.mean(np.abs(found - true_strain) < expanded) == pytest.approx(0.954, abs=0.01)


@given(st.floats(1548.0, 1552.0), st.floats(0.08, 0.4), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_peak_of_a_noisy_spectrum_within_its_uncertainty(centre: float, sigma: float, seed: int) -> None:
    w = np.arange(1545.0, 1555.0, 0.02)
    rng = np.random.default_rng(seed)
    spectrum = 0.05 + np.exp(-0.5 * ((w - centre) / sigma) ** 2) + 0.01 * rng.normal(size=w.size)
    peak = fit_bragg_peak(w, spectrum)
    assert peak.status == "ok"
    assert abs(peak.wavelength_nm - centre) < 5.0 * peak.uncertainty_nm
    assert peak.uncertainty_nm < 0.003
    assert peak.width_nm == pytest.approx(2.3548 * sigma, rel=0.1)


def test_no_peak_in_noise_and_none_at_the_edge() -> None:
    w = np.arange(1545.0, 1555.0, 0.02)
    assert fit_bragg_peak(w, np.random.default_rng(0).normal(size=w.size)).status == "no_peak"
    assert fit_bragg_peak(w, np.zeros(w.size)).status == "no_peak"
    assert fit_bragg_peak([], []).status == "no_peak"
    assert fit_bragg_peak(w, np.exp(-0.5 * ((w - 1545.0) / 0.2) ** 2)).status == "at_edge"


def crossing_record(seed: int = 0, fs: float = 200.0) -> np.ndarray:
    """Slow temperature drift, noise and two trains of 80 and 40 um/m."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(300 * fs)) / fs
    strain = 20 * np.sin(2 * np.pi * t / 600) + 0.3 * rng.normal(size=t.size)
    for start, peak in ((100.0, 80.0), (200.0, 40.0)):
        strain += peak * np.clip(1 - np.abs(t - start - 4) / 4, 0, None)
    return strain


@pytest.mark.parametrize("seed", range(3))
def test_crossings_are_found_with_their_strain(seed: int) -> None:
    found = find_crossings(crossing_record(seed), 200.0)
    assert [c.span for c in found] == pytest.approx([80.0, 40.0], rel=0.05)
    assert [c.from_s for c in found] == pytest.approx([100.0, 200.0], abs=1.0)


def test_a_bridge_without_a_train_is_silent(shared_data: Path) -> None:
    with gzip.open(shared_data / "no-lerelva-bridge-strain" / "1603161026.txt.gz", "rt") as stream:
        raw = np.loadtxt(stream)
    for column in (1, 2, 3):
        strain = 1e6 * raw[:, column]
        assert find_crossings(strain, 1024.0) == ()
        recording = Recording(
            "b", DOMAIN, f"S{column}", "L1", "1", START, "time", 0.0, 1 / 1024, (
                Channel("strain", "um/m", strain.astype(np.float32)),
            ),
        )  # fmt: skip
        found = measure(recording, [], LIMITS)
        assert {c.indicator for c in found.conditions} == {"mean_strain"}
        assert found.exceedances == ()


def test_drift_is_told_from_the_seasons() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(0, 2 * YEAR_S, 86400.0)
    celsius = 10 + 12 * np.sin(2 * np.pi * t / YEAR_S) + 4 * rng.normal(size=t.size)
    strain = 60 * t / YEAR_S + 11 * celsius + 0.05 * (celsius - 10) ** 2 + 3 * rng.normal(size=t.size)
    drift = strain_drift(t, strain, celsius)
    assert drift.low < 60.0 < drift.high
    assert drift.high - drift.low < 4.0
    assert drift.per_kelvin == pytest.approx(11.0, abs=0.1)
    # half a year from winter to summer without compensation looks like drift
    half = t < YEAR_S / 4
    assert abs(strain_drift(t[half], (11 * celsius)[half]).per_year) > 200


def test_drift_intervals_know_that_readings_depend_on_each_other() -> None:
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        noise = np.zeros(400)
        for k in range(1, 400):
            noise[k] = 0.7 * noise[k - 1] + rng.normal()
        drift = strain_drift(np.arange(400) * 86400.0, noise)
        covered += drift.low < 0.0 < drift.high
    assert covered / 60 >= 0.88


def test_short_series_have_no_drift() -> None:
    assert strain_drift([], []).status == "too_few"
    assert strain_drift([0.0, 1.0], [1.0, 2.0]).status == "too_few"
    assert math.isnan(strain_drift(np.arange(3.0), np.full(3, np.nan)).per_year)


def test_grating_record_through_measure() -> None:
    grating = Grating(1550.0, quadratic_per_k2=8e-9)
    t = np.arange(0, 400 * 86400.0, 6 * 3600.0)
    rng = np.random.default_rng(4)
    celsius = 10 + 15 * np.sin(2 * np.pi * t / YEAR_S) + 2 * rng.normal(size=t.size)
    strain = 100 + 80 * t / YEAR_S + rng.normal(size=t.size)
    channels = (
        Channel("bragg_wavelength", "nm", wavelength_of(strain, celsius, grating).astype(np.float32)),
        Channel("temperature", "degC", celsius.astype(np.float32)),
    )
    recording = Recording(
        "f", DOMAIN, "F1", "G1", "1", START, "time", 0.0, 6 * 3600.0, channels, asset_id="B9",
        attributes={"wavelength_nm": "1550", "quadratic_per_k2": "8e-9"},
    )  # fmt: skip
    found = measure(recording, [], LIMITS)
    values = {c.indicator: c.value for c in found.conditions}
    assert values["strain_drift"] == pytest.approx(80.0, abs=1.5)
    assert values["mean_strain"] == pytest.approx(100 + 80 * 200 / 365.25, abs=3.0)
    assert 5 < values["strain_uncertainty"] < 60
    assert [(e.indicator, e.level) for e in found.exceedances] == [("strain_drift", "AL")]
    assert values.keys() <= {indicator.name for indicator in INDICATORS}


@pytest.mark.parametrize("strain", [np.full(5000, np.nan), np.empty(0), np.zeros(3)])
def test_dead_gauges_give_nothing(strain: np.ndarray) -> None:
    channel = Channel("strain", "um/m", strain.astype(np.float32))
    recording = Recording("b", DOMAIN, "S", "L1", "1", START, "time", 0.0, 0.01, (channel,))
    assert measure(recording, [], LIMITS).conditions == ()
    assert find_crossings(strain, 100.0) == ()
    assert find_crossings(np.full(5000, 7.0), 100.0) == ()
