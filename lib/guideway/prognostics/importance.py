"""Which features a model leans on, over all assets."""

from __future__ import annotations

import numpy as np

from guideway.prognostics.blend import TERMS
from guideway.prognostics.design import MATRIX_COLUMNS
from guideway.prognostics.model import TrainedModel


def global_importance(model: TrainedModel) -> list[tuple[str, float]]:
    """Share of each feature in the gain of the trees' splits, largest first; features never split on are left out."""
    gain = model.change.feature_importance(importance_type="gain").astype(np.float64)
    total = float(gain.sum()) or 1.0
    ranked = sorted(zip(MATRIX_COLUMNS, gain / total, strict=True), key=lambda item: -item[1])
    return [(name, float(share)) for name, share in ranked if share > 0]


def blend_weights(model: TrainedModel) -> list[tuple[str, float]]:
    """Weights of the straight part by term, largest first."""
    return sorted(zip(TERMS, model.blend.weights, strict=True), key=lambda item: -abs(item[1]))
