from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.signals.sensor_faults import without_spikes, without_standstill


@pytest.mark.parametrize("quantum", [0.0, 0.1])
def test_spikes_go_and_only_spikes(quantum: float) -> None:
    rng = np.random.default_rng(0)
    signal = 3 * np.sin(np.arange(8000) / 20.0) + rng.normal(0, 0.05, 8000)
    signal = np.round(signal / quantum) * quantum if quantum else signal
    at = np.sort(rng.choice(np.arange(2, 7998, 7), 20, replace=False))
    spoiled = signal.copy()
    spoiled[at] += rng.choice((-1, 1), 20) * 40.0
    cleaned = without_spikes(np.stack((signal, spoiled)))
    np.testing.assert_array_equal(cleaned[0], signal)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(cleaned[1])), at)


def test_a_step_and_a_short_dip_are_track_not_spikes() -> None:
    signal = np.random.default_rng(1).normal(0, 0.05, 1000)
    signal[500:] += 20.0
    signal[200:204] -= 15.0
    np.testing.assert_array_equal(without_spikes(signal), signal)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), max_size=40))
def test_values_are_never_changed_and_input_stays(values: list[float]) -> None:
    signal = np.array(values)
    before = signal.copy()
    for cleaned in (without_spikes(signal), without_standstill(signal, 3)):
        kept = np.isfinite(cleaned)
        np.testing.assert_array_equal(cleaned[kept], signal[kept])
    np.testing.assert_array_equal(signal, before)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=60), st.integers(2, 6))
def test_standstill_is_every_run_of_that_length(values: list[int], samples: int) -> None:
    signal = np.array(values, dtype=float)
    found = np.isnan(without_standstill(signal, samples))
    for i in range(signal.size):
        low = high = i
        while low > 0 and signal[low - 1] == signal[i]:
            low -= 1
        while high + 1 < signal.size and signal[high + 1] == signal[i]:
            high += 1
        assert found[i] == (high - low + 1 >= samples)
