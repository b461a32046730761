"""gold.forecast_scorecard, and what a sample of series teaches before all are fitted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from guideway.contracts.gold import FORECAST_SCORECARD
from guideway.degradation.learning import Learned, learn_days
from guideway.degradation.parameters import DegradationParameters
from guideway.udfs.degradation import Fitting, epoch_days
from guideway.udfs.ragged import cohort_names, series_batch

_MEANS = ("coverage_80", "coverage_95", "crps", "bias", "baseline_crps", "persistence_crps", "ols_crps")


def learn_from_sample(
    sample: pa.RecordBatch, work_types: tuple[str, ...], *days: date
) -> list[tuple[Learned, Fitting]]:
    """Fit priors and interval factors of each day on rows of ``condition_series``, and back-test them."""
    pools, cohorts = (
        tuple(sorted(pc.unique(names).to_pylist())) if sample.num_rows else ()
        for names in (sample.column("pool"), cohort_names(sample))
    )
    parameters, ends = DegradationParameters(), [epoch_days(day) for day in days]
    series = series_batch(sample, pools, work_types, cohorts=cohorts)
    taught = learn_days(series, pools, ends, parameters, isolated_defects=[is_peak(pool) for pool in pools])
    return [
        (learned, Fitting(day, parameters, learned.priors, learned.calibration, work_types, cohorts))
        for day, learned in zip(days, taught, strict=True)
    ]


def is_peak(pool: str) -> bool:
    """Whether a pool's indicator is a peak: an extreme of its section, where isolated defects show."""
    return pool.split("|", maxsplit=1)[0].endswith("_peak")


def scorecard_rows(spark: SparkSession, learned: Learned, as_of: date) -> DataFrame:
    """Means by indicator and horizon: those of its pools, weighted by the number of forecasts scored."""
    scorecard = learned.scorecard
    names = np.array([*(pool.split("|")[0] for pool in learned.priors.groups), ""])
    indicators = names[scorecard.group]
    rows = []
    for indicator, horizon in sorted(set(zip(indicators.tolist(), scorecard.horizon_weeks.tolist(), strict=True))):
        chosen = (indicators == indicator) & (scorecard.horizon_weeks == horizon)
        counts = scorecard.n[chosen]
        means = [float(np.average(getattr(scorecard, name)[chosen], weights=counts)) for name in _MEANS]
        rows.append((as_of, indicator, int(horizon), int(counts.sum()), *means))
    return spark.createDataFrame(rows, FORECAST_SCORECARD.ddl)
