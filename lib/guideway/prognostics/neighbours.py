"""What the assets beside an asset do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guideway.prognostics.ragged import Floats


def neighbour_means(
    place: Sequence[NDArray[Any]], position_m: Floats, values: Floats, *, each_side: int = 2, reach_m: float = 1500.0
) -> Floats:
    """Mean of the values of the nearest rows of the same place, the row itself left out.

    Args:
        place: arrays that must all agree, such as track, indicator and origin; each of shape (n,).
        position_m: chainage; shape (n,).
        values: what to average; NaN entries are left out; shape (n,).
        each_side: how many rows to each side at most.
        reach_m: how far away a neighbour may be.

    Returns:
        Shape (n,); NaN where no neighbour has a value.
    """
    codes = [np.unique(np.asarray(key).astype(str), return_inverse=True)[1] for key in place]
    order = np.lexsort([position_m, *codes])
    total = np.zeros(values.size)
    count = np.zeros(values.size)
    for shift in range(1, min(each_side, values.size - 1) + 1):
        one, other = order[:-shift], order[shift:]
        together = np.logical_and.reduce([code[one] == code[other] for code in codes])
        together &= position_m[other] - position_m[one] <= reach_m
        for receiver, giver in ((one, other), (other, one)):
            use = together & np.isfinite(values[giver])
            total[receiver[use]] += values[giver[use]]
            count[receiver[use]] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
