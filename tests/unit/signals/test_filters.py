from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from guideway.signals.filters import band_pass, stretches

STEP = 0.25


def wave(n: int, wavelength: float) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) * STEP / wavelength)


@pytest.mark.parametrize(
    ("wavelength", "gain"), [(10.0, 1.0), (8.66, 1.0), (3.0, 0.5), (25.0, 0.5), (1.5, 0.0), (60.0, 0.0)]
)
def test_passes_the_band_halves_its_edges_and_moves_nothing(wavelength: float, gain: float) -> None:
    signal = wave(4000, wavelength)
    inner = slice(400, -400)
    filtered = band_pass(signal, STEP, 3.0, 25.0)[inner]
    assert np.max(np.abs(filtered - gain * signal[inner])) < 0.01


def test_equals_scipy_inside_the_edges() -> None:
    signal = np.random.default_rng(0).normal(size=5000).cumsum()
    sos = butter(4, (2 * STEP / 25, 2 * STEP / 3), "bandpass", output="sos")
    expected = sosfiltfilt(sos, signal)
    inner = slice(1000, -1000)
    assert np.allclose(band_pass(signal, STEP, 3.0, 25.0)[inner], expected[inner], atol=1e-6)


def test_channels_are_filtered_as_if_alone() -> None:
    rows = np.random.default_rng(1).normal(size=(3, 2000))
    rows[1, 500:900] = np.nan
    together = band_pass(rows, STEP, 3.0, 25.0)
    for row, alone in zip(together, rows, strict=True):
        np.testing.assert_array_equal(row, band_pass(alone, STEP, 3.0, 25.0))


def test_short_gap_is_bridged_and_masked_again_long_gap_splits() -> None:
    signal = wave(4000, 10.0)
    signal[1000:1008] = np.nan
    signal[2000:2100] = np.nan
    filtered = band_pass(signal, STEP, 3.0, 25.0)
    assert np.isnan(filtered[1000:1008]).all()
    assert np.isfinite(filtered[990:1000]).all()
    assert np.max(np.abs(filtered[900:980] - signal[900:980])) < 0.1
    edge = round(12.5 / STEP)
    assert np.isnan(filtered[2000 - edge : 2100 + edge]).all()
    assert np.isfinite(filtered[2100 + edge : 2200]).all()


def test_band_beyond_the_sampling_limit_is_a_high_pass() -> None:
    filtered = band_pass(wave(4000, 2.0), STEP, 0.3, 25.0)
    assert np.max(np.abs(filtered[400:-400] - wave(4000, 2.0)[400:-400])) < 0.01


@pytest.mark.parametrize("values", [np.empty(0), np.full(50, np.nan), np.ones(10), np.full((2, 300), np.nan)])
def test_short_or_empty_input_gives_nan(values: np.ndarray) -> None:
    filtered = band_pass(values, STEP, 3.0, 25.0)
    assert filtered.shape == values.shape
    assert np.isnan(filtered).all()


def test_impossible_band_is_refused() -> None:
    with pytest.raises(ValueError, match="no band"):
        band_pass(np.ones(100), STEP, 25.0, 3.0)
    with pytest.raises(ValueError, match="no band"):
        band_pass(np.ones(100), 20.0, 3.0, 25.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(0, 4))
def test_stretches_cover_every_valid_sample_and_join_short_gaps_only(valid: list[bool], max_gap: int) -> None:
    mask = np.array(valid)
    found = stretches(mask, max_gap)
    covered = np.zeros(mask.size, dtype=bool)
    for start, stop in found:
        assert mask[start]
        assert mask[stop - 1]
        covered[start:stop] = True
    assert covered[mask].all()
    for (_, stop), (start, _) in pairwise(found):
        assert start - stop > max_gap
