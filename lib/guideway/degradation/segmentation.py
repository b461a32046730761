"""Optimal partition of a series into straight pieces: penalised change-point detection.

The cost of a piece is the weighted squared distance from its best line, in units of the noise variance, plus what the
line's slope costs under the group's rate: a ridge, so a piece of one or two points is still judged, or a fixed price
for any steeper slope, so what grows or falls steadily is one line and no staircase. Optimal partitioning after Jackson
et al. 2005, among the breaks that bounds (see ``bounds``) leave possible, with the pruning of Killick, Fearnhead and
Eckley 2012 (PELT). Neither changes the answer.
Each gap between two runs has a penalty of its own: a recorded work makes a break there cheap, infinity forbids it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guideway.degradation.bounds import cost_bounds
from guideway.degradation.compiled import kernel
from guideway.degradation.series import Floats, Ints

ROUNDING = 1e-10  # of the prefix sums, as a share of the largest
LEAST_STEEP = 4  # points of a piece that may have a slope its group does not know
FALL_PRICE = 2.0  # price of a steep fall, in prices of a steep rise: what degrades rises


@kernel
def prefix_sums(t: Floats, y: Floats, weights: Floats) -> Floats:
    """Running sums of w, wt, wy, wtt, wty, wyy; shape (n + 1, 6)."""
    sums = np.zeros((len(t) + 1, 6))
    for i in range(len(t)):
        w, x, v = weights[i], t[i], y[i]
        sums[i + 1, 0] = sums[i, 0] + w
        sums[i + 1, 1] = sums[i, 1] + w * x
        sums[i + 1, 2] = sums[i, 2] + w * v
        sums[i + 1, 3] = sums[i, 3] + w * x * x
        sums[i + 1, 4] = sums[i, 4] + w * x * v
        sums[i + 1, 5] = sums[i, 5] + w * v * v
    return sums


@kernel
def explained(w: float, s_tt: float, s_ty: float, ridge: float, price: float) -> tuple[float, bool]:
    """How much of its squared distance from its mean a piece's line explains, less the slope's price; is it steep?

    Numbers in place of the array ``slopes``: counting references to it would take longer than all that is computed.
    """
    total = s_tt + ridge
    usual = s_ty * s_ty / total if total > 0.0 else 0.0
    if s_tt > 0.0 and w >= LEAST_STEEP:
        steep = s_ty * s_ty / s_tt - price * (1.0 if s_ty > 0.0 else FALL_PRICE)
        if steep > usual:
            return steep, True
    return usual, False


@kernel
def piece_line(sums: Floats, first: int, last: int, slopes: Floats) -> tuple[float, float, float, bool]:
    """Centre time, level there, slope of the line through points ``first`` to ``last - 1``, and whether it is steep."""
    w = sums[last, 0] - sums[first, 0]
    if w <= 0.0:
        return 0.0, np.nan, 0.0, False
    mean_t = (sums[last, 1] - sums[first, 1]) / w
    mean_y = (sums[last, 2] - sums[first, 2]) / w
    s_tt = max(sums[last, 3] - sums[first, 3] - w * mean_t * mean_t, 0.0)
    s_ty = sums[last, 4] - sums[first, 4] - w * mean_t * mean_y
    steep = explained(w, s_tt, s_ty, slopes[0], slopes[1])[1]
    total = s_tt if steep else s_tt + slopes[0]
    return mean_t, mean_y, (s_ty / total if total > 0.0 else 0.0), steep


@kernel
def piece_cost(sums: Floats, first: int, last: int, slopes: Floats) -> float:
    """Least squared distance of a piece from a line plus the price of its slope; at least 0.

    ``slopes`` holds the weight of the ridge that pulls a slope to 0, and the price of any steeper slope instead
    (infinity where there is none): a normal distribution of slopes with flat tails.
    """
    w = sums[last, 0] - sums[first, 0]
    if w <= 0.0:
        return 0.0
    d_t, d_y = sums[last, 1] - sums[first, 1], sums[last, 2] - sums[first, 2]
    s_tt = max(sums[last, 3] - sums[first, 3] - d_t * d_t / w, 0.0)
    s_ty = sums[last, 4] - sums[first, 4] - d_t * d_y / w
    s_yy = sums[last, 5] - sums[first, 5] - d_y * d_y / w
    return float(max(s_yy - explained(w, s_tt, s_ty, slopes[0], slopes[1])[0], 0.0))


@kernel
def cheapest_partition(
    sums: Floats, penalty: Floats, slopes: Floats, allowed: npt.NDArray[np.bool_], after: Floats, limit: float
) -> tuple[float, Ints]:
    """Cost and first points of the pieces after the first one, if pieces begin only where ``allowed`` (n,).

    Inner pieces hold at least two points. A point from which even the bound ``after`` leads beyond ``limit`` begins no
    piece.
    """
    n = len(penalty)
    spare = FALL_PRICE * slopes[1]  # a cut costs at most that besides its penalty, if both pieces may be steep
    best, previous = np.full(n + 1, np.inf), np.zeros(n + 1, np.int64)
    best[0] = 0.0
    starts, scores = np.empty(n + 1, np.int64), np.empty(n + 1)
    outdone = np.empty(n + 1)  # weight before the start that is better for every piece long enough
    starts[0], outdone[0], count = 0, np.inf, 1
    for end in range(1, n + 1):
        if end < n and not (allowed[end] and np.isfinite(penalty[end])):
            continue
        for c in range(count):
            start = starts[c]
            charge = penalty[start] if start > 0 else 0.0
            scores[c] = best[start] + charge + piece_cost(sums, start, end, slopes)
            if start > 0 and end - start < 2 and end < n:
                continue
            if scores[c] < best[end]:
                best[end], previous[end] = scores[c], start
        if end == n or best[end] + penalty[end] + after[end] > limit:
            continue
        kept = 0
        for c in range(count):
            is_long = sums[end, 0] - sums[starts[c], 0] >= LEAST_STEEP
            if is_long and scores[c] >= best[end] + penalty[end] + spare:
                outdone[c] = min(outdone[c], sums[end, 0])
            if sums[end, 0] - outdone[c] < LEAST_STEEP:
                starts[kept], outdone[kept] = starts[c], outdone[c]
                kept += 1
        starts[kept], outdone[kept], count = end, np.inf, kept + 1
    breaks = np.empty(n, np.int64)
    found, end = 0, n
    while previous[end] > 0:
        end = previous[end]
        breaks[found] = end
        found += 1
    return best[n], breaks[:found][::-1].copy()


@kernel
def optimal_breaks(sums: Floats, penalty: Floats, slopes: Floats) -> Ints:
    """First points of the pieces after the first one, ascending; inner pieces hold at least two points.

    Args:
        sums: prefix sums of the standardised series (noise variance 1, group rate taken off).
        penalty: (n,), cost of a break just before each point; infinity where none may be.
        slopes: noise variance over variance of the rate, in the units of the sums, and the price of a steep piece.
    """
    n = len(penalty)
    before, after, likely = cost_bounds(sums, penalty)
    limit = cheapest_partition(sums, penalty, slopes, likely, after, np.inf)[0] + ROUNDING * sums[n, 5]
    possible = ~(before + penalty + after > limit)
    return cheapest_partition(sums, penalty, slopes, possible, after, limit)[1]
