"""The audit before publishing: a report that would say less than it seems to is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guideway.errors import LakeError
from guideway.reporting.content import ReportContent
from guideway.reporting.outlook import HORIZONS

LEAST_SHARE = 0.5
"""Assets with a forecast may fall to this share of last week's; fewer mean that data is missing."""


def audit(content: ReportContent) -> None:
    """Refuse content with the week's data missing or with chances that are none.

    Raises:
        LakeError: what is wrong, in words a planner understands.
    """
    day, forecast = content.as_of.isoformat(), content.limit_forecast
    if content.lines.empty:
        raise LakeError("reference.line: no line is known")
    if content.degradation_trend.empty:
        raise LakeError(f"gold.degradation_trend: no trend of {day}; the job fit_degradation has not run for that day")
    now, before = forecast["asset_id"].nunique(), content.last_limit_forecast["asset_id"].nunique()
    if now < LEAST_SHARE * before:
        raise LakeError(f"gold.limit_forecast: {now} assets have a forecast of {day}, {before} had one a week before")
    for weeks in HORIZONS:
        chance = pd.to_numeric(forecast[f"probability_{weeks}w"], errors="coerce").to_numpy(dtype=np.float64)
        wrong = ~((chance >= 0.0) & (chance <= 1.0))
        if wrong.any():
            asset = forecast["asset_id"].iloc[int(np.argmax(wrong))]
            raise LakeError(f"gold.limit_forecast: asset {asset}: probability_{weeks}w is not between 0 and 1")
