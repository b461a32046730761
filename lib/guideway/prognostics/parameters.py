"""Settings of the condition model; their hash is stored beside every result."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field


class ModelParameters(BaseModel):
    """Settings of training and evaluation.

    Attributes:
        horizon_weeks: how far ahead the model looks.
        learned: learn a blend of rates and trees; False keeps the plain trend and calibrates its probabilities.
        rounds: boosting rounds of the change model.
        learning_rate: shrinkage of each round.
        leaves: leaves of a tree.
        min_rows_per_leaf: least rows of a leaf; capped for small tables.
        feature_share: share of the features each tree sees.
        row_share: share of the rows each tree sees.
        threads: threads of the learner; the result does not depend on it.
        folds: rolling origins of the validation by time.
        calibration_share: share of the origins, the latest ones, the probability is calibrated on.
        interval: probability of the interval of the predicted value.
        alert_share: alert budget: share of the series that may be alerted at one origin, about what a year's works
            can answer.
        bootstrap: resamples of the assets behind an interval.
        tolerance: how far from the horizon a target may lie, as a share of the horizon.
        limits: fingerprint of the limits the targets were made with; other limits are other exceedances.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_weeks: int = Field(default=13, ge=1)
    learned: bool = True
    rounds: int = Field(default=80, ge=1)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    leaves: int = Field(default=6, ge=2)
    min_rows_per_leaf: int = Field(default=150, ge=1)
    feature_share: float = Field(default=0.6, gt=0, le=1)
    row_share: float = Field(default=0.8, gt=0, le=1)
    threads: int = Field(default=1, ge=1)
    folds: int = Field(default=3, ge=1)
    calibration_share: float = Field(default=0.3, gt=0, lt=1)
    interval: float = Field(default=0.8, gt=0, lt=1)
    alert_share: float = Field(default=0.01, gt=0, le=1)
    bootstrap: int = Field(default=500, ge=10)
    tolerance: float = Field(default=0.25, gt=0)
    limits: str = ""

    @property
    def horizon_days(self) -> float:
        """Horizon, in days."""
        return 7.0 * self.horizon_weeks

    @property
    def alternatives(self) -> tuple[ModelParameters, ...]:
        """Other settings worth a trial: simpler trees, and more and larger ones for networks with many rows."""
        simple = {"leaves": max(2, self.leaves // 2)}
        rich = {"leaves": 2 * self.leaves, "rounds": 2 * self.rounds}
        return tuple(self.model_copy(update=update) for update in (simple, rich))

    @property
    def digest(self) -> str:
        """First 16 characters of the SHA-256 of the settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
