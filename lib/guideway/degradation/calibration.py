"""Conformal calibration: how much wider intervals must be to hold what they promise, from past forecasts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from guideway.degradation.series import Floats, Ints

LEVELS = (0.80, 0.95)
LEAST_SCORES = 40


@dataclass(frozen=True)
class Calibration:
    """Factors on the standard deviation of forecasts, a row a group of the priors, a column a horizon.

    Attributes:
        horizons_weeks: (h,) ascending; between them factors are interpolated, outside they stay.
        scale_80, scale_95: (groups + 1, h) factors for intervals of 80 and 95 %.
    """

    horizons_weeks: Floats
    scale_80: Floats
    scale_95: Floats

    @classmethod
    def none(cls, rows: int = 1) -> Calibration:
        """No correction, for ``rows`` rows of priors."""
        return cls(np.array([1.0]), np.ones((rows, 1)), np.ones((rows, 1)))

    def at(self, group: Ints, weeks: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Factors for each row of ``group`` at ``weeks`` (broadcast along it)."""
        rows = np.minimum(group, len(self.scale_80) - 1)
        week = np.broadcast_to(np.asarray(weeks, np.float64), rows.shape)
        last = len(self.horizons_weeks) - 1
        place = np.interp(week, self.horizons_weeks, np.arange(last + 1.0))
        low = np.minimum(place.astype(np.int64), last)
        high, share = np.minimum(low + 1, last), place - low
        narrow, wide = (s[rows, low] * (1 - share) + s[rows, high] * share for s in (self.scale_80, self.scale_95))
        return narrow, wide

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, ready for JSON."""
        return {name: getattr(self, name).tolist() for name in ("horizons_weeks", "scale_80", "scale_95")}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Calibration:
        """The inverse of :meth:`to_dict`."""
        return cls(*(np.array(plain[name], np.float64) for name in ("horizons_weeks", "scale_80", "scale_95")))


def conformal_factors(standardised: Floats) -> tuple[float, float]:
    """Factors for the 80 and 95 % intervals from absolute standardised errors of past forecasts.

    Split conformal prediction (Vovk et al. 2005; Lei et al. 2018): the ``ceil((n + 1) level)``-th smallest error over
    the normal quantile. 1 below 40 errors.
    """
    errors = np.sort(standardised[np.isfinite(standardised)])
    if len(errors) < LEAST_SCORES:
        return 1.0, 1.0
    factors = []
    for level in LEVELS:
        rank = min(int(np.ceil((len(errors) + 1) * level)), len(errors)) - 1
        factors.append(max(float(errors[rank] / ndtri(0.5 + level / 2)), 0.05))
    return factors[0], max(factors[1], factors[0] * ndtri(0.9) / ndtri(0.975))


def fit_calibration(group: Ints, horizon: Ints, standardised: Floats, rows: int, horizons_weeks: Floats) -> Calibration:
    """Factors of every group and horizon from ``|value - forecast| / sd`` of forecasts whose value is already known.

    A horizon with fewer than 40 of them takes the factors of the longest shorter horizon of its group that has enough;
    a group without any takes those of all groups together: errors are in standard deviations, so they compare.
    """
    columns = len(horizons_weeks)
    errors = np.abs(standardised)
    order = np.argsort(group * columns + horizon, kind="stable")
    edges = np.searchsorted((group * columns + horizon)[order], np.arange(rows * columns + 1))
    factors = np.full((2, rows, columns), np.nan)
    for c in np.flatnonzero(np.diff(edges) >= LEAST_SCORES):
        factors[:, c // columns, c % columns] = conformal_factors(errors[order[edges[c] : edges[c + 1]]])
    together = np.full((2, 1, columns), np.nan)
    for column in np.flatnonzero(np.bincount(horizon, minlength=columns) >= LEAST_SCORES):
        together[:, 0, column] = conformal_factors(errors[horizon == column])
    factors, together = _from_shorter(factors), _from_shorter(together)
    scale_80, scale_95 = np.nan_to_num(np.where(np.isnan(factors), together, factors), nan=1.0)
    return Calibration(np.asarray(horizons_weeks, np.float64), scale_80, scale_95)


def _from_shorter(factors: Floats) -> Floats:
    """``factors`` (2, rows, horizons) with NaN replaced by the nearest number at a shorter horizon, if there is one."""
    known = np.where(np.isnan(factors), -1, np.arange(factors.shape[2]))
    last = np.maximum.accumulate(known, axis=2)
    return np.where(last >= 0, np.take_along_axis(factors, np.maximum(last, 0), axis=2), np.nan)
