"""Fit degradation trends, find unrecorded works, forecast limit crossings, score past forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pyspark.sql import functions as F

from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION, DEGRADATION_TREND, FORECAST_SCORECARD, INTERVENTION, LIMIT_FORECAST
from guideway.contracts.jobs import FIT_DEGRADATION
from guideway.contracts.noise_control import INSERTION_LOSS, LEVEL_PART, NOISE_SOURCE
from guideway.contracts.reference import ASSET, WORK_HISTORY
from guideway.job import JobContext, main
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms import degradation
from guideway.transforms.history import History
from guideway.transforms.noise_control import insertion_losses, level_parts
from guideway.transforms.recording import latest_revisions
from guideway.transforms.scorecard import learn_from_sample, scorecard_rows

WEEK = timedelta(days=7)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Fit ``as_of``; and the week before where it was never fitted, so that a first report can say what changed."""
    as_of = context.as_of
    last_week = context.lake.read(DEGRADATION_TREND).where(F.col("as_of") == F.lit(as_of - WEEK))
    if last_week.isEmpty():
        fit_day(context, as_of - WEEK)
    statuses = fit_day(context, as_of)
    control_noise(context, as_of)
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    return f"{sum(statuses.values())} series: {told or 'no history yet'}", statuses


def fit_day(context: JobContext, as_of: date) -> dict[str, int]:
    """Replace the window of one day; interventions are those of the latest day. Returns series by status."""
    lake, writer = context.lake, context.writer
    history = History(lake.read, load_rulebooks(*context.settings.rulebook_folders), as_of)
    learned, fitting = learn_from_sample(history.sample(), as_of, history.work_types)
    fitted = degradation.fit(history.series, history.limits, fitting).persist()
    windows = {
        DEGRADATION_TREND: degradation.trend_rows(fitted, as_of),
        LIMIT_FORECAST: degradation.forecast_rows(fitted, as_of),
        FORECAST_SCORECARD: scorecard_rows(context.spark, learned, as_of),
    }
    for table, rows in windows.items():
        writer.replace(rows, table, F.col("as_of") == F.lit(as_of), f"as_of = DATE '{as_of.isoformat()}'")
    later = lake.read(DEGRADATION_TREND).where(F.col("as_of") > F.lit(as_of))
    if later.isEmpty():
        writer.replace(degradation.intervention_rows(fitted), INTERVENTION, F.lit(True), "true")
    counts = windows[DEGRADATION_TREND].groupBy("status").count().collect()
    fitted.unpersist()
    context.say(f"{as_of}: {sum(row['count'] for row in counts)} series")
    return {row.status: row["count"] for row in counts}


def control_noise(context: JobContext, as_of: date) -> None:
    """Replace the windows of one day: what works beside receivers brought, what the levels of receivers are made of."""
    lake = context.lake
    tables = (CONDITION, RECORDING, NOISE_SOURCE, ASSET, WORK_HISTORY)
    conditions, recordings, sources, assets, works = (lake.read(table) for table in tables)
    valid = latest_revisions(recordings)
    windows = {
        INSERTION_LOSS: insertion_losses(conditions, valid, sources, assets, works, as_of),
        LEVEL_PART: level_parts(conditions, valid, sources, assets, as_of),
    }
    for table, rows in windows.items():
        context.writer.replace(rows, table, F.col("as_of") == F.lit(as_of), f"as_of = DATE '{as_of.isoformat()}'")


if __name__ == "__main__":
    main(FIT_DEGRADATION, run)
