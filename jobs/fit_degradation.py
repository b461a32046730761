"""Fit degradation trends, find unrecorded works, forecast limit crossings, score past forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts import Table
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
    rulebooks, cells = load_rulebooks(*context.settings.rulebook_folders), lake.read(CONDITION_SERIES)
    windows: dict[Table, list[DataFrame]] = {DEGRADATION_TREND: [], LIMIT_FORECAST: [], FORECAST_SCORECARD: []}
    for day in days:
        history = History(lake.read, rulebooks, day, cells)
        learned, fitting = learn_from_sample(history.sample(), day, history.work_types)
        fitted = degradation.fit(history.recent, history.limits, fitting).persist()
        windows[DEGRADATION_TREND].append(degradation.trend_rows(fitted, day))
        windows[LIMIT_FORECAST].append(degradation.forecast_rows(fitted, day))
        windows[FORECAST_SCORECARD].append(scorecard_rows(context.spark, learned, day))
    for table, rows in windows.items():  # in turn: all are of one fit, which the first of them makes
        writer.replace_days(reduce(DataFrame.unionByName, rows), table, *days)
    if lake.read(DEGRADATION_TREND).where(F.col("as_of") > F.lit(as_of)).isEmpty():
        writer.replace(degradation.intervention_rows(fitted), INTERVENTION, F.lit(True), "true")
    counts = fitted.groupBy("trend.status").count().collect()
    fitted.unpersist()
    noise = noise_control.of_day(lake.read, as_of)
    in_threads(lambda table: writer.replace_days(noise[table], table, as_of), noise)
    return {row["status"]: row["count"] for row in counts}


if __name__ == "__main__":
    main(FIT_DEGRADATION, run)
