"""Training: a robust blend of rates, trees on what it leaves, a spread, and a calibrated probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guideway.errors import GuidewayError
from guideway.prognostics.blend import Blend
from guideway.prognostics.calibration import Calibrator
from guideway.prognostics.definitions import FEATURES
from guideway.prognostics.design import CATEGORIES, KEYS, MATRIX_COLUMNS, Design, indicator_codes, require
from guideway.prognostics.drift import LabelDays, usual_differences
from guideway.prognostics.horizons import fit_horizons
from guideway.prognostics.model import TrainedModel, distance, standard_score
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.ragged import Floats
from guideway.prognostics.targets import followed_up
from guideway.prognostics.trust import Trust

Mask = NDArray[np.bool_]
MIN_ROWS = 30
_CALENDAR = frozenset(
    ("season_sin", "season_cos", "age_years", "n_values", "n_since_work", "n_works", "n_works_3y", "days_since_work")
)


class TooFewRowsError(GuidewayError):
    """There is not enough history to train on: nothing is wrong, it is only too early."""


@dataclass(frozen=True)
class Targets:
    """Targets of the rows of a table at the model's horizon.

    Attributes:
        change: value at the horizon minus level; NaN where it is not known or a work came between.
        seen: the last value before the horizon minus level, likewise: what drift can see on the horizon's day.
        exceeds: 1, 0 or NaN where it is not known.
        ends_days: when the target was known.
    """

    change: Floats
    seen: Floats
    exceeds: Floats
    ends_days: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame, horizon_weeks: int) -> Targets:
        """Targets from the columns ``target_table`` writes; raises ``ConfigurationError`` when they are missing."""
        names = tuple(
            f"{name}_{horizon_weeks}w" for name in ("value", "seen", "span_days", "straddles_work", "exceeds")
        )
        require(frame, (*KEYS, "level", *names))
        value, seen, span, straddles, exceeds = (frame[name].to_numpy(np.float64) for name in names)
        level = frame["level"].to_numpy(np.float64)
        change = np.where(straddles > 0, np.nan, value - level)
        horizon = 7.0 * horizon_weeks
        reach = np.maximum(horizon, np.where(np.isfinite(span), span, horizon))
        origin = frame["origin_days"].to_numpy(np.float64)
        return cls(change, seen - level, followed_up(exceeds, origin), origin + reach)


def train(frame: pd.DataFrame, parameters: ModelParameters, seed: int) -> TrainedModel:
    """Train a condition model.

    The latest origins calibrate (trust, spread, interval, probability) a model of what was known before them; then
    the change model is trained again on all rows. The same table, parameters and seed give the same model.

    Args:
        frame: ``feature_table`` and ``target_table`` side by side, with ``asset_id``, ``line_id`` and ``indicator``.
        parameters: settings.
        seed: seed of row and feature sampling.

    Raises:
        TooFewRowsError: fewer than 30 rows have a known target.
    """
    frame = frame.reset_index(drop=True)
    targets = Targets.of(frame, parameters.horizon_weeks)
    usable = np.isfinite(targets.change)
    if usable.sum() < MIN_ROWS:
        raise TooFewRowsError(f"{int(usable.sum())} rows have a known target, a model needs {MIN_ROWS}")
    design = Design.fit(frame["indicator"].to_numpy()[usable], targets.change[usable])
    matrix, scale = design.matrix(frame), design.scale(frame["indicator"].to_numpy())
    scaled = targets.change / scale
    early, late = calibration_split(frame, targets, usable, parameters, seed)
    blend, change = _fit_change(matrix[early], scaled[early], parameters, seed)
    judged = late & usable
    days, codes = parameters.horizon_days, indicator_codes(matrix)
    learned = blend.predict(matrix, days) + np.asarray(change.predict(matrix, num_threads=1))
    plain = Blend.plain_trend().predict(matrix, days, clip=np.inf)
    n_indicators = len(design.scales)
    trust = Trust.none(n_indicators)
    if parameters.learned:
        trust = Trust.fit(codes[judged], scaled[judged], learned[judged], plain[judged], n_indicators)
    guess = trust.blend(codes, learned, plain)
    error = np.abs(scaled - guess)
    spread = _fit_spread(matrix[judged], error[judged], parameters, seed)
    floor = max(0.3 * float(np.median(error[judged])), 1e-6)
    sigma = np.maximum(spread.predict(matrix, num_threads=1), floor) * np.sqrt(np.pi / 2)
    tail = (1 - parameters.interval) / 2
    standard = (scaled - guess)[judged] / sigma[judged]
    calibrator = Calibrator.fit(standard_score(distance(frame) / scale, guess, sigma)[late], targets.exceeds[late])

    blend, change = _fit_change(matrix[usable], scaled[usable], parameters, seed)
    watched = _watched(matrix) | {"prediction": guess, "label": targets.seen / scale}
    units = usual_differences(np.column_stack(list(watched.values()))[usable], frame["indicator"].to_numpy()[usable])
    return TrainedModel(
        parameters=parameters,
        seed=seed,
        design=design,
        blend=blend,
        change=change,
        trust=trust,
        spread=spread,
        spread_floor=floor,
        quantiles=(float(np.quantile(standard, tail)), float(np.quantile(standard, 1 - tail))),
        calibrator=calibrator,
        labels=_label_days(watched["label"], frame),
        horizons=fit_horizons(frame, parameters.horizon_weeks),
        units=dict(zip(watched, units.tolist(), strict=True)),
        trained_until_days=float(targets.ends_days[usable].max()),
        n_rows=int(usable.sum()),
    )


def calibration_split(
    frame: pd.DataFrame, targets: Targets, usable: Mask, parameters: ModelParameters, seed: int
) -> tuple[Mask, Mask]:
    """Rows to train on, and later rows to calibrate on; by asset where the origins are too few for a split by time."""
    origin = frame["origin_days"].to_numpy(np.float64)
    origins = np.unique(origin[usable])
    cut = origins[min(int(np.ceil(origins.size * (1 - parameters.calibration_share))), origins.size - 1)]
    early, late = usable & (targets.ends_days <= cut), origin >= cut
    if min(early.sum(), (late & usable).sum()) >= MIN_ROWS:
        return early, late
    assets, index = np.unique(frame["asset_id"].astype(str).to_numpy(), return_inverse=True)
    n_aside = max(1, round(parameters.calibration_share * assets.size))
    aside = np.random.default_rng(seed).permutation(assets.size) < n_aside
    late = aside[index]
    early = usable & ~late
    if min(early.sum(), (late & usable).sum()) < MIN_ROWS // 3:
        return usable, np.ones_like(usable)
    return early, late


def watched_columns(model: TrainedModel, frame: pd.DataFrame) -> dict[str, Floats]:
    """What drift watches: the prediction, and features on the model's scale that do not move with the calendar."""
    matrix = model.design.matrix(frame)
    return _watched(matrix) | {"prediction": model.scaled_change(matrix) if len(frame) else np.empty(0)}


def _watched(matrix: Floats) -> dict[str, Floats]:
    return {f.name: matrix[:, k] for k, f in enumerate(FEATURES) if f.name not in _CALENDAR}


def _label_days(labels: Floats, frame: pd.DataFrame) -> dict[str, LabelDays]:
    lines, day = frame["line_id"].to_numpy().astype(str), frame["origin_days"].to_numpy(np.float64)
    found = {str(line): LabelDays.of(labels[lines == line], day[lines == line]) for line in np.unique(lines)}
    return {line: days for line, days in found.items() if days.quantiles}


def _fit_change(matrix: Floats, change: Floats, parameters: ModelParameters, seed: int) -> tuple[Blend, lgb.Booster]:
    if parameters.learned:
        blend = Blend.fit(matrix, change, parameters.horizon_days)
        rest = change - blend.predict(matrix, parameters.horizon_days)
    else:
        blend, rest = Blend.plain_trend(), np.zeros_like(change)
    settings = {"objective": "huber", "alpha": 2.0, "num_leaves": parameters.leaves}
    return blend, _boost(matrix, rest, settings, rounds=parameters.rounds, parameters=parameters, seed=seed)


def _fit_spread(matrix: Floats, error: Floats, parameters: ModelParameters, seed: int) -> lgb.Booster:
    clipped = np.minimum(error, 8 * max(float(np.median(error)), 1e-9))
    settings = {"objective": "regression", "num_leaves": 4}
    return _boost(matrix, clipped, settings, rounds=40, parameters=parameters, seed=seed)


def _boost(
    matrix: Floats, target: Floats, settings: dict[str, Any], *, rounds: int, parameters: ModelParameters, seed: int
) -> lgb.Booster:
    """A booster that comes out the same on every run."""
    shared = {
        "learning_rate": parameters.learning_rate,
        "min_data_in_leaf": max(2, min(parameters.min_rows_per_leaf, target.size // 10)),
        "feature_fraction": parameters.feature_share,
        "bagging_fraction": parameters.row_share,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "num_threads": parameters.threads,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lgb.Dataset(
        matrix,
        target,
        feature_name=list(MATRIX_COLUMNS),
        categorical_feature=list(CATEGORIES),
        params={"verbosity": -1, "max_bin": 127, "num_threads": parameters.threads},
    )
    return lgb.train(shared | settings, data, num_boost_round=rounds)
