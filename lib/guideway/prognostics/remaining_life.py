"""Remaining life of units that are watched until they fail: health indices, trailing windows, boosted trees."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from guideway.prognostics.lives import Lives, Normaliser
from guideway.prognostics.ragged import Floats, Ints
from guideway.prognostics.windows import lifelong_means, since_start, smoothed, window_means, window_slopes

_HEALTHY_CYCLES = 20
_HEALTHY_LEFT = 150
_WORN_LEFT = 15


class LifeParameters(BaseModel):
    """Settings of the remaining-life model.

    Attributes:
        cap: remaining life above which no unit shows wear yet; the target is cut there.
        rounds: boosting rounds.
        learning_rate: shrinkage of each round.
        leaves: leaves of a tree.
        seeds: boosters whose answers are averaged.
        far_weight: weight of rows so far from failure that they only teach the cap.
        threads: threads of the learner.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cap: float = Field(default=125.0, gt=0)
    rounds: int = Field(default=300, ge=1)
    learning_rate: float = Field(default=0.04, gt=0)
    leaves: int = Field(default=12, ge=2)
    seeds: int = Field(default=3, ge=1)
    far_weight: float = Field(default=0.3, gt=0, le=1)
    threads: int = Field(default=1, ge=1)


@dataclass(frozen=True)
class HealthIndex:
    """Straight combinations of the channels that tell how worn a unit is; (1 + n_channels, n_indices) weights.

    The first follows the capped remaining life; the second tells the last cycles from early and far ones.
    """

    weights: Floats

    @classmethod
    def fit(cls, channels: Floats, remaining: Floats, age: Floats, cap: float) -> HealthIndex:
        """Least squares on the training units."""
        design = np.column_stack([np.ones(len(channels)), channels])
        worn = remaining < _WORN_LEFT
        ends = worn | (remaining > _HEALTHY_LEFT) | (age < _HEALTHY_CYCLES)
        life = np.linalg.lstsq(design, np.minimum(remaining, cap), rcond=None)[0]
        wear = np.linalg.lstsq(design[ends], worn[ends].astype(np.float64), rcond=None)[0]
        return cls(np.column_stack([life, wear]))

    def apply(self, channels: Floats) -> Floats:
        """Indices of each row; (n, n_indices)."""
        indices: Floats = np.column_stack([np.ones(len(channels)), channels]) @ self.weights
        return indices


@dataclass(frozen=True)
class LifeModel:
    """A trained remaining-life model."""

    parameters: LifeParameters
    normaliser: Normaliser
    index: HealthIndex
    boosters: tuple[lgb.Booster, ...]

    def predict(self, lives: Lives) -> Floats:
        """Remaining life at every row, from that row and earlier ones of the unit only; cycles, 0 to the cap."""
        matrix = _features(self.normaliser.apply(lives), self.index, lives)
        answers = [booster.predict(matrix, num_threads=self.parameters.threads) for booster in self.boosters]
        mean: Floats = np.clip(np.mean(answers, axis=0), 0.0, self.parameters.cap)
        return mean


def train_life(lives: Lives, parameters: LifeParameters, seed: int) -> LifeModel:
    """Train on units that were watched until they failed."""
    normaliser = Normaliser.fit(lives)
    channels, remaining = normaliser.apply(lives), lives.remaining()
    index = HealthIndex.fit(channels, remaining, lives.age, parameters.cap)
    matrix = _features(channels, index, lives)
    target = np.minimum(remaining, parameters.cap)
    weight = np.where(remaining > 1.2 * parameters.cap, parameters.far_weight, 1.0)
    settings = {
        "objective": "regression",
        "learning_rate": parameters.learning_rate,
        "num_leaves": parameters.leaves,
        "min_data_in_leaf": max(2, min(60, len(target) // 20)),
        "feature_fraction": 0.3,
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "num_threads": parameters.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lgb.Dataset(matrix, target, weight=weight, params=settings, free_raw_data=False)
    boosters = tuple(lgb.train(settings | {"seed": seed + k}, data, parameters.rounds) for k in range(parameters.seeds))
    return LifeModel(parameters, normaliser, index, boosters)


def cross_validated_error(lives: Lives, parameters: LifeParameters, seed: int, *, folds: int = 5) -> float:
    """Root mean square error on units held out, each judged at moments spread evenly over its last 150 cycles."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(lives.unit.size)
    target = np.minimum(lives.remaining(), parameters.cap)
    squares = []
    for fold in range(folds):
        held = np.sort(order[fold::folds])
        model = train_life(take_units(lives, np.setdiff1d(order, held)), parameters, seed)
        predicted = model.predict(take_units(lives, held))
        rows = np.concatenate([np.arange(lives.offsets[u], lives.offsets[u + 1]) for u in held])
        judged = (lives.remaining()[rows] <= _HEALTHY_LEFT) & (lives.age[rows] >= 30)
        squares.append((predicted - target[rows])[judged] ** 2)
    return float(np.sqrt(np.mean(np.concatenate(squares))))


def take_units(lives: Lives, chosen: Ints) -> Lives:
    """The chosen units, in the chosen order."""
    rows = np.concatenate([np.arange(lives.offsets[u], lives.offsets[u + 1]) for u in chosen])
    lengths = np.diff(lives.offsets)[chosen]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Lives(lives.unit[chosen], offsets, lives.settings[rows], lives.channels[rows])


def _features(channels: Floats, index: HealthIndex, lives: Lives) -> Floats:
    """Age, then windows of every channel, then finer windows of the health indices."""
    offsets = lives.offsets
    health = index.apply(channels)
    columns = [lives.age[:, None] + 1.0]
    for values, means, slopes in (
        (channels, (5, 15, 30, 60), (20, 40, 80)),
        (health, (5, 10, 20, 40, 80), (15, 30, 60, 120)),
    ):
        columns.append(smoothed(values, offsets, 8))
        columns += [window_means(values, offsets, width) for width in means]
        columns += [window_slopes(values, offsets, width) for width in slopes]
        columns += [since_start(values, offsets), lifelong_means(values, offsets)]
    return np.hstack(columns)
