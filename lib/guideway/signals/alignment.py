"""Position of a run against a reference run of the same track (odometer drift, offsets, breaks).

Classical reference-run method: the run is cut into windows, each is correlated with the reference at every
shift in reach, a path of slowly changing shifts is drawn through the correlations, and a robust smooth drift
curve through its sub-sample peaks moves every sample. No run-to-run consensus is formed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from guideway.signals.alignment_pair import Pair, Reference, Samples
from guideway.signals.alignment_parameters import AlignmentParameters
from guideway.signals.alignment_resample import resample, uniform_targets
from guideway.signals.alignment_search import NO_DRIFT, Drift, find_drift

__all__ = ["Alignment", "AlignmentParameters", "Reference", "align", "align_to", "corrected"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Alignment:
    """Where a run really was, stretch by stretch and as a curve.

    ``shift_m`` is added to the run's stated chainage to get the reference's.

    Attributes:
        from_m: stated chainage of each stretch's start, shape (stretches,).
        to_m: stated chainage of each stretch's end.
        shift_m: shift at the middle of each stretch; NaN where the runs were never comparable.
        correlation: correlation with the reference after the shift; NaN where too little was measured by both.
        comparable: whether the runs look alike there; nothing may be concluded from a change elsewhere.
        knots_m: stated chainage of the drift curve's knots, rising; empty where no shift is known.
        knots_shift_m: shift at the knots.
        origin_m: a grid point of the reference.
        step_m: step of the reference.
    """

    from_m: Floats
    to_m: Floats
    shift_m: Floats
    correlation: Floats
    comparable: Bools
    knots_m: Floats
    knots_shift_m: Floats
    origin_m: float
    step_m: float

    def shift_at(self, position_m: npt.ArrayLike) -> Floats:
        """Shift at stated chainages, m; 0 everywhere where no shift is known."""
        position = np.asarray(position_m, dtype=np.float64)
        if self.knots_m.size == 0:
            return np.zeros_like(position)
        return np.asarray(np.interp(position, self.knots_m, self.knots_shift_m), dtype=np.float64)

    def records(self) -> list[dict[str, float | bool | None]]:
        """One ``{from_m, to_m, shift_m, correlation, comparable}`` a stretch, ``None`` for what is not known."""

        def known(value: float) -> float | None:
            return float(value) if np.isfinite(value) else None

        columns = zip(self.from_m, self.to_m, self.shift_m, self.correlation, self.comparable, strict=True)
        return [
            {
                "from_m": float(start),
                "to_m": float(end),
                "shift_m": known(shift),
                "correlation": known(correlation),
                "comparable": bool(comparable),
            }
            for start, end, shift, correlation, comparable in columns
        ]


def align(
    position_m: npt.ArrayLike,
    values: npt.ArrayLike,
    reference_position_m: npt.ArrayLike,
    reference_values: npt.ArrayLike,
    parameters: AlignmentParameters | None = None,
) -> Alignment:
    """Find the shift of a run against a reference run of the same track, as ``align_to`` does.

    Args:
        position_m: see ``align_to``.
        values: see ``align_to``.
        reference_position_m: chainage of the reference's samples, shape (m,).
        reference_values: geometry of the reference, shape (m,) or (channels, m).
        parameters: settings; defaults where not given.
    """
    return align_to(Reference.of(reference_position_m, reference_values), position_m, values, parameters)


def align_to(
    reference: Reference,
    position_m: npt.ArrayLike,
    values: npt.ArrayLike,
    parameters: AlignmentParameters | None = None,
) -> Alignment:
    """Find the shift of a run against a reference run of the same track.

    Args:
        reference: the reference run.
        position_m: stated chainage of the run's samples, rising or falling, shape (n,).
        values: geometry of the run, shape (n,) or (channels, n): the same channels, wide-band or band-passed, as
            the reference's; NaN where not measured. Several channels vote with equal weight.
        parameters: settings; defaults where not given.

    Returns:
        The alignment. Stretches that do not look alike, or that only one run measured, are not comparable; input
        with nothing to compare gives an alignment without any comparable stretch.

    Raises:
        ValueError: shapes of positions and values, or the numbers of channels, do not fit.
    """
    settings = parameters or AlignmentParameters()
    run = Samples.checked(position_m, values)
    if run.rows.shape[0] != reference.rows.shape[0]:
        raise ValueError(f"the run has {run.rows.shape[0]} channels and the reference {reference.rows.shape[0]}")
    bands = (settings.shortest_m, settings.longest_m), (settings.refine_shortest_m, settings.refine_longest_m)
    pair, wide = Pair.of(run, reference, bands)
    drift = find_drift(pair, wide, settings) if pair.run.shape[1] else NO_DRIFT
    return _report(pair, drift, settings)


class _HasSamples(Protocol):
    """What ``corrected`` needs of a recording, so that signals need not know archives."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def start(self) -> float: ...
    @property
    def step(self) -> float: ...
    @property
    def channels(self) -> tuple[Any, ...]: ...


RecordingT = TypeVar("RecordingT", bound=_HasSamples)


def corrected(recording: RecordingT, alignment: Alignment) -> RecordingT:
    """The recording with every channel on the reference's chainage grid; NaN where nothing was measured.

    Args:
        recording: a ``Recording`` on a distance axis, as it was aligned.
        alignment: of this recording against its reference.
    """
    if not recording.channels or recording.channels[0].values.size < 2 or alignment.knots_m.size == 0:
        return recording
    stated = recording.start + recording.step * np.arange(recording.channels[0].values.size, dtype=np.float64)
    true = stated + alignment.shift_at(stated)
    grid = uniform_targets(true, alignment.origin_m, alignment.step_m)
    moved = resample(true, grid)
    channels = tuple(
        replace(channel, values=moved.apply(channel.values).astype(np.float32)) for channel in recording.channels
    )
    return replace(recording, start=float(grid[0]), step=alignment.step_m, channels=channels)


def _report(pair: Pair, drift: Drift, settings: AlignmentParameters) -> Alignment:
    """Stretches of the run with their shift, the correlation after it and whether both look alike."""
    n = pair.run.shape[1]
    per_stretch = max(round(settings.stretch_m / pair.step), 1)
    starts = np.arange(0, max(n - per_stretch // 2, 1) if n else 0, per_stretch)
    ends = np.append(starts[1:], n) if n else starts
    index = np.arange(n, dtype=np.float64)
    shift = drift.at(index)
    correlation, coverage = _correlation(pair, index + shift / pair.step, starts)
    known = coverage >= settings.least_coverage
    alike = (correlation >= settings.least_correlation) & (
        _agreement(drift, starts, settings) >= settings.least_agreement
    )
    return Alignment(
        from_m=pair.origin + pair.step * starts,
        to_m=pair.origin + pair.step * np.maximum(ends - 1, starts),
        shift_m=shift[(starts + ends) // 2] if drift.knots.size else np.full(starts.size, np.nan),
        correlation=np.where(known, correlation, np.nan),
        comparable=known & alike,
        knots_m=pair.origin + pair.step * drift.knots,
        knots_shift_m=drift.shifts,
        origin_m=pair.origin,
        step_m=pair.step,
    )


def _agreement(drift: Drift, starts: npt.NDArray[np.intp], settings: AlignmentParameters) -> Floats:
    """Share of each stretch's windows that on their own would be put where the curve puts them.

    Where the two stretches on either side agree less, the share of all five counts. Of unrelated runs a good
    correlation can be found at some shift, but not the same one in window after window.
    """
    if starts.size == 0:
        return np.empty(0)
    measured = np.isfinite(drift.own_shifts)
    near = np.abs(drift.own_shifts - drift.at(drift.windows)) <= settings.agree_m
    stretch = np.searchsorted(starts, drift.windows, side="right") - 1
    total = np.bincount(stretch[measured], minlength=starts.size)
    agreeing = np.bincount(stretch[measured], weights=near[measured], minlength=starts.size)
    around = [np.convolve(number, np.ones(5))[2:-2] for number in (agreeing, total)]
    own, wide = agreeing / np.maximum(total, 1), around[0] / np.maximum(around[1], 1)
    return np.asarray(np.minimum(own, wide), dtype=np.float64)


def _correlation(pair: Pair, index: Floats, starts: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Correlation of the run with the reference at ``index`` of the run's grid, and coverage, per stretch."""
    if starts.size == 0:
        return np.empty(0), np.empty(0)
    counts = np.diff(np.append(starts, index.size))
    total, covered = np.zeros(starts.size), np.zeros(starts.size)
    for run, reference in zip(pair.run, pair.reference_at(index), strict=True):
        both = np.isfinite(run) & np.isfinite(reference)
        a, b = np.where(both, run, 0.0), np.where(both, reference, 0.0)
        n = np.maximum(np.add.reduceat(both.astype(np.float64), starts), 1.0)
        aa, bb, ab, a1, b1 = (np.add.reduceat(x, starts) for x in (a * a, b * b, a * b, a, b))
        scale = np.sqrt(np.maximum((aa - a1 * a1 / n) * (bb - b1 * b1 / n), 0.0))
        total += n * np.divide(ab - a1 * b1 / n, scale, out=np.zeros_like(scale), where=scale > 1e-12)
        covered += n
    return total / np.maximum(covered, 1.0), covered / counts / len(pair.run)
