"""Yearly waves (temperature) of a group: gaps, strain and noise breathe with the seasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from guideway.degradation.priors import Priors
from guideway.degradation.scale import ScaledSeries
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints
from guideway.degradation.works import EFFECTIVE, POSITION


class _Events(Protocol):
    @property
    def events(self) -> Floats: ...
    @property
    def event_offsets(self) -> Ints: ...
    @property
    def weights(self) -> Floats: ...


def without_season(series: ScaledSeries, priors: Priors) -> ScaledSeries:
    """The series less the yearly wave of their groups."""
    owner = np.repeat(series.rows, np.diff(series.offsets))
    angle = 2.0 * np.pi * series.t_days / DAYS_PER_YEAR
    wave = priors.season_cos[owner] * np.cos(angle) + priors.season_sin[owner] * np.sin(angle)
    return replace(series, z=series.z - wave)


def estimate_season(series: ScaledSeries, works: _Events) -> tuple[float, float, float]:
    """Mean cosine and sine of the yearly wave in a group, and the variance of either between series.

    Each series longer than a year gives one least-squares estimate beside its own level and rate in each piece.
    """
    found = series_waves(series, works)
    found = found[np.all(np.isfinite(found), axis=1)]
    if len(found) < 4:
        return 0.0, 0.0, 0.0
    centre = np.median(found[:, :2], axis=0)
    spread = (1.4826 * np.median(np.abs(found[:, :2] - centre))) ** 2 - np.median(found[:, 2])
    return float(centre[0]), float(centre[1]), float(max(spread, 1e-4 * np.sum(centre**2), 1e-12))


def series_waves(series: ScaledSeries, works: _Events) -> Floats:
    """Cosine, sine and their sampling variance of each series (n, 3); NaN where it spans less than a year.

    A loop over a sample of a group, not over a network.
    """
    n = len(series.offsets) - 1
    out = np.full((n, 3), np.nan)
    for i in range(n):
        rows = slice(series.offsets[i], series.offsets[i + 1])
        keep = works.weights[rows] > 0
        days, z = series.t_days[rows][keep], series.z[rows][keep]
        events = works.events[works.event_offsets[i] : works.event_offsets[i + 1]]
        starts = np.unique(events[events[:, EFFECTIVE] == 1.0, POSITION])
        pieces = np.searchsorted(starts, np.flatnonzero(keep), side="right")
        levels = pieces[:, None] == np.unique(pieces)
        columns = levels.shape[1] + 3
        if len(days) <= columns + 4 or np.ptp(days) < DAYS_PER_YEAR:
            continue
        angle = 2.0 * np.pi * days / DAYS_PER_YEAR
        design = np.column_stack((np.cos(angle), np.sin(angle), (days - days[0]) / DAYS_PER_YEAR, levels))
        inverse = np.linalg.pinv(design.T @ design)
        solution = inverse @ (design.T @ z)
        noise = np.sum((z - design @ solution) ** 2) / (len(days) - columns)
        out[i] = solution[0], solution[1], 0.5 * noise * (inverse[0, 0] + inverse[1, 1])
    return out
