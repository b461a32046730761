"""Runs that a vehicle facing the other way recorded, backwards, with drift, gaps and a break in the chainage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from guideway.archives.recording import Channel
from guideway.monitoring.facing import ReferenceRun, align_either_way, mirrored
from guideway.signals.alignment import Alignment, align
from tests.unit.signals.drifting_runs import STEP, Runs, drifting_runs, recording_of
from tests.unit.signals.test_alignment import real_run

NAMES = ("longitudinal_level_left", "longitudinal_level_right", "alignment_left", "alignment_right")


def test_mirrored_swaps_rails_and_turns_lateral_signs_and_back() -> None:
    run = recording_of(drifting_runs(3, km=1.0, channels=4), NAMES)
    extra = (Channel("gauge", "mm", np.ones(4, dtype=np.float32)), Channel("cross_level", "mm", run.channels[0].values))
    run = replace(run, channels=(*run.channels, *extra))
    turned = mirrored(run)
    np.testing.assert_array_equal(turned.values("alignment_left"), -run.values("alignment_right"))
    np.testing.assert_array_equal(turned.values("longitudinal_level_right"), run.values("longitudinal_level_left"))
    np.testing.assert_array_equal(turned.values("cross_level"), -run.values("cross_level"))
    np.testing.assert_array_equal(turned.values("gauge"), run.values("gauge"))
    for name in (channel.name for channel in run.channels):
        np.testing.assert_array_equal(mirrored(turned).values(name), run.values(name))


def driven_with_a_break(runs: Runs) -> Runs:
    """The same run with 500 m not measured, and an odometer set anew by 25 m at 5,000 m."""
    values, shift = runs.values.copy(), runs.shift.copy()
    values[:, (runs.stated > 2600.0) & (runs.stated < 3100.0)] = np.nan  # 500 m not measured
    shift[runs.stated > 5000.0] -= 25.0  # the odometer is set anew: 25 m more from here on
    as_true = runs.stated + runs.shift
    stated = as_true - shift
    on_grid = np.arange(stated[0], stated[-1], STEP)
    values = np.stack([np.interp(on_grid, stated, row) for row in values])
    return Runs(on_grid, values, np.interp(on_grid, stated, shift), runs.reference, runs.reference_values)


def residual_of_reverse_run(driven: Runs, found: Alignment) -> np.ndarray:
    """Mean error of each section, away from the break and from the stretch that was not measured."""
    near_break = np.abs(driven.stated - 5000.0) < 150.0
    unknown = (driven.stated > 2400.0) & (driven.stated < 3300.0)
    shift = np.where(near_break | unknown, np.nan, found.shift_at(driven.stated))
    return driven.residual(shift)


@pytest.mark.parametrize("seed", [30, 31, 32])
def test_a_reverse_run_with_drift_gaps_and_a_break_is_within_a_quarter_metre(seed: int) -> None:
    runs = drifting_runs(seed, km=8.0, channels=4, gaps=8)
    driven = driven_with_a_break(runs)
    backwards = mirrored(recording_of(driven, NAMES))
    reference = dict(zip(NAMES, runs.reference_values, strict=True))
    turned, found, is_mirrored = align_either_way(backwards, ReferenceRun(runs.reference, reference))
    assert is_mirrored
    np.testing.assert_array_equal(turned.values(NAMES[0]), recording_of(driven, NAMES).values(NAMES[0]))
    residual = residual_of_reverse_run(driven, found)
    known = residual[np.isfinite(residual)]
    assert known.size > 28
    assert np.mean(known < 0.25) >= 0.95
    assert found.comparable.mean() > 0.8
    as_delivered = align(
        driven.stated, np.stack([backwards.values(name) for name in NAMES]), runs.reference, runs.reference_values
    )
    assert as_delivered.comparable.mean() < 0.2


def test_a_run_that_faced_the_same_way_stays_and_another_track_stays_incomparable() -> None:
    runs, other = drifting_runs(33, km=4.0, channels=4), drifting_runs(133, km=4.0, channels=4)
    run = recording_of(runs, NAMES)
    reference, strange = (
        ReferenceRun(one.reference, dict(zip(NAMES, one.reference_values, strict=True))) for one in (runs, other)
    )
    same, found, turned = align_either_way(run, reference)
    assert not turned
    assert same is run
    assert found.comparable.all()
    _, found, _ = align_either_way(run, strange)
    assert not found.comparable.any()


def test_the_real_pair_with_its_rails_swapped_is_turned_back(shared_data: Path) -> None:
    january, february = real_run(shared_data, "run_20170110.txt"), real_run(shared_data, "run_20170213.txt")
    run = replace(
        recording_of(drifting_runs(1, km=0.1, channels=4), NAMES),
        start=float(february[0][0]),
        step=float(np.median(np.diff(february[0]))),
        channels=tuple(Channel(n, "mm", v.astype(np.float32)) for n, v in zip(NAMES, february[1][::-1], strict=False)),
    )
    _, found, turned = align_either_way(run, ReferenceRun(january[0], dict(zip(NAMES, january[1], strict=False))))
    assert turned
    assert (found.correlation[found.to_m < january[0].max()] >= 0.90).all()


def test_runs_without_a_common_channel_are_refused() -> None:
    with pytest.raises(ValueError, match="no channel in common"):
        align_either_way(
            recording_of(drifting_runs(1, km=0.2, channels=4), NAMES),
            ReferenceRun(np.arange(10.0), {"gauge": np.ones(10)}),
        )
