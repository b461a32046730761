"""What a work brought at a receiver: its passages before and after, adjusted for speed, train type and growth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from guideway.monitoring.noise_control.design import SPEED, TRAIN_TYPE
from guideway.monitoring.noise_control.insertion_loss import InsertionLoss, adjusted_insertion_loss

SPAN_DAYS = 365.0
"""How long before and after a work passages count."""

UNSURE_DAYS = 7.0
"""Registers are off by days: passages this close to a work are on neither side."""

LEVELS = ("passage_velocity_level", "transit_exposure_level")
"""Levels whose insertion loss is told: energy over the time the train is beside the sensor (ISO 3095, DIN 45672)."""

YEARS = "years"
_LEAST_A_SIDE = 5
_LEAST_KNOWN = 0.8


@dataclass(frozen=True, slots=True)
class WorkEffect:
    """Insertion loss of a work, with the recordings behind it; ``status`` is ``ok`` or ``too_few``."""

    loss: InsertionLoss
    n_before: int
    n_after: int
    n_left_out: int
    status: str


def before_after_loss(passages: pd.DataFrame, confidence: float = 0.95) -> WorkEffect:
    """Regression discontinuity at the work: level on before/after, time, lg of speed, train type.

    Time is in the design because corrugation grows: without it, a year's growth before the work and a year's after it
    would hide what the work did. Recordings with a flat wheel say more of the wheel than of the track and are left out.

    Args:
        passages: a row a recording: ``recording_id``, ``level_db``, ``years`` since the work (negative before),
            ``speed_kmh`` and ``train_type`` where known, ``has_flat`` (whether a flat wheel was heard).
        confidence: coverage of the interval.
    """
    near = passages[passages[YEARS].abs().between(UNSURE_DAYS / 365.25, SPAN_DAYS / 365.25)]
    rows = near[~near["has_flat"].astype(bool)]
    unknown = [name for name in (SPEED, TRAIN_TYPE) if rows[name].notna().mean() < _LEAST_KNOWN or rows.empty]
    rows = rows.drop(columns=unknown).assign(is_treated=rows[YEARS] > 0)
    before, after = int((rows[YEARS] < 0).sum()), int((rows[YEARS] > 0).sum())
    loss = InsertionLoss(math.nan, -math.inf, math.inf, confidence, len(rows), "adjusted")
    if min(before, after) >= _LEAST_A_SIDE:
        loss = adjusted_insertion_loss(rows, cluster="recording_id", covariates=(YEARS,), confidence=confidence)
    status = "ok" if math.isfinite(loss.low_db) else "too_few"
    return WorkEffect(loss, before, after, len(near) - len(rows), status)
