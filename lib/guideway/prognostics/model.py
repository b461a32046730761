"""The trained condition model: plain numbers and LightGBM's text form, nothing that has to be unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guideway.prognostics.blend import Blend
from guideway.prognostics.calibration import Calibrator
from guideway.prognostics.design import MATRIX_COLUMNS, Design, indicator_codes
from guideway.prognostics.drift import LabelDays
from guideway.prognostics.horizons import HorizonModel
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.ragged import Floats
from guideway.prognostics.trust import Trust

FORMAT = 5
_FILES = ("model.json", "change.txt", "spread.txt")


@dataclass(frozen=True)
class Predictions:
    """What the model says of each row; severities (higher is worse), in the indicator's unit.

    Attributes:
        change: expected change from ``level`` over the horizon.
        value: expected value at the horizon.
        low: lower end of the interval of the value.
        high: upper end.
        sigma: spread of the value around the expectation.
        probability: probability of exceeding the alert limit within the horizon; NaN where there is no limit.
        known: False where the model cannot speak: no value yet, or an indicator it was not trained on.
    """

    change: Floats
    value: Floats
    low: Floats
    high: Floats
    sigma: Floats
    probability: Floats
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class TrainedModel:
    """A condition model for one horizon, for every indicator it was trained on.

    Attributes:
        parameters: settings it was trained with.
        seed: seed it was trained with.
        design: scale of each indicator.
        blend: straight part.
        change: booster of what the straight part leaves, in units of the scale.
        trust: how far straight part and booster are believed beside the plain trend.
        spread: booster of the absolute error, in units of the scale.
        spread_floor: least spread.
        quantiles: lower and upper quantile of the error in units of the spread, on later rows than trained on.
        calibrator: probability from the standardised distance to the limit.
        labels: each line's training labels day by day, in units of the scale, for drift.
        horizons: exceedance within other horizons.
        units: usual difference between assets of each quantity that drift watches.
        trained_until_days: latest time any training target reaches.
        n_rows: rows it was trained on.
    """

    parameters: ModelParameters
    seed: int
    design: Design
    blend: Blend
    change: lgb.Booster
    trust: Trust
    spread: lgb.Booster
    spread_floor: float
    quantiles: tuple[float, float]
    calibrator: Calibrator
    labels: Mapping[str, LabelDays]
    units: Mapping[str, float]
    horizons: tuple[HorizonModel, ...]
    trained_until_days: float
    n_rows: int

    def predict(self, frame: pd.DataFrame) -> Predictions:
        """Predictions of rows of the feature table; needs ``indicator`` and ``level``, takes what else there is."""
        matrix = self.design.matrix(frame)
        scale = self.design.scale(frame["indicator"].to_numpy())
        level = frame["level"].to_numpy(np.float64)
        known = np.isfinite(level) & np.isfinite(scale)
        change = np.full(level.size, np.nan)
        sigma = np.full(level.size, np.nan)
        if known.any():
            rows = matrix[known]
            change[known] = scale[known] * self.scaled_change(rows)
            sigma[known] = scale[known] * self.scaled_spread(rows)
        value = level + change
        score = standard_score(distance(frame), change, sigma)
        low, high = (value + quantile * sigma for quantile in self.quantiles)
        return Predictions(change, value, low, high, sigma, self.calibrator.probability(score), known)

    def scaled_change(self, matrix: Floats) -> Floats:
        """Change in units of the scale, for rows of the design's matrix."""
        days = self.parameters.horizon_days
        learned = self.blend.predict(matrix, days) + _raw(self.change, matrix)
        return self.trust.blend(
            indicator_codes(matrix), learned, Blend.plain_trend().predict(matrix, days, clip=np.inf)
        )

    def scaled_spread(self, matrix: Floats) -> Floats:
        """Standard deviation of the error in units of the scale."""
        sigma: Floats = np.maximum(_raw(self.spread, matrix), self.spread_floor) * np.sqrt(np.pi / 2)
        return sigma

    def to_texts(self) -> dict[str, str]:
        """The whole model as text files by name; the inverse of :meth:`from_texts`."""
        numbers = {
            "format": FORMAT,
            "parameters": self.parameters.model_dump(),
            "seed": self.seed,
            "scales": self.design.scales,
            "blend": asdict(self.blend),
            "trust": asdict(self.trust),
            "spread_floor": self.spread_floor,
            "quantiles": self.quantiles,
            "calibrator": asdict(self.calibrator),
            "labels": {line: asdict(days) for line, days in self.labels.items()},
            "units": dict(self.units),
            "horizons": [horizon.to_dict() for horizon in self.horizons],
            "trained_until_days": self.trained_until_days,
            "n_rows": self.n_rows,
            "columns": MATRIX_COLUMNS,
        }
        return {
            "model.json": json.dumps(numbers, indent=1, sort_keys=True) + "\n",
            "change.txt": self.change.model_to_string(),
            "spread.txt": self.spread.model_to_string(),
        }

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> TrainedModel:
        """A model from its text files.

        Raises:
            ValueError: a file is missing, or it was written for other columns or another format.
        """
        missing = [name for name in _FILES if name not in texts]
        if missing:
            raise ValueError(f"model lacks {missing}")
        numbers = json.loads(texts["model.json"])
        if numbers["format"] != FORMAT or tuple(numbers["columns"]) != MATRIX_COLUMNS:
            raise ValueError("model was written for other features: train again with this version")
        blend, calibrator = numbers["blend"], numbers["calibrator"]
        return cls(
            parameters=ModelParameters(**numbers["parameters"]),
            seed=int(numbers["seed"]),
            design=Design({str(k): float(v) for k, v in numbers["scales"].items()}),
            blend=Blend(float(blend["intercept"]), tuple(blend["weights"]), tuple(blend["centre"])),
            change=lgb.Booster(model_str=texts["change.txt"]),
            trust=Trust(tuple(float(w) for w in numbers["trust"]["weights"]), float(numbers["trust"]["other"])),
            spread=lgb.Booster(model_str=texts["spread.txt"]),
            spread_floor=float(numbers["spread_floor"]),
            quantiles=(float(numbers["quantiles"][0]), float(numbers["quantiles"][1])),
            calibrator=Calibrator(**calibrator | {k: tuple(calibrator[k]) for k in ("knots", "levels")}),
            labels={str(line): LabelDays.from_dict(days) for line, days in numbers["labels"].items()},
            units={str(name): float(unit) for name, unit in numbers["units"].items()},
            horizons=tuple(HorizonModel.from_dict(each) for each in numbers["horizons"]),
            trained_until_days=float(numbers["trained_until_days"]),
            n_rows=int(numbers["n_rows"]),
        )


def distance(frame: pd.DataFrame) -> Floats:
    """Distance from level to limit; NaN where the table has none."""
    if "distance_to_limit" not in frame:
        return np.full(len(frame), np.nan)
    return frame["distance_to_limit"].to_numpy(np.float64)


def standard_score(distance_to_limit: Floats, change: Floats, sigma: Floats) -> Floats:
    """How far beyond the limit the expected value is, in standard deviations."""
    return (change - distance_to_limit) / np.maximum(sigma, 1e-12)


def _raw(booster: lgb.Booster, matrix: Floats) -> Floats:
    predicted: Floats = np.asarray(booster.predict(matrix, num_threads=1), dtype=np.float64)
    return predicted
