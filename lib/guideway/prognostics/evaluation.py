"""Evaluation that does not flatter: by time and by line, beside persistence, the plain trend and a rule of thumb."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from guideway.prognostics.baselines import BASELINES, baseline_changes
from guideway.prognostics.calibration import Calibrator
from guideway.prognostics.design import Design
from guideway.prognostics.metrics import AlertScore, Difference, alert_score, calibration_error, paired_difference
from guideway.prognostics.model import TrainedModel, distance, standard_score
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.ragged import Floats
from guideway.prognostics.splits import Split, by_line, rolling_origin
from guideway.prognostics.training import Targets, TooFewRowsError, calibration_split, train

MODEL = "model"
CHAMPION = "champion"
MIN_TEST_ROWS = 10


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
    """

    horizon_weeks: int
    interval: float
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
    frame: pd.DataFrame, parameters: ModelParameters, seed: int, champion: TrainedModel | None = None
) -> Evaluation:
    """Train and test again and again, always on rows the training could not know.

    A champion, where given, predicts the same rows as it is, but for those whose outcome it was trained on: knowing the
    answer is no merit.

    Args:
        frame: as ``train`` takes it; a column ``kind`` (indicator and mode) tells which lines can speak for which.
        parameters: settings.
        seed: seed of training and bootstrap.
        champion: the model in service.
    """
    frame = frame.reset_index(drop=True)
    targets = Targets.of(frame, parameters.horizon_weeks)
    origin = frame["origin_days"].to_numpy(np.float64)
    kinds = {
        "time": list(rolling_origin(origin, targets.ends_days, parameters.folds)),
        "line": list(by_line(frame["line_id"].to_numpy(), frame["kind"].to_numpy() if "kind" in frame else None)),
    }
    splits, held_out = {}, [pd.DataFrame()]
    for kind, candidates in kinds.items():
        parts = [
            _predict_fold(frame, targets, split, parameters=parameters, seed=seed, champion=champion)
            for split in candidates
        ]
        parts = [part for part in parts if part is not None]
        if parts:
            rows = pd.concat(parts, ignore_index=True)
            splits[kind] = _score(kind, rows, len(parts), parameters, seed)
            held_out.append(rows)
    return Evaluation(parameters.horizon_weeks, parameters.interval, splits, pd.concat(held_out, ignore_index=True))


def _predict_fold(
    frame: pd.DataFrame,
    targets: Targets,
    split: Split,
    *,
    parameters: ModelParameters,
    seed: int,
    champion: TrainedModel | None,
) -> pd.DataFrame | None:
    """Held-out rows with every predictor's change and probability; nothing where there is too little to learn from."""
    known = np.isfinite(targets.change) | np.isfinite(targets.exceeds)
    test = split.test & known
    if test.sum() < MIN_TEST_ROWS:
        return None
    training = frame[split.train].reset_index(drop=True)
    try:
        model = train(training, parameters, seed)
    except TooFewRowsError:
        return None
    rows = frame[test].reset_index(drop=True)
    scale = model.design.scale(rows["indicator"].to_numpy())
    if not np.isfinite(scale).any():
        # A line with indicators of its own: a model of other lines says nothing of it.
        return None
    ours = model.predict(rows)
    out = rows[["asset_id", "line_id", "indicator", "origin_days"]].copy()
    out["split"], out["fold"], out["scale"] = split.kind, split.name, scale
    out["change"], out["exceeds"] = targets.change[test], targets.exceeds[test]
    out["at_risk"] = (distance(rows) > 0) & (rows["last_value"].to_numpy() - rows["level"].to_numpy() < distance(rows))
    out["days_to_limit"] = rows["days_to_limit"].to_numpy() if "days_to_limit" in rows else np.nan
    out["level"], out["low"], out["high"] = rows["level"], ours.low, ours.high
    out["change_model"], out["probability_model"] = ours.change, ours.probability
    baselines = _baseline_predictions(training, rows, parameters, seed)
    for name, (change, probability) in baselines.items():
        out[f"change_{name}"], out[f"probability_{name}"] = change, probability
    if champion is not None:
        theirs = champion.predict(rows)
        unseen = targets.ends_days[test] > champion.trained_until_days
        out[f"change_{CHAMPION}"] = np.where(unseen, theirs.change, np.nan)
        out[f"probability_{CHAMPION}"] = np.where(unseen, theirs.probability, np.nan)
    return out[np.isfinite(scale) & ours.known]


def _baseline_predictions(
    training: pd.DataFrame, rows: pd.DataFrame, parameters: ModelParameters, seed: int
) -> dict[str, tuple[Floats, Floats]]:
    """Change and probability of each baseline; the probability is calibrated just as the model's is."""
    targets = Targets.of(training, parameters.horizon_weeks)
    usable = np.isfinite(targets.change)
    _, late = calibration_split(training, targets, usable, parameters, seed)
    before = baseline_changes(training, parameters.horizon_days)
    after = baseline_changes(rows, parameters.horizon_days)
    found = {}
    for name in BASELINES:
        error = Design.fit(training["indicator"].to_numpy()[usable], (targets.change - before[name])[usable])
        score = standard_score(distance(training), before[name], error.scale(training["indicator"].to_numpy()))
        calibrator = Calibrator.fit(score[late], targets.exceeds[late])
        score = standard_score(distance(rows), after[name], error.scale(rows["indicator"].to_numpy()))
        found[name] = (after[name], calibrator.probability(score))
    return found


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
