"""From a recording to maglev conditions and exceedances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Condition, Exceedance, Measurement, Quality
from guideway.monitoring.findings import beyond_limits
from guideway.monitoring.maglev.gap import gap_statistics
from guideway.monitoring.maglev.girder_record import girder_values
from guideway.monitoring.maglev.girders import girder_passages
from guideway.monitoring.maglev.indicators import INDICATORS
from guideway.monitoring.maglev.magnets import magnet_values
from guideway.monitoring.maglev.run import nominal_gap, order_run, samples
from guideway.monitoring.maglev.settings import MaglevSettings
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook

_UNITS = {indicator.name: indicator.unit for indicator in INDICATORS}


def measure(
    recording: Recording,
    stretches: Sequence[Stretch],
    rulebook: Rulebook,
    settings: MaglevSettings | None = None,
) -> Measurement:
    """Conditions and exceedances of girders and magnets.

    With ``asset_id`` the recording is of sensors on that girder. Without, it is a vehicle's run: every girder passed
    gets its gap indicators, and the magnet (attribute ``magnet_asset_id``, else the vehicle) its own.
    """
    how = settings or MaglevSettings()
    if recording.n_samples < 2:
        return Measurement()
    if recording.asset_id is not None:
        return _measure_fixed(recording, recording.asset_id, stretches, rulebook, how)
    conditions: list[Condition] = []
    exceedances: list[Exceedance] = []
    run = order_run(recording, how.least_speed_kmh)
    if run is not None:
        for passage in girder_passages(run, stretches, how):
            quality: Quality = "good" if passage.coverage >= 0.95 else "suspect"
            found = tuple(
                Condition(
                    asset_id=passage.stretch.asset_id,
                    indicator=name,
                    value=value,
                    unit=_UNITS[name],
                    n_samples=passage.n_samples,
                    coverage=passage.coverage,
                    quality=quality,
                    at_offset_s=passage.at_s,
                )
                for name, value in passage.values.items()
            )
            conditions.extend(found)
            exceedances.extend(beyond_limits(found, passage.stretch, rulebook))
    magnet = recording.attributes.get("magnet_asset_id", recording.vehicle_or_sensor_id)
    of_magnet = _conditions(recording, magnet, magnet_values(recording))
    stretch = next((s for s in stretches if s.asset_id == magnet), None)
    return Measurement((*conditions, *of_magnet), (*exceedances, *beyond_limits(of_magnet, stretch, rulebook)))


def _measure_fixed(
    recording: Recording, asset_id: str, stretches: Sequence[Stretch], rulebook: Rulebook, how: MaglevSettings
) -> Measurement:
    """A girder's own sensors, or a magnet on a stand or at rest (gap and current over time)."""
    stretch = next((s for s in stretches if s.asset_id == asset_id), None)
    values = girder_values(recording, stretch, how)
    sides = [name for name in ("levitation_gap_left", "levitation_gap_right") if recording.has(name)]
    if sides:
        gaps = np.stack([samples(recording, name) for name in sides])
        nominal = nominal_gap(recording, gaps)
        if nominal is not None and np.isfinite(gaps).any(axis=1).all():
            values |= gap_statistics(gaps, nominal, how.excursion_mm, how.touch_gap_mm)
    values |= magnet_values(recording)
    conditions = _conditions(recording, asset_id, values)
    return Measurement(conditions, beyond_limits(conditions, stretch, rulebook))


def _conditions(recording: Recording, asset_id: str, values: Mapping[str, float]) -> tuple[Condition, ...]:
    """Conditions over a whole recording; coverage is that of the indicator's own channel."""
    channels = {indicator.name: indicator.channels[0] for indicator in INDICATORS}
    found = []
    for name, value in values.items():
        channel = channels[name] if recording.has(channels[name]) else recording.channels[0].name
        valid = int(np.count_nonzero(np.isfinite(recording.values(channel))))
        coverage = valid / recording.n_samples
        quality: Quality = "good" if coverage >= 0.95 else "suspect" if coverage >= 0.7 else "poor"
        found.append(Condition(asset_id, name, value, _UNITS[name], valid, coverage, quality))
    return tuple(found)
