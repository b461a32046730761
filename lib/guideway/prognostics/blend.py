"""The straight part of the model: a robust blend of the rates known of an asset, before any tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guideway.prognostics.design import MATRIX_COLUMNS, finite_or
from guideway.prognostics.features import DAYS_PER_YEAR
from guideway.prognostics.ragged import Floats

_OTHERS = ("rate", "rate_52w", "rate_since_work", "previous_rate", "neighbour_rate")
_LEVELS = ("last_value", "engine_level", "line_level", "neighbour_level")
_BASIS = ("best_rate", *_OTHERS, *_LEVELS)
TERMS = (*_BASIS, *(f"{name}, few values" for name in _BASIS))
_PRIOR = tuple(float(name in {"best_rate", "engine_level"}) for name in TERMS)
_FEW = 6.0
_CLIP = 20.0


@dataclass(frozen=True)
class Blend:
    """Change = intercept + weighted sum of the best rate known, how other rates differ from it, and the offset.

    Rates are taken over the horizon. The best rate is the degradation engine's, else the asset's own since work, else
    that of the cycle before, else the neighbours'; a rate that is not known differs by nothing. The offsets
    are those of other estimates of the level. Each term comes twice, the second time weighed down by values since work,
    so that few values may count differently from many. The prior is the plain trend: weight 1 for the best rate and the
    engine's level, 0 for all others.

    ``centre`` is the mean contribution of each term in training: what reasons are told beside.
    """

    intercept: float
    weights: tuple[float, ...]
    centre: tuple[float, ...]

    @classmethod
    def fit(cls, matrix: Floats, change: Floats, horizon_days: float, *, ridge: float = 200.0) -> Blend:
        """Huber regression by iterated weights, shrunk towards the plain trend, which it is for an empty matrix."""
        if not change.size:
            return cls.plain_trend()
        terms = cls._terms(matrix, horizon_days)
        design = np.column_stack([np.ones(len(terms)), terms])
        penalty = np.diag([0.0, *np.full(len(TERMS), ridge)])
        weight = np.ones(change.size)
        prior = np.array([0.0, *_PRIOR])
        solution = prior
        for _ in range(10):
            weighted = design * weight[:, None]
            left, right = weighted.T @ design + penalty, weighted.T @ change + penalty @ prior
            solution = np.linalg.lstsq(left, right, rcond=None)[0]
            residual = np.abs(change - design @ solution)
            cut = 1.345 * max(1.4826 * float(np.median(residual)), 1e-9)
            weight = np.minimum(1.0, cut / np.maximum(residual, 1e-12))
        weights = solution[1:]
        centre = (terms * weights).mean(axis=0)
        return cls(float(solution[0]), tuple(float(w) for w in weights), tuple(float(c) for c in centre))

    @classmethod
    def plain_trend(cls) -> Blend:
        """The prior itself: weight 1 for the best rate and the engine's level, 0 for all others."""
        return cls(0.0, _PRIOR, (0.0,) * len(TERMS))

    def predict(self, matrix: Floats, horizon_days: float, *, clip: float = _CLIP) -> Floats:
        """Change over the horizon, in units of the scale; shape (rows,). Terms beyond ``clip`` are cut off."""
        change: Floats = self.intercept + self.contributions(matrix, horizon_days, clip=clip).sum(axis=1)
        return change

    def contributions(self, matrix: Floats, horizon_days: float, *, clip: float = _CLIP) -> Floats:
        """What each term adds, in units of the scale; shape (rows, len(TERMS))."""
        added: Floats = self._terms(matrix, horizon_days, clip) * np.array(self.weights)
        return added

    @staticmethod
    def _terms(matrix: Floats, horizon_days: float, clip: float = _CLIP) -> Floats:
        def column(name: str) -> Floats:
            taken: Floats = matrix[:, MATRIX_COLUMNS.index(name)]
            return taken

        years = horizon_days / DAYS_PER_YEAR
        best = finite_or(column("engine_rate"), column("rate"), column("previous_rate"), column("neighbour_rate"))
        terms = [best * years, *(finite_or(column(name) - best) * years for name in _OTHERS)]
        terms += [finite_or(column(name) - column("level")) for name in _LEVELS]
        basis = np.clip(np.column_stack(terms), -clip, clip)
        few = _FEW / (_FEW + finite_or(column("n_since_work")))
        return np.hstack([basis, basis * few[:, None]])
