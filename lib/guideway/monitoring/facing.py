"""Runs of a vehicle that faced the other way: its left rail is the track's right one, and lateral signs turn.

Sources deliver left and right as the vehicle sees them or as the track does, and seldom say which. The reference run
sets the track's sides as it sets its chainage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Channel, Recording
from guideway.signals.alignment import Alignment, Reference, align_to

_OTHER = {"left": "right", "right": "left"}
# what a vehicle turned about its vertical axis measures with the other sign
_SIGNED = (
    "alignment_",
    "cross_level",
    "curvature",
    "contact_wire_stagger",
    "angular_rate_x",
    "angular_rate_y",
    "bogie_acceleration_lateral",
    "car_body_acceleration_longitudinal",
    "car_body_acceleration_lateral",
)
_CLEARLY_ALIKE = 0.8  # mean correlation beyond which nobody needs to look the other way


def mirrored(recording: Recording) -> Recording:
    """The recording as a vehicle facing the other way would have delivered it; twice is the recording itself."""
    channels = []
    for channel in recording.channels:
        stem, _, side = channel.name.rpartition("_")
        name = f"{stem}_{_OTHER[side]}" if stem and side in _OTHER else channel.name
        sign = np.float32(-1 if channel.name.startswith(_SIGNED) else 1)
        channels.append(Channel(name, channel.unit, sign * channel.values))
    return replace(recording, channels=tuple(channels))


@dataclass(frozen=True)
class ReferenceRun:
    """The run others are aligned to; what its channels need for that is made once.

    Attributes:
        position_m: chainage of its samples, shape (m,).
        values: its channels by name, shape (m,) each.
    """

    position_m: npt.ArrayLike
    values: Mapping[str, npt.ArrayLike]
    _ready: dict[tuple[str, ...], Reference] = field(default_factory=dict, repr=False)

    def shares(self, recording: Recording) -> tuple[str, ...]:
        """Channels both have."""
        return tuple(name for name in self.values if recording.has(name))

    def ready(self, names: tuple[str, ...]) -> Reference:
        """Those channels, for runs to be aligned to."""
        if names not in self._ready:
            rows = np.stack([np.asarray(self.values[name]) for name in names])
            self._ready[names] = Reference.of(self.position_m, rows)
        return self._ready[names]


def align_either_way(recording: Recording, reference: ReferenceRun) -> tuple[Recording, Alignment, bool]:
    """Align a run to a reference run, mirrored where only so most of it looks like the reference.

    Args:
        recording: the run; channels it shares with the reference take part.
        reference: the reference run.

    Returns:
        The run with the reference's sides, its alignment, and whether it was mirrored.

    Raises:
        ValueError: the runs have no channel in common.
    """
    found = _align(recording, reference)
    if _likeness(found) > _CLEARLY_ALIKE:
        return recording, found, False
    turned = mirrored(recording)
    if not reference.shares(turned):
        return recording, found, False
    other = _align(turned, reference)
    if _likeness(other) > _likeness(found):
        return turned, other, True
    return recording, found, False


def _align(recording: Recording, reference: ReferenceRun) -> Alignment:
    shared = reference.shares(recording)
    if not shared:
        raise ValueError("the runs have no channel in common to align on")
    run = np.stack([recording.values(name) for name in shared])
    return align_to(reference.ready(shared), recording.positions, run)


def _likeness(alignment: Alignment) -> float:
    """Mean correlation of the stretches both runs measured, those not comparable counting nothing."""
    known = np.isfinite(alignment.correlation)
    return float(np.where(alignment.comparable, alignment.correlation, 0.0)[known].mean()) if known.any() else 0.0
