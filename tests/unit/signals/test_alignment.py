from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.signals.alignment import AlignmentParameters, Reference, align, align_to, corrected
from tests.unit.signals.drifting_runs import STEP, drifting_runs, recording_of


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_recovers_thirty_metres_of_drift(seed: int) -> None:
    runs = drifting_runs(seed, km=12.0, gaps=10)
    found = align(runs.stated, runs.values, runs.reference, runs.reference_values)
    residual = runs.residual(found.shift_at(runs.stated))
    assert np.mean(residual < 0.25) >= 0.95
    assert np.mean(found.comparable) > 0.9


def test_sampling_direction_does_not_matter() -> None:
    runs = drifting_runs(4, km=4.0)
    forward = align(runs.stated, runs.values, runs.reference, runs.reference_values)
    backward = align(runs.stated[::-1], runs.values[:, ::-1], runs.reference, runs.reference_values)
    for name in ("from_m", "to_m", "shift_m", "correlation", "comparable", "knots_m", "knots_shift_m"):
        np.testing.assert_array_equal(getattr(forward, name), getattr(backward, name))


@pytest.mark.parametrize("offset_m", [412.3, -655.0])
def test_finds_a_large_constant_offset(offset_m: float) -> None:
    runs = drifting_runs(5, km=6.0, bound_m=10.0, offset_m=offset_m)
    found = align(runs.stated, runs.values, runs.reference, runs.reference_values)
    inside = found.comparable
    assert inside.mean() > 0.85
    at = (found.from_m[inside] + found.to_m[inside]) / 2
    assert np.quantile(np.abs(found.shift_m[inside] - np.interp(at, runs.stated, runs.shift)), 0.95) < 0.25


def test_a_reset_odometer_leaves_a_sharp_break() -> None:
    runs = drifting_runs(6, km=6.0, bound_m=3.0)
    reset = np.where(runs.stated > 3000.0, runs.stated + 18.0, runs.stated)
    found = align(reset, runs.values, runs.reference, runs.reference_values)
    error = np.abs(found.shift_at(reset) - (runs.shift - (reset - runs.stated)))
    away = np.abs(runs.stated - 3000.0) > 150.0
    assert np.quantile(error[away], 0.95) < 0.25


def test_chainage_break_in_the_run_is_a_gap_not_a_shift() -> None:
    runs = drifting_runs(7, km=6.0, bound_m=5.0)
    kept = (runs.stated < 2500.0) | (runs.stated > 3200.0)
    found = align(runs.stated[kept], runs.values[:, kept], runs.reference, runs.reference_values)
    assert np.quantile(np.abs(found.shift_at(runs.stated[kept]) - runs.shift[kept]), 0.95) < 0.25
    hidden = (found.from_m > 2550.0) & (found.to_m < 3150.0)
    assert hidden.any()
    assert not found.comparable[hidden].any()
    assert np.isnan(found.correlation[hidden]).all()


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("seed", [20, 21])
def test_another_track_is_not_comparable(seed: int, channels: int) -> None:
    runs, other = drifting_runs(seed, km=4.0, channels=channels), drifting_runs(seed + 100, km=4.0, channels=channels)
    found = align(runs.stated, runs.values, other.reference, other.reference_values)
    assert not found.comparable.any()


def test_only_a_renewed_stretch_is_not_comparable() -> None:
    runs, new = drifting_runs(22, km=4.0, bound_m=5.0), drifting_runs(122, km=4.0)
    values = runs.values.copy()
    renewed = (runs.stated > 1500.0) & (runs.stated < 2300.0)
    values[:, renewed] = new.values[:, : renewed.sum()]
    found = align(runs.stated, values, runs.reference, runs.reference_values)
    inside = (found.from_m > 1500.0) & (found.to_m < 2300.0)
    outside = (found.to_m < 1500.0) | (found.from_m > 2300.0)
    assert inside.sum() == 3
    assert not found.comparable[inside].any()
    assert found.comparable[outside].all()
    assert np.quantile(np.abs(found.shift_at(runs.stated[~renewed]) - runs.shift[~renewed]), 0.95) < 0.25


def test_a_dead_channel_has_no_vote() -> None:
    runs = drifting_runs(10, km=4.0)
    dead = np.vstack((runs.values, np.full(runs.stated.size, np.nan)))
    reference = np.vstack((runs.reference_values, runs.reference_values[:1]))
    without = align(runs.stated, runs.values, runs.reference, runs.reference_values)
    found = align(runs.stated, dead, runs.reference, reference)
    np.testing.assert_array_equal(found.shift_m, without.shift_m)


@pytest.mark.parametrize("values", [np.empty(0), np.full(800, np.nan), np.zeros(800), np.ones(5)])
def test_nothing_to_compare_gives_no_comparable_stretch(values: np.ndarray) -> None:
    runs = drifting_runs(11, km=1.0)
    found = align(np.arange(values.size) * STEP, values, runs.reference, runs.reference_values[0])
    assert not found.comparable.any()
    assert all(row["comparable"] is False for row in found.records())
    np.testing.assert_array_equal(found.shift_at([1.0, 2.0]), [0.0, 0.0])
    swapped = align(runs.reference, runs.reference_values[0], np.arange(values.size) * STEP, values)
    assert not swapped.comparable.any()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        align(np.arange(10.0), np.ones(9), np.arange(10.0), np.ones(10))
    with pytest.raises(ValueError, match="channels"):
        align(np.arange(10.0), np.ones((2, 10)), np.arange(10.0), np.ones(10))


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="serch_m"):
        AlignmentParameters.model_validate({"serch_m": 10.0})


def test_corrected_recording_lies_on_the_reference_grid_and_on_its_values() -> None:
    runs = drifting_runs(12, km=4.0, evolved=0.0, noise_mm=0.02, gaps=3)
    recording = recording_of(runs)
    moved = corrected(recording, align(runs.stated, runs.values, runs.reference, runs.reference_values))
    assert moved.step == STEP
    assert (moved.start / STEP) == pytest.approx(round(moved.start / STEP))
    expected = np.interp(moved.positions, runs.reference, runs.reference_values[0])
    difference = (moved.values("longitudinal_level_left") - expected)[200:-200]
    assert np.isnan(difference).any()
    assert np.nanquantile(np.abs(difference), 0.95) < 0.25
    before = recording.values("longitudinal_level_left") - np.interp(
        recording.positions, runs.reference, runs.reference_values[0]
    )
    assert np.nanquantile(np.abs(before), 0.95) > 2.0


def test_corrected_without_a_shift_is_the_recording_itself() -> None:
    runs = drifting_runs(13, km=1.0)
    recording = replace(recording_of(runs), channels=())
    empty = align(np.empty(0), np.empty(0), runs.reference, runs.reference_values[0])
    assert corrected(recording, empty) is recording


def real_run(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(folder / "cn-hsr-track-geometry" / name, encoding="gbk")
    return table.iloc[:, 0].to_numpy() * 1000.0 + table["Meters"].to_numpy(), table.iloc[:, 4:6].to_numpy().T


@pytest.mark.parametrize("rails", [slice(0, 2), slice(0, 1), slice(1, 2)])
def test_real_high_speed_runs_agree_on_every_two_hundred_metres(shared_data: Path, rails: slice) -> None:
    january, february = real_run(shared_data, "run_20170110.txt"), real_run(shared_data, "run_20170213.txt")
    found = align(february[0], february[1][rails], january[0], january[1][rails])
    inside = found.to_m < january[0].max()
    assert (found.correlation[inside] >= 0.90).all()
    assert found.comparable[inside].all()
    assert np.all((-found.shift_m[inside] > 5.4) & (-found.shift_m[inside] < 6.2))
    assert np.abs(np.diff(found.knots_shift_m)).max() < 0.25
    back = align(january[0], january[1][rails], february[0], february[1][rails])
    middle = (back.from_m + back.to_m) / 2
    assert np.max(np.abs(found.shift_at(middle + back.shift_m) + back.shift_m)) < 0.15


def test_a_reference_made_ready_once_serves_every_run_alike() -> None:
    """Also after a run without one of its channels."""
    runs = drifting_runs(9, km=4.0)
    ready = Reference.of(runs.reference, runs.reference_values)
    dead = np.vstack([runs.values[0], np.full(runs.stated.size, np.nan)])
    for position, values in ((runs.stated, runs.values), (runs.stated + 7.0, dead), (runs.stated, runs.values)):
        alone = align(position, values, runs.reference, runs.reference_values)
        found = align_to(ready, position, values)
        assert found.comparable.mean() > 0.8
        for name in ("from_m", "shift_m", "correlation", "comparable", "knots_m", "knots_shift_m"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))
