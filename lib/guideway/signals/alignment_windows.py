"""Windowed cross-correlation of a run with its reference, on one common grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
_BATCH = 256
_LEAST_SHARE = 0.5


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
    lag_index = starts[:, None] + np.arange(windows.n_lags)
    scores = np.zeros((starts.size, windows.n_lags), dtype=np.float32)
    votes = np.zeros((starts.size, windows.n_lags), dtype=np.float32)
    shares = np.zeros((starts.size, windows.n_lags), dtype=np.float32)
    last = int(starts[-1]) + windows.length
    for run_row, reference_row in zip(run, reference, strict=True):
        a, a_share = _filled(run_row, 0, last)
        b, b_share = _filled(reference_row, windows.lag_from, last + windows.lag_to)
        share = np.minimum(_means(a_share, windows.length)[starts][:, None], _means(b_share, windows.length)[lag_index])
        vote = share >= _LEAST_SHARE
        energy_a = _means(np.square(a, dtype=np.float64), windows.length)[starts]
        energy_b = _means(np.square(b, dtype=np.float64), windows.length)
        scale = np.sqrt(np.maximum(energy_a[:, None] * energy_b[lag_index], 0.0)) * windows.length
        products = _products(a, b, starts, windows)
        scores += np.divide(products, scale, out=np.zeros(scale.shape), where=vote & (scale > 1e-9)).astype(np.float32)
        votes += vote
        shares += np.where(vote, share, 0.0).astype(np.float32)
    scores = np.clip(scores / np.maximum(votes, 1), -1.0, 1.0)
    best = np.arange(starts.size), np.argmax(scores, axis=1)
    share = np.asarray(shares[best] / np.maximum(votes[best], 1), dtype=np.float64)
    return WindowScores(np.asarray(starts + 0.5 * (windows.length - 1), dtype=np.float64), scores, share)


def _products(a: Singles, b: Singles, starts: npt.NDArray[np.int64], windows: Windows) -> Singles:
    span = windows.length + windows.n_lags - 1
    size = fft.next_fast_len(span, real=True)
    run_windows = sliding_window_view(a, windows.length)
    reference_windows = sliding_window_view(b, span)
    found = np.empty((starts.size, windows.n_lags), dtype=np.float32)
    for at in range(0, starts.size, _BATCH):
        batch = starts[at : at + _BATCH]
        spectrum = np.conj(fft.rfft(run_windows[batch], size, axis=1)) * fft.rfft(
            reference_windows[batch], size, axis=1
        )
        found[at : at + _BATCH] = fft.irfft(spectrum, size, axis=1)[:, : windows.n_lags]
    return found


def _filled(row: Floats, first: int, stop: int) -> tuple[Singles, Floats]:
    """Samples ``first`` (may be negative) to ``stop`` with 0 where unknown, and 1 where known."""
    found = np.zeros(stop - first, dtype=np.float32)
    share = np.zeros(stop - first)
    low, high = max(first, 0), min(stop, row.size)
    if high > low:
        known = np.isfinite(row[low:high])
        found[low - first : high - first] = np.where(known, row[low:high], 0.0)
        share[low - first : high - first] = known
    return found, share


def _means(values: Floats, window: int) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray((total[window:] - total[:-window]) / window, dtype=np.float64)
