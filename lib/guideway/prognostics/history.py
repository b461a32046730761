"""A batch of condition series as prognostics sees it: severity instead of value, missing values gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guideway.prognostics.definitions import encode
from guideway.prognostics.ragged import Floats, Ints

if TYPE_CHECKING:
    from guideway.degradation.series import SeriesBatch


@dataclass(frozen=True)
class History:
    """Series laid end to end; ``severity`` rises as the condition gets worse, whatever the indicator.

    Attributes:
        sign: +1 where a higher value is worse, -1 where a lower one is; severity = sign x value; (n_series,).
        offsets: start of each series in ``t_days``, plus the end; (n_series + 1,).
        t_days: times of the values, rising within a series; (n,).
        severity: values times ``sign``; (n,).
        work_offsets: start of each series in ``work_t_days``, plus the end.
        work_t_days: when each work was done, rising within a series.
        work_codes: what each work was, by position in ``WORK_TYPES``; NaN for a type outside it.
        work_known_days: since when each work is known; an inferred work is known only after the value that shows it.
    """

    sign: Floats
    offsets: Ints
    t_days: Floats
    severity: Floats
    work_offsets: Ints
    work_t_days: Floats
    work_codes: Floats
    work_known_days: Floats

    @property
    def n_series(self) -> int:
        """Number of series."""
        return self.offsets.size - 1


def history(batch: SeriesBatch, work_known_days: Floats | None = None) -> History:
    """The batch without its missing values, as severities; ``work_known_days`` defaults to when the work was done."""
    offsets = np.asarray(batch.offsets, dtype=np.int64)
    values = np.asarray(batch.values, dtype=np.float64)
    t_days = np.asarray(batch.t_days, dtype=np.float64)
    sign = np.where(np.asarray(batch.direction) < 0, -1.0, 1.0)
    finite = np.isfinite(values) & np.isfinite(t_days)
    kept = np.concatenate([[0], np.cumsum(finite)]).astype(np.int64)
    severity = values * np.repeat(sign, np.diff(offsets))
    done = np.asarray(batch.work_t_days, dtype=np.float64)
    return History(
        sign=sign,
        offsets=kept[offsets],
        t_days=t_days[finite],
        severity=severity[finite],
        work_offsets=np.asarray(batch.work_offsets, dtype=np.int64),
        work_t_days=done,
        work_codes=encode("last_work_code", np.array([*batch.work_names, ""])[np.asarray(batch.work_codes)]),
        work_known_days=done if work_known_days is None else np.maximum(done, work_known_days),
    )


def rows(n_series: int, origins_days: Floats) -> tuple[Ints, Floats]:
    """Series and origin of each row of a table with one row a series and origin, series by series."""
    origins = np.asarray(origins_days, dtype=np.float64).ravel()
    return np.repeat(np.arange(n_series, dtype=np.int64), origins.size), np.tile(origins, n_series)
