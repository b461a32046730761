"""The fault register as models learn from it, and rows of ``gold.failure_risk`` about failures.

A register is small (a switch fails a few times in its life), so this runs on the driver; only the result goes to Spark.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.models import ASSET_FEATURE
from guideway.contracts.reference import ASSET, FAILURE
from guideway.prognostics.failures import FailureModels, landmarks, register_quarters, worst_conditions
from guideway.transforms.series import end_of
from guideway.transforms.series_cells import days
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import RISK_DDL, Serving

ONLY_FAILURES = "target LIKE 'fails%'"
"""Rows of ``gold.failure_risk`` that are about failures, as SQL."""


class FaultRegister:
    """Failures up to a day, the assets of the types that ever failed, and their conditions."""

    def __init__(self, read: Callable[[Table], DataFrame], as_of: date) -> None:
        """Read what is known at the end of ``as_of``; ``read`` gives the frame of a table."""
        self.until_days = epoch_days(as_of)
        failed = read(FAILURE).where(F.col("failed_at") < end_of(as_of))
        failures = failed.select("asset_id", days(F.col("failed_at")).alias("failed_days")).toPandas()
        self._failures = failures.astype({"failed_days": np.float64})
        concerned = read(ASSET).join(failed, "asset_id", "left_semi").select("asset_type").distinct()
        # without a register nothing else is read: Spark sees that nothing can be in an empty list
        kinds = [row.asset_type for row in concerned.collect()] if len(failures) else []
        assets = read(ASSET).where(F.col("asset_type").isin(kinds))
        installed = days(F.col("installed_on").cast("timestamp")).alias("installed_days")
        self._assets = assets.select("asset_id", "line_id", "asset_type", installed).toPandas()
        self._assets["installed_days"] = self._assets["installed_days"].astype(np.float64)
        features = read(ASSET_FEATURE).where(F.col("as_of") <= F.lit(as_of)).join(assets, "asset_id", "left_semi")
        origin = (F.unix_date("as_of") + 1).cast("double").alias("origin_days")
        names = ("asset_id", "level", "distance_to_limit", "passes_per_day")
        self._conditions = worst_conditions(features.select(*names, origin).toPandas())

    def past(self) -> pd.DataFrame:
        """What was known of each asset at each quarter of the register, and what came; see ``landmarks``."""
        return self._landmarks(register_quarters(self._failures, self.until_days))

    def today(self) -> pd.DataFrame:
        """What is known of each asset now; see ``prognostics.failures.landmarks``."""
        return self._landmarks(np.array([self.until_days]))

    def _landmarks(self, at_days: np.ndarray) -> pd.DataFrame:
        return landmarks(self._assets, self._failures, self._conditions, at_days, self.until_days)


def landmark_rows(read: Callable[[Table], DataFrame], as_of: date) -> tuple[pd.DataFrame, float]:
    """Rows of ``prognostics.failures.landmarks`` of past quarters up to ``as_of``, and its end in days."""
    register = FaultRegister(read, as_of)
    return register.past(), register.until_days


def failure_risk(read: Callable[[Table], DataFrame], champion: Serving, as_of: date) -> DataFrame:
    """Rows of ``gold.failure_risk``, targets ``fails_<weeks>w``, by the models of failures in service."""
    models = FailureModels.from_texts(champion.texts)
    told = models.predict(FaultRegister(read, as_of).today())
    told["target"] = "fails_" + told["weeks"].astype(int).astype(str) + "w"
    told = told.rename(columns={"probability": "score", "median_days": "predicted_value", "reasons": "reason_codes"})
    told = told.assign(as_of=as_of, model_name=champion.name, model_version=champion.version)
    order = [name.split()[0] for name in RISK_DDL.split(", ")]
    return read(ASSET).sparkSession.createDataFrame(told[order], RISK_DDL)
