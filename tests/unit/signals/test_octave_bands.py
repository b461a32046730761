"""One-third-octave bands: centres, levels of sines and noise, filter class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import sosfreqz

from guideway.signals.octave_bands import (
    attenuation_limits,
    band_filter,
    band_mean_squares,
    filter_class,
    running_maxima,
    third_octaves,
)

BANDS = third_octaves(4.0, 200.0)


def class_margins_db(fs: float) -> np.ndarray:
    """Least distance to the class 1 limits of each band of 4-200 Hz, by PyOctaveBand's transcription of the limits."""
    compliance = pytest.importorskip("pyoctaveband.compliance")
    margins = []
    for centre, lower, upper in zip(BANDS.centre, BANDS.lower, BANDS.upper, strict=True):
        ratios = np.geomspace(0.2, min(5.0, 0.499 * fs / centre), 2000)
        _, response = sosfreqz(band_filter(fs, lower, upper), worN=np.append(centre * ratios, centre), fs=fs)
        attenuation = -20 * np.log10(np.maximum(np.abs(response[:-1] / response[-1]), 1e-15))
        least, most = compliance.class_limits(3, 1, ratios)
        margins.append(min((attenuation - least).min(), (most - attenuation).min()))
    return np.array(margins)


def test_nominal_centres_are_the_ones_people_write() -> None:
    assert BANDS.nominal.tolist() == pytest.approx(
        [4, 5, 6.3, 8, 10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200]
    )
    assert np.abs(BANDS.upper[:-1] / BANDS.lower[1:] - 1).max() < 1e-12


def test_the_bank_is_class_1_by_an_independent_reference() -> None:
    assert class_margins_db(1000.0).min() > 0.0


def test_our_class_check_says_the_same() -> None:
    classes = [
        filter_class(band_filter(1000.0, lower, upper), 1000.0, centre)
        for centre, lower, upper in zip(BANDS.centre, BANDS.lower, BANDS.upper, strict=True)
    ]
    assert classes == [1] * 18
    shifted = band_filter(1000.0, 1.1 * BANDS.lower[5], 1.1 * BANDS.upper[5])
    assert filter_class(shifted, 1000.0, BANDS.centre[5]) is None


def test_our_limits_are_pyoctavebands() -> None:
    compliance = pytest.importorskip("pyoctaveband.compliance")
    ratios = np.geomspace(0.15, 6.0, 3001)
    for number in (1, 2):
        ours, theirs = attenuation_limits(ratios, number), compliance.class_limits(3, number, ratios)
        assert np.abs(ours[0] - theirs[0]).max() < 1e-9
        assert np.array_equal(np.isinf(ours[1]), np.isinf(theirs[1]))
        finite = np.isfinite(ours[1])
        assert np.abs(ours[1][finite] - theirs[1][finite]).max() < 1e-9


def test_a_sine_lies_in_its_band() -> None:
    t = np.arange(20000) / 1000.0
    squares = band_mean_squares(0.3 * np.sin(2 * np.pi * 39.81 * t), 1000.0, BANDS)
    assert BANDS.nominal[np.nanargmax(squares)] == pytest.approx(40.0)
    assert np.sqrt(np.nanmax(squares)) == pytest.approx(0.3 / np.sqrt(2), rel=2e-3)


def test_white_noise_rises_one_decibel_a_band_and_keeps_its_energy() -> None:
    noise = np.random.default_rng(4).normal(size=400_000)
    squares = band_mean_squares(noise, 1000.0, BANDS)
    expected = (BANDS.upper - BANDS.lower) / 500.0
    assert np.abs(10 * np.log10(squares / expected)).max() < 0.6
    assert squares.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_running_maxima_of_a_settled_sine_are_its_rms() -> None:
    t = np.arange(10000) / 1000.0
    maxima = running_maxima(np.sin(2 * np.pi * 63.1 * t), 1000.0, BANDS, 1.0)
    assert maxima[BANDS.nominal == 63.0][0] == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_bands_beyond_nyquist_are_nan_not_wrong() -> None:
    maxima = running_maxima(np.ones(500), 100.0, BANDS, 1.0)
    assert np.isnan(maxima[BANDS.upper >= 50.0]).all()
    assert np.isfinite(maxima[BANDS.upper < 50.0]).all()
    assert np.isnan(band_mean_squares(np.empty(0), 100.0, BANDS)).all()


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="no bands"):
        third_octaves(10.0, 5.0)
