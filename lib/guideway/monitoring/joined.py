"""The parts of one run, cut where nothing was measured, as one recording again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from guideway.archives.recording import Channel, Recording
from guideway.signals.alignment_resample import resample, uniform_targets

_FURTHEST_M = 100_000.0


def joined(recordings: Sequence[Recording]) -> Recording:
    """One recording with NaN between its parts; of parts over the same chainage the longest counts.

    Args:
        recordings: of one run on a distance axis, at least one. Parts of another track, step or set of channels than
            the longest, or more than 100 km from the others, are left out.
    """
    ranked = sorted(recordings, key=lambda one: one.n_samples, reverse=True)
    longest = ranked[0]
    parts: list[Recording] = []
    for one in ranked:
        if _kind(one) == _kind(longest) and all(_lie_apart(one, other) for other in parts):
            parts.append(one)
    if len(parts) == 1:
        return longest
    parts.sort(key=lambda one: one.start)
    stated = np.concatenate([one.positions for one in parts])
    grid = uniform_targets(stated, parts[0].start, longest.step)
    moved = resample(stated, grid)
    channels = tuple(
        Channel(c.name, c.unit, moved.apply(np.concatenate([one.values(c.name) for one in parts])).astype(np.float32))
        for c in longest.channels
    )
    return replace(longest, start=float(grid[0]), channels=channels)


def _kind(one: Recording) -> tuple[str, str | None, float, frozenset[str]]:
    return one.line_id, one.track_id, one.step, frozenset(channel.name for channel in one.channels)


def _lie_apart(one: Recording, other: Recording) -> bool:
    """Whether one part ends before the other begins, and not too far from it."""
    first, second = sorted((one, other), key=lambda part: part.start)
    return 0.0 < second.start - float(first.positions[-1]) < _FURTHEST_M
