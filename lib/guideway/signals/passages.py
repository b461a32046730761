"""Train passages in a continuous record, with the three time windows of DIN 45672."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from guideway.signals.levels import FAST_S, running_rms

Array = npt.NDArray[np.float64]
Window = tuple[float, float]

_GRID_S = 0.05
_BACKGROUND_SHARE = 0.05
_LOUDEST_WINDOW_S = 4.0


@dataclass(frozen=True, slots=True)
class PassageSearch:
    """How passages are looked for.

    Attributes:
        least_rise_db: a passage rises this far above the background.
        edge_rise_db: its window T3 begins and ends where it falls to this far above the background.
        least_duration_s: shorter events are no trains (a door, a step, a spike).
        longest_gap_s: two events closer than this are one train.
        smoothing_s: width of the mean the edges are looked for on.
    """

    least_rise_db: float = 10.0
    edge_rise_db: float = 4.0
    least_duration_s: float = 1.5
    longest_gap_s: float = 2.0
    smoothing_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Passage:
    """One train passage; windows are (start, end) in seconds from the first sample.

    Attributes:
        whole: T3, the whole event above the background.
        train: T2, from the first to the last time the running RMS exceeds a quarter of its usual maxima.
        loudest: T1, about 4 s around the maximum.
        peak_at_s: time of the maximum of the running RMS.
        rise_db: height of the maximum above the background.
    """

    whole: Window
    train: Window
    loudest: Window
    peak_at_s: float
    rise_db: float


def find_passages(x: npt.ArrayLike, fs: float, search: PassageSearch | None = None) -> tuple[Passage, ...]:
    """Passages in a continuous record of vibration or sound pressure, in order of time (DIN 45672-2 [K]).

    The background is the 5 % quantile of the 1 s level, so trains may fill nearly the whole record. An empty, constant
    or stationary record has none. A passage cut by the edge of the record is kept with the part there is.

    Args:
        x: signal, shape (n,), no NaN; its mean is removed.
        fs: sampling rate in Hz.
        search: thresholds, by default those of :class:`PassageSearch`.
    """
    signal = np.asarray(x, dtype=np.float64)
    if signal.size < 2:
        return ()
    step = max(1, round(_GRID_S * fs))
    envelope = _thin(running_rms(signal - np.median(signal), fs, FAST_S), step)
    return find_in_envelope(envelope, fs / step, search)


def find_in_envelope(envelope: npt.ArrayLike, fs: float, search: PassageSearch | None = None) -> tuple[Passage, ...]:
    """Passages in a running RMS that is already there, for example ``10^(LAF/20)`` of a sound level meter."""
    how = search or PassageSearch()
    rms = np.asarray(envelope, dtype=np.float64)
    if rms.size < max(3, round(how.least_duration_s * fs)):
        return ()
    width = max(1, round(how.smoothing_s * fs))
    smooth = np.sqrt(np.maximum(uniform_filter1d(np.square(rms), width, mode="nearest"), 0.0))
    background = float(np.quantile(smooth, _BACKGROUND_SHARE))
    if background <= 0.0:
        background = float(smooth.max()) * 1e-6
    if background <= 0.0:
        return ()
    starts, ends = runs(smooth > background * 10 ** (how.edge_rise_db / 20), round(how.longest_gap_s * fs))
    found = []
    for start, end in zip(starts, ends, strict=True):
        rise = 20.0 * math.log10(float(smooth[start:end].max()) / background)
        if rise >= how.least_rise_db and (end - start) / fs >= how.least_duration_s:
            found.append(_passage(rms, fs, (start, end), rise))
    return tuple(found)


def _passage(rms: Array, fs: float, run: tuple[int, int], rise_db: float) -> Passage:
    start, end = run
    event = rms[start:end]
    peak = start + int(np.argmax(event))
    above = start + np.flatnonzero(event > 0.25 * _usual_maximum(event, fs))
    centre = peak / fs
    total = rms.size / fs
    first = min(max(0.0, centre - 0.5 * _LOUDEST_WINDOW_S), max(0.0, total - _LOUDEST_WINDOW_S))
    return Passage(
        whole=(start / fs, end / fs),
        train=(float(above[0]) / fs, (float(above[-1]) + 1.0) / fs),
        loudest=(first, min(total, first + _LOUDEST_WINDOW_S)),
        peak_at_s=centre,
        rise_db=rise_db,
    )


def _usual_maximum(event: Array, fs: float) -> float:
    """Median of the upper half of the 0.5 s maxima of a running RMS: what its maxima usually are."""
    size = max(1, round(0.5 * fs))
    maxima = np.maximum.reduceat(event, np.arange(0, event.size, size))
    return float(np.median(maxima[maxima >= np.median(maxima)]))


def _thin(x: Array, step: int) -> Array:
    """RMS of consecutive cells of ``step`` samples; the last cell may be short."""
    starts = np.arange(0, x.size, step)
    counts = np.diff(np.append(starts, x.size))
    return np.asarray(np.sqrt(np.add.reduceat(np.square(x), starts) / counts))


def runs(mask: npt.NDArray[np.bool_], longest_gap: int = 0) -> tuple[list[int], list[int]]:
    """First and past-the-end indices of runs of True, joined across gaps of up to ``longest_gap`` samples."""
    change = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    starts, ends = change[::2].tolist(), change[1::2].tolist()
    joined_starts, joined_ends = starts[:1], ends[:1]
    for start, end in zip(starts[1:], ends[1:], strict=True):
        if start - joined_ends[-1] <= longest_gap:
            joined_ends[-1] = end
        else:
            joined_starts.append(start)
            joined_ends.append(end)
    return joined_starts, joined_ends
