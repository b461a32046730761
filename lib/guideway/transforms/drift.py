"""``gold.model_drift``, and whether it is time to train again."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.prognostics.drift import Drift
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.retraining import Training, retraining_reasons
from guideway.transforms.shared import shared
from guideway.udfs.drift import DRIFT_DDL, drift_rows
from guideway.udfs.features import Serving


class InService(Protocol):
    """The model in service and the version it is registered as."""

    @property
    def version(self) -> str:
        """Version of the registered model."""

    @property
    def model(self) -> TrainedModel:
        """The model."""


def model_drift(features: DataFrame, champion: Serving, model: TrainedModel, as_of: date) -> DataFrame:
    """Rows of ``gold.model_drift``: the day's features, predictions and labels of each line against its training.

    Args:
        features: ``gold.asset_feature``.
        champion: the model in service.
        as_of: the day.
        model: the same, opened.
    """
    horizon = timedelta(days=round(model.parameters.horizon_days))
    last_origin = date(1970, 1, 1) + timedelta(days=int(model.trained_until_days)) - horizon
    before = as_of - horizon
    then = features.where(F.col("as_of") == F.lit(before)).select(
        "asset_id", "indicator", "definition", F.col("level").alias("level_then")
    )
    today = features.where(F.col("as_of") == F.lit(as_of))
    # the line's own rows of the training days: lines differ from each other without any of them having moved
    past = features.where((F.col("as_of") < F.lit(last_origin)) & (F.col("as_of") < F.lit(as_of)))
    past = past.join(today.select("definition").distinct(), "definition", "left_semi")
    rows = past.withColumn("is_past", F.lit(True)).unionByName(today.withColumn("is_past", F.lit(False)))
    rows = rows.join(then, ["asset_id", "indicator", "definition"], "left")
    function = drift_rows(shared(features.sparkSession, champion))
    return rows.groupBy("line_id").applyInArrow(function, DRIFT_DDL).withColumn("as_of", F.lit(as_of))


def reasons_to_train(
    champion: InService, last: Training | None, drifts: DataFrame, as_of: date, *, limits: str, every_days: float
) -> tuple[str, ...]:
    """Every reason to train again, in words; empty where the champion may go on.

    Args:
        champion: the model in service.
        last: the last training, whatever the gate made of it.
        drifts: ``gold.model_drift``; the champion's own last day up to ``as_of`` counts.
        as_of: today.
        limits: fingerprint of the limits in force.
        every_days: schedule.
    """
    own = drifts.where((F.col("model_version") == champion.version) & (F.col("as_of") <= F.lit(as_of)))
    names = [field.name for field in fields(Drift)]
    rows = own.select("as_of", *names).collect()
    latest = max((row.as_of for row in rows), default=as_of)
    moved = [Drift(**{name: row[name] for name in names}) for row in rows if row.as_of == latest]
    trained = champion.model.trained_until_days
    until = date(1970, 1, 1) + timedelta(days=int(trained))
    return retraining_reasons(
        moved, latest, last or Training(until, champion.model.parameters.limits), as_of, limits, every_days=every_days
    )
