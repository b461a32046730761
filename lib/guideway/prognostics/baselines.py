"""What a model has to beat: no change, the plain trend, and the rule of thumb."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guideway.prognostics.design import finite_or
from guideway.prognostics.features import DAYS_PER_YEAR
from guideway.prognostics.ragged import Floats

BASELINES = ("persistence", "trend", "rule")


def baseline_changes(frame: pd.DataFrame, horizon_days: float) -> dict[str, Floats]:
    """Change from ``level`` each baseline expects over the horizon, in the indicator's unit (severity).

    ``persistence``: it stays at the last value. ``trend``: the degradation engine's level and rate where the table has
    them, else the Theil-Sen trend since work, else that of the cycle before. ``rule``: every asset worsens at the
    median rate of its indicator at that origin.
    """
    years = horizon_days / DAYS_PER_YEAR
    level = frame["level"].to_numpy(np.float64)
    pooled = pd.Series(_column(frame, "rate"), index=frame.index)
    typical = pooled.groupby([frame["indicator"], frame["origin_days"]]).transform("median").to_numpy(np.float64)
    return {
        "persistence": finite_or(_column(frame, "last_value") - level),
        "trend": trend_change(frame, horizon_days),
        "rule": finite_or(typical) * years,
    }


def trend_change(frame: pd.DataFrame, horizon_days: float) -> Floats:
    """Change from ``level`` the plain trend expects over the horizon; each row by itself."""
    own = finite_or(_column(frame, "rate"), _column(frame, "previous_rate"))
    rate = finite_or(_column(frame, "engine_rate"), own)
    start = finite_or(_column(frame, "engine_level") - frame["level"].to_numpy(np.float64))
    change: Floats = start + rate * horizon_days / DAYS_PER_YEAR
    return change


def _column(frame: pd.DataFrame, name: str) -> Floats:
    return frame[name].to_numpy(np.float64) if name in frame else np.full(len(frame), np.nan)
