"""Train the condition model on what the lake knows, compare it with the trend, register it in MLflow."""

from __future__ import annotations

from collections.abc import Mapping

from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.jobs import TRAIN_MODELS
from guideway.contracts.reference import SECTION, TRAFFIC, WORK_HISTORY
from guideway.job import JobContext, main
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.gate import decide, stand_in
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.training import TooFewRowsError
from guideway.rulebooks.load import load_rulebooks
from guideway.tracking.registration import Registration
from guideway.tracking.serving import ModelOutdatedError, load_champion
from guideway.tracking.store import TrackingSettings
from guideway.transforms.history import History
from guideway.transforms.training import training_rows

SEED = 1
READS = (CONDITION, RECORDING, SECTION, TRAFFIC, WORK_HISTORY)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Train, evaluate and register; the gate promotes a challenger that beats the trend and the champion."""
    lake, settings, as_of = context.lake, context.settings, context.as_of
    tracking = TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts)
    versions = lake.versions(READS)
    inputs = {t.full_name: (lake.path(t), versions[t.full_name]) for t in READS if t.full_name in versions}
    history = History(lake.read, load_rulebooks(*settings.rulebook_folders), as_of)
    frame = training_rows(history, as_of)
    context.say(f"{len(frame)} rows to learn from")
    try:
        champion = load_champion(tracking)
    except ModelOutdatedError as error:
        context.say(f"the champion cannot be compared with: {error}")
        champion = None
    registration = Registration(tracking, frame, inputs, context.writer.run_id, as_of)
    parameters = ModelParameters()
    try:
        evaluation = evaluate(frame, parameters, SEED, champion.model if champion else None)
        decision = decide(evaluation)
        told = registration.register(parameters, SEED, evaluation, decision)
        if champion is None and not decision.promote:
            plain = parameters.model_copy(update={"learned": False})
            decision = stand_in(decision)
            told = registration.register(plain, SEED, evaluate(frame, plain, SEED), decision)
    except TooFewRowsError as error:
        return f"no model: {error}", {"registered": None}
    facts = {"rows": len(frame), "registered": told, "promoted": decision.promote, "gate": decision.summary}
    return f"{told}; {decision.summary}", facts


if __name__ == "__main__":
    main(TRAIN_MODELS, run)
