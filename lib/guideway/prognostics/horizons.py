"""Exceedance within other horizons than the model's own: the plain trend with a calibrated probability.

Many small models as rows of numbers: the scale of the trend's error for each indicator and one calibrated curve a
horizon. Learned corrections are only kept where they were shown to help, which is at the model's own horizon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from guideway.prognostics.baselines import trend_change
from guideway.prognostics.calibration import Calibrator
from guideway.prognostics.design import Design
from guideway.prognostics.metrics import calibration_error
from guideway.prognostics.ragged import Floats
from guideway.prognostics.targets import HORIZONS_WEEKS, followed_up

LEAST_ROWS = 200
LEAST_EVENTS = 10


@dataclass(frozen=True)
class HorizonModel:
    """Probability that the alert limit is exceeded within a horizon.

    Attributes:
        weeks: the horizon.
        scales: typical error of the plain trend over it, by indicator, in its unit.
        calibrator: probability from the distance beyond the limit in these.
    """

    weeks: int
    scales: Mapping[str, float]
    calibrator: Calibrator

    @classmethod
    def fit(cls, frame: pd.DataFrame, weeks: int) -> HorizonModel | None:
        """From rows of features and targets; None with fewer than 200 known outcomes or 10 exceedances among them."""
        if f"exceeds_{weeks}w" not in frame:
            return None
        event = _outcomes(frame, weeks)
        if np.isfinite(event).sum() < LEAST_ROWS or np.nansum(event) < LEAST_EVENTS:
            return None
        change = trend_change(frame, 7.0 * weeks)
        truth = frame[f"value_{weeks}w"].to_numpy(np.float64) - frame["level"].to_numpy(np.float64)
        error = np.where(frame[f"straddles_work_{weeks}w"].to_numpy(np.float64) > 0, np.nan, truth - change)
        design = Design.fit(frame["indicator"].to_numpy(), error)
        model = cls(weeks, design.scales, Calibrator(1.7, 0.0))
        return cls(weeks, design.scales, Calibrator.fit(model._score(frame), event))

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Any]) -> HorizonModel:
        """The inverse of ``to_dict``, with JSON's lists as tuples."""
        curve = numbers["calibrator"]
        calibrator = Calibrator(**curve | {k: tuple(curve[k]) for k in ("knots", "levels")})
        return cls(int(numbers["weeks"]), {str(k): float(v) for k, v in numbers["scales"].items()}, calibrator)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"weeks": self.weeks, "scales": dict(self.scales), "calibrator": asdict(self.calibrator)}

    def predict(self, frame: pd.DataFrame) -> tuple[Floats, Floats]:
        """Value (severity) at the horizon and probability of an exceedance before; NaN where nothing can be said."""
        value = frame["level"].to_numpy(np.float64) + trend_change(frame, 7.0 * self.weeks)
        return value, self.calibrator.probability(self._score(frame))

    def _score(self, frame: pd.DataFrame) -> Floats:
        scale = Design(dict(self.scales)).scale(frame["indicator"].to_numpy())
        score: Floats = (trend_change(frame, 7.0 * self.weeks) - _distance(frame)) / np.maximum(scale, 1e-12)
        return score


def fit_horizons(frame: pd.DataFrame, own_weeks: int) -> tuple[HorizonModel, ...]:
    """A model of every horizon but the model's own that there is enough to learn from."""
    fitted = (HorizonModel.fit(frame, weeks) for weeks in HORIZONS_WEEKS if weeks != own_weeks)
    return tuple(model for model in fitted if model is not None)


def horizon_metrics(frame: pd.DataFrame, own_weeks: int) -> dict[str, float]:
    """Calibration and Brier score of each horizon, learned from outcomes before the latest third of the origins.

    Only of assets not yet beyond the limit. The Brier skill is against the share of exceedances learned from; positive
    is better.
    """
    origin = frame["origin_days"].to_numpy(np.float64)
    found: dict[str, float] = {}
    for weeks in (w for w in HORIZONS_WEEKS if w != own_weeks and f"exceeds_{w}w" in frame):
        event = np.where(_distance(frame) > 0, _outcomes(frame, weeks), np.nan)
        origins = np.unique(origin[np.isfinite(event)])
        if not origins.size:
            continue
        cut = origins[2 * origins.size // 3]
        early, late = origin + 7.0 * weeks <= cut, (origin >= cut) & np.isfinite(event)
        model = HorizonModel.fit(frame[early], weeks)
        if model is None or late.sum() < LEAST_ROWS:
            continue
        _, probability = model.predict(frame[late])
        truth = event[late]
        use = np.isfinite(probability)
        brier = float(np.mean((probability[use] - truth[use]) ** 2))
        plain = float(np.mean((np.nanmean(event[early]) - truth[use]) ** 2))
        found |= {
            f"horizon.{weeks}w.calibration_error": calibration_error(probability, truth),
            f"horizon.{weeks}w.brier": brier,
            f"horizon.{weeks}w.brier_skill": 1 - brier / plain if plain else 0.0,
            f"horizon.{weeks}w.events": float(truth[use].sum()),
        }
    return found


def _outcomes(frame: pd.DataFrame, weeks: int) -> Floats:
    exceeds = frame[f"exceeds_{weeks}w"].to_numpy(np.float64)
    return followed_up(exceeds, frame["origin_days"].to_numpy(np.float64))


def _distance(frame: pd.DataFrame) -> Floats:
    if "distance_to_limit" not in frame:
        return np.full(len(frame), np.nan)
    return frame["distance_to_limit"].to_numpy(np.float64)
