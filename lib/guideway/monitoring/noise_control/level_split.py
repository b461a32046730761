"""What a passage level is made of: speed, train type, rail roughness and track decay, place, the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar

from guideway.monitoring.noise_control.design import LEVEL, SPEED, TRAIN_TYPE, complete_passages, design_matrix

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LevelSplit:
    """Fitted split ``level = constant + k lg(v/v0) + train type + covariates + place + rest``.

    Attributes:
        effects: estimate of each fixed effect by column name; ``speed`` is in dB per decade of speed.
        standard_errors: their standard errors.
        places: deviation of each place in dB that nothing else explains, shrunk towards 0.
        place_sd_db: standard deviation between places.
        rest_sd_db: standard deviation of what remains.
        parts: one row a passage used, one column a part (``constant``, ``speed``, ``train_type``, covariates,
            ``place``, ``rest``); the parts add up to the level.
        status: ``ok`` or ``too_few`` (then everything else is empty or NaN).
    """

    effects: Mapping[str, float]
    standard_errors: Mapping[str, float]
    places: Mapping[str, float]
    place_sd_db: float
    rest_sd_db: float
    parts: pd.DataFrame
    status: str


def split_levels(
    passages: pd.DataFrame,
    *,
    place: str = "location",
    covariates: Sequence[str] = (),
    reference_speed_kmh: float = 80.0,
) -> LevelSplit:
    """Split passage levels with a random effect of place, by restricted maximum likelihood.

    The place is random, so that roughness and decay, which also differ by place, can be told from it as far as the data
    allow; what they do not explain stays with the place.

    Args:
        passages: rows with ``level_db``, the place, the covariates, and ``speed_kmh`` and ``train_type`` where known.
        place: column that identifies the place.
        covariates: numeric columns, for example ``roughness_db`` (level of combined roughness in the bands that count)
            and ``decay_rate_db_per_m``.
        reference_speed_kmh: speed the constant stands for.
    """
    known = [name for name in (SPEED, TRAIN_TYPE) if name in passages.columns]
    rows = complete_passages(passages, [place, *known, *covariates])
    if len(rows) < 4:
        return _too_few()
    design, names = design_matrix(rows, covariates, reference_speed_kmh)
    if len(rows) <= design.shape[1] + 1:
        return _too_few()
    level = rows[LEVEL].to_numpy(dtype=np.float64)
    codes, places = pd.factorize(rows[place].astype(str), sort=True)
    ratio = _variance_ratio(level, design, codes)
    whitened, sizes = _whiten(np.column_stack((level, design)), codes, ratio), np.bincount(codes)
    y, x = whitened[:, 0], whitened[:, 1:]
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    variance = float(np.sum(np.square(y - x @ beta))) / (len(rows) - design.shape[1])
    left = level - design @ beta
    shrunk = np.bincount(codes, left) / sizes * (ratio * sizes / (1.0 + ratio * sizes))
    return LevelSplit(
        effects=dict(zip(names, beta.tolist(), strict=True)),
        standard_errors=dict(zip(names, np.sqrt(variance * np.diag(inverse)).tolist(), strict=True)),
        places=dict(zip(places.tolist(), shrunk.tolist(), strict=True)),
        place_sd_db=math.sqrt(ratio * variance),
        rest_sd_db=math.sqrt(variance),
        parts=_parts(design * beta, names, shrunk[codes], left - shrunk[codes], rows.index),
        status="ok",
    )


def _variance_ratio(level: Array, design: Array, codes: npt.NDArray[np.intp]) -> float:
    """Ratio of the variance between places to the rest that maximises the restricted likelihood."""
    sizes = np.bincount(codes)
    if sizes.size < 2:
        return 0.0
    both = np.column_stack((level, design))

    def minus_likelihood(log_ratio: float) -> float:
        ratio = math.exp(log_ratio)
        whitened = _whiten(both, codes, ratio)
        y, x = whitened[:, 0], whitened[:, 1:]
        normal = x.T @ x
        beta = np.linalg.solve(normal, x.T @ y)
        free = level.size - design.shape[1]
        rss = max(float(np.sum(np.square(y - x @ beta))), 1e-12)
        return float(free * math.log(rss) + np.log1p(ratio * sizes).sum() + np.linalg.slogdet(normal)[1])

    best = minimize_scalar(minus_likelihood, bounds=(-12.0, 10.0), method="bounded")
    return math.exp(float(best.x)) if best.x > -11.5 else 0.0


def _whiten(x: Array, codes: npt.NDArray[np.intp], ratio: float) -> Array:
    """Rows made uncorrelated under a random intercept: a share of each place's mean is taken off."""
    sizes = np.bincount(codes)
    share = 1.0 - 1.0 / np.sqrt(1.0 + ratio * sizes)
    means = np.stack([np.bincount(codes, column) / sizes for column in x.T], axis=1)
    return np.asarray(x - (share[:, None] * means)[codes])


def _parts(products: Array, names: Sequence[str], place: Array, rest: Array, index: pd.Index) -> pd.DataFrame:
    """Columns of the same origin added up, so that the parts sum to the level."""
    parts = pd.DataFrame(index=index)
    for name, column in zip(names, products.T, strict=True):
        origin = name.split("=", 1)[0]
        parts[origin] = parts[origin] + column if origin in parts else column
    return parts.assign(place=place, rest=rest)


def _too_few() -> LevelSplit:
    return LevelSplit({}, {}, {}, math.nan, math.nan, pd.DataFrame(), "too_few")
