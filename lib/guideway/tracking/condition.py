"""The record of a condition model: everything a run says about where a model came from and how good it is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from guideway.prognostics.card import model_card
from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.prognostics.evaluation import Evaluation
from guideway.prognostics.failures import FailureModels
from guideway.prognostics.gate import Decision
from guideway.prognostics.horizons import horizon_metrics
from guideway.prognostics.model import TrainedModel
from guideway.tracking.plots import plots
from guideway.tracking.record import Promotion, RunRecord, TableVersion, checksums

_EXAMPLE_ROWS = 3
NO_FAILURES = FailureModels()


def condition_record(
    model: TrainedModel,
    evaluation: Evaluation,
    decision: Decision,
    sample: pd.DataFrame,
    *,
    inputs: tuple[TableVersion, ...],
    run_id: str,
    code_version: str,
    as_of: datetime,
    ended_at: datetime,
    promoted_by: str | None = None,
    failures: FailureModels = NO_FAILURES,
    tags: Mapping[str, str] | None = None,
) -> RunRecord:
    """A record ready for delivery.

    Args:
        model: the challenger.
        evaluation: its back-test.
        decision: what the gate said.
        sample: rows of features and targets the model was trained on; the first few become the input example.
        inputs: Delta tables and versions the training read.
        run_id: Guideway's run.
        code_version: version of the code.
        as_of: nothing after this was used; the run is dated to it.
        ended_at: when training ended.
        promoted_by: in whose name to promote at once where the gate agrees; None leaves it to a person.
        failures: small models of the failures of assets, which go with it.
        tags: further tags.
    """
    texts, horizon = model.to_texts() | failures.to_texts(), model.parameters.horizon_weeks
    identity = json.dumps([run_id, code_version, checksums(texts), model.parameters.digest], sort_keys=True)
    facts = {
        "guideway.run_id": run_id,
        "guideway.code_version": code_version,
        "guideway.parameters": model.parameters.digest,
        "guideway.gate": "promote" if decision.promote else "refuse",
        "guideway.gate_reason": decision.summary[:4000],
        "guideway.as_of": as_of.date().isoformat(),
    }
    promotion = None
    if decision.promote and promoted_by is not None:
        promotion = Promotion(promoted_by, ended_at.isoformat(), decision.summary)
    return RunRecord(
        record_id=hashlib.sha256(identity.encode()).hexdigest()[:24],
        run_name=f"condition {model.parameters.horizon_weeks} weeks ahead, as of {as_of.date().isoformat()}",
        started_ms=int(as_of.timestamp() * 1000),
        ended_ms=max(int(ended_at.timestamp() * 1000), int(as_of.timestamp() * 1000)),
        params={"seed": str(model.seed), **{k: str(v) for k, v in model.parameters.model_dump().items()}},
        metrics={
            "rows": float(model.n_rows),
            "candidates": float(evaluation.n_candidates),
            **evaluation.metrics(),
            **horizon_metrics(sample, horizon),
            **failures.metrics(),
        },
        tags=facts | dict(tags or {}),
        inputs=inputs,
        texts=texts,
        card=model_card(model, evaluation, decision, failures=failures, code_version=code_version, as_of=as_of.date()),
        plots=plots(evaluation),
        example=_example(sample),
        promotion=promotion,
    )


def _example(sample: pd.DataFrame) -> dict[str, list[float | str | None]]:
    """A few rows by column, JSON's way: None for what is not known."""
    rows = sample.head(_EXAMPLE_ROWS)
    example: dict[str, list[float | str | None]] = {"indicator": [str(word) for word in rows["indicator"]]}
    for name in FEATURE_NAMES:
        if name in rows:
            example[name] = [float(x) if math.isfinite(x) else None for x in rows[name].astype(float)]
    return example
