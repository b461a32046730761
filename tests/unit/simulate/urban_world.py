"""A simulated maglev or metro line measured in memory, by the product's own path, without files and without Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from guideway.archives.recording import Channel, Recording
from guideway.contracts.channels import CHANNELS
from guideway.monitoring import maglev as maglev_domain
from guideway.monitoring import vibration_noise
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks
from guideway.simulate import maglev, wayside
from guideway.simulate.guideway import Guideway, SlowDefect, magnet_defects
from guideway.simulate.layout import GIRDER_M, Layout, lay_out
from guideway.simulate.measurements import Measurement, Series, series_of_guideway, series_of_receivers
from guideway.simulate.network import LineSpec, NetworkSpec
from guideway.simulate.wayside import Receiver, receivers_of

BOOKS = load_rulebooks()
NOMINAL = {
    "nominal_gap_mm": str(maglev.NOMINAL_GAP_MM),
    "nominal_current_a": str(maglev.NOMINAL_CURRENT_A),
    "nominal_temperature_rise_k": str(maglev.NOMINAL_RISE_K),
    "control_hz": str(maglev.CONTROL_HZ),
    "control_damping": str(maglev.CONTROL_DAMPING),
    "gap_sign": str(maglev.GAP_SIGN),
}


@dataclass(frozen=True)
class World:
    """What was measured on a line, and what is wrong with it.

    ``conditions`` and ``exceedances`` have columns ``asset_id``, ``indicator``, ``day`` and ``value`` (or ``level``).
    """

    conditions: pd.DataFrame
    exceedances: pd.DataFrame
    stretches: Mapping[str, Stretch]


def maglev_world(line: LineSpec, spec: NetworkSpec) -> tuple[World, Guideway, tuple[SlowDefect, ...]]:
    """A maglev line, its guideway and the defects of its girders and magnets."""
    guideway = Guideway(line, spec)
    weak = magnet_defects(line, spec, maglev.magnet_ids(guideway))
    stretches = {one.asset_id: one for one in girder_stretches(guideway)}
    runs, passages = series_of_guideway(guideway, weak)

    def near(one: Measurement) -> tuple[Stretch, ...]:
        if one.source_id == "sim_maglev_girder":
            return (stretches[str(one.asset_id)],)
        # all three magnets follow the same guideway: its girders are read from the first
        return tuple(stretches.values()) if str(one.asset_id).endswith("-M1") else ()

    return _measured((runs, passages), near, stretches, "maglev"), guideway, guideway.defects + weak


def metro_world(line: LineSpec, spec: NetworkSpec, receivers: tuple[Receiver, ...] = ()) -> tuple[World, Layout]:
    """The receivers of a metro line (those of the simulator unless given) and its layout."""
    layout = lay_out(line, spec.seed)
    chosen = receivers or receivers_of(layout, spec)
    stretches = {one.asset_id: one for one in receiver_stretches(layout, chosen)}
    series = series_of_receivers(layout, chosen, spec)
    return _measured(series, lambda one: (stretches[str(one.asset_id)],), stretches, "metro"), layout


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


def receiver_stretches(layout: Layout, receivers: tuple[Receiver, ...]) -> Iterator[Stretch]:
    """Receivers and microphones as the reference tables state them."""
    for receiver in receivers:
        for asset_id, zone in ((receiver.asset_id, receiver.zone), (receiver.microphone_id, None)):
            if asset_id:
                yield Stretch(
                    asset_id=asset_id,
                    asset_type="receiver",
                    line_id=layout.line.line_id,
                    track_id=layout.line.track_id,
                    mode="metro",
                    from_m=receiver.at_m - 25.0,
                    to_m=receiver.at_m + 25.0,
                    speed_kmh=float(layout.speed_kmh[receiver.section]),
                    structure=str(layout.structure[receiver.section]),
                    track_form=str(layout.track_form[receiver.section]),
                    receiver_zone=zone,
                    attributes={"place": "building" if zone else "wayside"},
                    time_zone=layout.line.time_zone,
                )


def _measured(
    series: tuple[Series, ...],
    near: Callable[[Measurement], tuple[Stretch, ...]],
    stretches: Mapping[str, Stretch],
    book: str,
) -> World:
    domain = maglev_domain if book == "maglev" else vibration_noise
    conditions, beyond = [], []
    for one in (measurement for each in series for measurement in each.measurements):
        found = domain.measure(recording_of(one), near(one), BOOKS[book])
        conditions += [(c.asset_id, c.indicator, one.day, c.value) for c in found.conditions]
        beyond += [(e.asset_id, e.indicator, one.day, e.level, e.peak, e.limit) for e in found.exceedances]
    return World(
        pd.DataFrame(conditions, columns=["asset_id", "indicator", "day", "value"]),
        pd.DataFrame(beyond, columns=["asset_id", "indicator", "day", "level", "peak", "limit"]),
        stretches,
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
