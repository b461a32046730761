"""A switch's own baseline, and how far a throw departs from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from guideway.monitoring.switches.throw import Throw

_LEAST_THROWS = 5
_LEAST_SHARE = 0.02  # of the median: closer throws than that are one and the same


@dataclass(frozen=True, slots=True)
class ThrowBaseline:
    """Median and robust spread of each figure over the throws of a healthy time."""

    centre: dict[str, float]
    spread: dict[str, float]
    throws: int


def learn_baseline(throws: Sequence[Throw]) -> ThrowBaseline | None:
    """Baseline of one switch and one direction; None from fewer than five throws.

    The spread is 1.4826 times the median absolute deviation, at least 2 % of the median.
    """
    if len(throws) < _LEAST_THROWS:
        return None
    figures = [throw.figures() for throw in throws]
    names = set.intersection(*(set(one) for one in figures))
    centre, spread = {}, {}
    for name in sorted(names):
        values = np.array([one[name] for one in figures])
        centre[name] = float(np.median(values))
        mad = 1.4826 * float(np.median(np.abs(values - centre[name])))
        spread[name] = max(mad, _LEAST_SHARE * abs(centre[name]), np.finfo(np.float64).tiny)
    return ThrowBaseline(centre, spread, len(throws))


def deviations(throw: Throw, baseline: ThrowBaseline) -> dict[str, float]:
    """Departure of each figure from the baseline in spreads, greatest amount first: the first names the reason."""
    figures = throw.figures()
    found = {
        name: (figures[name] - baseline.centre[name]) / baseline.spread[name]
        for name in baseline.centre
        if name in figures
    }
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))
