"""The scale a model works on: worse = higher, logarithmic where growth is proportional to the level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.degradation.priors import EXPONENTIAL, Priors
from guideway.degradation.runs import without_runs
from guideway.degradation.series import Floats, Ints, SeriesBatch, ragged_filter


@dataclass(frozen=True)
class ScaledSeries:
    """A batch on its models' scales: ``z = direction * value``, or ``direction * log(value)`` for exponential models.

    What the priors say the values of a run share is taken off. Values of zero and below have no logarithm and are left
    out of exponential series.
    """

    offsets: Ints
    t_days: Floats
    z: Floats
    rows: Ints
    direction: Floats
    is_log: npt.NDArray[np.bool_]


def scaled(batch: SeriesBatch, priors: Priors) -> ScaledSeries:
    """``batch`` on the scale of each series' model."""
    rows = priors.rows(batch)
    is_log = priors.model[rows] == EXPONENTIAL
    sign = batch.direction.astype(np.float64)
    owner = batch.owner()
    z = batch.values * sign[owner]
    offsets, t = batch.offsets, batch.t_days
    if is_log.any():
        logs = is_log[owner]
        keep = ~logs | (batch.values > 0)
        positive = np.where(logs & keep, batch.values, 1.0)
        z = np.where(logs, sign[owner] * np.log(positive), z)[keep]
        offsets, t = ragged_filter(offsets, keep), t[keep]
    runs = priors.runs
    if len(runs.cohort):
        z = without_runs(offsets, t, z, runs.bounds(batch.cohort), runs.t_days, runs.effect)
    return ScaledSeries(offsets, t, z, rows, sign, is_log)


def to_values(z: Floats, direction: Floats, is_log: npt.NDArray[np.bool_]) -> Floats:
    """Back to the indicator's unit; arguments broadcast. Overflow gives infinity, silently."""
    with np.errstate(over="ignore"):
        return np.where(is_log, np.exp(np.where(is_log, direction * z, 0.0)), direction * z)


def to_scale(values: Floats, direction: Floats, is_log: npt.NDArray[np.bool_]) -> Floats:
    """To the model's scale; a logarithm of what is not positive is minus infinity, times the direction."""
    positive = np.where(is_log & (values > 0), values, 1.0)
    log = np.where(values > 0, np.log(positive), -np.inf)
    return np.where(is_log, direction * log, direction * values)
