"""Simulated records as the product decodes them, without files; whole lines are in ``delivered``."""

from __future__ import annotations

from collections.abc import Iterator

from guideway.archives.recording import Channel, Recording
from guideway.contracts.channels import CHANNELS
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks
from guideway.simulate import maglev, wayside
from guideway.simulate.guideway import Guideway
from guideway.simulate.layout import GIRDER_M
from guideway.simulate.measurements import Measurement

BOOKS = load_rulebooks()
NOMINAL = {
    "nominal_gap_mm": str(maglev.NOMINAL_GAP_MM),
    "nominal_current_a": str(maglev.NOMINAL_CURRENT_A),
    "nominal_temperature_rise_k": str(maglev.NOMINAL_RISE_K),
    "control_hz": str(maglev.CONTROL_HZ),
    "control_damping": str(maglev.CONTROL_DAMPING),
    "gap_sign": str(maglev.GAP_SIGN),
}


def girder_stretches(guideway: Guideway) -> Iterator[Stretch]:
    """The girders as the reference tables state them."""
    layout = guideway.layout
    for i, asset_id in enumerate(layout.asset_ids):
        yield Stretch(
            asset_id=asset_id,
            asset_type="girder",
            line_id=layout.line.line_id,
            track_id=layout.line.track_id,
            mode="maglev",
            from_m=round(float(layout.from_m[i]), 3),
            to_m=round(float(layout.to_m[i]), 3),
            speed_kmh=float(layout.speed_kmh[i]),
            structure="viaduct",
            time_zone=layout.line.time_zone,
            attributes={"span_m": f"{GIRDER_M:.3f}", "nominal_frequency_hz": f"{guideway.frequency_hz[i]:.2f}"},
        )


def recording_of(one: Measurement) -> Recording:
    """A measurement as its source profile decodes it."""
    rates = {
        "sim_maglev_vehicle": maglev.VEHICLE_RATE_HZ,
        "sim_maglev_girder": maglev.GIRDER_RATE_HZ,
        "sim_wayside_vibration": wayside.VIBRATION_RATE_HZ,
        "sim_wayside_noise": wayside.SOUND_RATE_HZ,
    }
    is_vehicle = one.source_id == "sim_maglev_vehicle"
    attributes = {"speed_kmh": f"{one.passages[0][2]:.1f}"} if one.passages else {}
    return Recording(
        source_id=one.source_id,
        domain="maglev" if "maglev" in one.source_id else "vibration_noise",
        vehicle_or_sensor_id=str(one.asset_id),
        line_id=one.header.line_id,
        track_id=one.header.track_id,
        started_at=one.started,
        axis="time",
        start=0.0,
        step=1.0 / rates[one.source_id],
        channels=tuple(Channel(n, CHANNELS[n][0], v.astype("float32")) for n, v in one.channels.items()),
        asset_id=None if is_vehicle else one.asset_id,
        attributes={"magnet_asset_id": str(one.asset_id), **NOMINAL} if is_vehicle else attributes,
    )
