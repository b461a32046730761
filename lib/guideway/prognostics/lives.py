"""Recorded lives of units of one kind, and their channels made comparable across operating regimes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guideway.prognostics.ragged import Floats, Ints

MAX_REGIMES = 12


@dataclass(frozen=True)
class Lives:
    """Units laid end to end, each from its first recorded cycle.

    Attributes:
        unit: identifier of each unit; (n_units,).
        offsets: start of each unit's rows, plus the end; (n_units + 1,).
        settings: operating settings; (n, n_settings).
        channels: measured channels; (n, n_channels).
    """

    unit: Ints
    offsets: Ints
    settings: Floats
    channels: Floats

    @property
    def age(self) -> Floats:
        """Cycles since the first; (n,)."""
        lengths = np.diff(self.offsets)
        age: Floats = np.arange(self.offsets[-1], dtype=np.float64) - np.repeat(self.offsets[:-1], lengths)
        return age

    def remaining(self) -> Floats:
        """Cycles each row is before the unit's last; its remaining life where the record runs to failure."""
        lengths = np.diff(self.offsets)
        left: Floats = np.repeat(lengths - 1, lengths) - self.age
        return left


@dataclass(frozen=True)
class Normaliser:
    """Channels as deviations from the mean of their operating regime.

    Regimes are found where a setting leaves a gap of more than a twentieth of its range: distinct points of operation.
    A setting that varies without such gaps makes one regime.

    Attributes:
        cuts: thresholds between the regimes of each setting.
        regimes: code of each regime seen in training.
        mean: mean of each regime and kept channel; (n_regimes, n_kept).
        deviation: standard deviation likewise.
        kept: channels that vary within a regime.
    """

    cuts: tuple[Floats, ...]
    regimes: Ints
    mean: Floats
    deviation: Floats
    kept: Ints

    @classmethod
    def fit(cls, lives: Lives) -> Normaliser:
        """Regimes, means and deviations of the training units; channels that do not vary are dropped."""
        cuts = tuple(_gaps(column) for column in lives.settings.T)
        code = _code(lives.settings, cuts)
        regimes, index, counts = np.unique(code, return_inverse=True, return_counts=True)
        if regimes.size > MAX_REGIMES or counts.min() < 30:
            cuts = tuple(np.empty(0) for _ in cuts)
            regimes, index = np.zeros(1, dtype=np.int64), np.zeros(len(code), dtype=np.int64)
        mean = np.array([lives.channels[index == k].mean(axis=0) for k in range(regimes.size)])
        deviation = np.array([lives.channels[index == k].std(axis=0) for k in range(regimes.size)])
        size = np.maximum(np.abs(mean), 1e-12)
        kept = np.flatnonzero((deviation / size > 1e-6).all(axis=0))
        return cls(cuts, regimes.astype(np.int64), mean[:, kept], deviation[:, kept], kept)

    def apply(self, lives: Lives) -> Floats:
        """Standardised channels, (n, n_kept); a regime never seen takes the nearest code's mean."""
        code = _code(lives.settings, self.cuts)
        place = np.clip(np.searchsorted(self.regimes, code), 0, self.regimes.size - 1)
        standard: Floats = (lives.channels[:, self.kept] - self.mean[place]) / self.deviation[place]
        return standard


def _gaps(column: Floats) -> Floats:
    values = np.unique(column)
    if values.size < 2:
        return np.empty(0)
    step = np.diff(values)
    wide = np.flatnonzero(step > (values[-1] - values[0]) / 20)
    # Few distinct values of a nearly constant setting are a resolution, not points of operation.
    if values[-1] - values[0] < 0.1 * max(abs(values[-1]), abs(values[0]), 1.0):
        return np.empty(0)
    cuts: Floats = (values[wide] + values[wide + 1]) / 2
    return cuts


def _code(settings: Floats, cuts: tuple[Floats, ...]) -> Ints:
    code = np.zeros(len(settings), dtype=np.int64)
    for column, own in zip(settings.T, cuts, strict=True):
        code = code * (own.size + 1) + np.searchsorted(own, column)
    return code
