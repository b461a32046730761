"""Spectra: energy, lines, derivative and integral."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.signals.spectra import differentiate, harmonics, line_at, power_spectral_density

FS = 1000.0
T = np.arange(20000) / FS


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_the_integral_of_the_density_is_the_mean_square(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=5000)
    spectrum = power_spectral_density(noise, FS, 2.0)
    assert spectrum.density.sum() * spectrum.resolution_hz == pytest.approx(noise.var(), rel=0.1)


def test_a_line_in_noise_has_its_frequency_and_rms() -> None:
    rng = np.random.default_rng(5)
    signal = 0.5 * np.sin(2 * np.pi * 77.3 * T) + rng.normal(size=T.size)
    line = line_at(power_spectral_density(signal, FS, 0.25), 78.0, 2.0)
    assert line is not None
    assert line.frequency_hz == pytest.approx(77.3, abs=0.25)
    assert line.rms == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
    assert line.prominence_db > 10.0


def test_no_line_beyond_the_spectrum() -> None:
    spectrum = power_spectral_density(np.random.default_rng(0).normal(size=2000), FS, 1.0)
    assert line_at(spectrum, 600.0, 5.0) is None
    assert len(harmonics(spectrum, 120.0, range(1, 10), 3.0)) == 4


def test_derivative_and_integral_undo_each_other() -> None:
    signal = np.sin(2 * np.pi * 12.0 * T) * np.hanning(T.size)
    velocity = differentiate(signal, FS, 1, 0.8, 450.0)
    middle = slice(5000, 15000)
    expected = np.gradient(signal, 1 / FS)
    assert np.abs(velocity - expected)[middle].max() < 2e-3 * np.abs(expected).max()
    assert np.abs(differentiate(velocity, FS, -1, 0.8, 450.0) - signal)[middle].max() < 1e-3


def test_an_empty_signal_has_an_empty_spectrum() -> None:
    assert power_spectral_density(np.empty(0), FS, 1.0).density.sum() == 0.0
