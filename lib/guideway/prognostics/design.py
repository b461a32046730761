"""From the table of features to the learner's matrix: indicators of any unit on one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guideway.errors import ConfigurationError
from guideway.prognostics.definitions import FEATURES, LEVEL, RATE
from guideway.prognostics.ragged import Floats

KEYS = ("asset_id", "line_id", "indicator", "origin_days")
CATEGORIES = ("indicator", "structure", "track_form", "last_work_code")
MATRIX_COLUMNS = (*(feature.name for feature in FEATURES), "indicator")
_SCALED = frozenset(feature.name for feature in FEATURES if feature.unit in (LEVEL, RATE))


@dataclass(frozen=True)
class Design:
    """Scale of each indicator: the typical change over the horizon, so that one model serves all.

    Attributes:
        scales: typical absolute change of each indicator over the horizon, in its unit.
    """

    scales: dict[str, float]

    @classmethod
    def fit(cls, indicator: NDArray[np.generic], change: Floats) -> Design:
        """Median absolute change of each indicator; its standard deviation, or 1, where that is zero."""
        names = np.asarray(indicator).astype(str)
        scales: dict[str, float] = {}
        for name in np.unique(names):
            own = change[names == name]
            own = own[np.isfinite(own)]
            candidates = [float(np.median(np.abs(own))), float(own.std())] if own.size else []
            scales[str(name)] = next((c for c in candidates if c > 1e-12), 1.0)
        return cls(scales)

    def scale(self, indicator: NDArray[np.generic]) -> Floats:
        """Scale of each row; NaN for an indicator the design does not know."""
        index = pd.Index(list(self.scales)).get_indexer(pd.Index(np.asarray(indicator).astype(str)))
        table = np.array([*self.scales.values(), np.nan])
        scales: Floats = table[index]
        return scales

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """Matrix of the learner: features in units of the scale, then the indicator's code; NaN is "not known"."""
        require(frame, ("indicator", "level"))
        scale = self.scale(frame["indicator"].to_numpy())
        n = len(frame)
        columns = []
        for feature in FEATURES:
            column = frame[feature.name].to_numpy(np.float64) if feature.name in frame else np.full(n, np.nan)
            columns.append(column / scale if feature.name in _SCALED else column)
        codes = pd.Index(list(self.scales)).get_indexer(pd.Index(frame["indicator"].astype(str)))
        columns.append(np.where(codes >= 0, codes, np.nan).astype(np.float64))
        return np.column_stack(columns) if n else np.empty((0, len(MATRIX_COLUMNS)))


def indicator_codes(matrix: Floats) -> Floats:
    """Code of the indicator of each row of a design's matrix; NaN for one the design does not know."""
    codes: Floats = matrix[:, -1]
    return codes


def require(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Raise ``ConfigurationError`` naming the columns that are missing."""
    missing = [name for name in columns if name not in frame]
    if missing:
        raise ConfigurationError(f"the feature table lacks {missing[:3]}")


def finite_or(primary: Floats, *fallbacks: Floats) -> Floats:
    """First finite entry of each row; 0 where there is none."""
    result = primary
    for fallback in fallbacks:
        result = np.where(np.isfinite(result), result, fallback)
    return np.where(np.isfinite(result), result, 0.0)
