"""The line the report prints about the model in service."""

from __future__ import annotations

from datetime import date

from mlflow.exceptions import MlflowException

from guideway.reporting.content import ModelCard
from guideway.tracking.registry import CHAMPION
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect


def champion_card(settings: TrackingSettings) -> ModelCard | None:
    """Name, version and figures of the champion; None where none was promoted or MLflow does not answer."""
    try:
        with connect(settings) as (client, _):
            version = client.get_model_version_by_alias(settings.model_name, CHAMPION)
            run = client.get_run(str(version.run_id))
    except (MlflowException, TrackingUnavailableError):
        return None
    as_of = run.data.tags.get("guideway.as_of")
    return ModelCard(
        settings.model_name,
        str(version.version),
        CHAMPION,
        dict(run.data.metrics),
        date.fromisoformat(as_of) if as_of else None,
    )
