"""Train what MLflow's registry holds, each where there is a reason to: the condition model, the models of failures."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.jobs import TRAIN_MODELS
from guideway.contracts.models import ASSET_FEATURE, MODEL_DRIFT
from guideway.contracts.reference import ASSET, FAILURE, SECTION, TRAFFIC, WEATHER, WORK_HISTORY
from guideway.job import JobContext, main
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import limits_fingerprint
from guideway.rulebooks.load import load_rulebooks
from guideway.tracking.registration import Registration
from guideway.tracking.renewal import renew_condition, renew_failures
from guideway.tracking.store import TrackingSettings
from guideway.transforms.failures import landmark_rows
from guideway.transforms.history import History
from guideway.transforms.training import training_rows
from guideway.transforms.trials import run_on

SEED = 1
OF_CONDITION = (CONDITION, RECORDING, SECTION, TRAFFIC, WEATHER, WORK_HISTORY, ASSET_FEATURE)
OF_FAILURES = (FAILURE, ASSET, ASSET_FEATURE)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Renew both; the receipt tells of the condition model, and under ``failures`` of the others."""
    lake, settings, as_of = context.lake, context.settings, context.as_of
    tracking = TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts)
    rulebooks, run_id = load_rulebooks(*settings.rulebook_folders), context.writer.run_id
    parameters = ModelParameters(limits=limits_fingerprint(rulebooks))

    def registration(*reads: Table) -> Registration:
        return Registration(tracking, lambda: lake.places(reads), run_id, as_of, approval=settings.model_approval)

    def rows() -> pd.DataFrame | None:
        found = training_rows(History(lake.read, rulebooks, as_of), lake.read(ASSET_FEATURE), as_of)
        if found is not None and found.added.num_rows:
            context.writer.upsert(context.spark.createDataFrame(found.added), ASSET_FEATURE)
        return None if found is None else found.frame

    own, every, drifts = registration(*OF_CONDITION), settings.retrain_days, lake.read(MODEL_DRIFT)
    condition = renew_condition(rows, parameters, SEED, own, drifts=drifts, every_days=every, run=run_on(context.spark))
    own = registration(*OF_FAILURES)
    failures = renew_failures(lambda: landmark_rows(lake.read, as_of), SEED, own, every_days=every)
    awaits = {**condition.awaits_approval, **failures.awaits_approval}
    facts = {**condition.facts, "failures": failures.facts, "awaits_approval": awaits}
    return f"{condition.told}; failures: {failures.told}", facts


if __name__ == "__main__":
    main(TRAIN_MODELS, run)
