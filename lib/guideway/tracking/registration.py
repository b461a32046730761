"""From a trained model to a registered version: write the record down, deliver it, say what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone

from guideway import __version__
from guideway.prognostics.gate import Decision
from guideway.tracking.origin import Origin
from guideway.tracking.outbox import deliver
from guideway.tracking.record import RunRecord, TableVersion
from guideway.tracking.store import TrackingSettings


@dataclass(frozen=True)
class Renewal:
    """What became of a registered model in a training job.

    Attributes:
        told: in words.
        registered: name and version, or that it waits in the outbox because MLflow is down; None without a new one.
        facts: for the job's receipt.
        awaits_approval: ``version`` and ``gate`` by registered model, where only a person's word is missing.
    """

    told: str
    registered: str | None
    facts: Mapping[str, object]
    awaits_approval: Mapping[str, Mapping[str, str]]

    @classmethod
    def none(cls, told: str, registered: str | None = None) -> Renewal:
        """Nothing was trained; ``registered`` names what goes on."""
        return cls(told, registered, {"registered": registered, "trained": False}, {})

    @classmethod
    def goes_on(cls, model: str, version: str) -> Renewal:
        """There is no reason to train again."""
        return cls.none(f"{model} version {version} goes on: no reason to train again", f"{model} version {version}")


class Registration:
    """Registers what one training of one model brings, which begins when this is made.

    Args:
        tracking: where MLflow is.
        inputs: gives address and Delta version of each table that was read, by name.
        run_id: Guideway's run.
        as_of: nothing after this day was used.
        approval: a person promotes, not the gate.
    """

    def __init__(
        self,
        tracking: TrackingSettings,
        inputs: Callable[[], Mapping[str, tuple[str, int]]],
        run_id: str,
        as_of: date,
        *,
        approval: bool = False,
    ) -> None:
        self.tracking, self._inputs, self._run_id, self.as_of = tracking, inputs, run_id, as_of
        self._approval, self._started_at = approval, datetime.now(timezone.utc)

    def register(self, decision: Decision, record_of: Callable[[Origin], RunRecord]) -> Renewal:
        """Register a version; where the gate agrees it is promoted at once, or waits for a person's approval.

        Args:
            decision: what the gate said.
            record_of: makes the record of the run that ends now.
        """
        record = record_of(
            Origin(
                run_id=self._run_id,
                code_version=__version__,
                as_of=self.as_of,
                started_at=self._started_at,
                ended_at=datetime.now(timezone.utc),
                inputs=tuple(TableVersion(name, path, version) for name, (path, version) in self._inputs().items()),
                promoted_by=None if self._approval else "gate",
            )
        )
        delivery = deliver(record, self.tracking)
        version = next((r.model_version for r in delivery.receipts if r.record_id == record.record_id), None)
        registered = f"{record.model} version {version}" if version else f"waits in the outbox: {delivery.problem}"
        facts = {"registered": registered, "trained": True, "promoted": decision.promote, "gate": decision.summary}
        asks = version is not None and decision.promote and self._approval
        awaits = {record.model: {"version": str(version), "gate": decision.summary}} if asks else {}
        return Renewal(f"{registered}; {decision.summary}", registered, facts, awaits)
