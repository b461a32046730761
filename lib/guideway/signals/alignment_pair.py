"""A run and its reference on one common grid, in the wavelengths that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from guideway.signals.alignment_resample import resample
from guideway.signals.filters import band_pass
from guideway.signals.sensor_faults import without_spikes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Channels over stated positions.

    Attributes:
        position: m, shape (n,), rising or falling.
        rows: values, shape (channels, n).
    """

    position: Floats
    rows: Floats

    @classmethod
    def checked(cls, position_m: npt.ArrayLike, values: npt.ArrayLike) -> Samples:
        """From what a caller gave; samples without a position are left out.

        Raises:
            ValueError: shapes do not fit.
        """
        position = np.asarray(position_m, dtype=np.float64)
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if position.ndim != 1 or rows.ndim != 2 or rows.shape[1] != position.size:
            raise ValueError(f"{position.shape} positions do not fit {rows.shape} values")
        known = np.isfinite(position)
        return cls(position, rows) if known.all() else cls(position[known], rows[:, known])

    @property
    def step(self) -> float:
        """Usual distance between samples, m; 0 where there is none."""
        return float(np.median(np.abs(np.diff(self.position)))) if self.position.size > 1 else 0.0

    def on_grid(self, origin: float, step: float, count: int) -> Floats:
        """Samples at ``origin + step * i``, by lines between samples; NaN across gaps and outside.

        Of doubled positions (the odometer was set back) the first sample stays.
        """
        position, rows = self.position, self.rows
        if np.any(np.diff(position) <= 0):
            position, keep = np.unique(position, return_index=True)
            rows = rows[:, keep]
        target = origin + step * np.arange(count, dtype=np.float64)
        right = np.clip(np.searchsorted(position, target, side="left"), 1, position.size - 1)
        width = position[right] - position[right - 1]
        share = (target - position[right - 1]) / width
        known = (share >= -1e-6) & (share <= 1 + 1e-6) & (width <= 1.5 * max(step, float(np.median(width))))
        before, after = rows[:, right - 1], rows[:, right]
        line = np.where(share <= 1e-6, before, np.where(share >= 1 - 1e-6, after, before + share * (after - before)))
        return np.where(known, line, np.nan)


@dataclass(frozen=True)
class Reference:
    """A reference run, made ready once for all runs that are aligned to it.

    Attributes:
        origin: place of its first grid point, m.
        step: step of the grid, m; 0 where it has no two samples.
        alive: whether a channel has any sample, shape (channels,).
        rows: samples on the grid without spikes, NaN where unknown, shape (channels, m).
    """

    origin: float
    step: float
    alive: npt.NDArray[np.bool_]
    rows: Floats
    _bands: dict[tuple[float, float], Floats] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, position_m: npt.ArrayLike, values: npt.ArrayLike) -> Reference:
        """From samples at chainages, shapes (m,) and (m,) or (channels, m).

        Raises:
            ValueError: shapes do not fit.
        """
        samples = Samples.checked(position_m, values)
        step, alive = samples.step, np.asarray(np.isfinite(samples.rows).any(axis=1))
        if not step > 0:
            return cls(0.0, step, alive, np.empty((samples.rows.shape[0], 0)))
        origin = float(samples.position.min())
        count = int(np.floor((samples.position.max() - origin) / step + 1e-6)) + 1
        clean = Samples(samples.position, without_spikes(samples.rows))
        return cls(origin, step, alive, clean.on_grid(origin, step, count))

    def in_band(self, shortest_m: float, longest_m: float) -> Floats:
        """Band-passed samples, each channel scaled to its own spread."""
        band = shortest_m, longest_m
        if band not in self._bands:
            self._bands[band] = _scaled(self.rows, self.step, *band)
        return self._bands[band]


@dataclass(frozen=True)
class Pair:
    """Run and reference on one grid: index ``i`` of the run is at ``origin + step * i``.

    Index ``j`` of the reference lies at index ``first + j`` of the run's grid.
    """

    origin: float
    step: float
    run: Floats
    reference: Floats
    first: int

    @classmethod
    def of(cls, run: Samples, reference: Reference, bands: Sequence[tuple[float, float]]) -> list[Pair]:
        """Both on the reference's grid, in each band, each channel scaled so that all have equal weight.

        Channels without a sample in either run, and spikes, stay out. Without anything to compare pairs are empty.
        """
        step, alive = reference.step, np.isfinite(run.rows).any(axis=1) & reference.alive
        if not step > 0 or not run.step > 0 or not alive.any():
            origin = float(run.position.min()) if run.position.size else 0.0
            return [cls(origin, step or 1.0, np.empty((1, 0)), np.empty((1, 0)), 0)] * len(bands)
        low = int(np.ceil((run.position.min() - reference.origin) / step - 1e-6))
        count = int(np.floor((run.position.max() - reference.origin) / step + 1e-6)) - low + 1
        origin = reference.origin + low * step
        rows = Samples(run.position, without_spikes(run.rows[alive])).on_grid(origin, step, count)
        kept = slice(None) if alive.all() else alive
        return [
            cls(origin, step, _scaled(rows, step, *band), reference.in_band(*band)[kept], first=-low) for band in bands
        ]

    def reference_at(self, index: Floats) -> Floats:
        """The reference at indices of the run's grid, shape (channels, indices)."""
        if self.reference.shape[1] < 2:
            return np.full((self.reference.shape[0], index.size), np.nan)
        there = resample(np.arange(self.reference.shape[1], dtype=np.float64), index - self.first)
        return np.stack([there.apply(row) for row in self.reference])


def _scaled(rows: Floats, step: float, shortest_m: float, longest_m: float) -> Floats:
    band = band_pass(rows, step, shortest_m, longest_m, edge_m=longest_m / 4)
    known = np.isfinite(band)
    power = np.square(np.where(known, band, 0.0)).sum(axis=1)
    spread = np.sqrt(power / np.maximum(known.sum(axis=1), 1))
    return np.asarray(band / np.where(spread > 0, spread, 1.0)[:, None], dtype=np.float64)
