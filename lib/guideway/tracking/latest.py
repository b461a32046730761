"""The last training of a registered model, wherever its run is: in MLflow, or still waiting for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

from mlflow.exceptions import MlflowException

from guideway.contracts.models import CONDITION_MODEL
from guideway.prognostics.retraining import Training
from guideway.tracking.outbox import pending
from guideway.tracking.record import RUN_FILE
from guideway.tracking.registry import CHALLENGER
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect


def last_training(settings: TrackingSettings) -> Training | None:
    """The last training whose record was written; None where there is none, or none that can be asked for."""
    return max((*_waiting(settings), *_registered(settings)), key=lambda told: told.as_of, default=None)


def _waiting(settings: TrackingSettings) -> Iterator[Training]:
    for place in pending(settings):
        try:
            told = json.loads((place / RUN_FILE).read_text(encoding="utf-8"))
            if told.get("model", CONDITION_MODEL) != settings.model_name:
                continue
            yield _training(told["tags"], told["params"])
        except (OSError, ValueError, KeyError):
            continue  # `replay` sets a damaged record aside, in words


def _registered(settings: TrackingSettings) -> Iterator[Training]:
    try:
        with connect(settings) as (client, _):
            version = client.get_model_version_by_alias(settings.model_name, CHALLENGER)
            run = client.get_run(str(version.run_id))
            yield _training(run.data.tags, run.data.params)
    except (MlflowException, TrackingUnavailableError, KeyError):
        return


def _training(tags: Mapping[str, str], params: Mapping[str, str]) -> Training:
    return Training(date.fromisoformat(tags["guideway.as_of"]), params.get("limits", ""))
