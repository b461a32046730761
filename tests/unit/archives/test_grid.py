"""Samples land on a uniform rising axis, and nothing is invented."""

from __future__ import annotations

import numpy as np
import pytest

from guideway.archives.grid import Spacing, to_grids

SPACING = Spacing(step=0.25, max_gap=2.5, bridge=0.375, tolerance=0.1, min_samples=2)


def grids(positions, values=None, spacing=SPACING):
    positions = np.asarray(positions, dtype=float)
    values = np.arange(positions.size, dtype=np.float32) if values is None else np.asarray(values, dtype=np.float32)
    return to_grids(positions, {"a": values}, spacing)


def test_a_falling_run_is_reversed_and_says_so():
    (grid,), n_bad, _ = grids(100 - 0.25 * np.arange(8))
    assert (grid.start, grid.direction, n_bad) == (98.25, -1, 0)
    np.testing.assert_array_equal(grid.values["a"], np.arange(8)[::-1])


def test_a_short_hole_is_missing_and_a_long_one_starts_a_new_stretch():
    at = np.concatenate([np.arange(0, 2, 0.25), np.arange(3, 5, 0.25), np.arange(50, 51, 0.25)])
    (first, second), n_bad, _ = grids(at)
    assert (first.start, first.n_samples, n_bad) == (0.0, 20, 0)
    assert np.flatnonzero(np.isnan(first.values["a"])).tolist() == [8, 9, 10, 11]
    assert (second.start, second.n_samples, second.first_row) == (50.0, 4, 16)


def test_repeated_and_backward_positions_are_left_out_and_counted():
    (grid,), n_bad, _ = grids([0, 0.25, 0.25, 0.5, 0.25, 0.75, np.nan, 1.0])
    assert n_bad == 3
    np.testing.assert_array_equal(grid.values["a"], [0, 1, 3, 5, 7])


def test_a_vehicle_that_turns_back_gives_two_stretches():
    out, back = np.arange(0, 20, 0.25), np.arange(19.5, 5, -0.25)
    (first, second), n_bad, _ = grids(np.concatenate([out, back]))
    assert (first.direction, second.direction) == (1, -1)
    assert first.n_samples == out.size
    assert second.n_samples == back.size
    assert n_bad == 0


def test_a_straight_line_survives_jitter_and_another_step():
    rng = np.random.default_rng(1)
    at = np.cumsum(0.25 + rng.uniform(-0.1, 0.1, 400))
    (grid,), _, _ = grids(at, 3 * at)
    expected = 3 * (grid.start + 0.25 * np.arange(grid.n_samples))
    found = grid.values["a"]
    assert np.isfinite(found).mean() > 0.99
    np.testing.assert_allclose(found[np.isfinite(found)], expected[np.isfinite(found)], atol=3 * 0.025)


def test_a_missing_sample_is_not_interpolated_over():
    at = 0.26 * np.arange(40)
    values = np.where(np.arange(40) == 20, np.nan, 1.0)
    (grid,), _, _ = grids(at, values)
    hole = np.flatnonzero(np.isnan(grid.values["a"]))
    assert hole.size >= 1
    assert np.all(np.abs(0.25 * hole - 0.26 * 20) < 0.3)


def test_nothing_is_extrapolated():
    (grid,), _, _ = grids([10.1, 10.37, 10.61, 10.88])
    assert grid.start == pytest.approx(10.1)
    assert grid.start + 0.25 * (grid.n_samples - 1) <= 10.88 + 0.025


@pytest.mark.parametrize("positions", [[], [np.nan, np.nan], [5.0], [5.0, 5.0, 5.0]])
def test_nothing_usable_gives_nothing(positions):
    found, n_bad, n_short = grids(positions)
    assert found == []
    assert n_bad + n_short == len(positions)
