"""What the weather did to a line lately, from daily records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guideway.prognostics.ragged import Floats

DAYS = 91
_LEAST_TOLD = 0.8
QUANTITIES = ("rain_mm_13w", "frost_days_13w")


@dataclass(frozen=True)
class Weather:
    """Daily weather of each line as running sums, so that any 13 weeks are a difference of two.

    Attributes:
        ends: ends of the days told, days since 1970-01-01 UTC, rising; by line.
        sums: rain (mm) and days of frost up to each of them, and how many days told either; (4, n + 1) by line.
    """

    ends: Mapping[str, Floats] = field(default_factory=dict)
    sums: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, daily: pd.DataFrame) -> Weather:
        """From columns line_id, day_end, rain_mm and frost (1 or 0); what was not measured is NaN."""
        ends, sums = {}, {}
        for line, own in daily.sort_values("day_end").groupby("line_id"):
            told = own[["rain_mm", "frost"]].to_numpy(np.float64).T
            steps = np.vstack([np.nan_to_num(told), np.isfinite(told)])
            ends[str(line)] = own["day_end"].to_numpy(np.float64)
            sums[str(line)] = np.hstack([np.zeros((4, 1)), np.cumsum(steps, axis=1)])
        return cls(ends, sums)

    def last_13_weeks(self, line_id: NDArray[Any], origin_days: float) -> dict[str, Floats]:
        """Rain (mm) and days of frost of the 91 days up to an origin, for each row's line.

        Days not told count as the mean of the others; NaN with less than four fifths of the days told.
        """
        lines, index = np.unique(np.asarray(line_id).astype(str), return_inverse=True)
        each = np.array([self._of_line(line, origin_days) for line in lines]).reshape(lines.size, 2)
        return {name: each[index, k] for k, name in enumerate(QUANTITIES)}

    def _of_line(self, line: str, origin_days: float) -> Floats:
        if line not in self.ends:
            return np.full(2, np.nan)
        first, last = np.searchsorted(self.ends[line], [origin_days - DAYS, origin_days], side="right")
        total = self.sums[line][:, last] - self.sums[line][:, first]
        told = total[2:]
        mean: Floats = np.where(told >= _LEAST_TOLD * DAYS, DAYS * total[:2] / np.maximum(told, 1), np.nan)
        return mean
