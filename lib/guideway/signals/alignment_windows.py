"""Windowed cross-correlation of a run with its reference, on one common grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
_BATCH = 64  # windows whose spectra fit into a core's own cache
_LEAST_SHARE = 0.5
_LEAST_ENERGY = 1e-9


@dataclass(frozen=True, slots=True)
class Windows:
    """Where windows lie and which lags they are tried at, in samples."""

    length: int
    hop: int
    lag_from: int
    lag_to: int

    @property
    def n_lags(self) -> int:
        """Lags tried."""
        return self.lag_to - self.lag_from + 1

    def starts(self, n_samples: int) -> npt.NDArray[np.int64]:
        """First sample of each window of a run; one window where the run is shorter than it."""
        return np.arange(0, max(n_samples - self.length, 0) + 1, self.hop)


@dataclass(frozen=True, slots=True)
class WindowScores:
    """Normalised correlation of each window of a run at each lag.

    Attributes:
        centres: centre of each window, grid index of the run, shape (windows,).
        scores: correlation, -1 to 1, 0 where too little is known, shape (windows, lags).
        share: share of each window that was measured by both at the best lag, mean of the channels that vote, 0
            where less than half of it was, shape (windows,).
    """

    centres: Floats
    scores: Singles
    share: Floats


def window_scores(run: Floats, reference: Floats, windows: Windows) -> WindowScores:
    """Correlate windows of ``run`` with ``reference`` at every lag, added to the run's index.

    ``reference[:, 0]`` and ``run[:, 0]`` are the same stated position. Each channel that has measured half of a
    window on both sides has one vote of equal weight.

    Args:
        run: samples, shape (channels, n); NaN where unknown.
        reference: samples, shape (channels, m).
        windows: windows and lags.
    """
    starts = windows.starts(run.shape[1])
    last = int(starts[-1]) + windows.length
    scores = np.zeros((starts.size, windows.n_lags), dtype=np.float32)
    votes = np.zeros((starts.size, windows.n_lags), dtype=np.float32)
    channels = []
    for run_row, reference_row in zip(run, reference, strict=True):
        a = _Side.of(run_row, 0, last, windows.length, windows.hop)
        b = _Side.of(reference_row, windows.lag_from, last + windows.lag_to, windows.length)
        _add_correlations(scores, a, b, windows)
        if a.votes.any() and b.votes.any():
            votes += a.votes[:, None] * b.at_lags(b.votes, windows)
        channels.append((a, b))
    scores /= np.maximum(votes, 1, out=votes)
    np.clip(scores, -1.0, 1.0, out=scores)
    best = np.argmax(scores, axis=1)
    share = np.zeros(starts.size)
    for a, b in channels:
        there = starts + best
        share += np.where(a.votes * b.votes[there] > 0, np.minimum(a.share, b.share[there]), 0.0)
    share /= votes[np.arange(starts.size), best]
    return WindowScores(np.asarray(starts + 0.5 * (windows.length - 1), dtype=np.float64), scores, share)


@dataclass(frozen=True, slots=True)
class _Side:
    """One channel of one run, and what all its windows of one length need.

    Attributes:
        values: samples, 0 where unknown.
        share: share of each window that is known.
        votes: 1 where half of a window is known, else 0.
        gain: 1 over the root of a window's energy, 0 where it has no vote or no energy.
    """

    values: Singles
    share: Floats
    votes: Singles
    gain: Singles

    @classmethod
    def of(cls, row: Floats, first: int, stop: int, length: int, hop: int = 1) -> _Side:
        """Samples ``first`` (may be negative) to ``stop``, in windows that start every ``hop`` samples."""
        values, known = _filled(row, first, stop)
        share = np.ones(known.size - length + 1)[::hop] if known.all() else _sums(known, length)[::hop] / length
        energy = np.maximum(_sums(np.square(values, dtype=np.float64), length)[::hop], 0.0)
        votes = share >= _LEAST_SHARE
        gain = np.divide(1.0, np.sqrt(energy), out=np.zeros(energy.size), where=votes & (energy > _LEAST_ENERGY))
        return cls(values, share, votes.astype(np.float32), gain.astype(np.float32))

    def at_lags(self, of_windows: Singles, windows: Windows) -> Singles:
        """What is told of each window, at every lag of every window of the run: a view, shape (windows, lags)."""
        return sliding_window_view(of_windows, windows.n_lags)[:: windows.hop]


def _add_correlations(scores: Singles, a: _Side, b: _Side, windows: Windows) -> None:
    """Add the correlation of each window at each lag, by the Fourier transforms of window and reference."""
    span = windows.length + windows.n_lags - 1
    size = fft.next_fast_len(span, real=True)
    run_windows = sliding_window_view(a.values, windows.length)[:: windows.hop]
    reference_windows = sliding_window_view(b.values, span)[:: windows.hop]
    gains = b.at_lags(b.gain, windows)
    for at in range(0, len(scores), _BATCH):
        batch = slice(at, at + _BATCH)
        spectrum = fft.rfft(run_windows[batch], size, axis=1)
        np.conj(spectrum, out=spectrum)
        spectrum *= fft.rfft(reference_windows[batch], size, axis=1)
        found = fft.irfft(spectrum, size, axis=1, overwrite_x=True)[:, : windows.n_lags]
        found *= a.gain[batch, None]
        found *= gains[batch]
        scores[batch] += found


def _filled(row: Floats, first: int, stop: int) -> tuple[Singles, npt.NDArray[np.bool_]]:
    """Samples ``first`` (may be negative) to ``stop`` with 0 where unknown, and whether they are known."""
    found = np.zeros(stop - first, dtype=np.float32)
    known = np.zeros(stop - first, dtype=np.bool_)
    low, high = max(first, 0), min(stop, row.size)
    if high > low:
        inside = slice(low - first, high - first)
        np.isfinite(row[low:high], out=known[inside])
        np.copyto(found[inside], row[low:high], where=known[inside], casting="same_kind")
    return found, known


def _sums(values: npt.NDArray[Any], window: int) -> Floats:
    """Sum of every window."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return np.asarray(total[window:] - total[:-window], dtype=np.float64)
