"""Has the input, the prediction or the label moved away from what the model was trained on, and on which line.

Sections of a line wear together, features of a day are lumpy (one speed for a whole line, a handful of drainage
classes), and training days differ from each other without anything having moved. So a day is held against the
training days of the same series, and its distance against the distance each training day has from the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, t

from guideway.prognostics.ragged import Floats

Status = Literal["stable", "watch", "drifted", "too_few_rows"]
QUANTILES = 21
LEAST_DISTANCE = 0.25
LEAST_ROWS = 20
LEAST_DAYS = 4
SIGNIFICANCE = 0.05
_LEVELS = (np.arange(QUANTILES) + 0.5) / QUANTILES
_BINS = 10


@dataclass(frozen=True)
class Days:
    """Distributions of quantities on some days, each day's by group: like is held against like.

    Attributes:
        quantiles: 21 quantiles of the known values; (days, groups, 21, quantities), NaN where none is known.
        missing: share of values that are not known; (days, groups, quantities), NaN for a group without a row.
    """

    quantiles: Floats
    missing: Floats

    @classmethod
    def of(cls, values: Floats, day: NDArray[Any], group: NDArray[Any]) -> Days:
        """Distributions of each quantity on each day and in each group.

        Args:
            values: (rows, quantities), NaN where not known.
            day: day of each row; days come in their order.
            group: what the row is about, such as an indicator; groups come in their order.
        """
        days, day_of = np.unique(day, return_inverse=True)
        groups, group_of = np.unique(group, return_inverse=True)
        shape = (days.size, groups.size)
        quantiles = np.full((*shape, QUANTILES, values.shape[1]), np.nan)
        missing = np.full((*shape, values.shape[1]), np.nan)
        for place in np.unique(day_of * groups.size + group_of):
            k, g = divmod(int(place), groups.size)
            own = values[(day_of == k) & (group_of == g)]
            quantiles[k, g] = column_quantiles(own)
            missing[k, g] = np.isnan(own).mean(axis=0)
        return cls(quantiles, missing)


@dataclass(frozen=True)
class Drift:
    """Drift of one quantity on one line.

    Attributes:
        line_id: line.
        quantity: what is watched.
        n: rows compared.
        psi: population stability index, for the eye: it is large for lumpy quantities whatever happens.
        ks: largest distance of the two distribution functions, likewise.
        distance: how far the day is from the mean training day, in units of the usual difference between assets.
        usual: mean of the same for each training day, held against the others.
        p_value: chance of such a distance if nothing moved, corrected for all quantities and lines looked at.
        status: ``drifted`` where ``distance`` is at least 0.25 and ``p_value`` at most 0.05; ``watch`` where that holds
            without the correction; ``too_few_rows`` for fewer than 20 rows or 4 training days.
    """

    line_id: str
    quantity: str
    n: int
    psi: float
    ks: float
    distance: float
    usual: float
    p_value: float
    status: Status


def column_quantiles(values: Floats) -> Floats:
    """Quantiles of each column's known values at 21 mid-points; NaN for a column without; (21, columns)."""
    ordered = np.sort(values, axis=0)  # NaN last
    known = np.isfinite(values).sum(axis=0)
    place = _LEVELS[:, None] * np.maximum(known - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(known - 1, 0))
    column = np.arange(values.shape[1])
    part = place - low
    found: Floats = np.where(known > 0, ordered[low, column] * (1 - part) + ordered[high, column] * part, np.nan)
    return found


def usual_differences(values: Floats, group: NDArray[Any]) -> Floats:
    """Usual difference between assets: mean absolute deviation from the group's median; (quantities,).

    A tenth of its size, or 1, for a quantity that is the same everywhere: what never differed has no usual difference.
    """
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(np.unique(group, return_inverse=True)[1][order])) + 1
    deviation = np.zeros(values.shape[1])
    known = np.maximum(np.isfinite(values).sum(axis=0), 1)
    for first, last in pairwise([0, *edges, len(values)]):
        own = values[order[first:last]]
        deviation += np.nansum(np.abs(own - column_quantiles(own)[QUANTILES // 2]), axis=0)
    size = np.nan_to_num(np.abs(column_quantiles(values)[QUANTILES // 2]))
    floor = np.where(size > 0, 0.1 * size, 1.0)
    found: Floats = np.where(deviation > 1e-9 * known * np.maximum(size, 1e-9), deviation / known, floor)
    return found


def distances(training: Days, now: Days, weight: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Distance of a day from the mean training day, and of each training day from the mean of the others.

    The distance of two distributions is Wasserstein's, the mean absolute difference of their quantiles, in units of
    ``unit``, plus the difference of their shares of missing values; groups are weighed by ``weight``.

    Args:
        training: at least two days.
        now: one day, of the same groups.
        weight: rows of each group.
        unit: usual difference between assets, by quantity.

    Returns:
        (quantities,) and (days, quantities).
    """
    days = np.arange(len(training.missing))
    usual = [_distance(_mean(training, days != k), _mean(training, k), weight, unit) for k in days]
    return _distance(_mean(training, slice(None)), _mean(now, 0), weight, unit), np.array(usual)


def line_drift(
    line_id: str,
    names: Sequence[str],
    training: Days,
    now: Days,
    *,
    weight: Floats,
    unit: Floats,
    lines: int = 1,
) -> list[Drift]:
    """Drift of each quantity on one line; ``psi`` and ``ks`` are those of the quantiles.

    The distances of the training days among themselves say what is usual; a day's distance is held against them by
    the prediction interval of Student's t, one-sided, and the p-values of a line are corrected by Benjamini and
    Hochberg (1995) for its quantities and by Bonferroni for the number of lines.

    Args:
        line_id: the line.
        names: the quantities.
        training: the training days of the line.
        now: the day, of the same groups.
        weight: rows of each group.
        unit: usual difference between assets, by quantity; see ``usual_differences``.
        lines: lines looked at together.
    """
    n_days, n = training.missing.shape[0], int(weight.sum())
    enough = n >= LEAST_ROWS and n_days >= LEAST_DAYS
    seen = np.asarray(np.isfinite(training.quantiles).any(axis=(0, 1, 2)))
    if n_days < 2 or not seen.any() or not n:
        return []
    far, usual = distances(training, now, weight, unit)
    deviation = np.maximum(usual.std(axis=0, ddof=1), 1e-9) * np.sqrt(1 + 1 / n_days)
    chance = t.sf((far - usual.mean(axis=0)) / deviation, n_days - 1)
    corrected = np.ones_like(chance)
    corrected[seen] = np.minimum(lines * false_discovery_control(chance[seen]), 1.0)

    def status(k: int) -> Status:
        if not enough:
            return "too_few_rows"
        if far[k] < LEAST_DISTANCE or chance[k] > SIGNIFICANCE:
            return "stable"
        return "drifted" if corrected[k] <= SIGNIFICANCE else "watch"

    def known(days: Days, k: int) -> Floats:
        values: Floats = days.quantiles[..., k].ravel()
        return values[np.isfinite(values)]

    return [
        Drift(
            line_id=line_id,
            quantity=name,
            n=n,
            psi=population_stability_index(known(training, k), known(now, k)),
            ks=_largest_gap(known(training, k), known(now, k)),
            distance=float(far[k]),
            usual=float(usual[:, k].mean()),
            p_value=float(corrected[k]),
            status=status(k),
        )
        for k, name in enumerate(names)
        if seen[k]
    ]


def population_stability_index(reference: Floats, current: Floats) -> float:
    """PSI = sum (p - q) ln(p / q) over tenths of the reference; shares below 0.1 % count as 0.1 %.

    Siddiqi (2006), Credit Risk Scorecards.
    """
    inner = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))

    def shares(values: Floats) -> Floats:
        counts = np.bincount(np.searchsorted(inner, values, side="left"), minlength=inner.size + 1)
        return np.maximum(counts / max(values.size, 1), 1e-3)

    p, q = shares(current), shares(reference)
    return float(np.sum((p - q) * np.log(p / q)))


def _largest_gap(one: Floats, other: Floats) -> float:
    """Largest distance of two empirical distribution functions (Kolmogorov and Smirnov); 1 for an empty one."""
    if not one.size or not other.size:
        return 1.0
    at = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(values), at, side="right") / values.size for values in (one, other)]
    return float(np.max(np.abs(shares[0] - shares[1])))


@dataclass(frozen=True)
class LabelDays:
    """Distribution of one line's training labels, day by day, as plain numbers: 21 quantiles of each day."""

    quantiles: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, labels: Floats, day: NDArray[Any]) -> LabelDays:
        """Of the known labels; days with fewer than 20 are left out."""
        kept = np.isfinite(labels)
        days, counts = np.unique(day[kept], return_counts=True)
        rows = [labels[kept & (day == each)] for each in days[counts >= LEAST_ROWS]]
        return cls(tuple(tuple(float(q) for q in column_quantiles(row[:, None])[:, 0]) for row in rows))

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Any]) -> LabelDays:
        """The inverse of ``dataclasses.asdict``, with JSON's lists as tuples."""
        return cls(tuple(tuple(float(q) for q in row) for row in numbers["quantiles"]))

    @property
    def days(self) -> Days:
        """The same as days of one group and one quantity."""
        quantiles = np.array(self.quantiles).reshape(-1, 1, QUANTILES, 1)
        return Days(quantiles, np.zeros((len(quantiles), 1, 1)))


def _mean(days: Days, which: Any) -> Days:
    """The mean day: means of quantiles and of shares over the days that have them; (groups, ...)."""
    quantiles, missing = (np.asarray(a[which]) for a in (days.quantiles, days.missing))
    if quantiles.ndim == days.quantiles.ndim - 1:  # one day alone
        return Days(quantiles, missing)
    return Days(_nan_mean(quantiles), _nan_mean(missing))


def _nan_mean(array: Floats) -> Floats:
    """Mean over the first axis of what is there; NaN where nothing is."""
    there = np.isfinite(array)
    count = np.asarray(there.sum(axis=0))
    total = np.where(there, array, 0.0).sum(axis=0)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def _distance(one: Days, other: Days, weight: Floats, unit: Floats) -> Floats:
    moved = np.nan_to_num(np.abs(one.quantiles - other.quantiles).mean(axis=1)) / unit
    moved += np.nan_to_num(np.abs(one.missing - other.missing))
    far: Floats = (weight[:, None] * moved).sum(axis=0) / weight.sum()
    return far
