"""Fit degradation trends inside Spark tasks: batches of condition series in, trends, forecasts and works out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guideway import __version__
from guideway.contracts.silver import SERIES_FIT
from guideway.degradation.calibration import Calibration
from guideway.degradation.compiled import ENGINE
from guideway.degradation.forecasts import Forecasts, forecast_limits
from guideway.degradation.interventions import SOURCES, Interventions, find_interventions
from guideway.degradation.news import last_news
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import MODELS, Priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trend_kernels import RESULT_COLUMNS
from guideway.degradation.trends import STATUSES, Trends, fit_states, trends_on
from guideway.udfs.ragged import Floats, Ints, floats, lists, moments, numbers, ragged, series_batch, words

_TREND = (
    "model string, rate_per_year double, rate_low double, rate_high double, level_now double, sigma double, "
    "n_points int, since timestamp, status string"
)
_FORECAST = (
    "level string, limit double, level_now double, days_p10 double, days_p50 double, days_p90 double, "
    "probability_4w double, probability_13w double, probability_26w double, probability_52w double, provenance string"
)
_FIT = ("works", "fitted_on", "news_days", "fit")
_SERIES = ("asset_id", "indicator", "line_id", "unit", "pool", "direction")
FITTED_DDL = (
    "as_of date, asset_id string, indicator string, line_id string, unit string, pool string, direction int, "
    f"trend struct<{_TREND}>, forecasts array<struct<{_FORECAST}>>, works {SERIES_FIT.column('works').type}, "
    "fitted_on date, news_days double, fit array<double>"
)


@dataclass(frozen=True)
class Fitting:
    """What every task needs to fit a day: the pools' priors and calibration, names of work types and cohorts."""

    as_of: date
    parameters: DegradationParameters
    priors: Priors
    calibration: Calibration
    work_types: tuple[str, ...]
    cohorts: tuple[str, ...] = ()

    @property
    def as_of_days(self) -> float:
        """The end of the day; see ``epoch_days``."""
        return epoch_days(self.as_of)

    @property
    def digest(self) -> str:
        """Stands for all that is the same for every series of the day, but the day and what only forecasts need."""
        return "/".join((ENGINE or __version__, self.parameters.digest, self.priors.digest))


def epoch_days(day: date) -> float:
    """End of a day as days since 1970-01-01 UTC."""
    return float((day - date(1970, 1, 1)).days + 1)


def fit_series(
    fittings: Callable[[], Sequence[Fitting]],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function over batches of ``udfs.cell_files.read_series``, whole assets, that yields ``FITTED_DDL``.

    A batch carries thousands of series; the kernels run over flat arrays, with no Python call a series. Each day has
    the series that had begun by then.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        plans = fittings()
        for batch in batches:
            for plan in plans:
                begun = _begun(batch, plan.as_of_days)
                if begun.num_rows:
                    yield _fitted(begun, plan)

    return run


def _begun(batch: pa.RecordBatch, as_of_days: float) -> pa.RecordBatch:
    """Series with a value by then; those without any value, too: their status tells."""
    offsets, days = ragged(batch.column("t_days"))
    first = np.where(np.diff(offsets) > 0, offsets[:-1], -1)
    return batch.filter(pa.array(np.append(floats(days), -np.inf)[first] <= as_of_days))


def _fitted(batch: pa.RecordBatch, plan: Fitting) -> pa.RecordBatch:
    series = series_batch(batch, plan.priors.groups, plan.work_types, cohorts=plan.cohorts).until(plan.as_of_days)
    day = last_news(series, plan.priors, plan.as_of_days)
    works = find_interventions(series, plan.priors, plan.parameters, day)
    states, rows = fit_states(series, plan.priors, day, plan.parameters, works), plan.priors.rows(series)
    sigma = trends_on(states, day, day, rows, series.direction, plan.priors, plan.parameters).sigma
    fits = {
        "works": _work_column(works, sigma, series, batch.column("work_ids"), plan.work_types),
        "fitted_on": pa.repeat(pa.scalar(plan.as_of), batch.num_rows),
        "news_days": pa.array(day),
        "fit": _list_column(states),
    }
    return _told(batch, plan, _trends(states, day, plan, rows, series.direction), fits)


def carry_fits(fitting: Callable[[], Fitting]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow`` over rows of ``silver.series_fit`` (with ``limits``) that yields ``FITTED_DDL``."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        plan = fitting()
        for batch in batches:
            if batch.num_rows:
                yield _carried(batch, plan)

    return run


def _carried(batch: pa.RecordBatch, plan: Fitting) -> pa.RecordBatch:
    same = {name: batch.column(name) for name in _FIT}
    states = floats(same["fit"].flatten()).reshape(batch.num_rows, RESULT_COLUMNS)
    groups = pc.index_in(batch.column("pool"), value_set=pa.array(plan.priors.groups, pa.string()))
    rows = np.asarray(pc.fill_null(groups, len(plan.priors.groups)), np.int64)
    trends = _trends(states, floats(same["news_days"]), plan, rows, np.asarray(batch.column("direction")))
    return _told(batch, plan, trends, same)


def _trends(states: Floats, days: Floats, plan: Fitting, rows: Ints, direction: npt.ArrayLike) -> Trends:
    return trends_on(states, days, plan.as_of_days, rows, direction, plan.priors, plan.parameters)


def _told(batch: pa.RecordBatch, plan: Fitting, trends: Trends, fits: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Rows of ``FITTED_DDL`` of the series of a batch, from their trends on the day and what is kept of their fits."""
    limit_offsets, limits = ragged(batch.column("limits"))
    forecasts = forecast_limits(trends, limit_offsets, floats(limits.field("limit")), plan.calibration)
    columns = {"as_of": pa.repeat(pa.scalar(plan.as_of), batch.num_rows)}
    columns |= {name: batch.column(name) for name in _SERIES}
    columns["trend"] = _trend_column(trends)
    columns["forecasts"] = _forecast_column(forecasts, limits, trends)
    columns |= fits
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _list_column(table: Floats) -> pa.ListArray:
    """A row of a table (n, k) as a list."""
    bounds = np.arange(len(table) + 1, dtype=np.int32) * table.shape[1]
    return pa.ListArray.from_arrays(pa.array(bounds), pa.array(table.ravel()))


def _trend_column(trends: Trends) -> pa.StructArray:
    columns = {
        "model": words(MODELS, trends.model),
        "rate_per_year": numbers(trends.rate_per_year),
        "rate_low": numbers(trends.rate_low),
        "rate_high": numbers(trends.rate_high),
        "level_now": numbers(trends.level_now),
        "sigma": numbers(trends.sigma),
        "n_points": pa.array(trends.n_points.astype(np.int32)),
        "since": moments(trends.since_days),
        "status": words(STATUSES, trends.status),
    }
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


def _forecast_column(forecasts: Forecasts, limits: pa.StructArray, trends: Trends) -> pa.ListArray:
    valid = forecasts.is_valid
    owner = forecasts.owner()[valid]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(trends)))])
    kept = pa.array(valid)
    columns = {
        "level": limits.field("level").filter(kept),
        "limit": limits.field("limit").filter(kept),
        "level_now": numbers(trends.level_now[owner]),
    }
    for name in ("days_p10", "days_p50", "days_p90", *(f"probability_{weeks}w" for weeks in (4, 13, 26, 52))):
        columns[name] = numbers(getattr(forecasts, name)[valid])
    columns["provenance"] = limits.field("provenance").filter(kept)
    return lists(offsets, columns)


def _work_column(
    works: Interventions, sigma: Floats, series: SeriesBatch, work_ids: pa.ListArray, work_types: tuple[str, ...]
) -> pa.ListArray:
    """Works of each series, with its sigma (n,) on the day of the fit."""
    _, ids = ragged(work_ids)
    row = pa.array(works.work_row, mask=works.work_row < 0)
    unknown = len(work_types)
    columns = {
        "at": moments(works.at_days),
        "work_type": words((*work_types, "unknown"), np.where(works.work_code < 0, unknown, works.work_code)),
        "source": words(SOURCES, works.source),
        "confidence": numbers(np.clip(works.confidence, 0.0, 1.0)),
        "effect": numbers(works.effect),
        "sigma": numbers(sigma[works.owner()]),
        "work_id": pc.take(ids, row) if len(ids) else pa.nulls(len(works.at_days), pa.string()),
    }
    return lists(works.offsets, columns)
