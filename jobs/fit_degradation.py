"""Fit degradation trends, find unrecorded works, forecast limit crossings, score past forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts.gold import DEGRADATION_TREND, FORECAST_SCORECARD, INTERVENTION, LIMIT_FORECAST
from guideway.contracts.jobs import FIT_DEGRADATION
from guideway.contracts.silver import CONDITION_SERIES
from guideway.job import JobContext, main
from guideway.rulebooks.load import load_rulebooks
from guideway.threads import in_threads
from guideway.transforms import degradation, noise_control
from guideway.transforms.history import History
from guideway.transforms.scorecard import learn_from_sample, scorecard_rows
from guideway.transforms.series_cells import SeriesCells

WEEK = timedelta(days=7)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Fit ``as_of``; and the week before where it was never fitted, so that a first report can say what changed."""
    as_of, lake = context.as_of, context.lake
    renew_cells(context)
    last_week = lake.read(DEGRADATION_TREND).where(F.col("as_of") == F.lit(as_of - WEEK))
    days = (as_of - WEEK, as_of) if last_week.isEmpty() else (as_of,)
    statuses = fit_days(context, days)
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    return f"{sum(statuses.values())} series: {told or 'no history yet'}", statuses


def renew_cells(context: JobContext) -> None:
    """Make the cells of the condition series anew that are not what their recordings say."""
    cells = SeriesCells.of(context.lake.read)
    if cells.old:
        context.writer.replace(cells.anew(), CONDITION_SERIES, F.expr(cells.window), cells.window)
        context.say(f"{len(cells.old)} cells of a line and year made anew")


def fit_days(context: JobContext, days: tuple[date, ...]) -> Mapping[str, int]:
    """Replace the windows of the days together; interventions are those of the latest. Returns its series by status."""
    lake, writer, as_of = context.lake, context.writer, days[-1]
    history = History(lake.read, load_rulebooks(*context.settings.rulebook_folders), as_of, lake.read(CONDITION_SERIES))
    taught = learn_from_sample(degradation.arrow_batch(history.sample()), history.work_types, *days)
    fitted = degradation.fit(history.recent, history.limits, [fitting for _, fitting in taught]).persist()
    scorecards = [scorecard_rows(context.spark, learned, fitting.as_of) for learned, fitting in taught]
    windows = {
        DEGRADATION_TREND: degradation.trend_rows(fitted),
        LIMIT_FORECAST: degradation.forecast_rows(fitted),
        FORECAST_SCORECARD: reduce(DataFrame.unionByName, scorecards),
    }
    for table, rows in windows.items():  # in turn: the first of them makes the fit
        writer.replace_days(rows, table, *days)
    of_day = fitted.where(F.col("as_of") == F.lit(as_of))
    if lake.read(DEGRADATION_TREND).where(F.col("as_of") > F.lit(as_of)).isEmpty():
        writer.replace(degradation.intervention_rows(of_day), INTERVENTION, F.lit(True), "true")
    counts = of_day.groupBy("trend.status").count().collect()
    fitted.unpersist()
    noise = noise_control.of_day(lake.read, as_of)
    in_threads(lambda table: writer.replace_days(noise[table], table, as_of), noise)
    return {row["status"]: row["count"] for row in counts}


if __name__ == "__main__":
    main(FIT_DEGRADATION, run)
