"""DIN 4150-2 and DIN 45672: KB, clock maxima, rating severity, hourly velocity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from guideway.monitoring.vibration_noise.immission import clock_maxima, hourly_velocity, kb_fast, rating_severity

FS = 400.0


def test_kb_of_a_settled_sine_is_its_weighted_rms() -> None:
    t = np.arange(8000) / FS
    kb = kb_fast(0.5 * np.sin(2 * np.pi * 20.0 * t), FS)
    expected = 0.5 / math.sqrt(2) / math.sqrt(1 + (5.6 / 20.0) ** 2)
    # the running RMS of 0.125 s ripples at twice the frequency
    assert kb[4000:].max() == pytest.approx(expected, rel=0.04)
    assert kb[4000:].mean() == pytest.approx(expected, rel=0.01)


def test_clock_maxima_follow_the_clock_not_the_record() -> None:
    kb = np.full(round(60 * FS), 0.05)
    kb[round(12 * FS)] = 0.9  # 12 s after a start at 25 s past the minute: clock interval 1 (30 s to 60 s)
    maxima = clock_maxima(kb, FS, 25.0)
    assert maxima == pytest.approx({0: 0.05, 1: 0.9, 2: 0.05})


def test_rating_of_equal_intervals_scales_with_the_root_of_their_share() -> None:
    # 120 of 1,920 clock intervals of 16 h at KB_FTi 0.4: 0.4 * sqrt(120 / 1920) = 0.1
    assert rating_severity(np.full(120, 0.4), 16 * 3600.0) == pytest.approx(0.1)


def test_values_up_to_a_tenth_do_not_count() -> None:
    assert rating_severity([0.1, 0.05], 8 * 3600.0) == 0.0
    assert rating_severity([], 0.0) == 0.0


def test_hourly_velocity_of_one_hour_is_that_velocity() -> None:
    assert hourly_velocity([0.2], [3600.0]) == pytest.approx(0.2)
    assert hourly_velocity([0.3] * 12, [10.0] * 12) == pytest.approx(0.3 * math.sqrt(120 / 3600))
