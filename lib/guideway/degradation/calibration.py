"""Conformal calibration: how much wider intervals must be to hold what they promise, from past forecasts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from guideway.degradation.series import Floats, Ints

LEVELS = (0.80, 0.95)
_UPPER = 0.5 + np.array(LEVELS) / 2
LEAST_SCORES = 40
BORROWED_OCCASIONS, BORROWED_SCORES = 2.0, 10.0
LEAST_FREEDOM = 3.0


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


def conformal_factors(errors: Floats) -> Floats | None:
    """Factors (2,) of the 80 and 95 % intervals from absolute standardised errors (m,) of past forecasts.

    Split conformal prediction (Vovk et al. 2005; Lei et al. 2018): the ``ceil((n + 1) level)``-th smallest error over
    the normal quantile. None below 40 errors.
    """
    finite = np.sort(errors[np.isfinite(errors)])
    n = len(finite)
    if n < LEAST_SCORES:
        return None
    ranks = [min(int(np.ceil((n + 1) * level)), n) - 1 for level in LEVELS]
    return np.asarray(np.maximum(finite[ranks] / ndtri(_UPPER), 0.05))


def fit_calibration(
    group: Ints,
    horizon: Ints,
    occasion: Ints,
    standardised: Floats,
    runs: Floats,
    runs_now: Floats,
    horizons_weeks: Floats,
) -> Calibration:
    """Factors of every group and horizon from ``|value - forecast| / sd`` of forecasts whose value is already known.

    Before any is known, intervals are as wide as runs are few, see ``few_runs``; what past errors tell comes on top.
    Values of one run err together, so that a few hundred scores of two days are no certainty: the factor of all groups
    together leans on 1, and a group's on theirs (errors in standard deviations compare between groups), as if by two
    occasions and by ten scores; and all are as sure as the occasions of measuring are many, see ``few_occasions``.
    Where all groups together have fewer than 40 scores at a horizon, each group's nearest shorter horizon stands in.

    Args:
        group: (m,) row of the priors of each forecast.
        horizon: (m,) position in ``horizons_weeks``.
        occasion: (m,) on which the value was measured, the same for values measured together.
        standardised: (m,) errors in standard deviations.
        runs: (m,) how many runs of its group a forecast was made from.
        runs_now: (rows,) how many runs of each group the next forecasts are made from.
        horizons_weeks: (h,) ascending.
    """
    columns, rows = len(horizons_weeks), len(runs_now)
    errors = np.abs(standardised) / few_runs(runs)
    cell = group * columns + horizon
    order = np.argsort(cell, kind="stable")
    edges = np.searchsorted(cell[order], np.arange(rows * columns + 1))
    scales = np.ones((2, rows, columns))
    for column in range(columns):
        here = horizon == column
        usual = _leaning(errors[here], occasion[here], np.ones(2))
        if usual is None:
            scales[:, :, column] = scales[:, :, max(column - 1, 0)]
            continue
        for row in range(rows):
            own = order[edges[row * columns + column] : edges[row * columns + column + 1]]
            factors = _leaning(errors[own], occasion[own], usual)
            scales[:, row, column] = usual if factors is None else factors
        scales[:, :, column] *= few_occasions(len(np.unique(occasion[here])))[:, None]
    narrow, wide = scales * few_runs(runs_now)[:, None]
    return Calibration(np.asarray(horizons_weeks, np.float64), narrow, wide)


def _leaning(errors: Floats, occasion: Ints, usual: Floats) -> Floats | None:
    """Conformal factors (2,) of errors (m,), the more like the usual ones the fewer they are; None below 40."""
    found = conformal_factors(errors)
    if found is None:
        return None
    share = 1.0 / (1.0 + BORROWED_OCCASIONS / len(np.unique(occasion)) + BORROWED_SCORES / len(errors))
    return np.asarray(usual * (found / usual) ** share)


def few_occasions(n: int) -> Floats:
    """What widens the 80 and 95 % intervals (2,) that were calibrated on ``n`` occasions of measuring.

    Quantiles of Student's t with as many degrees of freedom over normal ones (Student 1908).
    """
    return np.asarray(stdtrit(n, _UPPER) / ndtri(_UPPER))


def few_runs(n: Floats) -> Floats:
    """What widens intervals of trends through ``n`` runs (any shape): how far they lie off is told by runs only.

    Standard deviation of Student's t with the degrees of freedom that level and rate leave, at least three.
    """
    freedom = np.maximum(n - 2.0, LEAST_FREEDOM)
    return np.asarray(np.sqrt(freedom / (freedom - 2.0)))
