"""The record of a condition model: everything a run says about where a model came from and how good it is."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from guideway.contracts.models import CONDITION_MODEL
from guideway.prognostics.card import model_card
from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.prognostics.evaluation import Evaluation
from guideway.prognostics.gate import Decision
from guideway.prognostics.horizons import horizon_metrics
from guideway.prognostics.model import TrainedModel
from guideway.tracking.origin import Origin
from guideway.tracking.plots import plots
from guideway.tracking.record import RunRecord


def condition_record(
    model: TrainedModel,
    evaluation: Evaluation,
    decision: Decision,
    sample: pd.DataFrame,
    origin: Origin,
    *,
    tags: Mapping[str, str] | None = None,
) -> RunRecord:
    """A record ready for delivery.

    Args:
        model: the challenger.
        evaluation: its back-test.
        decision: what the gate said.
        sample: rows of features and targets the model was trained on; the first few become the input example.
        origin: where the run came from.
        tags: further tags.
    """
    horizon = model.parameters.horizon_weeks
    return origin.record(
        CONDITION_MODEL,
        f"condition {horizon} weeks ahead",
        decision,
        model.to_texts(),
        parameters={"seed": str(model.seed), **{k: str(v) for k, v in model.parameters.model_dump().items()}},
        metrics={
            "rows": float(model.n_rows),
            "candidates": float(evaluation.n_candidates),
            **evaluation.metrics(),
            **horizon_metrics(sample, horizon),
        },
        tags={"guideway.parameters": model.parameters.digest, **(tags or {})},
        card=model_card(model, evaluation, decision, code_version=origin.code_version, as_of=origin.as_of),
        plots=plots(evaluation),
        example=(sample, ("indicator",), FEATURE_NAMES),
    )
