from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.monitoring.ride_comfort.en_12299 import (
    SEATED_EVENT,
    SEATED_TRANSITION,
    STANDING_TRANSITION,
    block_rms,
    curve_transitions,
    discrete_events,
    mean_comfort,
    mean_comfort_seated,
    mean_comfort_standing,
)
from guideway.monitoring.ride_comfort.exposure import dose, maximum_transient, vector_sum, weighted_rms
from guideway.monitoring.ride_comfort.sperling import combined_index, sperling_index, sperling_weighted
from guideway.monitoring.ride_comfort.stops import find_stops

FS = 200.0
ALL = np.ones(int(400 * FS), dtype=bool)


def sine(amplitude: float, hz: float, seconds: float, fs: float = FS) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * fs)) / fs)


def test_a_sine_has_its_textbook_rms_and_dose() -> None:
    x = sine(0.8, 2.0, 60.0)
    assert weighted_rms(x) == pytest.approx(0.8 / math.sqrt(2))
    assert dose(x, FS) == pytest.approx((3 / 8 * 0.8**4 * 60.0) ** 0.25)
    assert maximum_transient(x, FS) == pytest.approx(0.8 / math.sqrt(2), rel=0.03)
    assert vector_sum((3.0, 4.0, 12.0)) == 13.0
    assert vector_sum((1.0, 1.0, 1.0), (1.4, 1.4, 1.0)) == pytest.approx(math.sqrt(2 * 1.96 + 1))


@given(st.floats(0.01, 10.0), st.floats(1.0, 4.0))
def test_dose_grows_with_the_fourth_root_of_time_and_in_proportion(factor: float, times: float) -> None:
    x = np.random.default_rng(3).normal(size=2000)
    assert dose(factor * x, FS) == pytest.approx(factor * dose(x, FS))
    assert dose(np.tile(x, round(times)), FS) == pytest.approx(dose(x, FS) * round(times) ** 0.25)


def test_mean_comfort_of_equal_blocks_is_six_times_their_vector_sum() -> None:
    middles, blocks = block_rms(sine(0.1, 4.0, 400.0), ALL, FS)
    assert middles[:2].tolist() == [2.5, 7.5]
    assert blocks.size == 80
    assert mean_comfort(blocks, blocks, blocks) == pytest.approx(6 * math.sqrt(3) * 0.1 / math.sqrt(2), rel=1e-6)


def test_mean_comfort_takes_the_95th_percentile_and_needs_a_minute() -> None:
    x = np.linspace(0.0, 1.0, 101)
    assert mean_comfort(x, 0 * x, 0 * x) == pytest.approx(6 * 0.95)
    assert math.isnan(mean_comfort(x[:11], x[:11], x[:11]))
    assert math.isnan(mean_comfort(np.full(60, np.nan), np.ones(60), np.ones(60)))


def test_complete_methods_by_hand() -> None:
    rng = np.random.default_rng(4)
    x, y, z, other = rng.gamma(4.0, 0.02, (4, 80))
    x50, y50, z50 = (sorted(axis)[39] / 2 + sorted(axis)[40] / 2 for axis in (x, y, z))
    # 95th percentile of 80 values: 0.05 of the way from the 76th to the 77th
    x95, y95, z95, o95 = (0.95 * sorted(axis)[75] + 0.05 * sorted(axis)[76] for axis in (x, y, z, other))
    standing = 3 * math.sqrt(16 * x50**2 + 4 * y50**2 + z50**2) + 5 * y95
    assert mean_comfort_standing(x, y, z) == pytest.approx(standing, rel=1e-9)
    seated = 4 * z95 + 2 * math.sqrt(y95**2 + o95**2) + 4 * x95
    assert mean_comfort_seated(z, y, other, x) == pytest.approx(seated, rel=1e-9)
    assert math.isnan(mean_comfort_standing(x[:11], y[:11], z[:11]))
    assert math.isnan(mean_comfort_seated(z, y, np.full(80, np.nan), x))


def test_a_block_with_a_tenth_missing_is_not_known() -> None:
    usable = ALL.copy()
    usable[: round(0.6 * FS)] = False
    usable[round(5.1 * FS) : round(5.4 * FS)] = False
    _, blocks = block_rms(np.ones(ALL.size), usable, FS)
    assert np.isnan(blocks[0])
    assert blocks[1] == pytest.approx(1.0)


def test_discrete_events_of_a_long_curve_and_of_a_kick() -> None:
    assert discrete_events(np.full(4000, 2.0), FS)[2000] == pytest.approx(27.01 * 2.0 - 37.0)
    assert discrete_events(np.full(4000, 2.0), FS, SEATED_EVENT)[2000] == pytest.approx(13.05 * 2.0 - 21.7)
    kick = np.zeros(6000)
    kick[3000 : 3000 + round(0.5 * FS)] = 1.5 * np.sin(np.pi * np.arange(round(0.5 * FS)) / (0.5 * FS))
    # peak-to-peak 1.5 less what the 2 Hz filter takes; mean 1.5 * 2 / pi * 0.5 s / 2 s
    assert discrete_events(kick, FS).max() == pytest.approx(max(16.62 * 1.5 + 27.01 * 0.239 - 37.0, 0.0), abs=5.0)
    assert discrete_events(0.1 * kick, FS).max() == 0.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_transition_curve_gives_the_formula_by_hand(sign: float) -> None:
    ramp = np.clip((np.arange(round(40 * FS)) / FS - 15.0) / 4.0, 0.0, 1.0)
    roll = np.where((ramp > 0) & (ramp < 1), 3.0, 0.0)
    ((moment, value),) = curve_transitions(sign * 1.2 * ramp, roll, FS)
    y, jerk = 1.2 / 0.0980665, 0.3 / 0.0980665
    assert moment == pytest.approx(17.0, abs=0.5)
    assert value == pytest.approx(2.80 * y + 2.03 * jerk - 11.1 + 0.185 * 3**2.283, rel=0.02)
    ((_, seated),) = curve_transitions(sign * 1.2 * ramp, roll, FS, SEATED_TRANSITION)
    assert seated == pytest.approx(0.88 * y + 0.95 * jerk - 5.9 + 0.120 * 3**1.626, rel=0.03)


@pytest.mark.parametrize(
    ("ours", "si"),
    [
        (STANDING_TRANSITION, (0.2854, 0.2069, 0.111, 3.64, 2.283)),
        (SEATED_TRANSITION, (0.0897, 0.0968, 0.059, 0.916, 1.626)),
    ],
)
def test_the_factors_of_transitions_are_those_of_the_standard_in_si_units(
    ours: tuple[float, ...], si: tuple[float, ...]
) -> None:
    percent_g = 9.80665 / 100
    a, b, c, d, e = si
    in_percent = (100 * a * percent_g, 100 * b * percent_g, 100 * c, 100 * np.radians(d) ** e, e)
    assert ours == pytest.approx(in_percent, rel=0.005)


def test_straight_track_has_no_transition() -> None:
    assert curve_transitions(np.zeros(8000), np.zeros(8000), FS) == ()
    assert curve_transitions(np.zeros(3), np.zeros(3), FS) == ()


@pytest.mark.parametrize(("hz", "lateral"), [(1.0, False), (5.0, False), (5.0, True), (12.0, True)])
def test_sperling_of_a_sine(hz: float, lateral: bool) -> None:
    top, bottom = 1.911 * hz**2 + (0.25 * hz**2) ** 2, (1 - 0.277 * hz**2) ** 2 + (1.563 * hz - 0.0368 * hz**3) ** 2
    expected = (100 * (1.25 if lateral else 1.0) * 0.588 * math.sqrt(top / bottom) * 0.3 / math.sqrt(2)) ** 0.3
    felt = sperling_weighted(sine(0.3, hz, 60.0), FS, lateral)[2000:-2000]
    assert float(sperling_index(weighted_rms(felt))) == pytest.approx(expected, rel=2e-3)


def test_combined_index_weighs_the_worst_and_lives_with_gaps() -> None:
    assert combined_index(np.array([2.0, 2.0, np.nan])) == pytest.approx(2.0)
    assert 2.6 < combined_index(np.array([1.0, 3.0])) < 3.0
    assert math.isnan(combined_index(np.array([np.nan])))


def journey(
    rng: np.random.Generator, fs: float, turned: bool
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """Three stops: pull away 20 s, coast 20 s, brake 20 s with a final jerk, stand 25 s."""
    along, shaking, truth, now = [], [], [], 0.0
    for _ in range(4):
        for seconds, level, shake in ((20.0, 0.9, 0.15), (20.0, 0.0, 0.2), (20.0, -0.9, 0.12), (25.0, 0.0, 0.005)):
            n = round(seconds * fs)
            along.append(np.full(n, level))
            shaking.append(rng.normal(scale=shake, size=(2, n)))
            now += seconds
            if seconds == 25.0:
                truth.append((now - 25.0, now))
    signal = np.concatenate(along) + 0.02 * rng.normal(size=sum(a.size for a in along)) + 0.3
    return (-signal if turned else signal), np.hstack(shaking), truth[:-1]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("fs", [25.0, 50.0, 400.0])
def test_stops_of_a_known_journey(fs: float, turned: bool) -> None:
    along, across, truth = journey(np.random.default_rng(5), fs, turned)
    stops = find_stops(along, across, fs)
    assert len(stops) == len(truth)
    for stop, (at, away) in zip(stops, truth, strict=True):
        assert stop.stop_s == pytest.approx(at, abs=1.0)
        assert stop.start_s == pytest.approx(away, abs=1.0)


def test_no_stop_without_contrast() -> None:
    rng = np.random.default_rng(6)
    assert find_stops(rng.normal(size=20_000), rng.normal(size=(2, 20_000)), 50.0) == ()
    assert find_stops(np.zeros(10), np.zeros((2, 10)), 50.0) == ()
    assert find_stops(np.zeros(20_000), np.zeros((2, 20_000)), 50.0) == ()
