"""Which model a group gets: the one whose past forecasts were best."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from guideway.degradation.backtest import Backtest, backtest
from guideway.degradation.parameters import DegradationParameters, ModelName
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import Floats, SeriesBatch

CANDIDATES: tuple[ModelName, ...] = ("linear", "wiener", "exponential", "gamma")
LEAST_GAIN = 0.01  # share of CRPS a model must save to replace an earlier, simpler candidate


def choose_models(
    batch: SeriesBatch,
    origins_days: npt.ArrayLike,
    horizons_weeks: npt.ArrayLike,
    parameters: DegradationParameters | None = None,
    groups: tuple[str, ...] = (),
    candidates: tuple[ModelName, ...] = CANDIDATES,
) -> tuple[Priors, dict[ModelName, Backtest]]:
    """Priors with each group's best model by rolling-origin CRPS, and the back-tests they were chosen by.

    Candidates are in order of simplicity: a later one must save 1 % of the CRPS. Back-tests use priors known at the
    first origin; the returned priors are estimated from the whole batch.
    """
    chosen = parameters or DegradationParameters()
    first = float(np.min(np.asarray(origins_days, np.float64)))
    trials: dict[ModelName, Backtest] = {}
    for name in candidates:
        settings = chosen.model_copy(update={"model": name})
        early = estimate_priors(batch.until(first), settings, groups)
        trials[name] = backtest(batch, early, origins_days, horizons_weeks, settings)
    scores = np.array([_group_scores(trials[name], len(groups) + 1) for name in candidates])
    winners = np.zeros(len(groups) + 1, np.int64)
    for row in range(len(groups) + 1):
        for c in range(1, len(candidates)):
            if scores[c, row] < (1.0 - LEAST_GAIN) * scores[winners[row], row]:
                winners[row] = c
    final = [estimate_priors(batch, chosen.model_copy(update={"model": name}), groups) for name in candidates]
    return _merged(final, winners), trials


def _group_scores(trial: Backtest, rows: int) -> Floats:
    """CRPS of each group over the CRPS of persistence, averaged over horizons; 1 where nothing was scored."""
    card = trial.scorecard
    total, count = np.zeros(rows), np.zeros(rows)
    np.add.at(total, card.group, card.crps / np.maximum(card.persistence_crps, 1e-300))
    np.add.at(count, card.group, 1.0)
    return np.where(count > 0, total / np.maximum(count, 1.0), 1.0)


def _merged(candidates: list[Priors], winners: npt.NDArray[np.int64]) -> Priors:
    rows = np.arange(len(winners))
    columns: dict[str, Any] = {
        f.name: np.stack([getattr(c, f.name) for c in candidates])[winners, rows] for f in fields(Priors)[1:]
    }
    return replace(candidates[0], **columns)
