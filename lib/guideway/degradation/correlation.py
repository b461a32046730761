"""How the indicators of one asset go together: what sinks fast also twists fast, and a run errs in all of them.

Two correlations are learned from a sample of assets: of the true rates of two indicators, and of their errors in one
run. Each trend then takes what the other trends of its asset say of it (multivariate empirical Bayes: Efron and Morris
1972, with correlated errors as Fay and Herriot 1979). An indicator that hardly changes tells what a run added to all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from guideway.degradation.compiled import kernel
from guideway.degradation.noise import interpolation_residuals
from guideway.degradation.series import Floats, Ints

LEAST_PAIRS = 12  # assets, or runs of assets, that show both indicators
BORROWED_PAIRS = 12.0  # as many without any correlation are added to them
CLIP = 2.5  # standard deviations beyond which an odd rate or run says no more
LASTING = 0.7  # share of the correlation of runs that errors of rates keep: what lasts longer than a run is less shared
OWN = 0.02  # least share of its variance that an indicator has for itself: keeps systems of equations sound
UNTOLD = 1e4  # most variances of the group by which a series' own rate may be off
_HOURS = 2**22  # more than have passed since 1970


@dataclass(frozen=True)
class Correlation:
    """Correlations between the groups of the priors, (groups + 1, groups + 1) each; of no size where none is known.

    Attributes:
        rate: of the true rates of an asset's indicators.
        error: of their errors in one run.
    """

    rate: Floats
    error: Floats

    @classmethod
    def none(cls) -> Correlation:
        """No indicator says anything of another."""
        return cls(np.zeros((0, 0)), np.zeros((0, 0)))


class Standalone(NamedTuple):
    """What the ``n`` sampled series of one group say by themselves: their rates, and the errors of their runs.

    Attributes:
        asset: (n,) as in ``SeriesBatch.asset``.
        rate, variance: (n,) rates a year that lean on no group; NaN where there is none.
        offsets: int64 (n + 1,) runs of each series.
        t_days, error: (m,) day of a run, and its distance from the line through its neighbours in standard deviations.
    """

    asset: npt.NDArray[np.int32]
    rate: Floats
    variance: Floats
    offsets: Ints
    t_days: Floats
    error: Floats


def estimate_correlation(groups: Sequence[Standalone | None], rate_mean: Floats, rate_var: Floats) -> Correlation:
    """Correlations from what the series of each group (a row of the priors each) say alone."""
    known = [(row, alone) for row, alone in enumerate(groups) if alone is not None and np.any(alone.asset >= 0)]
    if len(known) < 2:
        return Correlation.none()
    error = _of_errors(known, len(groups))
    error = LASTING * error + (1.0 - LASTING) * np.eye(len(error))
    return Correlation(_of_rates(known, rate_mean, rate_var, error), error)


def _of_errors(known: list[tuple[int, Standalone]], width: int) -> Floats:
    """Correlation of the errors of two indicators, over the runs of assets that show both."""
    runs, columns, sizes = [], [], []
    for row, alone in known:
        asset = np.repeat(alone.asset.astype(np.int64), np.diff(alone.offsets))
        told = np.isfinite(alone.error) & (asset >= 0)
        runs.append(asset[told] * _HOURS + np.round(alone.t_days[told] * 24.0).astype(np.int64))
        columns.append(np.full(int(told.sum()), row))
        sizes.append(np.clip(alone.error[told], -CLIP, CLIP))
    table, shown = _table(np.concatenate(runs), np.concatenate(columns), np.concatenate(sizes), width)
    products, counts = (table.T @ table).toarray(), (shown.T @ shown).toarray()
    squares = (table.multiply(table).T @ shown).toarray()  # of the row's errors where the column's indicator shows, too
    found = products / np.sqrt(np.maximum(squares * squares.T, 1e-300))
    return _sound(found * counts / (counts + BORROWED_PAIRS), counts)


def _of_rates(known: list[tuple[int, Standalone]], mean: Floats, variance: Floats, error: Floats) -> Floats:
    """Correlation of two true rates, by moments: what their estimates share beyond what their errors share."""
    assets, columns, parts = [], [], []
    for row, alone in known:
        if not (np.isfinite(mean[row]) and variance[row] > 0.0):
            continue
        told = np.isfinite(alone.rate) & np.isfinite(alone.variance) & (alone.asset >= 0)
        total = variance[row] + alone.variance[told]
        size = np.clip((alone.rate[told] - mean[row]) / np.sqrt(total), -CLIP, CLIP)
        assets.append(alone.asset[told].astype(np.int64))
        columns.append(np.full(int(told.sum()), row))
        parts.append(np.stack((size, np.sqrt(variance[row] / total), np.sqrt(alone.variance[told] / total))))
    if not assets:
        return np.eye(len(mean))
    asset, column, part = np.concatenate(assets), np.concatenate(columns), np.concatenate(parts, axis=1)
    tables = [_table(asset, column, values, len(mean)) for values in part]
    products, by_rates, by_errors = ((table.T @ table).toarray() for table, _ in tables)
    shown = tables[0][1]
    return _sound((products - error * by_errors) / (by_rates + BORROWED_PAIRS), (shown.T @ shown).toarray())


def _table(rows: Ints, columns: Ints, values: Floats, width: int) -> tuple[csr_array, csr_array]:
    """Values by different row and by column, and ones where there are any."""
    different, place = np.unique(rows, return_inverse=True)
    shape = (len(different), width)
    return csr_array((values, (place, columns)), shape=shape), csr_array(
        (np.ones_like(values), (place, columns)), shape
    )


def _sound(matrix: Floats, pairs: Floats) -> Floats:
    """The nearest matrix that can be one of correlations, without those of few pairs."""
    matrix = np.where(pairs >= LEAST_PAIRS, np.clip(matrix, -1.0, 1.0), 0.0)
    np.fill_diagonal(matrix, 1.0)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0.0:
        return matrix
    fixed = (vectors * np.maximum(values, 0.0)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(fixed))
    return np.asarray(fixed * scale[:, None] * scale)


@kernel
def run_errors(offsets: Ints, t: Floats, z: Floats, sigma: Floats) -> Floats:
    """Distance (m,) of each run from the line through its neighbours, in standard deviations; NaN at the ends."""
    errors = np.full(len(t), np.nan)
    for i in range(len(offsets) - 1):
        a, b = offsets[i], offsets[i + 1]
        if b - a >= 3 and sigma[i] > 0.0:
            errors[a + 1 : b - 1] = interpolation_residuals(t[a:b], z[a:b]) / sigma[i]
    return errors


def lean_on_companions(
    states: Floats,
    asset: npt.NDArray[np.int32],
    rows: Ints,
    rate_mean: Floats,
    rate_var: Floats,
    correlation: Correlation,
) -> None:
    """Replace ``states`` of series by what all indicators of their asset say of level and rate, in place.

    Args:
        states: (n, 5) level, rate, variance of the level, covariance, variance of the rate; NaN where there is none.
        asset: (n,) of those that may lean and be leant on; -1 of all others.
        rows: (n,) row of the priors of each.
        rate_mean: (n,) mean rate of its group.
        rate_var: (n,) variance of the rate within its group.
        correlation: between the rows.
    """
    if not len(correlation.rate):
        return
    told = (asset >= 0) & np.all(np.isfinite(states), axis=1) & (states[:, 4] > 0.0)
    told &= np.isfinite(rate_mean) & (rate_var > 0.0)
    members = np.flatnonzero(told)
    members = members[np.argsort(asset[members], kind="stable")]
    first = np.flatnonzero(np.diff(asset[members], prepend=-1))
    bounds = np.append(first, len(members))
    _lean(states, members, bounds, rows, rate_mean, rate_var, correlation.rate, correlation.error)


@kernel
def _lean(
    states: Floats,
    members: Ints,
    bounds: Ints,
    rows: Ints,
    rate_mean: Floats,
    rate_var: Floats,
    rates: Floats,
    errors: Floats,
) -> None:
    for a in range(len(bounds) - 1):
        own = members[bounds[a] : bounds[a + 1]]
        m = len(own)
        if m < 2:
            continue
        signal, noise, right = np.empty((m, m)), np.empty((m, m)), np.empty((m, m + 1))
        true_sd, error_sd = np.sqrt(rate_var[own]), np.empty(m)
        for i in range(m):  # what each says without its group
            state, mean, variance = states[own[i]], rate_mean[own[i]], rate_var[own[i]]
            told = max(1.0 / state[4] - 1.0 / variance, 1.0 / (UNTOLD * variance))
            error_sd[i] = np.sqrt(1.0 / told)
            right[i, 0] = (state[1] - mean) / (state[4] * told)
        for i in range(m):
            for j in range(m):
                share = 1.0 if i == j else 1.0 - OWN
                signal[i, j] = share * rates[rows[own[i]], rows[own[j]]] * true_sd[i] * true_sd[j]
                noise[i, j] = share * errors[rows[own[i]], rows[own[j]]] * error_sd[i] * error_sd[j]
        right[:, 1:] = signal
        solved = np.linalg.solve(signal + noise, right)
        for i in range(m):
            state = states[own[i]]
            rate = rate_mean[own[i]] + np.sum(signal[i] * solved[:, 0])
            variance = max(
                rate_var[own[i]] - np.sum(signal[i] * solved[:, i + 1]), OWN * min(state[4], rate_var[own[i]])
            )
            gain = state[3] / state[4]
            state[0] += gain * (rate - state[1])
            state[2] += gain * gain * (variance - state[4])
            state[3] = gain * variance
            state[1], state[4] = rate, variance


__all__ = ["Correlation", "Standalone", "estimate_correlation", "lean_on_companions", "run_errors"]
