"""What is known of every asset today, the risk the champions see in it, how far the world moved from their training."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts.gold import DEGRADATION_TREND, FAILURE_RISK
from guideway.contracts.jobs import SCORE_ASSETS
from guideway.contracts.models import ASSET_FEATURE, MODEL_DRIFT
from guideway.job import JobContext, main
from guideway.prognostics.retraining import limits_fingerprint
from guideway.rulebooks.load import load_rulebooks
from guideway.tracking.latest import last_training
from guideway.tracking.serving import failures_in_service, in_service
from guideway.tracking.store import TrackingSettings
from guideway.transforms.drift import model_drift, reasons_to_train
from guideway.transforms.failures import ONLY_FAILURES, failure_risk
from guideway.transforms.features import asset_features, score
from guideway.transforms.history import History


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Replace the window ``as_of`` of features, risk and drift; a model that does not serve leaves its risks alone."""
    lake, settings, as_of = context.lake, context.settings, context.as_of
    today, window = F.col("as_of") == F.lit(as_of), f"as_of = DATE '{as_of.isoformat()}'"
    rulebooks = load_rulebooks(*settings.rulebook_folders)
    history = History(lake.read, rulebooks, as_of)
    trends = lake.read(DEGRADATION_TREND).where(today)
    features = asset_features(history.with_facts(), trends, history.work_types, as_of, history.weather())
    known = context.writer.replace_days(features, ASSET_FEATURE, as_of)
    tracking = TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts)
    condition, failures = in_service(tracking), failures_in_service(tracking)
    champion, risks, told = condition.champion, {}, [f"{known} rows of features"]
    if champion is not None:
        risks[f"NOT {ONLY_FAILURES}"] = score(lake.read(ASSET_FEATURE).where(today), champion.serving)
    if failures.champion is not None:
        risks[ONLY_FAILURES] = failure_risk(lake.read, failures.champion.serving, as_of)
    if risks:
        own = "true" if len(risks) > 1 else next(iter(risks))
        rows = reduce(DataFrame.unionByName, risks.values())
        changed = context.writer.replace(rows, FAILURE_RISK, today & F.expr(own), f"{window} AND {own}")
        told.append(f"{changed} risks")
    facts: dict[str, object] = {"model": condition.told, "failures": failures.told, "retrain": ()}
    if champion is not None:
        moved = model_drift(lake.read(ASSET_FEATURE), champion.serving, champion.model, as_of)
        context.writer.replace_days(moved, MODEL_DRIFT, as_of)
        limits, drifts, last = limits_fingerprint(rulebooks), lake.read(MODEL_DRIFT), last_training(tracking)
        facts["retrain"] = why = reasons_to_train(
            champion, last, drifts, as_of, limits=limits, every_days=settings.retrain_days
        )
        told.append(f"train again: {'; '.join(why)}" if why else "no reason to train again")
    return f"{'; '.join(told)} (condition: {condition.told}; failures: {failures.told})", facts


if __name__ == "__main__":
    main(SCORE_ASSETS, run)
