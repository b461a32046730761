"""Regular sections along a recording, for a look at a file whose network is not at hand."""

from __future__ import annotations

import math

from guideway.archives.recording import Recording
from guideway.network.stretches import Stretch


def regular_stretches(recording: Recording, length_m: float, speed_kmh: float, mode: str) -> tuple[Stretch, ...]:
    """Sections of ``length_m`` at multiples of it, over all the recording's chainage.

    A fixed sensor, or a record over time, is one asset at one place.
    """
    track_id = recording.track_id or ""
    if recording.axis == "time":
        name = recording.asset_id or recording.vehicle_or_sensor_id
        return (Stretch(name, "receiver", recording.line_id, track_id, mode, 0.0, 0.0, speed_kmh),)
    first = math.floor(recording.start / length_m)
    last = math.ceil((recording.start + recording.n_samples * recording.step) / length_m)
    return tuple(
        Stretch(
            asset_id=f"{recording.line_id}:{track_id}:{number * length_m:.0f}",
            asset_type="track_section",
            line_id=recording.line_id,
            track_id=track_id,
            mode=mode,
            from_m=number * length_m,
            to_m=(number + 1) * length_m,
            speed_kmh=speed_kmh,
        )
        for number in range(first, last)
    )
