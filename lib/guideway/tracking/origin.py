"""Where a training run came from: what every record says whatever model it is of."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from guideway.prognostics.gate import Decision
from guideway.tracking.record import Promotion, RunRecord, TableVersion, checksums

Example = tuple[pd.DataFrame, Sequence[str], Sequence[str]]
"""Rows, and which of their columns are words and which are numbers."""

_EXAMPLE_ROWS = 3


@dataclass(frozen=True)
class Origin:
    """Where a training run came from.

    Attributes:
        run_id: Guideway's run.
        code_version: version of the code.
        as_of: nothing after this day was used.
        started_at: when training began, by the clock.
        ended_at: when it ended.
        inputs: Delta tables and versions the training read.
        promoted_by: in whose name to promote at once where the gate agrees; None leaves it to a person.
    """

    run_id: str
    code_version: str
    as_of: date
    started_at: datetime
    ended_at: datetime
    inputs: tuple[TableVersion, ...] = ()
    promoted_by: str | None = None

    def record(
        self,
        model: str,
        title: str,
        decision: Decision,
        texts: Mapping[str, str],
        *,
        parameters: Mapping[str, str],
        metrics: Mapping[str, float],
        card: str,
        example: Example,
        tags: Mapping[str, str] | None = None,
        plots: Mapping[str, bytes] | None = None,
    ) -> RunRecord:
        """The record of a run that trained a model: a version of ``model``, promoted where the gate agrees."""
        identity = json.dumps([self.run_id, self.code_version, checksums(texts), dict(parameters)], sort_keys=True)
        told = self.as_of.isoformat()
        promotion = None
        if decision.promote and self.promoted_by is not None:
            promotion = Promotion(self.promoted_by, self.ended_at.isoformat(), decision.summary)
        return RunRecord(
            record_id=hashlib.sha256(identity.encode()).hexdigest()[:24],
            run_name=f"{title}, as of {told}",
            started_ms=round(self.started_at.timestamp() * 1000),
            ended_ms=round(self.ended_at.timestamp() * 1000),
            params=parameters,
            metrics=metrics,
            tags={
                "guideway.run_id": self.run_id,
                "guideway.code_version": self.code_version,
                "guideway.gate": "promote" if decision.promote else "refuse",
                "guideway.gate_reason": decision.summary[:4000],
                "guideway.as_of": told,
                **(tags or {}),
            },
            inputs=self.inputs,
            texts=texts,
            card=card,
            plots=plots or {},
            example=_first(*example),
            promotion=promotion,
            model=model,
        )


def _first(rows: pd.DataFrame, words: Sequence[str], numbers: Sequence[str]) -> dict[str, list[Any]]:
    """A few rows by column, JSON's way: None for what is not known."""
    few = rows.head(_EXAMPLE_ROWS)
    example: dict[str, list[Any]] = {name: [str(word) for word in few[name]] for name in words}
    for name in numbers:
        if name in few:
            example[name] = [float(x) if math.isfinite(x) else None for x in few[name].astype(float)]
    return example
