"""What measurements since the last work say of a section: a Bayesian line, its rate with a prior from the network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Belief:
    """Level and rate of each section, as its noisy measurements tell them."""

    def __init__(self, rate_per_day: Floats, sigma: Floats) -> None:
        """Nothing is measured yet.

        Args:
            rate_per_day: rates of the network: their median and spread are the prior of each section's, shape (n,).
            sigma: standard deviation of one measurement of each section, shape (n,).
        """
        rates = rate_per_day[np.isfinite(rate_per_day)]
        self._rate = float(np.median(rates)) if len(rates) else 0.0
        self._weight = 1.0 / max(float(np.std(rates)) if len(rates) else 0.0, 1e-6) ** 2
        self._precision = 1.0 / np.maximum(sigma, 1e-6) ** 2
        self._sums = np.zeros((5, len(sigma)))

    def see(self, t: Floats, y: Floats) -> None:
        """Add a measurement ``y`` of every section, ``t`` days after its last work, shapes (n,)."""
        self._sums += self._precision * np.stack([np.ones_like(t), t, t * t, y, t * y])

    def forget(self, now: Bools) -> None:
        """Start anew after a work."""
        self._sums[:, now] = 0.0

    @property
    def known(self) -> Bools:
        """Whether a section has been measured since its last work, shape (n,)."""
        return np.asarray(self._sums[0] > 0)

    def level(self, t: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the true level ``t`` days after the last work.

        ``t`` has shape (n,) or (days, n). Where nothing is known the mean is that of a level of 0.
        """
        n, st, stt, sy, sty = self._sums
        a, b, c = n + 1e-9, st, stt + self._weight
        right = sty + self._weight * self._rate
        det = a * c - b * b
        level, slope = (c * sy - b * right) / det, (a * right - b * sy) / det
        variance = (c - 2.0 * b * t + a * t * t) / det
        return level + slope * t, np.sqrt(np.maximum(variance, 1e-12))

    def crossing(self, limit: Floats, t: Floats) -> Floats:
        """Probability that the level is beyond the limit ``t`` days after the last work; 0 where nothing is known."""
        mean, spread = self.level(t)
        return np.where(self.known, ndtr((mean - limit) / spread), 0.0)
