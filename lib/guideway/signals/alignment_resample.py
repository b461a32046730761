"""Samples moved to where they really lie: from a stated to a true, uniform grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_WIDEST_GAP = 3.0  # usual steps between two samples that still are neighbours


@dataclass(frozen=True)
class SampleMap:
    """Which source samples lie around each target sample.

    Attributes:
        left: source index just before each target, shape (targets,).
        share: how far towards the next source sample, 0 to 1.
        known: whether the target lies between two neighbours of the source.
    """

    left: npt.NDArray[np.intp]
    share: Floats
    known: npt.NDArray[np.bool_]

    def apply(self, values: npt.NDArray[np.floating[Any]]) -> Floats:
        """Values at the targets: cubic (Catmull-Rom) inside valid samples, a line beside gaps, NaN in gaps."""
        source = values.astype(np.float64)
        before, here, after, beyond = (source.take(self.left + d, mode="clip") for d in (-1, 0, 1, 2))
        t = self.share
        found = here + 0.5 * t * (
            after
            - before
            + t * (2 * before - 5 * here + 4 * after - beyond + t * (3 * (here - after) + beyond - before))
        )
        beside = np.flatnonzero(~np.isfinite(found))
        here, after, t = here[beside], after[beside], t[beside]
        found[beside] = np.where(t == 0, here, np.where(t == 1, after, here + t * (after - here)))
        found[~self.known] = np.nan
        return np.asarray(found, dtype=np.float64)


def uniform_targets(true_m: Floats, origin_m: float, step_m: float) -> Floats:
    """Points of the grid ``origin_m + k * step_m`` inside what ``true_m`` covers; at least one."""
    first = int(np.ceil((true_m.min() - origin_m) / step_m - 1e-9))
    last = int(np.floor((true_m.max() - origin_m) / step_m + 1e-9))
    return origin_m + step_m * np.arange(first, max(last, first) + 1, dtype=np.float64)


def resample(source_m: Floats, target_m: Floats) -> SampleMap:
    """Map of samples at ``source_m`` onto ``target_m``.

    Args:
        source_m: position of each sample, about rising, shape (n,), n >= 2; where it runs back (the odometer was
            set back) the later samples wait until it passes the furthest point.
        target_m: positions asked for, shape (targets,).
    """
    rising = np.maximum.accumulate(source_m)
    left = np.clip(np.searchsorted(rising, target_m, side="right") - 1, 0, rising.size - 2)
    width = rising[left + 1] - rising[left]
    share = np.divide(target_m - rising[left], width, out=np.zeros_like(target_m), where=width > 0)
    usual = float(np.median(np.diff(source_m)))
    known = (share >= -1e-9) & (share <= 1 + 1e-9) & (width <= _WIDEST_GAP * usual)
    return SampleMap(left, np.clip(share, 0.0, 1.0), known)
