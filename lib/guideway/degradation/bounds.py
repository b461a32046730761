"""What every partition of a series into straight pieces costs at least: most breaks are ruled out without a search.

The series is cut into blocks. A partition adds in each block at least the block's scatter around a free line or, where
it breaks the block, the scatter of the parts and the penalty. So whatever lies before or after a break costs at least
the sum over its blocks, and a break is ruled out where both sums and its penalty exceed the cost of a known partition.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel
from guideway.degradation.series import Floats, Ints

BLOCK = 15  # points: longer blocks bind tighter until their scatter exceeds a penalty


@kernel
def scatter(sums: Floats, first: int, last: int) -> float:
    """Least squared distance of a piece from any line, whatever the slope: what its points add to any partition.

    A piece within another adds no more than there, and parts add no more than the whole: so the bounds hold.
    """
    w = sums[last, 0] - sums[first, 0]
    if w <= 2.0:
        return 0.0
    d_t, d_y = sums[last, 1] - sums[first, 1], sums[last, 2] - sums[first, 2]
    mean_t, mean_y = d_t / w, d_y / w
    s_tt = sums[last, 3] - sums[first, 3] - d_t * mean_t
    s_ty = sums[last, 4] - sums[first, 4] - d_t * mean_y
    s_yy = sums[last, 5] - sums[first, 5] - d_y * mean_y
    return float(max(s_yy - s_ty * s_ty / s_tt, 0.0)) if s_tt > 0.0 else 0.0


@kernel
def raise_bounds(
    sums: Floats, penalty: Floats, edges: Ints, before: Floats, after: Floats, likely: npt.NDArray[np.bool_]
) -> None:
    """Raise ``before`` and ``after`` to what blocks between ``edges`` say; mark each block's best break."""
    blocks = len(edges) - 1
    least, again = np.empty(blocks), np.full(blocks, np.inf)
    lefts, rights = np.empty(len(penalty)), np.empty(len(penalty))
    for k in range(blocks):
        first, last = edges[k], edges[k + 1]
        at, cheapest = first, np.inf
        for i in range(first, last):
            lefts[i], rights[i] = scatter(sums, first, i), scatter(sums, i, last)
            again[k] = min(again[k], penalty[i])
            if lefts[i] + rights[i] + penalty[i] < cheapest:
                at, cheapest = i, lefts[i] + rights[i] + penalty[i]
        whole = scatter(sums, first, last)
        least[k] = min(whole, cheapest, 2.0 * again[k])
        likely[at] |= cheapest < whole
    for k in range(blocks):
        earlier, later = np.sum(least[:k]), np.sum(least[k + 1 :])
        for i in range(edges[k], edges[k + 1]):  # beside a break at i the block may be broken once more
            before[i] = max(before[i], earlier + min(lefts[i], again[k]))
            after[i] = max(after[i], later + min(rights[i], again[k]))


@kernel
def cost_bounds(sums: Floats, penalty: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Least cost of what lies before (n,) and after (n,) a break at each point, and where breaks are likely.

    A break between two blocks costs nothing here, so bounds near it are loose: blocks that begin elsewhere make up.
    """
    n = len(penalty)
    before, after, likely = np.zeros(n), np.zeros(n), np.zeros(n, np.bool_)
    blocks = max(n // BLOCK, 1)
    for shift in range(2):
        edges = (2 * np.arange(blocks + shift + 1) - shift) * n // (2 * blocks)
        edges[0], edges[-1] = 0, n
        raise_bounds(sums, penalty, edges, before, after, likely)
    return before, after, likely
