"""The record of the models of failures: everything a run says about where they came from and how good they are."""

from __future__ import annotations

import pandas as pd

from guideway.contracts.models import FAILURE_MODEL
from guideway.prognostics.card import failure_card
from guideway.prognostics.failures import COVARIATES, FailureModels
from guideway.prognostics.gate import Decision
from guideway.tracking.origin import Origin
from guideway.tracking.record import RunRecord


def failure_record(
    models: FailureModels, decision: Decision, sample: pd.DataFrame, seed: int, origin: Origin
) -> RunRecord:
    """A record ready for delivery.

    Args:
        models: the challenger.
        decision: what the gate said.
        sample: rows of ``prognostics.failures.landmarks``; the first few become the input example.
        seed: seed of the intervals.
        origin: where the run came from.
    """
    return origin.record(
        FAILURE_MODEL,
        "failures of assets",
        decision,
        models.to_texts(),
        parameters={"seed": str(seed)}
        | {f"explained_by.{kind}": ", ".join(m.time.covariates) or "one rate" for kind, m in models.models.items()},
        metrics=models.metrics(),
        card=failure_card(models, decision, code_version=origin.code_version, as_of=origin.as_of),
        example=(sample, ("asset_type",), COVARIATES),
    )
