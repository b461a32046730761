"""Runs of a vehicle that faced the other way: its left rail is the track's right one, and lateral signs turn.

Sources deliver left and right as the vehicle sees them or as the track does, and seldom say which. The reference run
sets the track's sides as it sets its chainage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Channel, Recording
from guideway.signals.alignment import Alignment, align

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


def align_either_way(
    recording: Recording, reference_position_m: npt.ArrayLike, reference: Mapping[str, npt.ArrayLike]
) -> tuple[Recording, Alignment, bool]:
    """Align a run to a reference run, mirrored where only so most of it looks like the reference.

    Args:
        recording: the run.
        reference_position_m: chainage of the reference's samples, shape (m,).
        reference: values of the reference by channel, shape (m,) each; those the run has take part.

    Returns:
        The run with the reference's sides, its alignment, and whether it was mirrored.

    Raises:
        ValueError: the runs have no channel in common.
    """
    found = _align(recording, reference_position_m, reference)
    turned = mirrored(recording)
    if _likeness(found) > _CLEARLY_ALIKE or not any(turned.has(name) for name in reference):
        return recording, found, False
    other = _align(turned, reference_position_m, reference)
    if _likeness(other) > _likeness(found):
        return turned, other, True
    return recording, found, False


def _align(recording: Recording, position_m: npt.ArrayLike, reference: Mapping[str, npt.ArrayLike]) -> Alignment:
    shared = [name for name in reference if recording.has(name)]
    if not shared:
        raise ValueError("the runs have no channel in common to align on")
    run = np.stack([recording.values(name) for name in shared])
    return align(recording.positions, run, position_m, np.stack([np.asarray(reference[name]) for name in shared]))


def _likeness(alignment: Alignment) -> float:
    """Mean correlation of the stretches both runs measured, those not comparable counting nothing."""
    known = np.isfinite(alignment.correlation)
    return float(np.where(alignment.comparable, alignment.correlation, 0.0)[known].mean()) if known.any() else 0.0
