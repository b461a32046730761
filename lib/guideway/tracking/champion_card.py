"""What the report prints about the model in service, and about the newest one where the gate refused it."""

from __future__ import annotations

from datetime import date

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from guideway.reporting.content import ModelCard
from guideway.tracking.registry import CHALLENGER, CHAMPION
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect

_FIGURES = {
    "error": "time.model.mae",
    "trend_error": "time.trend.mae",
    "persistence_error": "time.persistence.mae",
    "rule_error": "time.rule.mae",
    "calibration_error": "time.model.calibration_error",
    "precision_at_budget": "time.model.alerts.precision",
    "trend_precision_at_budget": "time.trend.alerts.precision",
}


def champion_card(settings: TrackingSettings) -> ModelCard | None:
    """Name, version and figures of the champion; None where none was promoted or MLflow does not answer."""
    try:
        with connect(settings) as (client, _):
            version, run = _aliased(client, settings.model_name, CHAMPION)
            newest, trained = _aliased(client, settings.model_name, CHALLENGER)
    except (MlflowException, TrackingUnavailableError):
        return None
    as_of = run.data.tags.get("guideway.as_of")
    return ModelCard(
        settings.model_name,
        version,
        CHAMPION,
        {name: run.data.metrics[key] for name, key in _FIGURES.items() if key in run.data.metrics},
        date.fromisoformat(as_of) if as_of else None,
        f"{newest}, {trained.data.tags.get('guideway.gate_reason', '')}",
    )


def _aliased(client: MlflowClient, name: str, alias: str) -> tuple[str, Run]:
    version = client.get_model_version_by_alias(name, alias)
    return str(version.version), client.get_run(str(version.run_id))
