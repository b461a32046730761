"""Train the condition model on what the lake knows, compare it with the trend, register it in MLflow."""

from __future__ import annotations

from collections.abc import Mapping

from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.jobs import TRAIN_MODELS
from guideway.contracts.models import ASSET_FEATURE, MODEL_DRIFT
from guideway.contracts.reference import FAILURE, SECTION, TRAFFIC, WEATHER, WORK_HISTORY
from guideway.job import JobContext, main
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.gate import decide, stand_in, unasked
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import limits_fingerprint
from guideway.prognostics.training import TooFewRowsError
from guideway.rulebooks.load import load_rulebooks
from guideway.tracking.latest import last_training
from guideway.tracking.registration import Registration
from guideway.tracking.serving import in_service
from guideway.tracking.store import TrackingSettings
from guideway.transforms.drift import reasons_to_train
from guideway.transforms.failures import FaultRegister
from guideway.transforms.history import History
from guideway.transforms.training import training_rows
from guideway.transforms.trials import run_on

SEED = 1
READS = (CONDITION, FAILURE, RECORDING, SECTION, TRAFFIC, WEATHER, WORK_HISTORY)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Train where there is a reason to, evaluate and register; the gate holds it against the trend and the champion."""
    lake, settings, as_of = context.lake, context.settings, context.as_of
    tracking = TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts)
    rulebooks = load_rulebooks(*settings.rulebook_folders)
    parameters = ModelParameters(limits=limits_fingerprint(rulebooks))
    serves = in_service(tracking)
    champion, why = serves.champion, (serves.problem or "no champion yet",)
    if champion is not None:
        last, drifts = last_training(tracking), lake.read(MODEL_DRIFT)
        days = settings.retrain_days
        why = reasons_to_train(champion, last, drifts, as_of, limits=parameters.limits, every_days=days)
        if not why:
            told = f"{champion.name} version {champion.version}"
            return f"{told} goes on: no reason to train again", {"registered": told, "trained": False}
    context.say(f"trains because of {'; '.join(why)}")
    history = History(lake.read, rulebooks, as_of)
    rows = training_rows(history, lake.read(ASSET_FEATURE), as_of)
    if rows is None:
        return "no model: there is no history to learn from", {"registered": None}
    if rows.added.num_rows:
        context.writer.upsert(context.spark.createDataFrame(rows.added), ASSET_FEATURE)
    frame = rows.frame
    context.say(f"{len(frame)} rows to learn from")
    versions = lake.versions((*READS, ASSET_FEATURE))
    inputs = {
        t.full_name: (lake.path(t), versions[t.full_name]) for t in (*READS, ASSET_FEATURE) if t.full_name in versions
    }
    failures = FaultRegister(lake.read, as_of).learn(SEED)
    registration = Registration(
        tracking, frame, inputs, context.writer.run_id, as_of, settings.model_approval, failures
    )
    try:
        serving, run_trials = champion.model if champion else None, run_on(context.spark)
        evaluation = evaluate(frame, parameters, SEED, serving, others=parameters.alternatives, run=run_trials)
        decision = unasked(decide(evaluation)) if serves.is_unasked else decide(evaluation)
        registered = registration.register(evaluation.parameters, SEED, evaluation, decision)
        if champion is None and not decision.promote and not serves.is_unasked:
            plain = parameters.model_copy(update={"learned": False})
            decision = stand_in(decision)
            registered = registration.register(plain, SEED, evaluate(frame, plain, SEED, run=run_trials), decision)
    except TooFewRowsError as error:
        return f"no model: {error}", {"registered": None}
    facts = {"rows": len(frame), "registered": registered.told, "promoted": decision.promote, "gate": decision.summary}
    facts |= {"trained": True, "why": why, "awaits_approval": registered.awaits_approval}
    return f"{registered.told}; {decision.summary}", facts


if __name__ == "__main__":
    main(TRAIN_MODELS, run)
