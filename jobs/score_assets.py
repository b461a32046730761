"""Score every asset with the champion model."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import functions as F

from guideway.contracts.gold import DEGRADATION_TREND, FAILURE_RISK
from guideway.contracts.jobs import SCORE_ASSETS
from guideway.job import JobContext, main
from guideway.rulebooks.load import load_rulebooks
from guideway.tracking.serving import ModelOutdatedError, load_champion
from guideway.tracking.store import TrackingSettings
from guideway.transforms.features import score, with_engine
from guideway.transforms.history import History
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import Serving


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Replace the window ``as_of`` of gold.failure_risk; without a champion there is no risk, and it says so."""
    lake, settings, as_of = context.lake, context.settings, context.as_of
    try:
        champion = load_champion(TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts))
    except ModelOutdatedError as error:
        return f"gold.failure_risk stays as it was: {error}", {"model": None}
    if champion is None:
        return "no champion model: gold.failure_risk stays as it was", {"model": None}
    today = F.col("as_of") == F.lit(as_of)
    history = History(lake.read, load_rulebooks(*settings.rulebook_folders), as_of)
    rows = with_engine(history.with_facts(), lake.read(DEGRADATION_TREND).where(today))
    serving = Serving(champion.name, champion.version, champion.texts)
    risk = score(rows, serving, history.work_types, epoch_days(as_of)).withColumn("as_of", F.lit(as_of))
    changed = context.writer.replace(risk, FAILURE_RISK, today, f"as_of = DATE '{as_of.isoformat()}'")
    model = f"{champion.name} version {champion.version}"
    return f"{changed} risks by {model}", {"model": model, "is_copy": champion.is_copy}


if __name__ == "__main__":
    main(SCORE_ASSETS, run)
