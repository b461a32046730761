"""Renewing the registered models: each for its own reasons, against its own rivals, with a champion of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
from pyspark.sql import DataFrame

from guideway.contracts.models import FAILURE_MODEL
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.failure_gate import decide_failures
from guideway.prognostics.failures import FailureModels
from guideway.prognostics.gate import Decision, decide, stand_in, unasked
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import retraining_reasons
from guideway.prognostics.training import TooFewRowsError, train
from guideway.prognostics.trials import Run
from guideway.tracking.condition import condition_record
from guideway.tracking.failures import failure_record
from guideway.tracking.latest import last_training
from guideway.tracking.registration import Registration, Renewal
from guideway.tracking.serving import InService, failures_in_service, in_service
from guideway.transforms.drift import reasons_to_train


def renew_condition(
    rows: Callable[[], pd.DataFrame | None],
    parameters: ModelParameters,
    seed: int,
    registration: Registration,
    *,
    drifts: DataFrame,
    every_days: float,
    run: Run,
) -> Renewal:
    """Where there is a reason to: train, evaluate and register the condition model.

    The gate holds it against the plain trend and the champion. Where nothing serves yet and the gate refuses, the plain
    trend with calibrated probabilities serves in its place.

    Args:
        rows: gives rows of features and targets; None without any history.
        parameters: settings; their alternatives are tried, too.
        seed: seed of training.
        registration: of this training.
        drifts: ``gold.model_drift``.
        every_days: schedule.
        run: runs the trials.
    """
    tracking, as_of = registration.tracking, registration.as_of
    serves = in_service(tracking)
    champion = serves.champion
    why: tuple[str, ...] = (serves.problem or "no champion yet",)
    if champion is not None:
        last = last_training(tracking)
        why = reasons_to_train(champion, last, drifts, as_of, limits=parameters.limits, every_days=every_days)
        if not why:
            return Renewal.goes_on(champion.name, champion.version)
    frame = rows()
    if frame is None:
        return Renewal.none("no model: there is no history to learn from")
    try:
        decision, renewal = _challenge(frame, parameters, seed, serves, registration, run)
        if champion is None and not decision.promote and not serves.is_unasked:
            plain, stands_in = parameters.model_copy(update={"learned": False}), stand_in(decision)
            _, renewal = _challenge(frame, plain, seed, serves, registration, run, stands_in)
    except TooFewRowsError as error:
        return Renewal.none(f"no model: {error}")
    return replace(renewal, facts={**renewal.facts, "rows": len(frame), "why": why})


def _challenge(
    frame: pd.DataFrame,
    parameters: ModelParameters,
    seed: int,
    serves: InService[TrainedModel],
    registration: Registration,
    run: Run,
    decided: Decision | None = None,
) -> tuple[Decision, Renewal]:
    """Evaluate, train and register one challenger; ``decided`` is the decision where it needs no gate."""
    others = () if decided else parameters.alternatives
    rival = serves.champion.model if serves.champion else None
    evaluation = evaluate(frame, parameters, seed, rival, others=others, run=run)
    decision = decided or decide(evaluation)
    if serves.is_unasked:
        decision = unasked(decision)
    model = train(frame, evaluation.parameters, seed)
    made = registration.register(decision, lambda origin: condition_record(model, evaluation, decision, frame, origin))
    return decision, made


def renew_failures(
    rows: Callable[[], tuple[pd.DataFrame, float]], seed: int, registration: Registration, *, every_days: float
) -> Renewal:
    """Where it is time to: train and register the models of failures, by schedule only, as limits play no part.

    The gate holds them against one rate for all and the champion, whatever becomes of the condition model.

    Args:
        rows: gives ``prognostics.failures.landmarks`` of past quarters, and the end of the fault register in days.
        seed: seed of the intervals.
        registration: of this training.
        every_days: schedule.
    """
    tracking, as_of = registration.tracking, registration.as_of
    serves = failures_in_service(tracking)
    champion = serves.champion
    why: tuple[str, ...] = (serves.problem or "no champion yet",)
    if champion is not None:
        last = last_training(tracking.of_model(FAILURE_MODEL))
        why = retraining_reasons((), as_of, last, as_of, last.limits, every_days=every_days) if last else ()
        if not why:
            return Renewal.goes_on(champion.name, champion.version)
    landmarks, until_days = rows()
    models = FailureModels.fit(landmarks, until_days, seed, champion.model if champion else None)
    if not models.models:
        return Renewal.none("no type of asset has failures enough to learn from")
    decision = decide_failures(models, champion.model if champion else None)
    if serves.is_unasked:
        decision = unasked(decision)
    renewal = registration.register(decision, lambda origin: failure_record(models, decision, landmarks, seed, origin))
    return replace(renewal, facts={**renewal.facts, "rows": len(landmarks), "why": why})
