"""From a training table to a registered version: train, write the record down, deliver it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timezone

import pandas as pd

from guideway import __version__
from guideway.prognostics.evaluation import Evaluation
from guideway.prognostics.failures import FailureModels
from guideway.prognostics.gate import Decision
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.training import train
from guideway.tracking.condition import NO_FAILURES, condition_record
from guideway.tracking.outbox import deliver
from guideway.tracking.record import TableVersion
from guideway.tracking.store import TrackingSettings


@dataclass(frozen=True)
class Registered:
    """What became of a trained model.

    Attributes:
        told: name and version, or that it waits in the outbox because MLflow is down.
        awaits_approval: the version, where only a person's word is missing.
    """

    told: str
    awaits_approval: str | None = None


@dataclass(frozen=True)
class Registration:
    """What every version registered by one training run has in common.

    Attributes:
        tracking: where MLflow is.
        frame: the training table.
        inputs: address and Delta version of each table that was read, by name.
        run_id: Guideway's run.
        as_of: nothing after this day was used.
        approval: a person promotes, not the gate.
        failures: small models of the failures of assets, which go with each version.
    """

    tracking: TrackingSettings
    frame: pd.DataFrame
    inputs: Mapping[str, tuple[str, int]]
    run_id: str
    as_of: date
    approval: bool = False
    failures: FailureModels = NO_FAILURES

    def register(
        self, parameters: ModelParameters, seed: int, evaluation: Evaluation, decision: Decision
    ) -> Registered:
        """Train on all rows and register the version.

        Where the gate agrees it is promoted at once, or waits for a person's approval.
        """
        record = condition_record(
            train(self.frame, parameters, seed),
            evaluation,
            decision,
            self.frame,
            inputs=tuple(TableVersion(name, path, version) for name, (path, version) in self.inputs.items()),
            run_id=self.run_id,
            code_version=__version__,
            as_of=datetime.combine(self.as_of, time.max, timezone.utc),
            ended_at=datetime.now(timezone.utc),
            promoted_by=None if self.approval else "gate",
            failures=self.failures,
        )
        delivery = deliver(record, self.tracking)
        version = next((r.model_version for r in delivery.receipts if r.record_id == record.record_id), None)
        if version is None:
            return Registered(f"waits in the outbox: {delivery.problem}")
        awaits = version if decision.promote and self.approval else None
        return Registered(f"{self.tracking.model_name} version {version}", awaits)
