from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import theilslopes

from guideway.prognostics import ragged

series_of_times = st.lists(st.lists(st.integers(0, 40), unique=True, max_size=9).map(sorted), min_size=1, max_size=6)


@given(series_of_times, st.integers(-2, 42), st.booleans())
def test_counts_agree_with_searchsorted_of_each_series(lists, at, inclusive):
    offsets = np.cumsum([0, *map(len, lists)])
    t = np.array([x for part in lists for x in part], dtype=float)
    series = np.arange(len(lists))
    found = ragged.count_until(offsets, t, series, np.full(len(lists), float(at)), inclusive=inclusive)
    side = "right" if inclusive else "left"
    assert found.tolist() == [offsets[k] + np.searchsorted(lists[k], at, side=side) for k in series]


def test_slopes_agree_with_polyfit_and_refuse_too_few_points():
    rng = np.random.default_rng(3)
    t, v = np.sort(rng.uniform(0, 4, 60)), rng.normal(size=60)
    start, end = np.array([0, 5, 20, 58, 30]), np.array([60, 17, 40, 60, 30])
    found = ragged.slopes(t, v, start, end)
    expected = [np.polyfit(t[a:b], v[a:b], 1)[0] for a, b in zip(start[:3], end[:3], strict=True)]
    np.testing.assert_allclose(found[:3], expected, rtol=1e-9)
    assert np.isnan(found[3:]).all()


def test_slope_of_coincident_times_is_not_known():
    found = ragged.slopes(np.ones(5), np.arange(5.0), np.array([0]), np.array([5]))
    assert np.isnan(found).all()


def test_theil_sen_agrees_with_scipy_and_ignores_gaps():
    rng = np.random.default_rng(4)
    t, v = np.sort(rng.uniform(0, 3, (5, 12))), rng.normal(size=(5, 12))
    v[2, :4] = np.nan
    t[2, :4] = np.nan
    found = ragged.theil_sen(t, v)
    for row in range(5):
        known = np.isfinite(v[row])
        assert found[row] == pytest.approx(theilslopes(v[row][known], t[row][known])[0])


def test_last_elements_are_right_aligned_and_stay_inside_the_window():
    found = ragged.last_elements(np.arange(10.0), np.array([0, 7, 4]), np.array([5, 9, 4]), 3)
    np.testing.assert_array_equal(found, [[2, 3, 4], [np.nan, 7, 8], [np.nan] * 3])


@given(st.lists(st.lists(st.one_of(st.just(np.nan), st.floats(-5, 5)), min_size=4, max_size=4), min_size=1, max_size=5))
def test_row_median_agrees_with_nanmedian(matrix):
    array = np.array(matrix)
    found = ragged.row_median(array)
    for row, value in zip(array, found, strict=True):
        known = row[np.isfinite(row)]
        assert np.isnan(value) if known.size == 0 else value == pytest.approx(np.median(known))
