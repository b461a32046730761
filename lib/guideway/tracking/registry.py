"""Runs, registered versions, who promoted what and why, and the way back."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from guideway.contracts.models import REGISTERED_MODELS
from guideway.errors import GuidewayError
from guideway.tracking import packaging
from guideway.tracking.record import CARD, PLOTS, TEXTS, Promotion, RunRecord, TableVersion, checksums
from guideway.tracking.store import Deadline, TrackingSettings, connect, experiment_id

CHALLENGER = "challenger"
CHAMPION = "champion"
RECORD_TAG = "guideway.record_id"
SHA_TAG = "guideway.sha256."
_LEDGER_TAG = "guideway.promotion."


class PromotionError(GuidewayError):
    """The version cannot be put into service, or there is none to go back to."""


@dataclass(frozen=True)
class Receipt:
    """Where a record went."""

    record_id: str
    mlflow_run_id: str
    model_version: str | None


@dataclass(frozen=True)
class LedgerEntry:
    """One change of the champion."""

    number: int
    action: str
    version: str
    previous: str | None
    by: str
    at: str
    why: str


def publish(record: RunRecord, settings: TrackingSettings) -> Receipt:
    """Log the run, register its model as challenger and, where the record says so, promote it.

    Publishing the same record again completes what is missing and makes no second run or version.

    Raises:
        TrackingUnavailableError: MLflow is down or too slow; nothing is lost, publish again.
    """
    with connect(settings) as (client, deadline):
        run_id = _run(client, deadline, record, settings)
        version = None
        if record.texts:
            version = _register(client, deadline, record, run_id)
            deadline.check()
            if record.promotion is not None:
                _promote(client, record.model, version, record.promotion, "promote")
        return Receipt(record.record_id, run_id, version)


def promote(settings: TrackingSettings, version: str, promotion: Promotion) -> LedgerEntry:
    """Put a registered version into service; doing so again changes nothing.

    Raises:
        PromotionError: there is no such version.
    """
    with connect(settings) as (client, _):
        return _promote(client, settings.model_name, version, promotion, "promote")


def rollback(settings: TrackingSettings, promotion: Promotion) -> LedgerEntry:
    """Put the champion before the present one back into service.

    Raises:
        PromotionError: the ledger knows no earlier champion.
    """
    with connect(settings) as (client, _):
        entries = _ledger(client, settings.model_name)
        previous = _earlier(entries)
        if previous is None:
            raise PromotionError(f"{settings.model_name} has no earlier champion to go back to")
        return _promote(client, settings.model_name, previous, promotion, "rollback")


def ledger(settings: TrackingSettings) -> list[LedgerEntry]:
    """Every change of the champion, oldest first."""
    with connect(settings) as (client, _):
        return _ledger(client, settings.model_name)


def _run(client: MlflowClient, deadline: Deadline, record: RunRecord, settings: TrackingSettings) -> str:
    experiment = experiment_id(client, settings)
    deadline.check()
    for found in client.search_runs([experiment], f"tags.`{RECORD_TAG}` = '{record.record_id}'"):
        if found.info.status == "FINISHED":
            return str(found.info.run_id)
        client.delete_run(found.info.run_id)
    tags = {**record.tags, RECORD_TAG: record.record_id}
    run = client.create_run(experiment, record.started_ms, {k: str(v) for k, v in tags.items()}, record.run_name)
    run_id = str(run.info.run_id)
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, record.ended_ms, 0) for name, value in record.metrics.items()],
        params=[Param(name, str(value)) for name, value in record.params.items()],
        tags=[RunTag("mlflow.note.content", record.card)],
    )
    deadline.check()
    if record.inputs:
        client.log_inputs(run_id, [_dataset(table) for table in record.inputs])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _lay_out(record, folder)
        deadline.check()
        client.log_artifacts(run_id, str(folder))
    client.set_terminated(run_id, "FINISHED", record.ended_ms)
    deadline.check()
    return run_id


def _lay_out(record: RunRecord, folder: Path) -> None:
    """The run's artifacts: card, pictures, the text model and the same as an MLflow model."""
    (folder / CARD).write_text(record.card, encoding="utf-8")
    (folder / PLOTS).mkdir()
    for name, picture in record.plots.items():
        (folder / PLOTS / name).write_bytes(picture)
    if record.texts:
        (folder / TEXTS).mkdir()
        for name, text in record.texts.items():
            (folder / TEXTS / name).write_text(text, encoding="utf-8")
        texts = {name: folder / TEXTS / name for name in record.texts}
        packaging.save(record.model, texts, record.example, folder / "model")


def _dataset(table: TableVersion) -> DatasetInput:
    source = json.dumps({"path": table.path, "delta_table_name": table.name, "delta_table_version": str(table.version)})
    dataset = Dataset(table.name, f"v{table.version}", "delta_table", source)
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _register(client: MlflowClient, deadline: Deadline, record: RunRecord, run_id: str) -> str:
    name = record.model
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name, description=REGISTERED_MODELS[name])
    for found in client.search_model_versions(f"name = '{name}'"):
        if found.run_id == run_id:
            return str(found.version)
    deadline.check()
    tags = {f"{SHA_TAG}{file}": digest for file, digest in checksums(record.texts).items()}
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    made = client.create_model_version(name, source, run_id, tags=tags, description=record.run_name)
    client.set_registered_model_alias(name, CHALLENGER, made.version)
    return str(made.version)


def _promote(client: MlflowClient, name: str, version: str, promotion: Promotion, action: str) -> LedgerEntry:
    try:
        client.get_model_version(name, version)
    except MlflowException as error:
        raise PromotionError(f"{name} has no version {version}") from error
    entries = _ledger(client, name)
    present = entries[-1].version if entries else None
    if present == version:
        return entries[-1]
    entry = LedgerEntry(
        len(entries) + 1, action, str(version), present, promotion.by, promotion.at, promotion.why[:2000]
    )
    # The ledger first: an alias without an entry would be a champion nobody answers for.
    client.set_registered_model_tag(name, f"{_LEDGER_TAG}{entry.number:06d}", json.dumps(asdict(entry)))
    client.set_registered_model_alias(name, CHAMPION, version)
    return entry


def _ledger(client: MlflowClient, name: str) -> list[LedgerEntry]:
    try:
        tags = client.get_registered_model(name).tags
    except MlflowException:
        return []
    return [LedgerEntry(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(_LEDGER_TAG)]


def _earlier(entries: list[LedgerEntry]) -> str | None:
    """The champion before the present one, rollbacks undone: promote 1, 2, 3, rollback (2), rollback gives 1."""
    served: list[str] = []
    for entry in entries:
        if entry.action == "rollback" and len(served) > 1:
            served.pop()
        else:
            served.append(entry.version)
    return served[-2] if len(served) > 1 else None
