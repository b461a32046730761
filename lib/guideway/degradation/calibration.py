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
LEAST_SCORES = 40
BORROWED_SCORES = 50.0


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


def conformal_factors(standardised: Floats) -> tuple[float, float] | None:
    """Factors for the 80 and 95 % intervals from absolute standardised errors of past forecasts.

    Split conformal prediction (Vovk et al. 2005; Lei et al. 2018): the ``ceil((n + 1) level)``-th smallest error over
    the normal quantile. None below 40 errors.
    """
    errors = np.sort(standardised[np.isfinite(standardised)])
    if len(errors) < LEAST_SCORES:
        return None
    factors = []
    for level in LEVELS:
        rank = min(int(np.ceil((len(errors) + 1) * level)), len(errors)) - 1
        factors.append(max(float(errors[rank] / ndtri(0.5 + level / 2)), 0.05))
    return factors[0], max(factors[1], factors[0] * ndtri(0.9) / ndtri(0.975))


def fit_calibration(
    group: Ints, horizon: Ints, occasion: Ints, standardised: Floats, rows: int, horizons_weeks: Floats
) -> Calibration:
    """Factors of every group and horizon from ``|value - forecast| / sd`` of forecasts whose value is already known.

    A group's factor leans on that of all groups together, as if by fifty of its forecasts: values of one run err
    together, so a few hundred scores are no certainty, and errors in standard deviations compare between groups. For
    the same reason all of them are as sure as the occasions of measuring are many, see ``few_occasions``. Where all
    groups together have fewer than 40 scores at a horizon, each group's nearest shorter horizon stands in.
    """
    columns = len(horizons_weeks)
    errors = np.abs(standardised)
    cell = group * columns + horizon
    order = np.argsort(cell, kind="stable")
    edges = np.searchsorted(cell[order], np.arange(rows * columns + 1))
    scales = np.ones((2, rows, columns))
    for column in range(columns):
        here = horizon == column
        together = conformal_factors(errors[here])
        if together is None:
            scales[:, :, column] = scales[:, :, max(column - 1, 0)]
            continue
        scales[:, :, column] = np.array(together)[:, None]
        for row in range(rows):
            own = errors[order[edges[row * columns + column] : edges[row * columns + column + 1]]]
            factors = conformal_factors(own)
            if factors is not None:
                share = len(own) / (len(own) + BORROWED_SCORES)
                scales[:, row, column] *= (np.array(factors) / together) ** share
        scales[:, :, column] *= few_occasions(len(np.unique(occasion[here])))[:, None]
    return Calibration(np.asarray(horizons_weeks, np.float64), scales[0], scales[1])


def few_occasions(n: int) -> Floats:
    """What widens the 80 and 95 % intervals (2,) that were calibrated on ``n`` occasions of measuring.

    Quantiles of Student's t with as many degrees of freedom over normal ones (Student 1908).
    """
    upper = 0.5 + np.array(LEVELS) / 2
    return np.asarray(stdtrit(n, upper) / ndtri(upper))
