"""Model cards: what a model is for, what it was trained on, how good it is, and where it should not be used."""

from __future__ import annotations

import math
from datetime import date

from guideway.prognostics.evaluation import Evaluation, SplitEvaluation
from guideway.prognostics.failures import FailureModels
from guideway.prognostics.gate import Decision
from guideway.prognostics.importance import global_importance
from guideway.prognostics.model import TrainedModel

_TOP = 8


def model_card(
    model: TrainedModel,
    evaluation: Evaluation,
    decision: Decision,
    *,
    code_version: str,
    as_of: date,
) -> str:
    """The card of the condition model, as Markdown. Mitchell and others (2019), Model cards for model reporting."""
    weeks = model.parameters.horizon_weeks
    lines = [
        f"# Condition {weeks} weeks ahead",
        "",
        f"Gate: **{decision.summary}**.",
        "",
        "## What it is for",
        f"Expected condition of an asset {weeks} weeks ahead, with an interval, and the probability that it exceeds "
        "its alert limit by then. It supports the planning of works; it does not replace limits that demand action.",
        "",
        "## What it was trained on",
        f"{model.n_rows} rows (asset, indicator, origin) known as of {as_of.isoformat()}; indicators: "
        f"{', '.join(sorted(model.design.scales))}. Spans with a work in them are left out. "
        f"Settings {model.parameters.digest} (of {evaluation.n_candidates} to choose from), seed {model.seed}, "
        f"code {code_version}.",
        "",
        "## How good it is",
        *(line for kind, split in evaluation.splits.items() for line in _split(kind, split, model.parameters.interval)),
        "## What it looks at",
        *(f"- {name}: {100 * share:.0f} %" for name, share in global_importance(model)[:_TOP]),
        "",
        f"How far that is believed beside the plain trend (0 to 1): {_trust(model)}.",
        "",
        "## Where it should not be used",
        "Indicators it was not trained on (it says nothing there); assets without a value since the last work (its "
        "answer is mostly that of the neighbours); the effect of a planned work.",
        "",
    ]
    return "\n".join(lines)


def failure_card(models: FailureModels, decision: Decision, *, code_version: str, as_of: date) -> str:
    """The card of the models of failures, as Markdown."""
    lines = [
        "# Failures of assets",
        "",
        f"Gate: **{decision.summary}**.",
        "",
        "## What it is for",
        "Probability that an asset fails within 4, 13, 26 and 52 weeks, and the days within which half of such assets "
        "fail: which to inspect first. It says nothing of what the failure does to trains.",
        "",
        "## What it was trained on",
        f"The fault register up to {as_of.isoformat()}, seen from every quarter of its last five years; code "
        f"{code_version}.",
        "",
        "## How good it is",
        "By type of asset; logarithmic loss of the probability within 13 weeks minus that of one rate for all, on "
        "later quarters, is better below 0.",
        "",
    ]
    for kind, each in models.models.items():
        by = ", ".join(each.time.covariates) or "one rate for all"
        gain = f"{each.gain.mean:+.4f} (95 % interval {each.gain.low:+.4f} to {each.gain.high:+.4f})"
        judged = gain if each.gain.n_assets else "not judged: too short a register"
        lines.append(
            f"- {kind}: {each.time.n_events} failures ahead of {each.time.n} rows, explained by {by}; {judged}"
        )
    lines += ["", "## Where it should not be used", "Types with fewer than ten failures have no model.", ""]
    return "\n".join(lines)


def _trust(model: TrainedModel) -> str:
    told = zip(model.design.scales, model.trust.weights, strict=True)
    return ", ".join(f"{name} {weight:.1f}" for name, weight in sorted(told))


def _split(kind: str, split: SplitEvaluation, interval: float) -> list[str]:
    held = "later origins" if kind == "time" else "lines it had not seen"
    lines = [
        f"On {held}: {split.n} rows in {split.folds} folds, {split.n_events} exceedances ahead; "
        f"{100 * split.coverage:.0f} % of values inside the {100 * interval:.0f} % interval.",
        "",
        "| predictor | error | bias | Brier | calibration | precision at budget | detectable share | lead |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, score in split.scores.items():
        alerts = score.alerts
        cells = (score.mae, score.bias, score.brier, score.calibration_error, alerts.precision, alerts.detectable_share)
        lead = "" if math.isnan(alerts.lead_days) else f"{alerts.lead_days:.0f} d"
        lines.append(f"| {name} | " + " | ".join("" if math.isnan(c) else f"{c:.3f}" for c in cells) + f" | {lead} |")
    trend = split.error_difference["trend"]
    lines += [
        "",
        f"Error minus that of the plain trend: {trend.mean:+.3f} (95 % interval {trend.low:+.3f} to {trend.high:+.3f}, "
        f"{trend.n_assets} assets). Errors are in units of the indicator's typical change.",
        "",
    ]
    return lines
