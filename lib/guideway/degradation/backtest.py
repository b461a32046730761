"""Rolling-origin back-test: forecasts made with what was known on past days, scored on what came after.

At each origin works are found, trends fitted and interval factors calibrated from data up to that day only. A value is
not scored where a work (recorded, or inferred from the whole series) lies between the origin and it: the forecast is of
the asset left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from guideway.degradation.baselines import (
    last_recorded_work,
    least_squares,
    nearest_value,
    persistence,
    straddles,
)
from guideway.degradation.calibration import Calibration, fit_calibration
from guideway.degradation.forecasts import Predictive, predictive, standard_quantile
from guideway.degradation.interventions import Interventions, find_interventions
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import Priors
from guideway.degradation.scale import to_scale, to_values
from guideway.degradation.scores import crps_lognormal, crps_normal, crps_pearson
from guideway.degradation.series import Floats, Ints, SeriesBatch
from guideway.degradation.trends import Trends, fit_trends


@dataclass(frozen=True)
class Scores:
    """One row a scored forecast; errors are standardised before calibration, all else is after it.

    ``occasion`` is the day of the value where it was measured together with others; each value of a series measured
    alone has one of its own. ``runs`` is how many runs of its group a forecast was made from, see ``runs_of_groups``.
    """

    series: Ints
    group: Ints
    horizon: Ints
    origin_days: Floats
    target_days: Floats
    occasion: Ints
    runs: Floats
    value: Floats
    forecast: Floats
    standardised: Floats
    inside_80: npt.NDArray[np.bool_]
    inside_95: npt.NDArray[np.bool_]
    crps: Floats
    persistence_crps: Floats
    ols_crps: Floats
    ols_reset_crps: Floats


@dataclass(frozen=True)
class Scorecard:
    """Means over scored forecasts, a row a group of the priors and horizon that has any.

    ``ols_crps`` is least squares since the last recorded work; ``ols_reset_crps`` since the last work this engine knew
    of, inferred ones included. ``baseline_crps`` is the better of persistence and ``ols_crps``. ``bias`` is forecast
    minus value.
    """

    group: Ints
    horizon_weeks: Floats
    n: Ints
    coverage_80: Floats
    coverage_95: Floats
    crps: Floats
    bias: Floats
    persistence_crps: Floats
    ols_crps: Floats
    ols_reset_crps: Floats
    baseline_crps: Floats


@dataclass(frozen=True)
class Backtest:
    """Outcome of a back-test.

    Attributes:
        scorecard: means by group and horizon.
        scores: every scored forecast.
        calibration: interval factors from all scored forecasts; for forecasts made after the last of them.
        n_straddling: forecasts left out because a work lies between origin and value.
        horizons_weeks: float64 (h,), what ``Scores.horizon`` are places in.
    """

    scorecard: Scorecard
    scores: Scores
    calibration: Calibration
    n_straddling: int
    horizons_weeks: Floats

    def known_on(self, day: float, runs: Floats) -> tuple[Calibration, Scorecard]:
        """Interval factors and means by what had been measured on a day, from the forecasts scored here.

        ``runs`` (rows,) are those of the groups by that day.
        """
        known = _chosen(self.scores, self.scores.target_days <= day)
        return _calibrated([known], runs, self.horizons_weeks, day), _scorecard(known, self.horizons_weeks)


def backtest(
    batch: SeriesBatch,
    priors: Priors,
    origins_days: npt.ArrayLike,
    horizons_weeks: npt.ArrayLike,
    parameters: DegradationParameters | None = None,
    score_from_days: float = -np.inf,
    priors_on: Callable[[float], Priors] | None = None,
) -> Backtest:
    """Score forecasts from each origin at each horizon.

    Forecasts are made with ``priors_on(origin)``, what the groups said by that day, or else with ``priors``, then best
    from ``batch.until(first origin)``. Works that rule a target out are found with ``priors``. The value nearest to a
    horizon within the parameters' tolerance is the target, and the forecast is for its very day. Interval factors at an
    origin come from forecasts whose values were known by then (rolling split conformal).
    Origins before ``score_from_days`` only feed the calibration and are not scored.
    """
    chosen = parameters or DegradationParameters()
    weeks = np.atleast_1d(np.asarray(horizons_weeks, np.float64))
    every_work = find_interventions(batch, priors, chosen)
    scored: list[Scores] = []
    n_straddling = 0
    for origin in np.sort(np.atleast_1d(np.asarray(origins_days, np.float64))):
        known = batch.until(origin)
        then = priors if priors_on is None else priors_on(float(origin))
        works = find_interventions(known, then, chosen, origin)
        trends = fit_trends(known, then, origin, chosen, works)
        runs = runs_of_groups(known, priors)
        calibration = _calibrated(scored, runs, weeks, float(origin))
        for column, week in enumerate(weeks):
            target = _targets(batch, float(origin), 7.0 * float(week), chosen.score_tolerance_days)
            found = (target >= 0) & np.isfinite(trends.state[:, 0])
            day = np.where(target >= 0, batch.t_days[np.maximum(target, 0)] if len(batch.t_days) else 0.0, origin)
            left_out = straddles(every_work, np.full(len(batch), origin), day) & found
            n_straddling += int(left_out.sum())
            chosen_series = np.flatnonzero(found & ~left_out)
            moment = _Moment(batch, known, works, trends, runs, calibration, float(origin), 7.0 * float(week))
            scored.append(moment.scores(chosen_series, target, column, chosen.score_tolerance_days))
    everything = _joined(scored)
    scores = _chosen(everything, everything.origin_days >= score_from_days)
    calibration = _calibrated([everything], runs_of_groups(batch, priors), weeks, np.inf)
    return Backtest(_scorecard(scores, weeks), scores, calibration, n_straddling, weeks)


@dataclass(frozen=True)
class _Moment:
    """Everything known at one origin."""

    batch: SeriesBatch
    known: SeriesBatch
    works: Interventions
    trends: Trends
    runs: Floats
    calibration: Calibration
    origin: float
    horizon_days: float

    def scores(self, series: Ints, target: Ints, column: int, tolerance: float) -> Scores:
        """Score the forecasts of the chosen ``series`` for their target values."""
        trends, batch = self.trends, self.batch
        place = target[series]
        day, value = batch.t_days[place], batch.values[place]
        ahead_all = np.zeros(len(batch))
        ahead_all[series] = day - self.origin
        raw = predictive(trends, ahead_all)
        raw = Predictive(raw.mean[series], raw.sd[series], raw.skew[series])
        group, sign, is_log = trends.group[series], trends.direction[series], trends.is_log[series]
        narrow, wide = self.calibration.at(group, (day - self.origin) / 7.0)
        on_scale = to_scale(value, sign, is_log)
        error = (on_scale - raw.mean) / np.where(raw.sd > 0, raw.sd, 1e-12)
        crps = _crps(value, on_scale, Predictive(raw.mean, raw.sd * narrow, raw.skew), sign, is_log)
        together = batch.cohort[series] >= 0
        occasion = np.where(together, np.round(day).astype(np.int64), -1 - place)
        still, still_sd = persistence(
            self.known, self.works, trends.group, len(self.runs), self.horizon_days, tolerance
        )
        noise = np.sqrt(2.0) * np.nan_to_num(trends.sigma)
        still_sd = np.where(np.isfinite(still_sd), still_sd, noise)
        still_crps = crps_normal(value, still[series], still_sd[series])
        return Scores(
            series=series,
            group=group,
            horizon=np.full(len(series), column, np.int64),
            origin_days=np.full(len(series), self.origin),
            target_days=day,
            occasion=occasion,
            runs=self.runs[group],
            value=value,
            forecast=to_values(raw.mean, sign, is_log),
            standardised=np.abs(error),
            inside_80=_inside(error, raw.skew, narrow, 0.8),
            inside_95=_inside(error, raw.skew, wide, 0.95),
            crps=crps,
            persistence_crps=still_crps,
            ols_crps=self._least_squares(series, day, value, last_recorded_work(self.known), still_crps),
            ols_reset_crps=self._least_squares(series, day, value, trends.since_days, still_crps),
        )

    def _least_squares(self, series: Ints, day: Floats, value: Floats, since: Floats, instead: Floats) -> Floats:
        """CRPS of least squares; persistence's where there are fewer than three values."""
        at = np.zeros(len(self.batch))
        at[series] = day
        mean, sd = least_squares(self.known.offsets, self.known.t_days, self.known.values, since, at)
        score = crps_normal(value, mean[series], sd[series])
        return np.where(np.isfinite(score), score, instead)


def runs_of_groups(batch: SeriesBatch, priors: Priors) -> Floats:
    """How many runs each row of ``priors`` was measured in: days, in the mean of its cohorts (rows,); 0 without any.

    A series measured alone is a cohort by itself.
    """
    n, rows = len(batch), len(priors.groups) + 1
    cohort = np.where(batch.cohort >= 0, batch.cohort + n, np.arange(n)).astype(np.int64)
    group = np.full(int(cohort.max(initial=-1)) + 1, -1, np.int64)
    group[cohort] = priors.rows(batch)
    owner, day = cohort[batch.owner()], np.round(batch.t_days)
    order = np.lexsort((day, owner))
    is_new = (np.diff(owner[order], prepend=-1) != 0) | (np.diff(day[order], prepend=np.nan) != 0)
    runs = owner[order][is_new]
    cohorts = np.bincount(group[np.unique(runs)], minlength=rows)
    return np.asarray(np.bincount(group[runs], minlength=rows) / np.maximum(cohorts, 1))


def _targets(batch: SeriesBatch, origin: float, horizon_days: float, tolerance: float) -> Ints:
    n = len(batch)
    day, after = np.full(n, origin + horizon_days), np.full(n, origin)
    return nearest_value(batch.offsets, batch.t_days, day, after, min(tolerance, 0.5 * horizon_days))


def _inside(error: Floats, skew: Floats, scale: Floats, level: float) -> npt.NDArray[np.bool_]:
    low, high = (standard_quantile(p, skew) for p in (0.5 - level / 2, 0.5 + level / 2))
    return np.asarray((error >= scale * low) & (error <= scale * high))


def _crps(value: Floats, z: Floats, ahead: Predictive, sign: Floats, is_log: npt.NDArray[np.bool_]) -> Floats:
    bent = ahead.skew > 1e-3
    score = crps_normal(z, ahead.mean, ahead.sd)
    if bent.any():
        skew = np.where(bent, ahead.skew, 1.0)
        score = np.where(bent, crps_pearson(z, ahead.mean, ahead.sd, skew), score)
    if is_log.any():
        positive = np.where(is_log & (value > 0), value, 1.0)
        score = np.where(is_log, crps_lognormal(positive, sign * ahead.mean, ahead.sd), score)
    return score


def _joined(parts: list[Scores]) -> Scores:
    if not parts:
        types = {"bool": np.bool_, "Ints": np.int64, "Floats": np.float64}
        return Scores(*(np.empty(0, next(t for n, t in types.items() if n in str(f.type))) for f in fields(Scores)))
    return Scores(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Scores)))


def _chosen(scores: Scores, keep: npt.NDArray[np.bool_]) -> Scores:
    return Scores(*(getattr(scores, f.name)[keep] for f in fields(Scores)))


def _calibrated(parts: list[Scores], runs_now: Floats, weeks: Floats, known_until: float) -> Calibration:
    past = _joined(parts)
    past = _chosen(past, past.target_days <= known_until)
    return fit_calibration(past.group, past.horizon, past.occasion, past.standardised, past.runs, runs_now, weeks)


def _scorecard(scores: Scores, weeks: Floats) -> Scorecard:
    cell = scores.group * len(weeks) + scores.horizon
    cells, inverse, counts = np.unique(cell, return_inverse=True, return_counts=True)

    def mean(numbers: npt.NDArray[np.generic]) -> Floats:
        total = np.bincount(inverse, weights=numbers.astype(np.float64), minlength=len(cells)).astype(np.float64)
        return np.asarray(total / np.maximum(counts, 1))

    still, ols = mean(scores.persistence_crps), mean(scores.ols_crps)
    return Scorecard(
        group=(cells // len(weeks)).astype(np.int64),
        horizon_weeks=weeks[cells % len(weeks)],
        n=counts.astype(np.int64),
        coverage_80=mean(scores.inside_80),
        coverage_95=mean(scores.inside_95),
        crps=mean(scores.crps),
        bias=mean(scores.forecast - scores.value),
        persistence_crps=still,
        ols_crps=ols,
        ols_reset_crps=mean(scores.ols_reset_crps),
        baseline_crps=np.minimum(still, ols),
    )
