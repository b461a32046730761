"""Fit degradation trends, find unrecorded works, forecast limit crossings, score past forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts.gold import DEGRADATION_TREND, FORECAST_SCORECARD, INTERVENTION, LIMIT_FORECAST
from guideway.contracts.jobs import FIT_DEGRADATION
from guideway.contracts.schema import sql_text
from guideway.contracts.silver import CONDITION_SERIES, SERIES_FIT
from guideway.job import JobContext, main
from guideway.lake.session import row_groups
from guideway.rulebooks.load import load_rulebooks
from guideway.threads import in_threads
from guideway.transforms import degradation, noise_control
from guideway.transforms.history import History
from guideway.transforms.scorecard import learn_from_sample, scorecard_rows
from guideway.transforms.series_cells import GROUP_BYTES, SeriesCells
from guideway.transforms.series_fits import SeriesFits

WEEK = timedelta(days=7)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Fit ``as_of``; and the week before where it was never fitted, so that a first report can say what changed."""
    as_of, lake = context.as_of, context.lake
    cells = renew_cells(context)
    last_week = lake.read(DEGRADATION_TREND).where(F.col("as_of") == F.lit(as_of - WEEK))
    days = (as_of - WEEK, as_of) if last_week.isEmpty() else (as_of,)
    statuses, n_carried = fit_days(context, days, cells)
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())) or "no history yet"
    carried = f"; nothing came for {n_carried}, whose fits were carried on" if n_carried else ""
    return f"{sum(statuses.values())} series: {told}{carried}", statuses


def renew_cells(context: JobContext) -> SeriesCells:
    """Make the cells of the condition series anew that are not what their recordings say; all are right after it."""
    context.lake.require_plain(CONDITION_SERIES)
    cells = SeriesCells.of(context.lake.read)
    if cells.old:
        with row_groups(context.spark, GROUP_BYTES):
            context.writer.replace(cells.anew(), CONDITION_SERIES, F.expr(cells.window), cells.window)
        context.say(f"{len(cells.old)} cells of a line and year made anew")
    return replace(cells, stored=context.lake.read(CONDITION_SERIES), old=())


def fit_days(context: JobContext, days: tuple[date, ...], cells: SeriesCells) -> tuple[Mapping[str, int], int]:
    """Replace the windows of the days together; interventions are those of the latest.

    Returns:
        The latest day's series by status, and how many of them carry on the fit of an earlier day.
    """
    lake, writer, as_of = context.lake, context.writer, days[-1]
    history = History(lake.read, load_rulebooks(*context.settings.rulebook_folders), as_of, cells)
    taught = learn_from_sample(degradation.arrow_batch(history.sample()), history.work_types, *days)
    fittings = [fitting for _, fitting in taught]
    by_load = any(fitting.priors.by_load.any() for fitting in fittings)
    fits = SeriesFits.of(lake.read, history.made_of(fittings[-1].digest, by_load), days)
    fitted = degradation.fit(history.recent(fits.changed, by_load), fittings)
    if fits.carried is not None:
        fitted = fitted.unionByName(degradation.carry(fits.carried, history.limits, fittings[-1]))
    fitted = fitted.persist()
    scorecards = [scorecard_rows(context.spark, learned, fitting.as_of) for learned, fitting in taught]
    windows = {
        DEGRADATION_TREND: degradation.trend_rows(fitted),
        LIMIT_FORECAST: degradation.forecast_rows(fitted),
        FORECAST_SCORECARD: reduce(DataFrame.unionByName, scorecards),
    }
    for table, rows in windows.items():  # in turn: the first of them makes the fit
        writer.replace_days(rows, table, *days)
    of_day = fitted.where(F.col("as_of") == F.lit(as_of))
    counts = of_day.groupBy("line_id", "trend.status", "fitted_on").count().collect()
    if lake.read(DEGRADATION_TREND).where(F.col("as_of") > F.lit(as_of)).isEmpty():
        writer.replace(degradation.intervention_rows(of_day), INTERVENTION, F.lit(True), "true")
        lines = sorted({row["line_id"] for row in counts if row["fitted_on"] == as_of})
        if lines:  # last, for what is fitted was read from this table, too
            window = f"line_id IN ({', '.join(map(sql_text, lines))})"
            writer.replace(fits.rows(of_day, lines), SERIES_FIT, F.expr(window), window)
    fitted.unpersist()
    fits.sources.unpersist()
    noise = noise_control.of_day(lake.read, as_of)
    in_threads(lambda table: writer.replace_days(noise[table], table, as_of), noise)
    statuses: dict[str, int] = {}
    for row in counts:
        statuses[row["status"]] = statuses.get(row["status"], 0) + row["count"]
    return statuses, sum(row["count"] for row in counts if row["fitted_on"] < as_of)


if __name__ == "__main__":
    main(FIT_DEGRADATION, run)
