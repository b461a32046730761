"""Evaluation that does not flatter: by time and by line, beside persistence, the plain trend and a rule of thumb."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from guideway.prognostics.baselines import BASELINES
from guideway.prognostics.metrics import AlertScore, Difference, alert_score, calibration_error, paired_difference
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.ragged import Floats
from guideway.prognostics.trials import CHAMPION, MODEL, Run, Trials, choose, run_here

__all__ = ["CHAMPION", "MODEL", "Evaluation", "PredictorScore", "SplitEvaluation", "evaluate"]


@dataclass(frozen=True)
class PredictorScore:
    """Scores of one predictor on one kind of split; errors in units of the typical change of the indicator.

    Attributes:
        mae: mean absolute error.
        rmse: root mean square error.
        bias: mean of prediction minus value.
        brier: mean square error of the exceedance probability, for assets not yet beyond the limit.
        calibration_error: expected calibration error of that probability.
        alerts: what the alert budget buys.
    """

    mae: float
    rmse: float
    bias: float
    brier: float
    calibration_error: float
    alerts: AlertScore


@dataclass(frozen=True)
class SplitEvaluation:
    """All predictors on the held-out rows of one kind of split.

    Attributes:
        kind: ``time`` or ``line``.
        folds: number of folds.
        n: rows with a known value ahead.
        n_events: exceedances among the rows not yet beyond the limit.
        coverage: share of values inside the model's interval.
        scores: by predictor.
        error_difference: absolute error of the model minus that of another predictor.
        brier_difference: the same for the squared error of the probability.
        mae_by_indicator: mean absolute error of each predictor in the indicator's unit.
    """

    kind: str
    folds: int
    n: int
    n_events: int
    coverage: float
    scores: Mapping[str, PredictorScore]
    error_difference: Mapping[str, Difference]
    brier_difference: Mapping[str, Difference]
    mae_by_indicator: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Evaluation:
    """Evaluation of a way to train, with the held-out predictions behind it.

    ``splits`` lacks a kind that was not possible (one line only, or no origin late enough).

    Attributes:
        parameters: the settings all folds by time together speak for: what to train with.
        n_candidates: settings there were to choose from.
        splits: scores by kind of split.
        held_out: predictions of every held-out row.
    """

    parameters: ModelParameters
    n_candidates: int
    splits: Mapping[str, SplitEvaluation]
    held_out: pd.DataFrame = field(repr=False, compare=False)

    def metrics(self) -> dict[str, float]:
        """Flat finite numbers by name, such as ``time.model.mae``, as an experiment tracker takes them."""
        flat: dict[str, float] = {}
        for kind, split in self.splits.items():
            numbers = asdict(split)
            scores = numbers.pop("scores")
            numbers.pop("kind")
            _flatten(f"{kind}", numbers | scores, flat)
        return flat


def evaluate(
    frame: pd.DataFrame,
    parameters: ModelParameters,
    seed: int,
    champion: TrainedModel | None = None,
    *,
    others: Sequence[ModelParameters] = (),
    run: Run = run_here,
) -> Evaluation:
    """Train and test again and again, always on rows the training could not know.

    A champion, where given, predicts the same rows as it is, but for those whose outcome it was trained on: knowing the
    answer is no merit. Where there are other settings to choose from, a fold is predicted with those that earlier folds
    (by time) or the other folds (by line) speak for: what is judged never chose.

    Args:
        frame: as ``train`` takes it; a column ``kind`` (indicator and mode) tells which lines can speak for which.
        parameters: settings; they stay unless others are better by more than chance.
        seed: seed of training and bootstrap.
        champion: the model in service.
        others: other settings to choose from.
        run: runs the trials, here or distributed; the result does not depend on it.
    """
    trials = Trials.of(frame, (parameters, *others), seed, champion)
    held_out = run(trials)
    splits, rows, chosen = {}, [pd.DataFrame()], parameters
    for kind in ("time", "line"):
        folds = trials.folds(kind, held_out)
        if not folds:
            continue
        judged = [
            fold[choose(folds[:k] if kind == "time" else folds[:k] + folds[k + 1 :], parameters.bootstrap, seed)]
            for k, fold in enumerate(folds)
        ]
        splits[kind] = _score(kind, pd.concat(judged, ignore_index=True), len(folds), parameters, seed)
        rows += judged
        if kind == "time":
            chosen = trials.candidates[choose(folds, parameters.bootstrap, seed)]
    return Evaluation(chosen, len(trials.candidates), splits, pd.concat(rows, ignore_index=True))


def _score(kind: str, rows: pd.DataFrame, folds: int, parameters: ModelParameters, seed: int) -> SplitEvaluation:
    predictors = [n for n in (MODEL, *BASELINES, CHAMPION) if f"change_{n}" in rows]
    scale, change = rows["scale"].to_numpy(), rows["change"].to_numpy()
    error = {name: (rows[f"change_{name}"].to_numpy() - change) / scale for name in predictors}
    event = np.where(rows["at_risk"].to_numpy(), rows["exceeds"].to_numpy(), np.nan)
    square = {name: (rows[f"probability_{name}"].to_numpy() - event) ** 2 for name in predictors}
    scores = {
        name: _predictor_score(rows, name, error=error[name], square=square[name], event=event, parameters=parameters)
        for name in predictors
    }
    rng = np.random.default_rng(seed)
    asset = rows["asset_id"].to_numpy()
    others = [name for name in predictors if name != MODEL]
    value = rows["level"].to_numpy() + change
    inside = (value >= rows["low"].to_numpy()) & (value <= rows["high"].to_numpy())
    seen = np.isfinite(change)
    return SplitEvaluation(
        kind=kind,
        folds=folds,
        n=int(seen.sum()),
        n_events=int(np.nansum(event)),
        coverage=float(inside[seen].mean()) if seen.any() else math.nan,
        scores=scores,
        error_difference={
            name: paired_difference(np.abs(error[MODEL]), np.abs(error[name]), asset, parameters.bootstrap, rng)
            for name in others
        },
        brier_difference={
            name: paired_difference(square[MODEL], square[name], asset, parameters.bootstrap, rng) for name in others
        },
        mae_by_indicator={
            str(indicator): {name: _mean(np.abs(error[name] * scale)[own]) for name in predictors}
            for indicator, own in rows.groupby("indicator").indices.items()
        },
    )


def _predictor_score(
    rows: pd.DataFrame, name: str, *, error: Floats, square: Floats, event: Floats, parameters: ModelParameters
) -> PredictorScore:
    probability = rows[f"probability_{name}"].to_numpy()
    series = rows["asset_id"].astype(str) + "|" + rows["indicator"].astype(str)
    alerts = alert_score(
        probability,
        event,
        rows["days_to_limit"].to_numpy(np.float64),
        asset=series.to_numpy(),
        origin_days=rows["origin_days"].to_numpy(np.float64),
        share=parameters.alert_share,
        horizon_days=parameters.horizon_days,
    )
    return PredictorScore(
        mae=_mean(np.abs(error)),
        rmse=float(np.sqrt(_mean(error**2))),
        bias=_mean(error),
        brier=_mean(square),
        calibration_error=calibration_error(probability, event),
        alerts=alerts,
    )


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan


def _flatten(prefix: str, numbers: Mapping[str, Any], into: dict[str, float]) -> None:
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            _flatten(f"{prefix}.{name}", value, into)
        elif math.isfinite(value):
            into[f"{prefix}.{name}"] = float(value)
