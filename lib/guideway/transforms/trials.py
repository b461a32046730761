"""Training distributed over folds (later days, whole lines) and settings: every trial is a task of its own."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import SparkSession

from guideway.prognostics.trials import Run, Trials
from guideway.transforms.shared import shared
from guideway.udfs.trials import TRIAL_DDL, trial_rows, unpack


def run_on(spark: SparkSession) -> Run:
    """A way to run trials: the table goes to each executor once, each task trains one model and sends rows back."""

    def run(trials: Trials) -> list[pd.DataFrame | None]:
        if not len(trials):
            return []
        numbers = spark.range(0, len(trials), numPartitions=len(trials))
        rows = numbers.mapInArrow(trial_rows(shared(spark, trials)), TRIAL_DDL).collect()
        held_out = {row.trial: row.held_out for row in rows}
        return [None if held_out[k] is None else unpack(held_out[k]) for k in range(len(trials))]

    return run
