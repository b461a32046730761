"""Settings of the degradation engine; their hash is stored beside every result."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ModelName = Literal["linear", "wiener", "exponential", "gamma"]
ModelChoice = Literal["auto", "linear", "wiener", "exponential", "gamma"]


class DegradationParameters(BaseModel):
    """Settings of interventions, trends, forecasts and back-tests; penalties are in units of twice the log-likelihood.

    Attributes:
        model: model of every group; ``auto`` takes linear or Wiener drift, whichever is likelier in the group, unless
            another form forecast better in the back-test (``choice.try_forms``).
        work_penalty: cost of an unrecorded work, as a multiple of ``log(n)``; higher finds fewer.
        recorded_penalty: cost of a work the railway recorded nearby.
        record_tolerance_days: how far a record's date may be off.
        min_effect_sigma: least drop that counts as a work, in standard deviations of the noise.
        min_points_after: runs that must confirm an unrecorded work.
        work_success: share of recorded works that have an effect; used until a run shows it.
        outlier_sigma: distance beyond which a point is put aside while looking for works.
        huber_k: where Huber's weight starts to fall, in standard deviations.
        noise_weight: points the group's noise counts for beside the series' own.
        seasonal: learn a yearly wave (temperature) beside the trend in every group.
        isolated_defects: learn abrupt new maxima in every group; the job learns them for peak indicators.
        nonnegative_rate: keep rates of groups that clearly degrade at or above zero.
        min_points: points below which a trend leans on its group (status ``pooled``) or is refused.
        interval: probability of the interval of the rate.
        score_tolerance_days: how far a run may lie from a back-test's horizon to be its target.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelChoice = "auto"
    work_penalty: float = Field(default=4.0, gt=0)
    recorded_penalty: float = Field(default=3.0, ge=0)
    record_tolerance_days: float = Field(default=21.0, ge=0)
    min_effect_sigma: float = Field(default=2.0, ge=0)
    min_points_after: int = Field(default=2, ge=1)
    work_success: float = Field(default=0.8, ge=0, le=1)
    outlier_sigma: float = Field(default=4.5, gt=0)
    huber_k: float = Field(default=1.345, gt=0)
    noise_weight: float = Field(default=10.0, gt=0)
    seasonal: bool = False
    isolated_defects: bool = False
    nonnegative_rate: bool = True
    min_points: int = Field(default=3, ge=2)
    interval: float = Field(default=0.8, gt=0, lt=1)
    score_tolerance_days: float = Field(default=21.0, gt=0)

    @property
    def digest(self) -> str:
        """First 16 characters of the SHA-256 of the settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
