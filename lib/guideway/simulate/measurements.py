"""Every measurement of a network, one at a time: when it was made, what it holds and how its file is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from guideway.simulate import binaries, maglev, wayside
from guideway.simulate.formats import TRACK_FORMATS, RunHeader
from guideway.simulate.guideway import Guideway, SlowDefect, monitored_girders
from guideway.simulate.layout import Layout
from guideway.simulate.network import LineSpec, NetworkSpec
from guideway.simulate.odometer import Odometer
from guideway.simulate.streams import stream
from guideway.simulate.track import Track
from guideway.simulate.wayside import Receiver

Floats = npt.NDArray[np.float64]
Write = Callable[[RunHeader, Mapping[str, Floats]], tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One file's worth of measuring.

    Attributes:
        source_id: source profile.
        number: position among the files of this source on this line.
        day: days since the archive's first day.
        header: what the file says about itself.
        started: start, with the line's zone.
        lasts_s: duration.
        channels: canonical channels in canonical units, in the order of recording.
        write: from header and channels to file name and content.
        required: a channel the source must have.
        asset_id: what a fixed sensor watches.
        odometer: the vehicle's odometer error.
        passages: trains in the record.
    """

    source_id: str
    number: int
    day: float
    header: RunHeader
    started: datetime
    lasts_s: float
    channels: Mapping[str, Floats]
    write: Write
    required: str
    asset_id: str | None = None
    odometer: Odometer | None = None
    passages: tuple[tuple[float, float, float, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Series:
    """All measurements of one source on one line; they are made one at a time, as they are asked for."""

    source_id: str
    line_id: str
    n_files: int
    measurements: Iterator[Measurement]


def series_of_track(track: Track) -> Series:
    """Inspection runs of a line."""
    source_id, _ = TRACK_FORMATS[track.line.mode]
    return Series(source_id, track.line.line_id, len(run_days(track.line, track.spec)), _track_runs(track))


def series_of_guideway(guideway: Guideway, defects: tuple[SlowDefect, ...]) -> tuple[Series, Series]:
    """Runs of a maglev line's vehicle, and passages at its monitored girders."""
    line, spec = guideway.line, guideway.spec
    n_runs = len(run_days(line, spec)) * len(maglev.magnet_ids(guideway))
    n_passages = _visits(spec, 3.4, 28).size * len(monitored_girders(guideway))
    return (
        Series("sim_maglev_vehicle", line.line_id, n_runs, _vehicle_runs(guideway, defects)),
        Series("sim_maglev_girder", line.line_id, n_passages, _girder_passages(guideway)),
    )


def series_of_receivers(layout: Layout, receivers: tuple[Receiver, ...], spec: NetworkSpec) -> tuple[Series, Series]:
    """Vibration and noise beside a metro line."""
    line_id = layout.line.line_id
    n_vibration = _visits(spec, 2.0, 14).size * len(receivers)
    n_noise = _visits(spec, 5.0, 28).size * sum(receiver.has_microphone for receiver in receivers)
    return (
        Series("sim_wayside_vibration", line_id, n_vibration, _vibration_records(layout, receivers, spec)),
        Series("sim_wayside_noise", line_id, n_noise, _noise_records(layout, receivers, spec)),
    )


def _track_runs(track: Track) -> Iterator[Measurement]:
    """Inspection runs of a line, at night, every few weeks, in either direction."""
    line, spec = track.line, track.spec
    source_id, writer = TRACK_FORMATS[line.mode]
    for number, day in enumerate(run_days(line, spec)):
        rng = stream(spec.seed, line.line_id, "schedule", number)
        run = track.run(number, day)
        direction = int(rng.choice((1, -1), p=(0.6, 0.4)))
        step = direction
        started = _local(spec, line, day)
        header = RunHeader(line.line_id, line.track_id, started, direction, f"EM-{line.line_id}")
        channels = {name: values[::step] for name, values in run.channels.items()}
        yield Measurement(
            source_id=source_id,
            number=number,
            day=day,
            header=header,
            started=started,
            lasts_s=line.km * 1000.0 / (line.speed_kmh * 0.8 / 3.6),
            channels=channels,
            write=partial(_write_track, writer, run.stated_m[::step]),
            required="gauge",
            odometer=run.odometer,
        )


def _vehicle_runs(guideway: Guideway, defects: tuple[SlowDefect, ...]) -> Iterator[Measurement]:
    """Each instrumented magnet on each run over a maglev line."""
    line, spec = guideway.line, guideway.spec
    magnets = maglev.magnet_ids(guideway)
    for number, day in enumerate(run_days(line, spec)):
        for index, magnet in enumerate(magnets):
            run = maglev.vehicle_run(guideway, defects, number, index, day)
            started = _local(spec, line, day)
            yield Measurement(
                source_id="sim_maglev_vehicle",
                number=number * len(magnets) + index,
                day=day,
                header=RunHeader(line.line_id, line.track_id, started, 1, f"{line.line_id}-V1"),
                started=started,
                lasts_s=run.true_m.size / maglev.VEHICLE_RATE_HZ,
                channels=run.channels,
                write=partial(_write_vehicle, magnet, _nominal(run.ambient_c)),
                required="levitation_gap_left",
                asset_id=magnet,
                odometer=run.odometer,
            )


def _girder_passages(guideway: Guideway) -> Iterator[Measurement]:
    """One passage at every monitored girder every four weeks."""
    line, spec = guideway.line, guideway.spec
    number = 0
    for visit, day in enumerate(_visits(spec, 3.4, 28)):
        for girder in monitored_girders(guideway):
            record = maglev.girder_record(guideway, girder, visit, float(day))
            started = _local(spec, line, float(day) + girder / 1440.0)
            asset_id = guideway.layout.asset_ids[girder]
            yield Measurement(
                source_id="sim_maglev_girder",
                number=number,
                day=float(day),
                header=RunHeader(line.line_id, line.track_id, started, 1, f"TRG-{girder:04d}"),
                started=started,
                lasts_s=maglev.GIRDER_RECORD_S,
                channels={"girder_deflection": record.deflection_mm, "girder_acceleration": record.acceleration},
                write=partial(_write_girder, asset_id),
                required="girder_deflection",
                asset_id=asset_id,
                passages=((record.enters_s, record.leaves_s, record.speed_kmh, f"{line.line_id}-V1"),),
            )
            number += 1


def _vibration_records(layout: Layout, receivers: tuple[Receiver, ...], spec: NetworkSpec) -> Iterator[Measurement]:
    """A record of ground vibration at every receiver every two weeks, by day and by night."""
    line = layout.line
    for visit, day in enumerate(_visits(spec, 2.0, 14)):
        for index, receiver in enumerate(receivers):
            at = float(day) + (0.40 if visit % 2 else 0.96) + index / 500.0
            velocity, acceleration, passages = wayside.vibration_record(receiver, layout, spec, visit, at)
            started = _local(spec, line, at)
            train = passages[0].train
            facts: dict[str, str | float] = {
                "train_type": train.train_type,
                "train_id": train.train_id,
                "speed_kmh": round(train.speed_kmh, 1),
            }
            yield Measurement(
                source_id="sim_wayside_vibration",
                number=visit * len(receivers) + index,
                day=at,
                header=RunHeader(line.line_id, line.track_id, started, 1, receiver.asset_id),
                started=started,
                lasts_s=wayside.VIBRATION_RECORD_S,
                channels={"vibration_velocity_z": velocity, "vibration_acceleration_z": acceleration},
                write=partial(_write_vibration, receiver.asset_id, facts),
                required="vibration_velocity_z",
                asset_id=receiver.asset_id,
                passages=tuple((p.from_s, p.to_s, p.train.speed_kmh, p.train.train_id) for p in passages),
            )


def _noise_records(layout: Layout, receivers: tuple[Receiver, ...], spec: NetworkSpec) -> Iterator[Measurement]:
    """One pass-by at every microphone every four weeks, by day and by night."""
    line = layout.line
    places = [(receiver, receiver.microphone_id) for receiver in receivers if receiver.microphone_id]
    for visit, day in enumerate(_visits(spec, 5.0, 28)):
        for index, (receiver, microphone) in enumerate(places):
            at = float(day) + (0.45 if visit % 2 else 0.97) + index / 500.0
            pressure, passage = wayside.sound_record(receiver, spec, visit, at)
            started = _local(spec, line, at)
            train = passage.train
            yield Measurement(
                source_id="sim_wayside_noise",
                number=visit * len(places) + index,
                day=at,
                header=RunHeader(line.line_id, line.track_id, started, 1, microphone),
                started=started,
                lasts_s=wayside.SOUND_RECORD_S,
                channels={"sound_pressure": pressure},
                write=partial(_write_noise, microphone, f"{train.train_id}-{train.train_type}", train.speed_kmh),
                required="sound_pressure",
                asset_id=microphone,
                passages=((passage.from_s, passage.to_s, train.speed_kmh, train.train_id),),
            )


def run_days(line: LineSpec, spec: NetworkSpec) -> list[float]:
    """Days of a line's inspection runs, at night: every few weeks give or take days, the last in the last week."""
    rng = stream(spec.seed, line.line_id, "calendar")
    last = spec.weeks * 7 - 2 - int(rng.integers(0, 5))
    every = 7 * line.run_every_weeks
    days = np.arange(last, -1, -every, dtype=np.float64)[::-1]
    days[:-1] += rng.integers(-min(4, every // 4), min(4, every // 4) + 1, days.size - 1)
    return [float(day) + 1.5 / 24.0 for day in np.clip(days, 0, spec.weeks * 7 - 1)]


def _visits(spec: NetworkSpec, first: float, every: int) -> Floats:
    """Days of a fixed sensor's records."""
    return np.arange(first, spec.weeks * 7, float(every))


def _local(spec: NetworkSpec, line: LineSpec, day: float) -> datetime:
    """Wall-clock time of a day and its fraction, in the line's zone, to the second."""
    midnight = datetime.combine(spec.first_day, time(), tzinfo=ZoneInfo(line.time_zone))
    return midnight + timedelta(seconds=round(day * 86400.0))


def _write_track(
    writer: Callable[..., tuple[str, bytes]], stated_m: Floats, header: RunHeader, channels: Mapping[str, Floats]
) -> tuple[str, bytes]:
    return writer(header, stated_m, channels)


def _write_vehicle(
    magnet: str, facts: Mapping[str, float], header: RunHeader, channels: Mapping[str, Floats]
) -> tuple[str, bytes]:
    return binaries.maglev_vehicle(header, magnet, maglev.VEHICLE_RATE_HZ, channels, facts)


def _nominal(ambient_c: float) -> dict[str, float]:
    """What the recorder states of the vehicle and the day."""
    return {
        "nominal_gap_mm": maglev.NOMINAL_GAP_MM,
        "nominal_current_a": maglev.NOMINAL_CURRENT_A,
        "nominal_rise_k": maglev.NOMINAL_RISE_K,
        "ambient_c": round(ambient_c, 1),
        "control_hz": maglev.CONTROL_HZ,
        "control_damping": maglev.CONTROL_DAMPING,
        "gap_sign": maglev.GAP_SIGN,
    }


def _write_girder(girder: str, header: RunHeader, channels: Mapping[str, Floats]) -> tuple[str, bytes]:
    return binaries.maglev_girder(header, girder, maglev.GIRDER_RATE_HZ, channels)


def _write_vibration(
    receiver: str,
    facts: Mapping[str, str | float],
    header: RunHeader,
    channels: Mapping[str, Floats],
) -> tuple[str, bytes]:
    return binaries.wayside_vibration(header, receiver, wayside.VIBRATION_RATE_HZ, channels, facts)


def _write_noise(
    receiver: str, train: str, speed_kmh: float, header: RunHeader, channels: Mapping[str, Floats]
) -> tuple[str, bytes]:
    return binaries.wayside_noise(
        header,
        receiver,
        wayside.SOUND_RATE_HZ,
        channels["sound_pressure"],
        full_scale_pa=wayside.FULL_SCALE_PA,
        train=train,
        speed_kmh=speed_kmh,
    )
