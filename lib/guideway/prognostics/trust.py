"""How far the learned correction of the plain trend is believed, indicator by indicator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guideway.prognostics.ragged import Floats

_STEPS = np.linspace(0.0, 1.0, 11)
_PRIOR_ROWS = 100.0


@dataclass(frozen=True)
class Trust:
    """Weight of the learned change beside the plain trend's: 0 is the trend alone, 1 the learned change alone.

    A model that serves every indicator corrects the trend where it can and disturbs it where the trend is hard to beat;
    stacking (Wolpert 1992, Stacked generalization) on later rows than the model was trained on tells one from the
    other.

    Attributes:
        weights: of each indicator, by its code in the design.
        other: of an indicator without a code.
    """

    weights: tuple[float, ...]
    other: float

    @classmethod
    def none(cls, n_indicators: int) -> Trust:
        """The plain trend alone, for every indicator."""
        return cls((0.0,) * n_indicators, 0.0)

    @classmethod
    def fit(cls, code: Floats, truth: Floats, learned: Floats, plain: Floats, n_indicators: int) -> Trust:
        """The weights of least absolute error, each drawn towards that of all rows as by a hundred rows of it.

        Args:
            code: indicator of each row; rows (n,) the learned change was not trained on.
            truth: change that came true.
            learned: learned change.
            plain: the plain trend's.
            n_indicators: number of codes.
        """
        if not truth.size:
            return cls.none(n_indicators)
        loss = np.abs(truth - plain - _STEPS[:, None] * (learned - plain))
        typical = loss.mean(axis=1)

        def best(own: Floats) -> float:
            return float(_STEPS[np.argmin(own.sum(axis=1) + _PRIOR_ROWS * typical)])

        return cls(tuple(best(loss[:, code == k]) for k in range(n_indicators)), best(loss[:, :0]))

    def of(self, code: Floats) -> Floats:
        """Weight of each row."""
        known = np.isfinite(code)
        place = np.where(known, code, len(self.weights)).astype(np.int64)
        found: Floats = np.array([*self.weights, self.other])[place]
        return found

    def blend(self, code: Floats, learned: Floats, plain: Floats) -> Floats:
        """The change of each row."""
        change: Floats = plain + self.of(code) * (learned - plain)
        return change
