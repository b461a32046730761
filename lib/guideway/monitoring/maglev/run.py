"""A vehicle's run along the guideway, ordered by chainage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording

Array = npt.NDArray[np.float64]

_BEYOND_REASON = 1e9
_SIDES = ("levitation_gap_left", "levitation_gap_right")


@dataclass(frozen=True, slots=True)
class Run:
    """Samples of a run at rising chainage, those slower than walking pace left out.

    Attributes:
        position_m: chainage, shape (n,), rising.
        time_s: seconds since the recording started, shape (n,).
        speed_kmh: shape (n,), NaN where unknown.
        gaps_mm: levitation gap of each side that was measured, shape (sides, n), NaN where missing.
        guidance_mm: guidance gap, shape (n,), or None.
        nominal_gap_mm: nominal levitation gap.
        control: natural frequency (Hz) and damping ratio of the levitation loop, where the recording states them.
        gap_sign: whether the gap grows (+1) or shrinks (-1) when the guideway rises, where the recording states it.
    """

    position_m: Array
    time_s: Array
    speed_kmh: Array
    gaps_mm: Array
    guidance_mm: Array | None
    nominal_gap_mm: float
    control: tuple[float, float] | None = None
    gap_sign: float | None = None

    @property
    def gap_mm(self) -> Array:
        """Mean gap of the sides, shape (n,); NaN where a side is missing."""
        return np.asarray(self.gaps_mm.mean(axis=0))

    def slice_of(self, from_m: float, to_m: float) -> slice:
        """Samples with ``from_m <= position < to_m``."""
        first, last = np.searchsorted(self.position_m, (from_m, to_m), side="left")
        return slice(int(first), int(last))


def order_run(recording: Recording, least_speed_kmh: float) -> Run | None:
    """The run by rising chainage; None without a levitation gap or a chainage."""
    sides = [name for name in _SIDES if recording.has(name)]
    if not sides or recording.n_samples < 2:
        return None
    axis = recording.positions
    if recording.axis == "distance":
        position, time = axis, np.zeros_like(axis)
    elif recording.has("position"):
        position, time = recording.values("position").astype(np.float64), axis
    else:
        return None
    speed = _speed(recording, position)
    if recording.axis == "distance":
        time = _time_on_distance(recording, axis, speed)
    keep = np.isfinite(position) & ~(np.abs(speed) < least_speed_kmh)
    if np.count_nonzero(keep) < 2:
        return None
    order = np.flatnonzero(keep)[np.argsort(position[keep], kind="stable")]
    gaps = np.stack([samples(recording, name)[order] for name in sides])
    nominal = nominal_gap(recording, gaps)
    if nominal is None:
        return None
    guidance = samples(recording, "guidance_gap")[order] if recording.has("guidance_gap") else None
    stated = [number(recording.attributes.get(name)) for name in ("control_hz", "control_damping")]
    control = (stated[0], stated[1]) if stated[0] and stated[1] else None
    return Run(
        position_m=position[order],
        time_s=time[order],
        speed_kmh=np.abs(speed[order]),
        gaps_mm=gaps,
        guidance_mm=guidance,
        nominal_gap_mm=nominal,
        control=control,
        gap_sign=number(recording.attributes.get("gap_sign")),
    )


def samples(recording: Recording, name: str) -> Array:
    """A channel in double precision, NaN for whatever is not finite or beyond 1e9, shape (n,)."""
    values = recording.values(name).astype(np.float64)
    return np.where(np.abs(values) < _BEYOND_REASON, values, np.nan)


def nominal_gap(recording: Recording, gaps_mm: Array) -> float | None:
    """Nominal gap: attribute ``nominal_gap_mm``, else the median of what was measured; None without valid samples."""
    stated = number(recording.attributes.get("nominal_gap_mm"))
    if stated is not None and stated > 0:
        return stated
    valid = gaps_mm[np.isfinite(gaps_mm)]
    return float(np.median(valid)) if valid.size else None


def number(text: str | None) -> float | None:
    """A finite number out of an attribute, or None."""
    try:
        value = float(text) if text is not None else float("nan")
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _speed(recording: Recording, position: Array) -> Array:
    if recording.has("speed"):
        return recording.values("speed").astype(np.float64)
    if recording.axis == "time" and np.isfinite(position).all():
        return np.asarray(3.6 * np.gradient(position, recording.step))
    return np.full(position.size, np.nan)


def _time_on_distance(recording: Recording, axis: Array, speed_kmh: Array) -> Array:
    """Seconds since the start, from the speed along a distance axis; 0 where the speed is unknown."""
    metres_a_second = np.abs(speed_kmh) / 3.6
    if not np.isfinite(metres_a_second).all() or (metres_a_second <= 0).any():
        return np.zeros_like(axis)
    elapsed = np.cumsum(recording.step / metres_a_second)
    return np.asarray(elapsed[-1] - elapsed if recording.direction == -1 else elapsed - elapsed[0])
