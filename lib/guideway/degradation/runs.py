"""What all values of one run share: its speed, its temperature, the calibration of the day.

Sections measured together err together, and no number of them averages that out. The shared part of each run is told
from the interpolation residuals of all series of a cohort (those of one indicator on one line): works and outliers
touch few of them. It is taken off before anything is fitted, and what cannot be told, a shared line, is added to what
is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel
from guideway.degradation.noise import MAD_TO_SIGMA
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints

LEAST_SERIES = 8
LEAST_RUNS = 6
LONGEST_RUN_DAYS = 0.5
CLIP = 1.5  # standard deviations beyond which a residual does not pull the shared part further


@dataclass(frozen=True)
class RunEffects:
    """Shared parts of runs on the model's scale, ordered by cohort and day.

    Attributes:
        cohort: int64 (k,), as in ``SeriesBatch.cohort``.
        t_days: (k,) middle of the run, days since 1970-01-01 UTC.
        effect: (k,) what its values share, shrunk towards 0.
        variance: (k,) of the shared part of any run of the cohort.
    """

    cohort: Ints
    t_days: Floats
    effect: Floats
    variance: Floats

    @classmethod
    def none(cls) -> RunEffects:
        """No cohort shares anything."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0))

    def joined(self, other: RunEffects) -> RunEffects:
        """Those of both; no cohort may be in both."""
        columns = {f.name: np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)}
        order = np.lexsort((columns["t_days"], columns["cohort"]))
        return RunEffects(**{name: column[order] for name, column in columns.items()})

    def bounds(self, cohort: npt.NDArray[np.int32]) -> Ints:
        """First and one past the last position of each cohort's runs; (n, 2)."""
        return np.column_stack((np.searchsorted(self.cohort, cohort), np.searchsorted(self.cohort, cohort, "right")))

    def shared(self, cohort: npt.NDArray[np.int32], day: Floats) -> Floats:
        """What lies in common on ``day``, (n, 4): variances of a run, of level, covariance, variance of rate a year.

        A line through the runs of the cohort cannot be told from the trends of its series; its variance is that of
        least squares through runs with the variance of one.
        """
        found = np.zeros((len(cohort), 4))
        for number in np.unique(self.cohort):
            runs, own = self.cohort == number, cohort == number
            years = self.t_days[runs] / DAYS_PER_YEAR
            spread = float(np.sum((years - years.mean()) ** 2))
            age = day[own] / DAYS_PER_YEAR - years.mean()
            one = float(self.variance[runs][0])
            columns = (
                np.ones(len(age)),
                1.0 / runs.sum() + age**2 / spread,
                age / spread,
                np.full(len(age), 1.0 / spread),
            )
            found[own] = one * np.column_stack(columns)
        return found

    def error_of_mean(self, cohort: npt.NDArray[np.int32]) -> float:
        """Variance of the mean rate a year of series of these cohorts: a line through its runs is in every series."""
        cohorts, counts = np.unique(cohort, return_counts=True)
        lines = self.shared(cohorts, np.zeros(len(cohorts)))[:, 3]
        return float(np.sum((counts / len(cohort)) ** 2 * lines))


@kernel
def without_runs(offsets: Ints, t: Floats, z: Floats, bounds: Ints, run_t: Floats, effect: Floats) -> Floats:
    """Values (m,) less the shared part of the run each belongs to; equal values are a sensor's and stay equal."""
    rest = z.copy()
    for i in range(len(offsets) - 1):
        k, last = bounds[i, 0], bounds[i, 1]
        if k == last or np.all(z[offsets[i] : offsets[i + 1]] == z[offsets[i]]):
            continue
        for j in range(offsets[i], offsets[i + 1]):
            while k < last and run_t[k] < t[j] - LONGEST_RUN_DAYS:
                k += 1
            if k < last and run_t[k] <= t[j] + LONGEST_RUN_DAYS:
                rest[j] -= effect[k]
    return rest


def estimate_runs(offsets: Ints, t: Floats, z: Floats, cohort: npt.NDArray[np.int32]) -> RunEffects:
    """Shared parts of the runs of a group's series, where every cohort has eight series and six runs.

    None where any cohort is smaller, for its values would then be noisier than the group's, or where runs share
    nothing. The variance of a shared part is a moment estimate over all cohorts: what residuals share beyond what
    chance leaves in a mean.
    """
    tables = []
    for number in np.unique(cohort):
        members = np.flatnonzero(cohort == number)
        table = _table(offsets, t, z, members) if number >= 0 and len(members) >= LEAST_SERIES else None
        if table is None:
            return RunEffects.none()
        tables.append((int(number), table[0], _equations(*table)))
    variance = _shared_variance([equations for _, _, equations in tables])
    effects = RunEffects.none()
    for number, day, equations in tables if variance > 0.0 else ():
        size = len(day)
        effects = effects.joined(
            RunEffects(np.full(size, number), day, _solved(day, equations, variance), np.full(size, variance))
        )
    return effects


def _table(offsets: Ints, t: Floats, z: Floats, members: Ints) -> tuple[Floats, Floats] | None:
    """Days of runs (k,) and values (series, k), NaN where missing; None without clear runs."""
    rows = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in members])
    owner = np.repeat(np.arange(len(members)), np.diff(offsets)[members])
    order = np.argsort(t[rows], kind="stable")
    day, owner, value = t[rows][order], owner[order], z[rows][order]
    run = np.cumsum(np.diff(day, prepend=day[:1]) > LONGEST_RUN_DAYS) if len(day) else np.zeros(0, np.int64)
    first = np.flatnonzero(np.diff(run, prepend=-1))
    if len(first) < LEAST_RUNS:
        return None
    last = np.append(first[1:], len(day)) - 1
    middle = 0.5 * (day[first] + day[last])
    if np.max(day[last] - day[first]) > 2.0 * LONGEST_RUN_DAYS:
        return None
    table = np.full((len(members), len(first)), np.nan)
    table[owner, run] = value
    return middle, table


@dataclass(frozen=True)
class _Equations:
    """``residual = between @ shared + noise``, of variance ``error``; a row a run but first and last."""

    between: Floats
    residual: Floats
    error: Floats


def _equations(day: Floats, table: Floats) -> _Equations:
    """The mean interpolation residual of a run is its shared part less what those of its neighbours interpolate to."""
    share = (day[1:-1] - day[:-2]) / (day[2:] - day[:-2])
    residuals = table[:, 1:-1] - (1.0 - share) * table[:, :-2] - share * table[:, 2:]
    known = np.sum(np.isfinite(residuals), axis=0)
    told = np.flatnonzero(known >= LEAST_SERIES)
    means = np.array([_clipped_mean(residuals[np.isfinite(residuals[:, k]), k]) for k in told]).reshape(-1, 2)
    between = np.zeros((len(told), len(day)))
    place = np.arange(len(told))
    between[place, told], between[place, told + 1], between[place, told + 2] = share[told] - 1.0, 1.0, -share[told]
    return _Equations(between, means[:, 0], means[:, 1] ** 2 / known[told])


def _shared_variance(cohorts: list[_Equations]) -> float:
    """Variance of a shared part; an odd run counts for no more than three standard deviations."""
    if not any(len(each.residual) for each in cohorts):
        return 0.0
    parts = [np.sum(each.between**2, axis=1) for each in cohorts]
    alone = np.concatenate([each.residual / np.sqrt(part) for each, part in zip(cohorts, parts, strict=True)])
    chance = np.concatenate([each.error / part for each, part in zip(cohorts, parts, strict=True)])
    reach = 3.0 * MAD_TO_SIGMA * float(np.median(np.abs(alone)))
    return float(np.mean(np.clip(alone, -reach, reach) ** 2) - np.mean(chance))


def _solved(day: Floats, equations: _Equations, variance: float) -> Floats:
    """Posterior mean of the shared parts (k,), less what is smooth: a line or a yearly wave belongs to the trend."""
    cross = variance * equations.between.T
    part = cross @ np.linalg.solve(
        equations.between @ cross + np.diag(equations.error + 1e-12 * variance), equations.residual
    )
    smooth = _smooth(day)
    rest: Floats = part - smooth @ np.linalg.lstsq(smooth, part, rcond=None)[0]
    return rest


def _smooth(day: Floats) -> Floats:
    """What a trend or a wave explains: columns of a line, and of a yearly wave where a year and more is seen."""
    years = (day - day[0]) / DAYS_PER_YEAR
    columns = [np.ones(len(day)), years]
    if years[-1] > 1.0 and len(day) > 2 * LEAST_RUNS:
        columns += [np.cos(2.0 * np.pi * years), np.sin(2.0 * np.pi * years)]
    return np.column_stack(columns)


def _clipped_mean(values: Floats) -> tuple[float, float]:
    """Mean of values clipped around their median (Huber 1964, one step), and their robust standard deviation."""
    middle = float(np.median(values))
    sigma = MAD_TO_SIGMA * float(np.median(np.abs(values - middle)))
    return float(np.mean(np.clip(values, middle - CLIP * sigma, middle + CLIP * sigma))), sigma


__all__ = ["RunEffects", "estimate_runs", "without_runs"]
