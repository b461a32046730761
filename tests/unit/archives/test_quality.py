"""Quality rules take what they say, count it, and leave the rest."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter

from guideway.archives.quality import drift, judge, lone_jumps, lost_records, stuck
from guideway.archives.rules import QualityRules
from guideway.errors import DecodeError

RULES = TypeAdapter(QualityRules)


def apply(values, *rules, share=0.5, unreadable=0):
    settings = RULES.validate_python(
        {"rules": [{"channels": ["gauge"]} | rule for rule in rules], "max_rejected_share": share}
    )
    column = np.asarray(values, dtype=np.float32)
    return judge({"gauge": column}, settings, column.size, {"gauge": unreadable})


def taken(verdict):
    return np.flatnonzero(verdict.rejected).tolist()


def test_a_range_takes_what_lies_outside_and_keeps_the_borders():
    verdict = apply([1, 2, 3, 4, 5, np.nan], {"rule": "range", "low": 2, "high": 4})
    assert taken(verdict) == [0, 4]
    np.testing.assert_array_equal(verdict.columns["gauge"], [np.nan, 2, 3, 4, np.nan, np.nan])


def test_a_jump_is_one_sample_out_and_back_and_a_step_is_no_jump():
    assert np.flatnonzero(lone_jumps(np.array([0, 0, 9, 0, 0, 9, 9, 9.0]), 5)).tolist() == [2]
    assert np.flatnonzero(lone_jumps(np.array([0, -9, 0, 9, 0.0]), 5)).tolist() == [1, 3]
    assert np.flatnonzero(lone_jumps(np.array([0, np.nan, 9, np.nan, 0.0]), 5)).tolist() == [2]
    assert not lone_jumps(np.array([1.0, 9.0]), 1).any()


def test_stuck_runs_are_taken_whole():
    values = np.array([1, 2, 2, 2, 3, 3, np.nan, np.nan, np.nan, 4, 4, 4.0])
    assert np.flatnonzero(stuck(values, 3)).tolist() == [1, 2, 3, 9, 10, 11]
    assert not stuck(values, 4).any()
    assert not stuck(values[:2], 3).any()


def test_a_dead_channel_goes_with_a_note():
    verdict = apply([7, 7, np.nan, 7], {"rule": "dead"})
    assert verdict.columns == {}
    assert "dead" in verdict.notes[0]
    assert apply([7, 7, 8], {"rule": "dead"}).columns


def test_lost_records_are_counted_over_holes_but_not_over_a_restart():
    assert lost_records(np.array([7.0, 8, 11, np.nan, 13, 0, 1, 2])) == 3
    assert lost_records(np.array([])) == 0


def test_drift_is_measured_by_its_robust_line():
    t = np.linspace(0, 1, 2000)
    noise = np.random.default_rng(0).normal(size=t.size)
    noise[::50] += 100
    assert drift(5 * t + noise) == pytest.approx(5 * 19 / 20, abs=0.5)
    assert apply(5 * t + noise, {"rule": "drift", "limit": 3}).columns == {}
    assert apply(noise, {"rule": "drift", "limit": 3}).columns
    assert drift(np.array([1.0, 2.0])) == 0


def test_a_channel_with_too_few_samples_goes():
    values = np.r_[np.ones(10), np.full(90, np.nan)]
    assert apply(values, {"rule": "gap", "valid_share": 0.2}).columns == {}
    assert apply(values, {"rule": "gap", "valid_share": 0.1}).columns


def test_too_many_rejected_samples_refuse_the_file():
    with pytest.raises(DecodeError, match="too_many_rejected"):
        apply([1, 2, 3, 100, 100, 100], {"rule": "range", "high": 10}, share=0.4)
    with pytest.raises(DecodeError, match="too_many_rejected"):
        apply([1, 2, np.nan], share=0.3, unreadable=1)
    assert apply([1, 2, 3, 100], {"rule": "range", "high": 10}, share=0.4).columns


@pytest.mark.parametrize(
    ("values", "fits"), [([1434, 1435, 1437], True), ([0.1, -1, 2], False), ([56.4, 56.5, 57], False)]
)
def test_plausibility_tells_gauge_from_deviation_and_inches(values, fits):
    rule = {"rule": "plausible", "low": 1425, "high": 1470}
    if fits:
        assert apply(values, rule).columns
    else:
        with pytest.raises(DecodeError, match="implausible_unit"):
            apply(values, rule)


def test_an_empty_or_all_missing_channel_is_left_out_without_an_error():
    settings = [
        {"rule": "range", "low": 0},
        {"rule": "jump", "limit": 1},
        {"rule": "stuck", "samples": 2},
        {"rule": "dead"},
        {"rule": "drift", "limit": 1},
        {"rule": "gap", "valid_share": 0.5},
        {"rule": "plausible", "low": 0, "high": 1},
    ]
    for values in ([], [np.nan, np.nan]):
        verdict = apply(values, *settings)
        assert verdict.columns == {}
        assert not verdict.rejected.any()


def test_inputs_stay_as_they_were():
    column = np.array([1, 200, 1, 1], dtype=np.float32)
    judge({"gauge": column}, RULES.validate_python({"rules": [{"rule": "range", "channels": ["*"], "high": 9}]}), 4, {})
    np.testing.assert_array_equal(column, [1, 200, 1, 1])
