"""Regular sections along a recording, for a look at a file whose network is not at hand."""

from __future__ import annotations

import math
from dataclasses import replace

from guideway.archives.recording import Recording
from guideway.network.stretches import Stretch


def regular_stretches(recording: Recording, length_m: float, like: Stretch) -> tuple[Stretch, ...]:
    """Sections of ``length_m`` at multiples of it, over all the recording's chainage.

    A fixed sensor, or a record over time, is one asset at one place.

    Args:
        recording: says where, and what the assets are called.
        length_m: of a section.
        like: what every asset is like besides: mode, speed, structure, zone, clock.
    """
    own = replace(like, line_id=recording.line_id, track_id=recording.track_id or "")
    if recording.axis == "time":
        name = recording.asset_id or recording.vehicle_or_sensor_id
        return (replace(own, asset_id=name, asset_type="receiver", from_m=0.0, to_m=0.0),)
    first = math.floor(recording.start / length_m)
    last = math.ceil((recording.start + recording.n_samples * recording.step) / length_m)
    return tuple(
        replace(
            own,
            asset_id=f"{own.line_id}:{own.track_id}:{number * length_m:.0f}",
            asset_type="track_section",
            from_m=number * length_m,
            to_m=(number + 1) * length_m,
        )
        for number in range(first, last)
    )
