"""The acceptance figure on the project's own simulator: drift bounded by 30 m in either run."""

from __future__ import annotations

import numpy as np
import pytest

from guideway.signals.alignment import Alignment, align
from guideway.simulate.network import NetworkSpec
from guideway.simulate.track import Track, TrackRun

CHANNELS = ("longitudinal_level_left", "longitudinal_level_right", "alignment_left", "alignment_right")


def values(run: TrackRun) -> np.ndarray:
    return np.stack([run.channels[name] for name in CHANNELS])


def aligned(line: int, day: int) -> tuple[np.ndarray, Alignment]:
    """Residual of each 200 m section of a run ``day`` days after the first, both drifting, and the alignment."""
    spec = NetworkSpec.small(seed=3).model_copy(update={"max_drift_m": 30.0})
    track = Track(spec.lines[line], spec)
    first, later = track.run(0, 0), track.run(1 + day, day)
    found = align(later.stated_m, values(later), first.stated_m, values(first))
    true = later.odometer.true(later.stated_m)
    known = first.odometer.true(first.stated_m)
    inside = (true > known[0]) & (true < known[-1])
    wanted = np.interp(true, known, first.stated_m) - later.stated_m
    error = np.where(inside, np.abs(found.shift_at(later.stated_m) - wanted), np.nan)
    per = 800
    sections = error[: error.size // per * per].reshape(-1, per)
    return np.nanmean(sections[np.isfinite(sections).any(axis=1)], axis=1), found


def simulated_residual(line: int, day: int) -> np.ndarray:
    return aligned(line, day)[0]


@pytest.mark.parametrize("line", [0, 1, 2], ids=["conventional", "high_speed", "metro"])
@pytest.mark.parametrize("day", [30, 700])
def test_residual_of_sections_and_quality(line: int, day: int) -> None:
    residual, found = aligned(line, day)
    assert np.mean(residual < 0.25) >= 0.95
    assert np.quantile(residual, 0.95) < 0.1
    assert found.comparable.mean() > 0.95
