"""Trials: each candidate's settings on each fold, pieces of work that know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from guideway.prognostics.baselines import BASELINES, baseline_changes
from guideway.prognostics.calibration import Calibrator
from guideway.prognostics.design import Design
from guideway.prognostics.metrics import paired_difference
from guideway.prognostics.model import TrainedModel, distance, standard_score
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.ragged import Floats
from guideway.prognostics.splits import Kind, Split, by_line, rolling_origin
from guideway.prognostics.training import Targets, TooFewRowsError, calibration_split, train

MODEL = "model"
CHAMPION = "champion"
MIN_TEST_ROWS = 10


@dataclass(frozen=True)
class Trials:
    """All there is to train and predict for an evaluation; trial ``k`` is fold ``k // n``, candidate ``k % n`` of n.

    Attributes:
        frame: features and targets.
        splits: the folds.
        candidates: settings to choose from; the first is the default.
        seed: seed of training.
        champion: the model in service, which predicts the same rows.
    """

    frame: pd.DataFrame = field(repr=False, compare=False)
    splits: tuple[Split, ...] = field(repr=False, compare=False)
    candidates: tuple[ModelParameters, ...]
    seed: int
    champion: TrainedModel | None = field(repr=False, compare=False)

    @classmethod
    def of(
        cls, frame: pd.DataFrame, candidates: Sequence[ModelParameters], seed: int, champion: TrainedModel | None
    ) -> Trials:
        """The folds by time and by line of a table, as ``train`` takes it."""
        frame, default = frame.reset_index(drop=True), candidates[0]
        ends = Targets.of(frame, default.horizon_weeks).ends_days
        by_time = rolling_origin(frame["origin_days"].to_numpy(np.float64), ends, default.folds)
        kind = frame["kind"].to_numpy() if "kind" in frame else None
        return cls(frame, (*by_time, *by_line(frame["line_id"].to_numpy(), kind)), tuple(candidates), seed, champion)

    def __len__(self) -> int:
        """Number of trials."""
        return len(self.splits) * len(self.candidates)

    def held_out(self, number: int) -> pd.DataFrame | None:
        """Held-out rows of one trial with every predictor's change and probability; None where too little is known."""
        fold, candidate = divmod(number, len(self.candidates))
        return _predict_fold(
            self.frame, self.splits[fold], parameters=self.candidates[candidate], seed=self.seed, champion=self.champion
        )

    def folds(self, kind: Kind, held_out: Sequence[pd.DataFrame | None]) -> list[list[pd.DataFrame]]:
        """The trials' held-out rows by fold of one kind and candidate, in order; folds with too little left out."""
        n = len(self.candidates)
        found = []
        for k, split in enumerate(self.splits):
            rows = [part for part in held_out[k * n : (k + 1) * n] if part is not None]
            if split.kind == kind and len(rows) == n:
                found.append(rows)
        return found


Run = Callable[[Trials], Sequence["pd.DataFrame | None"]]
"""Runs all trials and gives their held-out rows in order."""


def run_here(trials: Trials) -> list[pd.DataFrame | None]:
    """Run all trials one after the other in this process."""
    return [trials.held_out(number) for number in range(len(trials))]


def choose(folds: Sequence[Sequence[pd.DataFrame]], resamples: int, seed: int) -> int:
    """The candidate of least error on the folds; the first stays unless another beats it by more than chance."""
    if not folds or len(folds[0]) == 1:
        return 0
    rows = [pd.concat([fold[k] for fold in folds]) for k in range(len(folds[0]))]
    error = [(np.abs(each["change_model"] - each["change"]) / each["scale"]).to_numpy() for each in rows]
    asset, best, chosen = rows[0]["asset_id"].to_numpy(), 0.0, 0
    for k in range(1, len(rows)):
        gap = paired_difference(error[k], error[0], asset, resamples, np.random.default_rng(seed))
        if gap.is_better and gap.mean < best:
            best, chosen = gap.mean, k
    return chosen


def _predict_fold(
    frame: pd.DataFrame,
    split: Split,
    *,
    parameters: ModelParameters,
    seed: int,
    champion: TrainedModel | None,
) -> pd.DataFrame | None:
    """Held-out rows with every predictor's change and probability; nothing where there is too little to learn from."""
    targets = Targets.of(frame, parameters.horizon_weeks)
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
