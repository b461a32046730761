"""What a measure brings: insertion loss in dB with a confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from guideway.monitoring.noise_control.design import SPEED, TRAIN_TYPE, complete_passages, design_matrix

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InsertionLoss:
    """Effect of a measure: positive where it makes quieter.

    Attributes:
        loss_db: estimate; NaN where there are too few passages.
        low_db: lower end of the confidence interval.
        high_db: upper end.
        confidence: coverage of the interval.
        n_clusters: independent train passages behind it.
        method: ``paired`` or ``adjusted``.
    """

    loss_db: float
    low_db: float
    high_db: float
    confidence: float
    n_clusters: int
    method: str

    @property
    def is_proven(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low_db > 0.0


def paired_insertion_loss(
    reference_db: npt.ArrayLike, treated_db: npt.ArrayLike, confidence: float = 0.95
) -> InsertionLoss:
    """Mean difference of the same trains' levels without and with the measure, Student interval.

    For sections beside each other under the same trains, or the same sensor before and after under like trains. Speed,
    train and wheels drop out of the difference; a difference of rail roughness between the sections does not.

    Args:
        reference_db: level of each train at the untreated section, shape (n,); NaN pairs are left out.
        treated_db: level of the same train at the treated section, shape (n,).
        confidence: coverage of the interval.
    """
    loss = np.asarray(reference_db, dtype=np.float64) - np.asarray(treated_db, dtype=np.float64)
    loss = loss[np.isfinite(loss)]
    mean = float(loss.mean()) if loss.size else math.nan
    if loss.size < 2:
        return InsertionLoss(mean, -math.inf, math.inf, confidence, loss.size, "paired")
    half = float(student.ppf(0.5 + confidence / 2, loss.size - 1)) * float(loss.std(ddof=1)) / math.sqrt(loss.size)
    return InsertionLoss(mean, mean - half, mean + half, confidence, loss.size, "paired")


def adjusted_insertion_loss(
    passages: pd.DataFrame,
    *,
    treated: str = "is_treated",
    cluster: str = "passage_id",
    covariates: Sequence[str] = (),
    confidence: float = 0.95,
    reference_speed_kmh: float = 80.0,
) -> InsertionLoss:
    """Effect of a measure adjusted for speed, train type and further covariates, with a cluster-robust interval.

    Ordinary least squares of level on the design of :func:`design_matrix` and the treatment; sandwich variance by train
    (CR1 small-sample factor), Student quantile with clusters less one degrees of freedom (Cameron and Miller, 2015).
    Wagons of a train, or one train at several sections, are one cluster.

    Args:
        passages: rows with ``level_db`` and the columns named; ``speed_kmh`` and ``train_type`` where known.
        treated: boolean column.
        cluster: column that identifies the train passage.
        covariates: further numeric columns, for example ``roughness_db``, ``decay_rate_db_per_m``.
        confidence: coverage of the interval.
        reference_speed_kmh: speed the constant stands for.
    """
    known = [name for name in (SPEED, TRAIN_TYPE) if name in passages.columns]
    rows = complete_passages(passages, [treated, cluster, *known, *covariates])
    groups = rows[cluster].astype(str).to_numpy()
    clusters = np.unique(groups)
    effect = rows[treated].to_numpy(dtype=bool).astype(np.float64)
    nothing = InsertionLoss(math.nan, -math.inf, math.inf, confidence, clusters.size, "adjusted")
    if clusters.size < 3 or effect.min(initial=1.0) == effect.max(initial=0.0):
        return nothing
    others, _ = design_matrix(rows, covariates, reference_speed_kmh)
    design = np.column_stack((effect, others))
    n, k = design.shape
    if n <= k or np.linalg.matrix_rank(design) < k:
        return nothing
    inverse = np.linalg.inv(design.T @ design)
    level = rows["level_db"].to_numpy(dtype=np.float64)
    coefficients = inverse @ design.T @ level
    scores = design * (level - design @ coefficients)[:, None]
    sums = np.stack([scores[groups == name].sum(axis=0) for name in clusters])
    factor = clusters.size / (clusters.size - 1) * (n - 1) / (n - k)
    variance = factor * float((inverse @ (sums.T @ sums) @ inverse)[0, 0])
    half = float(student.ppf(0.5 + confidence / 2, clusters.size - 1)) * math.sqrt(max(variance, 0.0))
    loss = -float(coefficients[0])
    return InsertionLoss(loss, loss - half, loss + half, confidence, clusters.size, "adjusted")
