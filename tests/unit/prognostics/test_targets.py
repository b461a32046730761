from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.degradation.series import SeriesBatch
from guideway.prognostics.targets import target_table


def one(t, v, origin, works=(), limit=2.0, **options):
    batch = SeriesBatch.from_lists([t], [v], [list(works)])
    table = target_table(batch, np.array([origin]), np.array([limit]), **options)
    return {name: values[0] for name, values in table.items()}


def test_value_ahead_lies_on_the_line_through_its_neighbours():
    found = one([0.0, 80, 110], [1.0, 1.8, 2.4], 0.0)
    assert found["value_13w"] == pytest.approx(1.8 + 0.6 * 11 / 30)
    assert found["span_days_13w"] == 91


def test_the_value_at_the_origin_never_stands_in_for_the_future():
    # The only later value lies beyond the tolerance: nothing is known, however near the origin's value seems.
    assert np.isnan(one([0.0, 90], [1.0, 5.0], 0.0, horizons_weeks=(4,))["value_4w"])
    found = one([0.0, 88], [1.0, 5.0], 0.0)
    assert found["value_13w"] == 5.0
    assert found["span_days_13w"] == 88


def test_a_span_over_a_work_is_marked_and_an_exceedance_hidden_by_it_is_not_known():
    found = one([0.0, 40, 91], [1.0, 1.5, 0.6], 0.0, works=[60.0])
    assert found["straddles_work_13w"]
    assert np.isnan(found["exceeds_13w"])
    assert found["days_to_limit"] == 60
    assert found["limit_reached"] == 0
    assert not one([0.0, 40, 91], [1.0, 1.5, 0.6], 0.0, works=[0.0])["straddles_work_13w"]


def test_an_exceedance_before_the_work_counts():
    found = one([0.0, 40, 91], [1.0, 2.0, 0.6], 0.0, works=[60.0])
    assert found["exceeds_13w"] == 1
    assert (found["days_to_limit"], found["limit_reached"]) == (40, 1)


def test_an_unwatched_future_is_not_a_good_one():
    found = one([0.0, 100], [1.0, 1.1], 0.0)
    assert found["exceeds_13w"] == 0
    assert np.isnan(found["exceeds_52w"])
    assert (found["days_to_limit"], found["limit_reached"]) == (100, 0)


def test_lower_is_worse_is_the_mirror_image():
    batch = SeriesBatch.from_lists([[0.0, 50, 91]], [[9.0, 7.0, 6.0]], direction=[-1])
    table = target_table(batch, np.array([0.0]), np.array([6.5]))
    assert table["value_13w"][0] == -6.0
    assert table["exceeds_13w"][0] == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 3), min_size=1, max_size=12), st.floats(0, 300), st.sampled_from([4, 13, 26, 52]))
def test_exceedance_agrees_with_looking_at_each_value(values, origin, weeks):
    t = np.arange(len(values)) * 30.0
    found = one(t, values, origin)
    ahead = [(at, v) for at, v in zip(t, values, strict=True) if origin < at <= origin + 7 * weeks]
    if any(v >= 2.0 for _, v in ahead):
        assert found[f"exceeds_{weeks}w"] == 1
    else:
        assert found[f"exceeds_{weeks}w"] in (0.0,) or np.isnan(found[f"exceeds_{weeks}w"])


def test_no_limit_no_exceedance():
    table = target_table(SeriesBatch.from_lists([[0.0, 91]], [[1.0, 9.0]]), np.array([0.0]))
    assert np.isnan(table["exceeds_13w"]).all()
    assert np.isnan(table["days_to_limit"]).all()
