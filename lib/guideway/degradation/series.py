"""Many condition series in flat arrays: what the engine takes, straight from Arrow list columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
DAYS_PER_YEAR = 365.25
_Number = TypeVar("_Number", bound=np.number[Any])


@dataclass(frozen=True)
class Traffic:
    """Daily loads of ``n`` series in ragged arrays, each load valid from its day until the next.

    The first of a series is taken for all the time before it, too.

    Attributes:
        offsets: int64 (n + 1,).
        from_days: (k,) ascending within a series, days since 1970-01-01 UTC.
        load: (k,) gross tonnes or passages a day, at least 0; one of the two throughout a series.
    """

    offsets: Ints
    from_days: Floats
    load: Floats

    @classmethod
    def none(cls, n: int) -> Traffic:
        """No series has any."""
        return cls(np.zeros(n + 1, np.int64), np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class SeriesBatch:
    """``n`` series in ragged arrays; series ``i`` is ``values[offsets[i]:offsets[i + 1]]``.

    Use :meth:`of` or :meth:`from_lists`: they drop what is not a finite number, sort by time and merge duplicates.

    Attributes:
        offsets: int64 (n + 1,), start of each series in ``t_days`` and ``values``.
        t_days: float64 (m,), days since 1970-01-01 UTC.
        values: float64 (m,), the indicator in its unit.
        work_offsets: int64 (n + 1,), start of each series' recorded works.
        work_t_days: float64 (w,), end of each work, days since 1970-01-01 UTC.
        work_codes: int16 (w,), positions in ``work_names``.
        group: int32 (n,), pooling group: position in ``Priors.groups``; -1 is "none".
        direction: int8 (n,), +1 where higher is worse, -1 where lower is worse.
        cohort: int32 (n,), which series are measured together, run by run; -1 is "alone".
        asset: int32 (n,), which series are indicators of one asset; -1 is "alone".
        traffic: what each series carried, as far as anybody stated it.
        work_names: names of the work types.
    """

    offsets: Ints
    t_days: Floats
    values: Floats
    work_offsets: Ints
    work_t_days: Floats
    work_codes: npt.NDArray[np.int16]
    group: npt.NDArray[np.int32]
    direction: npt.NDArray[np.int8]
    cohort: npt.NDArray[np.int32]
    asset: npt.NDArray[np.int32]
    traffic: Traffic
    work_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of series."""
        return len(self.offsets) - 1

    @classmethod
    def of(
        cls,
        offsets: npt.ArrayLike,
        t_days: npt.ArrayLike,
        values: npt.ArrayLike,
        work_offsets: npt.ArrayLike | None = None,
        work_t_days: npt.ArrayLike = (),
        work_codes: npt.ArrayLike = (),
        group: npt.ArrayLike | None = None,
        direction: npt.ArrayLike | None = None,
        work_names: tuple[str, ...] = (),
        cohort: npt.ArrayLike | None = None,
        asset: npt.ArrayLike | None = None,
        traffic: Traffic | None = None,
    ) -> SeriesBatch:
        """A clean batch from raw flat arrays: finite values only, sorted by time, one value a time (the mean)."""
        bounds = np.asarray(offsets, np.int64)
        n = len(bounds) - 1
        t, v = _floats(t_days), _floats(values)
        work_bounds = np.zeros(n + 1, np.int64) if work_offsets is None else np.asarray(work_offsets, np.int64)
        work_t, codes = _floats(work_t_days), np.ascontiguousarray(work_codes, np.int16)
        bounds, t, v = _clean(bounds, t, v)
        work_bounds, work_t, codes = _clean_events(work_bounds, work_t, codes)
        told = Traffic.none(n) if traffic is None else traffic
        return cls(
            bounds,
            t,
            v,
            work_bounds,
            work_t,
            codes,
            np.zeros(n, np.int32) if group is None else np.ascontiguousarray(group, np.int32),
            np.ones(n, np.int8) if direction is None else np.ascontiguousarray(direction, np.int8),
            np.full(n, -1, np.int32) if cohort is None else np.ascontiguousarray(cohort, np.int32),
            np.full(n, -1, np.int32) if asset is None else np.ascontiguousarray(asset, np.int32),
            Traffic(*_clean_events(told.offsets, told.from_days, told.load)),
            work_names,
        )

    @classmethod
    def from_lists(
        cls,
        t_days: Sequence[npt.ArrayLike],
        values: Sequence[npt.ArrayLike],
        works: Sequence[npt.ArrayLike] | None = None,
        group: npt.ArrayLike | None = None,
        direction: npt.ArrayLike | None = None,
        cohort: npt.ArrayLike | None = None,
        asset: npt.ArrayLike | None = None,
    ) -> SeriesBatch:
        """A clean batch from one array a series; ``works`` holds days of recorded works, all of code 0."""
        work_lists = [()] * len(t_days) if works is None else works
        work_bounds, work_t = _concatenated(work_lists)
        bounds, t = _concatenated(t_days)
        return cls.of(
            bounds,
            t,
            _concatenated(values)[1],
            work_bounds,
            work_t,
            np.zeros(len(work_t), np.int16),
            group,
            direction,
            ("work",),
            cohort,
            asset,
        )

    def take(self, series: npt.ArrayLike) -> SeriesBatch:
        """The chosen series, in the chosen order."""
        chosen = np.arange(len(self))[np.asarray(series, None if len(np.atleast_1d(series)) else np.int64)]
        bounds, rows = ragged_take(self.offsets, chosen)
        work_bounds, work_rows = ragged_take(self.work_offsets, chosen)
        traffic = self.traffic
        load_bounds, load_rows = ragged_take(traffic.offsets, chosen)
        return replace(
            self,
            offsets=bounds,
            t_days=self.t_days[rows],
            values=self.values[rows],
            work_offsets=work_bounds,
            work_t_days=self.work_t_days[work_rows],
            work_codes=self.work_codes[work_rows],
            group=self.group[chosen],
            direction=self.direction[chosen],
            cohort=self.cohort[chosen],
            asset=self.asset[chosen],
            traffic=Traffic(load_bounds, traffic.from_days[load_rows], traffic.load[load_rows]),
        )

    def until(self, as_of_days: npt.ArrayLike) -> SeriesBatch:
        """What was measured and recorded up to ``as_of_days`` (one for all, or one a series), inclusive.

        Traffic stays as stated: what it is a measure for (``load_axis.TimeAxis``) leaves out what came later.
        """
        day = np.asarray(as_of_days, np.float64)
        each = np.broadcast_to(day, (len(self),))
        rows = self.t_days <= (np.repeat(each, np.diff(self.offsets)) if day.ndim else day)
        work_rows = self.work_t_days <= np.repeat(each, np.diff(self.work_offsets))
        if rows.all() and work_rows.all():  # a batch of the present: a copy would cost a tenth of its trends
            return self
        return replace(
            self,
            offsets=ragged_filter(self.offsets, rows),
            t_days=self.t_days[rows],
            values=self.values[rows],
            work_offsets=ragged_filter(self.work_offsets, work_rows),
            work_t_days=self.work_t_days[work_rows],
            work_codes=self.work_codes[work_rows],
        )

    def owner(self) -> Ints:
        """int64 (m,): which series each value belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))


def ragged_take(offsets: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Offsets of the chosen rows of a ragged array, and positions of their elements."""
    lengths = np.diff(offsets)[chosen]
    bounds = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    rows = np.arange(bounds[-1]) + np.repeat(offsets[chosen] - bounds[:-1], lengths)
    return bounds, rows


def ragged_filter(offsets: Ints, keep: npt.NDArray[np.bool_]) -> Ints:
    """Offsets after dropping the elements where ``keep`` is false."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(keep)))[offsets].astype(np.int64)


def _floats(values: npt.ArrayLike) -> Floats:
    return np.ascontiguousarray(values, np.float64)


def _concatenated(parts: Sequence[npt.ArrayLike]) -> tuple[Ints, Floats]:
    arrays = [np.atleast_1d(np.asarray(part, np.float64)) for part in parts]
    bounds = np.concatenate(([0], np.cumsum([len(a) for a in arrays]))).astype(np.int64)
    return bounds, np.concatenate([*arrays, np.empty(0)])


@kernel
def _is_clean(offsets: Ints, t: Floats, v: Floats) -> bool:
    for i in range(len(offsets) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            if not (np.isfinite(t[j]) and np.isfinite(v[j])):
                return False
            if j > offsets[i] and t[j] <= t[j - 1]:
                return False
    return True


def _clean(offsets: Ints, t: Floats, v: Floats) -> tuple[Ints, Floats, Floats]:
    first, last = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
    offsets, t, v = offsets - first, t[first:last], v[first:last]
    if _is_clean(offsets, t, v):
        return offsets, t, v
    keep = np.isfinite(t) & np.isfinite(v)
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[keep]
    t, v = t[keep], v[keep]
    order = np.lexsort((v, t, owner))
    owner, t, v = owner[order], t[order], v[order]
    new = np.ones(len(t), bool)
    new[1:] = (t[1:] != t[:-1]) | (owner[1:] != owner[:-1])
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(t)))
    # the mean, as the first value plus the mean distance from it: equal values stay what they are, to the last bit
    share = np.repeat(counts, counts)
    merged = v[starts] + np.add.reduceat(v / share - np.repeat(v[starts], counts) / share, starts) if len(t) else v
    bounds = np.searchsorted(owner[starts], np.arange(len(offsets))).astype(np.int64)
    return bounds, t[starts], merged


def _clean_events(offsets: Ints, t: Floats, facts: npt.NDArray[_Number]) -> tuple[Ints, Floats, npt.NDArray[_Number]]:
    first, last = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
    offsets, t, facts = offsets - first, t[first:last], facts[first:last]
    keep = np.isfinite(t) & np.isfinite(facts)
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[keep]
    order = np.lexsort((facts[keep], t[keep], owner))
    return ragged_filter(offsets, keep), t[keep][order], facts[keep][order]
