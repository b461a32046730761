"""What the condition model is worth, in the few figures a planner asks for, each beside the plain trend's."""

from __future__ import annotations

import math
from typing import Any

from guideway.prognostics.baselines import BASELINES
from guideway.prognostics.evaluation import MODEL, Evaluation
from guideway.prognostics.gate import decide
from guideway.prognostics.metrics import Difference
from guideway.prognostics.parameters import ModelParameters


def statement(evaluation: Evaluation, parameters: ModelParameters) -> dict[str, Any]:
    """The statement, by kind of held-out rows (``time``, ``line``) and the gate's verdict.

    Returns:
        ``horizon_weeks``, ``alert_share``, ``gate`` and, for each kind: ``rows``, ``events`` (exceedances ahead of rows
        not yet beyond the limit), ``coverage`` of the interval, ``precision_at_budget``, ``recall_at_budget``,
        ``detectable_share``, ``lead_days``, ``false_alarms_per_asset_year``, ``avoided_days`` and
        ``calibration_error_points`` by predictor,
        and the margins ``error_over_trend_percent`` and ``brier_over_trend_percent``: mean, low, high of a 95 %
        interval over assets, negative is better than the plain trend.
    """
    told: dict[str, Any] = {
        "horizon_weeks": parameters.horizon_weeks,
        "alert_share": parameters.alert_share,
        "gate": decide(evaluation).summary,
    }
    for kind, split in evaluation.splits.items():
        scores = {name: split.scores[name] for name in (MODEL, *BASELINES)}
        told[kind] = {
            "rows": split.n,
            "events": split.n_events,
            "coverage": _rounded(split.coverage),
            "precision_at_budget": {n: _rounded(s.alerts.precision) for n, s in scores.items()},
            "recall_at_budget": {n: _rounded(s.alerts.recall) for n, s in scores.items()},
            "detectable_share": {n: _rounded(s.alerts.detectable_share) for n, s in scores.items()},
            "lead_days": {n: _rounded(s.alerts.lead_days, 1) for n, s in scores.items()},
            "false_alarms_per_asset_year": {n: _rounded(s.alerts.false_per_asset_year) for n, s in scores.items()},
            "avoided_days": {n: _rounded(s.alerts.avoided_days, 0) for n, s in scores.items()},
            "calibration_error_points": {n: _rounded(100 * s.calibration_error, 2) for n, s in scores.items()},
            "error_over_trend_percent": _margin(split.error_difference["trend"], scores["trend"].mae),
            "brier_over_trend_percent": _margin(split.brier_difference["trend"], scores["trend"].brier),
        }
    return told


def _margin(difference: Difference, rival: float) -> list[float | None]:
    return [_rounded(100 * x / rival, 1) if rival else None for x in (difference.mean, difference.low, difference.high)]


def _rounded(value: float, digits: int = 3) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None
