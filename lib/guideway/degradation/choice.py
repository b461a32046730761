"""Which form a group gets: the one whose past forecasts were best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from guideway.degradation.backtest import Scores, backtest
from guideway.degradation.forms import Form
from guideway.degradation.load_axis import traffic_changed
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import Floats, SeriesBatch
from guideway.threads import in_threads

CANDIDATES = (
    Form("exponential"),
    Form("gamma"),
    Form(seasonal=True),
    Form(runs=True),
    Form(by_load=True),
)
LEAST_GAIN = 0.01  # share of CRPS a form must save to replace the usual one
SURE = 2.0  # and how many standard errors of that saving
LEAST_ORIGINS, LEAST_FORECASTS = 3, 30
TRIAL_HORIZONS = (4.0, 13.0, 26.0)
TRIAL_SERIES = 16
TRIAL_ORIGINS = 4


@dataclass(frozen=True)
class Trials:
    """Scores of back-tests of the usual forms (the first) and of each candidate in their place; none where untried."""

    forms: tuple[tuple[Form, ...], ...]
    scores: tuple[Scores, ...]

    def best(self, day: float) -> tuple[Form, ...]:
        """The form of each group (and of what is outside them) by what was known of the forecasts on ``day``.

        A candidate replaces the usual form where it saves 1 % of the CRPS, and more than two standard errors of that
        saving, over three origins and thirty forecasts or more; of several the one that saves most.
        """
        rows = len(self.forms[0])
        saved = np.zeros((len(self.forms), rows))
        for place in range(1, len(self.scores)):
            saved[place] = _saved(self.scores[0], self.scores[place], day, rows)
        winners = np.argmax(saved, axis=0)
        return tuple(self.forms[winners[row]][row] for row in range(rows))


def try_forms(
    batch: SeriesBatch,
    origins_days: Floats,
    parameters: DegradationParameters,
    groups: tuple[str, ...] = (),
    usual: Sequence[Form] = (),
    candidates: Sequence[Form] = CANDIDATES,
) -> Trials:
    """Back-test the usual form of each group and each candidate on at most 16 series of it and four of the origins.

    Priors are learned at each origin from what was known there. Where the parameters name a model, nothing is tried;
    growth by load is not tried where no traffic changed: it would be growth in time, twice.
    """
    forms = tuple(usual or [Form.of(parameters)] * (len(groups) + 1))
    picked = np.linspace(0, len(origins_days) - 1, min(TRIAL_ORIGINS, len(origins_days))).round().astype(np.int64)
    origins = origins_days[picked]
    few = batch.take(_some_of_each(batch, len(groups)))
    traffic, latest = few.traffic, origins.max(initial=-np.inf)
    changed = traffic_changed(few.offsets, few.t_days, traffic.offsets, traffic.from_days, traffic.load, latest)
    tried = [candidate for candidate in candidates if changed.any() or not candidate.by_load]
    sets = (forms, *(tuple(_like(candidate, form) for form in forms) for candidate in tried))
    if parameters.model != "auto" or len(origins) < LEAST_ORIGINS:
        return Trials(sets, ())
    whole = estimate_priors(few, parameters, groups, forms=forms)
    return Trials(sets, tuple(in_threads(partial(_tried, few, whole, origins, parameters), sets)))


def _like(candidate: Form, form: Form) -> Form:
    seasonal = candidate.seasonal or (form.seasonal and not candidate.by_load)
    return replace(candidate, seasonal=seasonal, isolated_defects=form.isolated_defects)


def _tried(
    batch: SeriesBatch,
    whole: Priors,
    origins: Floats,
    parameters: DegradationParameters,
    forms: Sequence[Form],
) -> Scores:
    def priors_on(day: float) -> Priors:
        return estimate_priors(batch.until(day), parameters, whole.groups, forms=forms, as_of_days=day)

    return backtest(batch, whole, origins, TRIAL_HORIZONS, parameters, priors_on=priors_on).scores


def _some_of_each(batch: SeriesBatch, n_groups: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Positions of at most 16 series of each group, evenly among them."""
    chosen = []
    for row in range(-1, n_groups) if n_groups else (0,):
        members = np.flatnonzero(batch.group == row)
        chosen.append(members[:: max(1, -(-len(members) // TRIAL_SERIES))])
    return np.sort(np.concatenate(chosen))


def _saved(usual: Scores, other: Scores, day: float, rows: int) -> Floats:
    """Share of the usual CRPS that the other saved in each group; 0 where that may be luck.

    Only forecasts both made are compared; horizons count alike.
    """
    _, mine, theirs = np.intersect1d(_keys(usual, day), _keys(other, day), return_indices=True)
    group, origin = usual.group[mine], usual.origin_days[mine]
    cell = group * (usual.horizon.max(initial=0) + 1) + usual.horizon[mine]
    scale = np.bincount(cell, usual.crps[mine]) / np.maximum(np.bincount(cell), 1)
    pair = [s.crps[at] / np.maximum(scale[cell], 1e-300) for s, at in ((usual, mine), (other, theirs))]
    saved = np.zeros(rows)
    for row in np.unique(group):
        own = group == row
        _, place = np.unique(origin[own], return_inverse=True)
        was, now = (np.bincount(place, loss[own]) for loss in pair)
        seen = (other.group == row) & (other.target_days <= day)
        impossible = ~np.isfinite(other.standardised[seen])  # a value without a logarithm
        if len(was) < LEAST_ORIGINS or own.sum() < LEAST_FORECASTS or impossible.any():
            continue
        shares = 1.0 - now / np.maximum(was, 1e-300)
        gain = 1.0 - now.sum() / max(was.sum(), 1e-300)
        error = float(np.std(shares, ddof=1)) / np.sqrt(len(shares))
        saved[row] = gain if gain > max(LEAST_GAIN, SURE * error) else 0.0
    return saved


def _keys(scores: Scores, day: float) -> Floats:
    """One number a forecast, NaN (equal to none) where its value was not known yet on ``day``."""
    known = (scores.target_days <= day) & np.isfinite(scores.crps)
    number = (scores.series * 8.0 + scores.horizon) * 1e6 + scores.origin_days
    return np.where(known, number, np.nan)


__all__ = ["CANDIDATES", "Trials", "try_forms"]
