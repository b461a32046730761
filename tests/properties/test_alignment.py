from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guideway.signals.alignment import align
from guideway.signals.alignment_drift import best_path
from guideway.signals.alignment_resample import resample, uniform_targets
from tests.unit.signals.drifting_runs import STEP, drifting_runs

RUNS = drifting_runs(100, km=3.0, bound_m=0.001)


@settings(max_examples=15, deadline=None)
@given(st.floats(-300.0, 300.0), st.floats(0.1, 20.0))
def test_moving_the_chainage_moves_the_shift_and_scaling_the_values_changes_nothing(moved: float, gain: float) -> None:
    plain = align(RUNS.stated, RUNS.values, RUNS.reference, RUNS.reference_values)
    found = align(RUNS.stated - moved, gain * RUNS.values, RUNS.reference, RUNS.reference_values)
    inside = (RUNS.stated > 400.0) & (RUNS.stated < 2600.0)
    there = found.shift_at(RUNS.stated[inside] - moved)
    assert np.max(np.abs(there - moved - plain.shift_at(RUNS.stated[inside]))) < 0.1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
@example(161)  # 0.0205 m at the end of the run
def test_a_run_is_nowhere_off_from_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=6000).cumsum()
    position = 500.0 + STEP * np.arange(values.size)
    found = align(position, values, position, values)
    assert found.comparable.all()
    assert np.max(np.abs(found.shift_at(position))) < 0.2 * STEP
    assert np.min(found.correlation) > 0.999


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 4), st.integers(2, 7), st.integers(0, 10_000), st.floats(0.01, 0.5), st.floats(0.1, 2.0))
def test_best_path_is_the_best_of_all_paths(windows: int, lags: int, seed: int, slope: float, jump: float) -> None:
    scores = np.random.default_rng(seed).random((windows, lags)).astype(np.float32)

    def worth(path: tuple[int, ...]) -> float:
        gain = sum(float(scores[window, lag]) for window, lag in enumerate(path))
        return gain - sum(min(slope * abs(b - a), jump) for a, b in pairwise(path))

    best = max(worth(path) for path in product(range(lags), repeat=windows))
    assert abs(worth(tuple(best_path(scores, slope, jump).tolist())) - best) < 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 60), st.integers(0, 10_000))
def test_resampling_onto_own_places_changes_nothing_and_keeps_gaps(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.arange(n) * 0.25 + 7.0
    values = rng.normal(size=n).astype(np.float32)
    values[rng.random(n) < 0.2] = np.nan
    targets = uniform_targets(places, 7.0, 0.25)
    np.testing.assert_allclose(resample(places, targets).apply(values), values, atol=1e-6)
