"""Search for the drift of a run: windows, path, smooth curve, and a second look around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from guideway.signals.alignment_drift import best_path, smooth_drift, sub_sample_peaks
from guideway.signals.alignment_pair import Pair
from guideway.signals.alignment_parameters import AlignmentParameters
from guideway.signals.alignment_refine import repeatable_weights, weighted
from guideway.signals.alignment_windows import Windows, window_scores

Floats = npt.NDArray[np.float64]
_COARSE_WINDOWS = 24
_END_KNOTS = 4


@dataclass(frozen=True)
class Drift:
    """Shift of a run along its length.

    Attributes:
        knots: indices on the run's grid, rising; empty where nothing is alike.
        shifts: shift at the knots, m.
        windows: centres of the windows of the first look, indices on the run's grid.
        own_shifts: shift at which each window alone looks most like the reference, m; NaN where not measured.
    """

    knots: Floats
    shifts: Floats
    windows: Floats
    own_shifts: Floats

    def at(self, index: Floats) -> Floats:
        """Shift at indices of the run's grid, m; 0 where no shift is known."""
        return np.interp(index, self.knots, self.shifts) if self.knots.size else np.zeros_like(index)


NO_DRIFT = Drift(np.empty(0), np.empty(0), np.empty(0), np.empty(0))


def find_drift(pair: Pair, wide: Pair, settings: AlignmentParameters) -> Drift:
    """The drift of a run: a first look over every shift in reach, then a second, sharper one around it.

    Args:
        pair: run and reference in the wavelengths of the first look.
        wide: the same in those of the second.
        settings: settings.
    """
    drift = _first_look(pair, settings)
    if drift.knots.size == 0:
        return drift
    knots, shifts = _second_look(wide, drift, settings)
    return replace(drift, **_to_the_ends(knots, shifts, pair.run.shape[1]))


def _first_look(pair: Pair, settings: AlignmentParameters) -> Drift:
    low, high = _reach(pair, settings)
    length, hop = _samples(settings.window_m, pair), _samples(settings.hop_m, pair)
    windows = Windows(length, hop, low - pair.first, high - pair.first)
    scored = window_scores(pair.run, pair.reference, windows)
    scores = np.where(scored.share[:, None] > 0, scored.scores, np.float32(0.0))
    alike = np.clip(scores, 0.0, None)
    path = best_path(alike * alike * alike, settings.slope_cost_per_m * pair.step, settings.jump_cost)
    own = np.argmax(scores, axis=1)
    peak, correlation = sub_sample_peaks(scores, path)
    weight = _votes(correlation, scored.share, 0.5 * settings.least_correlation)
    weight[np.abs(own - path) * pair.step > settings.agree_m] = 0.0
    if not weight.any():
        return NO_DRIFT
    stiffness = settings.smoothing_m / (hop * pair.step)
    shifts = smooth_drift((low + peak) * pair.step, weight, stiffness, settings.jump_m)
    own_shifts = np.where(scored.share > 0, (low + own) * pair.step, np.nan)
    return Drift(scored.centres, shifts, scored.centres, own_shifts)


def _second_look(wide: Pair, drift: Drift, settings: AlignmentParameters) -> tuple[Floats, Floats]:
    """Knots and shifts after a second look in which the wavelengths that repeat best weigh most."""
    index = np.arange(wide.run.shape[1], dtype=np.float64)
    reference = wide.reference_at(index + drift.at(index) / wide.step)
    length = _samples(settings.refine_window_m, wide)
    band = settings.refine_shortest_m / wide.step, settings.refine_longest_m / wide.step
    taps = repeatable_weights(wide.run, reference, length, band)
    if taps is None:
        return drift.knots, drift.shifts
    guard, reach = _samples(settings.refine_longest_m / 4, wide), _samples(settings.refine_search_m, wide)
    hop = _samples(settings.hop_m, wide)
    windows = Windows(length, hop, -reach, reach)
    scored = window_scores(weighted(wide.run, taps, guard), weighted(reference, taps, guard), windows)
    scores = np.where(scored.share[:, None] > 0, scored.scores, np.float32(0.0))
    peak, correlation = sub_sample_peaks(scores, np.argmax(scores, axis=1))
    weight = _votes(correlation, scored.share, 0.5 * settings.least_correlation)
    if not weight.any():
        return drift.knots, drift.shifts
    stiffness = settings.smoothing_m / (hop * wide.step)
    moved = smooth_drift((peak - reach) * wide.step, weight, stiffness, np.inf)
    return scored.centres, drift.at(scored.centres) + moved


def _samples(length_m: float, pair: Pair) -> int:
    return max(round(length_m / pair.step), 2)


def _votes(correlation: Floats, share: Floats, least: float) -> Floats:
    """Weight of each window's shift: the inverse variance of a delay, C^2 / (1 - C^2), 0 below ``least``.

    A window with a gap says where its measured part lies, not its centre: it counts far less.
    """
    clear = np.clip(correlation, 0.0, 0.99)
    return np.where((clear > least) & (share > 0), share**8 * clear**2 / (1 - clear**2), 0.0)


def _to_the_ends(knots: Floats, shifts: Floats, n_samples: int) -> dict[str, Floats]:
    """The drift goes on as it was over the half windows before the first and after the last knot."""
    if knots.size < _END_KNOTS:
        return {"knots": knots, "shifts": shifts}
    head = (shifts[_END_KNOTS - 1] - shifts[0]) / (knots[_END_KNOTS - 1] - knots[0])
    tail = (shifts[-1] - shifts[-_END_KNOTS]) / (knots[-1] - knots[-_END_KNOTS])
    ends = shifts[0] - head * knots[0], shifts[-1] + tail * (n_samples - 1 - knots[-1])
    return {
        "knots": np.concatenate(([0.0], knots, [n_samples - 1.0])),
        "shifts": np.concatenate((ends[:1], shifts, ends[1:])),
    }


def _reach(pair: Pair, settings: AlignmentParameters) -> tuple[int, int]:
    """First and last shift to search, samples: around 0, or around a large constant offset if there is one."""
    search, coarse = round(settings.search_m / pair.step), round(settings.coarse_search_m / pair.step)
    if coarse <= search:
        return -search, search
    length = min(round(4 * settings.window_m / pair.step), pair.run.shape[1])
    hop = max((pair.run.shape[1] - length) // _COARSE_WINDOWS, length // 2, 1)
    windows = Windows(length, hop, -coarse - pair.first, coarse - pair.first)
    scored = window_scores(pair.run, pair.reference, windows)
    blurred = maximum_filter1d(np.clip(scored.scores, 0.0, None), search | 1, axis=1)
    votes = uniform_filter1d(np.square(blurred).sum(axis=0), search | 1, mode="nearest")
    offset = int(np.argmax(votes)) - coarse
    if abs(offset) <= search:
        return min(-search, offset - search), max(search, offset + search)
    return offset - search, offset + search
