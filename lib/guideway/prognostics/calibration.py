"""From a score to a probability that means what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from guideway.prognostics.ragged import Floats

_ISOTONIC_FROM = 150
_CLIP = 30.0


@dataclass(frozen=True)
class Calibrator:
    """Probability as a rising function of a score, kept as plain numbers.

    Platt's logistic curve; with enough events of both kinds it is bent towards an isotonic fit, the more the
    more events there are. Platt (1999), Probabilistic outputs for support vector machines; Zadrozny and Elkan (2002),
    Transforming classifier scores into accurate multiclass probability estimates.

    Attributes:
        slope: slope of the logistic curve, never negative.
        intercept: its intercept.
        knots: scores of the isotonic fit, rising; empty where there were too few events.
        levels: probabilities at the knots, rising.
        n: rows it was fitted to.
        n_events: events among them.
    """

    slope: float
    intercept: float
    knots: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    n: int = 0
    n_events: int = 0

    @property
    def trust(self) -> float:
        """Weight of the isotonic fit beside the logistic curve."""
        rarer = min(self.n_events, self.n - self.n_events)
        return rarer / (rarer + _ISOTONIC_FROM)

    @classmethod
    def fit(cls, score: Floats, event: Floats) -> Calibrator:
        """Fit to rows with a finite score and a known event (0 or 1); without any, the standard normal shape."""
        use = np.isfinite(score) & np.isfinite(event)
        x, y = np.clip(score[use], -_CLIP, _CLIP), event[use]
        n, events = int(y.size), int(y.sum())
        if n < 20 or events in (0, n):
            # 1.7 turns a standard normal score into a logistic one; Laplace's rule keeps the rate off 0 and 1.
            rate = (events + 1) / (n + 2)
            shift = 0.0 if n < 20 else float(np.log(rate / (1 - rate)) - 1.7 * np.median(x))
            return cls(1.7, shift, n=n, n_events=events)
        slope, intercept = _platt(x, y)
        if min(events, n - events) < _ISOTONIC_FROM:
            return cls(slope, intercept, n=n, n_events=events)
        knots, levels = _isotonic_knots(x, y, expit(slope * x + intercept))
        return cls(slope, intercept, knots, levels, n=n, n_events=events)

    def probability(self, score: Floats) -> Floats:
        """Probability of each score; NaN for NaN."""
        x = np.clip(score, -_CLIP, _CLIP)
        smooth: Floats = expit(self.slope * x + self.intercept)
        if self.knots:
            smooth = np.where(
                np.isfinite(x), self.trust * np.interp(x, self.knots, self.levels) + (1 - self.trust) * smooth, np.nan
            )
        # Nobody is surer than the rows the curve was fitted to allow.
        least = 0.5 / (self.n + 1)
        return np.clip(smooth, least, 1 - least)


def _platt(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept of the logistic curve, with Platt's softened targets."""
    events = y.sum()
    soft = np.where(y > 0, (events + 1) / (events + 2), 1 / (y.size - events + 2))

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * x + theta[1]
        gradient = expit(z) - soft
        value = float(np.mean(np.logaddexp(0, z) - soft * z))
        return value, np.array([np.mean(gradient * x), np.mean(gradient)])

    rate = events / y.size
    start = np.array([1.0, np.log(rate / (1 - rate))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 20.0), (-50.0, 50.0)])
    return float(found.x[0]), float(found.x[1])


def _isotonic_knots(x: Floats, y: Floats, smooth: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most 40 knots of the isotonic fit, at quantiles of the score among likely rows."""
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(x, y)
    shares = np.linspace(0.0, 1.0, 20)
    likely = x[smooth >= np.quantile(smooth, 0.8)]
    knots = np.unique(np.concatenate([np.quantile(x, shares), np.quantile(likely, shares)]))
    levels = np.maximum.accumulate(fitted.predict(knots))
    return tuple(float(k) for k in knots), tuple(float(v) for v in levels)
