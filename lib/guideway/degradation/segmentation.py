"""Optimal partition of a series into straight pieces: penalised change-point detection.

The cost of a piece is the weighted squared distance from its best line, in units of the noise variance, plus what the
line's slope costs under the group's rate: a ridge, so a piece of one or two points is still judged, or a fixed price
for any steeper slope, so what grows or falls steadily is one line and no staircase. Optimal partitioning after Jackson
et al. 2005, with the pruning of Killick, Fearnhead and Eckley 2012 (PELT) for long series.
Each gap between two runs has a penalty of its own: a recorded work makes a break there cheap, infinity forbids it.
"""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.series import Floats, Ints

PRUNE_ABOVE = 128
BLOCK = 16  # points of the blocks that bound what a partition costs
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
def explained(w: float, s_tt: float, s_ty: float, slopes: Floats) -> tuple[float, bool]:
    """How much of its squared distance from its mean a piece's line explains, less the slope's price; is it steep?"""
    total = s_tt + slopes[0]
    usual = s_ty * s_ty / total if total > 0.0 else 0.0
    if s_tt > 0.0 and w >= LEAST_STEEP:
        steep = s_ty * s_ty / s_tt - slopes[1] * (1.0 if s_ty > 0.0 else FALL_PRICE)
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
    steep = explained(w, s_tt, s_ty, slopes)[1]
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
    return float(max(s_yy - explained(w, s_tt, s_ty, slopes)[0], 0.0))


@kernel
def scatter(sums: Floats, first: int, last: int) -> float:
    """Least squared distance of a piece from any line, whatever its slope costs: what it adds to any partition."""
    w = sums[last, 0] - sums[first, 0]
    if w <= 2.0:
        return 0.0
    d_t, d_y = sums[last, 1] - sums[first, 1], sums[last, 2] - sums[first, 2]
    mean_t, mean_y = d_t / w, d_y / w
    s_tt = sums[last, 3] - sums[first, 3] - d_t * mean_t
    s_ty = sums[last, 4] - sums[first, 4] - d_t * mean_y
    s_yy = sums[last, 5] - sums[first, 5] - d_y * mean_y
    return float(max(s_yy - (s_ty * s_ty / s_tt if s_tt > 0.0 else 0.0), 0.0))


@kernel
def cheapest_partition(sums: Floats, penalty: Floats, slopes: Floats, edges: Ints) -> tuple[float, Ints]:
    """Cost and first points of the pieces after the first one, if pieces begin at ``edges`` only (ascending, 0 to n).

    Inner pieces hold at least two points.
    """
    n, last = len(penalty), len(edges) - 1
    spare = 3.0 + (FALL_PRICE * slopes[1] if np.isfinite(slopes[1]) else 0.0)  # what a cut may cost besides its penalty
    best, previous = np.full(last + 1, np.inf), np.zeros(last + 1, np.int64)
    best[0] = 0.0
    starts, scores, count = np.zeros(last + 1, np.int64), np.empty(last + 1), 1
    for e in range(1, last + 1):
        end = edges[e]
        for c in range(count):
            start = edges[starts[c]]
            charge = penalty[start] if start > 0 else 0.0
            scores[c] = best[starts[c]] + charge + piece_cost(sums, start, end, slopes)
            if start > 0 and end - start < 2 and end < n:
                continue
            if scores[c] < best[e]:
                best[e], previous[e] = scores[c], starts[c]
        if n > PRUNE_ABOVE and e < last:
            kept = 0
            for c in range(count):
                if end - edges[starts[c]] < 3 or scores[c] < best[e] + penalty[end] + spare:
                    starts[kept] = starts[c]
                    kept += 1
            count = kept
        starts[count] = e
        count += 1
    breaks = np.empty(last, np.int64)
    found, e = 0, last
    while previous[e] > 0:
        e = previous[e]
        breaks[found] = edges[e]
        found += 1
    return best[last], breaks[:found][::-1].copy()


@kernel
def possible_breaks(sums: Floats, penalty: Floats, slopes: Floats) -> Ints:
    """0, every point at which the cheapest partition may break, and n.

    Blocks of the series bound the cost of every partition from below: each adds at least its scatter or, where it is
    cut, that of its parts and the penalty. A break is possible unless this bound, with a cut there, is above the cost
    of some partition: one at the ends of the blocks and at each block's best cut.
    """
    n = len(penalty)
    blocks = max(n // BLOCK, 1)
    cut, least, lowest = np.empty(n), np.empty(blocks), np.full(blocks, np.inf)
    edges, count = np.zeros(n + 2, np.int64), 1
    for k in range(blocks):
        first, last = k * n // blocks, (k + 1) * n // blocks
        at, least[k] = first, scatter(sums, first, last)
        cheapest = np.inf
        for i in range(first, last):
            cut[i] = scatter(sums, first, i) + scatter(sums, i, last)
            lowest[k] = min(lowest[k], penalty[i])
            if penalty[i] + cut[i] < cheapest:
                at, cheapest = i, penalty[i] + cut[i]
        least[k] = min(least[k], cheapest, 2.0 * lowest[k])
        for i in (first, at):
            if np.isfinite(penalty[i]) and i > edges[count - 1]:
                edges[count] = i
                count += 1
    edges[count] = n
    bound = cheapest_partition(sums, penalty, slopes, edges[: count + 1])[0]
    bound += ROUNDING * sums[n, 5] - least.sum()
    count = 1
    for k in range(blocks):
        for i in range(k * n // blocks, (k + 1) * n // blocks):
            if np.isfinite(penalty[i]) and not penalty[i] + min(cut[i], lowest[k]) - least[k] > bound:
                edges[count] = i
                count += 1
    edges[count] = n
    return edges[: count + 1].copy()


@kernel
def optimal_breaks(sums: Floats, penalty: Floats, slopes: Floats) -> Ints:
    """First points of the pieces after the first one, ascending; inner pieces hold at least two points.

    Args:
        sums: prefix sums of the standardised series (noise variance 1, group rate taken off).
        penalty: (n,), cost of a break just before each point; infinity where none may be.
        slopes: noise variance over variance of the rate, in the units of the sums, and the price of a steep piece.
    """
    edges = possible_breaks(sums, penalty, slopes)
    return cheapest_partition(sums, penalty, slopes, edges)[1]
