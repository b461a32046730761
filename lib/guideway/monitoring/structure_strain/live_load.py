"""Crossings in a strain record: what rises quickly above the slow baseline, and nothing where no train crosses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter1d

from guideway.signals.passages import runs

Array = npt.NDArray[np.float64]

_GRID_S = 0.1
_LONGEST_GAP_S = 2.0


@dataclass(frozen=True, slots=True)
class StrainSearch:
    """How crossings are looked for.

    Attributes:
        least_strain: smaller events are no trains, um/m; free vibration of a measured railway bridge reached 7.
        noise_factor: an event stands this many times out of the record's own scatter.
        baseline_s: width of the running median that follows temperature.
    """

    least_strain: float = 10.0
    noise_factor: float = 8.0
    baseline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """One crossing: from and to in seconds from the first sample, largest and least strain over the baseline, um/m."""

    from_s: float
    to_s: float
    highest: float
    lowest: float

    @property
    def span(self) -> float:
        """Range of the live-load strain, um/m: what fatigue counts."""
        return self.highest - self.lowest


def find_crossings(strain_um_m: npt.ArrayLike, fs: float, search: StrainSearch | None = None) -> tuple[Crossing, ...]:
    """Crossings in a strain record, in order of time; none in an empty, constant or quiet one.

    Args:
        strain_um_m: strain, shape (n,); NaN is bridged by lines.
        fs: sampling rate in Hz.
        search: thresholds.
    """
    how = search or StrainSearch()
    live = live_load(strain_um_m, fs, how.baseline_s)
    if live.size == 0:
        return ()
    quasi_static = uniform_filter1d(live, max(1, round(_GRID_S * fs)), mode="nearest")
    scatter = 1.4826 * float(np.median(np.abs(quasi_static)))
    threshold = max(how.least_strain, how.noise_factor * scatter)
    starts, ends = runs(np.abs(quasi_static) > 0.5 * threshold, round(_LONGEST_GAP_S * fs))
    found = []
    for start, end in zip(starts, ends, strict=True):
        part = quasi_static[start:end]
        if float(np.abs(part).max()) > threshold:
            found.append(Crossing(start / fs, end / fs, max(float(part.max()), 0.0), min(float(part.min()), 0.0)))
    return tuple(found)


def live_load(strain_um_m: npt.ArrayLike, fs: float, baseline_s: float) -> Array:
    """Strain less its running median, um/m, shape (n,); empty where fewer than 16 samples are valid.

    The median is taken on cells of 0.1 s; a record shorter than the baseline has one median.
    """
    x = np.asarray(strain_um_m, dtype=np.float64)
    valid = np.isfinite(x)
    if np.count_nonzero(valid) < 16:
        return np.empty(0)
    times = np.arange(x.size)
    x = np.interp(times, times[valid], x[valid])
    step = max(1, round(_GRID_S * fs))
    starts = np.arange(0, x.size, step)
    cells = np.add.reduceat(x, starts) / np.diff(np.append(starts, x.size))
    width = round(baseline_s * fs / step)
    if width >= cells.size:
        return x - float(np.median(cells))
    baseline = median_filter(cells, 2 * (width // 2) + 1, mode="nearest")
    return np.asarray(x - np.interp(times, starts + 0.5 * (step - 1), baseline))
