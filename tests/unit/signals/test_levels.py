"""Levels: reference values and their traps, energetic means, time weightings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.signals.levels import (
    FAST_S,
    REFERENCES,
    convert,
    energy_mean,
    energy_sum,
    equivalent_level,
    exposure_level,
    from_level,
    level,
    level_unit,
    running_rms,
    transit_exposure_level,
)


@pytest.mark.parametrize(
    ("old", "new", "difference_db"),
    [
        ("velocity_iso", "velocity_din", -33.98),  # the 34 dB between 1 nm/s and 5e-8 m/s
        ("acceleration_iso", "acceleration_jis", -20.0),
        ("velocity_fta", "velocity_iso", 28.10),
        ("velocity_fta", "velocity_fta_metric", 8.10),
    ],
)
def test_the_traps_between_reference_values(old: str, new: str, difference_db: float) -> None:
    assert float(convert(80.0, old, new)) == pytest.approx(80.0 + difference_db, abs=0.005)


def test_a_level_unit_names_the_reference_value_as_a_number() -> None:
    for name, (reference, unit, _) in REFERENCES.items():
        _, _, value, of = level_unit(name).split(" ")
        assert (float(value), of) == (reference, unit)
    assert level_unit("velocity_din") == "dB re 5e-8 m/s"


def test_velocity_is_no_acceleration() -> None:
    with pytest.raises(ValueError, match="no conversion"):
        convert(80.0, "velocity_din", "acceleration_iso")


@given(st.floats(-200, 200), st.sampled_from(sorted(REFERENCES)))
def test_a_level_and_its_value_are_one(level_db: float, reference: str) -> None:
    assert float(level(from_level(level_db, reference), reference)) == pytest.approx(level_db, abs=1e-9)


def test_calibrator_tone_is_94_decibels() -> None:
    tone = math.sqrt(2) * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    assert equivalent_level(tone, "sound_pressure") == pytest.approx(93.979, abs=0.001)


def test_two_equal_levels_are_three_decibels_more() -> None:
    assert energy_sum([70.0, 70.0]) == pytest.approx(73.0103, abs=1e-4)
    assert energy_mean([60.0, 70.0]) == pytest.approx(10 * math.log10((1e6 + 1e7) / 2))


def test_no_levels_have_no_mean_and_silence_stays_silence() -> None:
    assert math.isnan(energy_mean([]))
    assert energy_mean([-math.inf, -math.inf]) == -math.inf


def test_fast_level_of_a_burst_follows_the_exponential() -> None:
    # IEC 61672-1: response of F to a 4 kHz burst of 200 ms is -1.0 dB, of 50 ms -4.8 dB, of 10 ms -11.1 dB
    fs = 48000
    tone = math.sqrt(2) * np.sin(2 * np.pi * 4000 * np.arange(fs) / fs)
    for seconds, expected_db in ((0.2, -1.0), (0.05, -4.8), (0.01, -11.1)):
        burst = np.where(np.arange(fs) < seconds * fs, tone, 0.0)
        assert 20 * math.log10(running_rms(burst, fs, FAST_S).max()) == pytest.approx(expected_db, abs=0.06)


def test_exposure_levels_of_a_passage() -> None:
    assert exposure_level(80.0, 10.0) == pytest.approx(90.0)
    assert transit_exposure_level(exposure_level(80.0, 10.0), 10.0) == pytest.approx(80.0)
