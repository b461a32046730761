"""What is learned from: an even share of each group, the same all quarter."""

from __future__ import annotations

import numpy as np

from guideway.degradation.learning import thinned
from guideway.degradation.series import SeriesBatch


def test_large_groups_are_thinned_evenly_and_small_ones_left_alone() -> None:
    most, points = 100, 20
    group = np.array([0] * 30 + [1] * 4)[np.random.default_rng(0).permutation(34)]
    times = np.tile(np.arange(points, dtype=float), (34, 1))
    batch = SeriesBatch.of(np.arange(35) * points, times.ravel(), np.repeat(np.arange(34.0), points), group=group)
    kept = thinned(batch, float(points), most)
    of_large, of_small = (kept.values[::points][kept.group == number] for number in (0, 1))
    assert of_large.tolist() == np.flatnonzero(group == 0)[::6].tolist()
    assert of_small.tolist() == np.flatnonzero(group == 1).tolist()
    later = thinned(batch, points / 2.0 - 1.0, most)
    assert later.values[::points][later.group == 0].tolist() == np.flatnonzero(group == 0)[::3].tolist()
    assert later.t_days.max() == points - 1, "only the count stops at the day"
    assert len(thinned(batch.take([]), 1.0, most)) == 0
