"""What is known of every asset today, the risk the champion sees in it, how far the world moved from its training."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import functions as F

from guideway.contracts.gold import DEGRADATION_TREND, FAILURE_RISK
from guideway.contracts.jobs import SCORE_ASSETS
from guideway.contracts.models import ASSET_FEATURE, MODEL_DRIFT
from guideway.job import JobContext, main
from guideway.prognostics.retraining import limits_fingerprint
from guideway.rulebooks.load import load_rulebooks
from guideway.tracking.latest import last_training
from guideway.tracking.serving import in_service
from guideway.tracking.store import TrackingSettings
from guideway.transforms.drift import model_drift, reasons_to_train
from guideway.transforms.failures import failure_risk
from guideway.transforms.features import asset_features, score
from guideway.transforms.history import History
from guideway.udfs.features import Serving


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Replace the window ``as_of`` of features, risk and drift; without a champion there is no risk, and it says so."""
    lake, settings, as_of = context.lake, context.settings, context.as_of
    today, window = F.col("as_of") == F.lit(as_of), f"as_of = DATE '{as_of.isoformat()}'"
    rulebooks = load_rulebooks(*settings.rulebook_folders)
    history = History(lake.read, rulebooks, as_of)
    trends = lake.read(DEGRADATION_TREND).where(today)
    features = asset_features(history.with_facts(), trends, history.work_types, as_of, history.weather())
    known = context.writer.replace(features, ASSET_FEATURE, today, window)
    tracking = TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts)
    serves = in_service(tracking)
    champion = serves.champion
    if champion is None:
        problem = serves.problem or "no champion model"
        return f"{known} rows of features; gold.failure_risk stays as it was: {problem}", {"model": None}
    serving = Serving(champion.name, champion.version, champion.texts)
    risk = score(lake.read(ASSET_FEATURE).where(today), serving)
    failing = failure_risk(lake.read, serving, as_of)
    risk = risk if failing is None else risk.unionByName(failing)
    changed = context.writer.replace(risk, FAILURE_RISK, today, window)
    moved = model_drift(lake.read(ASSET_FEATURE), serving, champion.model, as_of)
    context.writer.replace(moved, MODEL_DRIFT, today, window)
    limits, drifts, last = limits_fingerprint(rulebooks), lake.read(MODEL_DRIFT), last_training(tracking)
    why = reasons_to_train(champion, last, drifts, as_of, limits=limits, every_days=settings.retrain_days)
    model = f"{champion.name} version {champion.version}"
    facts = {"model": model, "is_copy": champion.is_copy, "retrain": why}
    return f"{changed} risks by {model}; {'train again: ' + '; '.join(why) if why else 'it may go on'}", facts


if __name__ == "__main__":
    main(SCORE_ASSETS, run)
