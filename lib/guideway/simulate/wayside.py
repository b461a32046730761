"""Vibration and noise beside a metro: receivers, rail corrugation, trains, and what a passage leaves in a record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from guideway.simulate.layout import Layout
from guideway.simulate.network import DAYS_PER_YEAR, NetworkSpec
from guideway.simulate.streams import stream

Floats = npt.NDArray[np.float64]

VIBRATION_RATE_HZ = 640.0
VIBRATION_RECORD_S = 60.0
SOUND_RATE_HZ = 16000
SOUND_RECORD_S = 10.0
FULL_SCALE_PA = 20.0
REFERENCE_SPEED_KMH = 60.0
CORRUGATION_LIMIT_DB = 12.0
_FLOATING_SLAB_HZ = 10.0
_WHEEL_M = 0.84
_TRAINS = {"A4": (80.0, 0.0), "B6": (118.0, 1.5)}


@dataclass(frozen=True, slots=True)
class Receiver:
    """A place with sensors, and the rail it listens to.

    Attributes:
        asset_id: receiver.
        section: index of the track section it lies beside.
        at_m: chainage.
        distance_m: distance from the track.
        zone: zone in the words of the metro's rule book.
        corrugation_m: wavelength of the corrugation; every section has one, most grow slowly.
        start_db: corrugation above the smooth rail's roughness on the first day.
        growth_db_per_year: its growth.
        ground_day: day of grinding, after the archive's end where there was none.
        damper_day: day on which rail dampers were fitted, likewise.
        has_microphone: whether a microphone stands there too.
    """

    asset_id: str
    section: int
    at_m: float
    distance_m: float
    zone: str
    corrugation_m: float
    start_db: float
    growth_db_per_year: float
    ground_day: float
    ground_db: float
    damper_day: float
    damper_db: float
    gain: float
    has_microphone: bool

    @property
    def microphone_id(self) -> str | None:
        """Microphone 7.5 m beside the same track; only the corrugated and the damped stretches have one."""
        return self.asset_id.replace("-R", "-N") if self.has_microphone else None

    def corrugation_db(self, day: float) -> float:
        """Corrugation above the smooth rail's roughness, dB."""
        grown = self.start_db + self.growth_db_per_year * day / DAYS_PER_YEAR
        return max(0.0, grown - self.ground_db) if day >= self.ground_day else grown

    def limit_day(self) -> float | None:
        """Day on which the corrugation passes its limit; None where grinding comes first."""
        day = (CORRUGATION_LIMIT_DB - self.start_db) / self.growth_db_per_year * DAYS_PER_YEAR
        return day if day < self.ground_day else None


@dataclass(frozen=True, slots=True)
class Train:
    """A train that passes: its set, type, speed and whether one wheel is flat."""

    train_id: str
    train_type: str
    speed_kmh: float
    length_m: float
    level_db: float
    flat: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """When a train is beside the receiver, seconds from the start of the record."""

    from_s: float
    to_s: float
    train: Train


def receivers_of(layout: Layout, spec: NetworkSpec) -> tuple[Receiver, ...]:
    """Receivers along a metro line, 4 at least: smooth, corrugated, corrugated and ground, with rail dampers."""
    line = layout.line
    rng = stream(spec.seed, line.line_id, "receivers")
    days = spec.weeks * 7.0
    count = min(max(4, round(line.km * 0.6)), layout.n)
    out = []
    for number, section in enumerate(np.sort(rng.choice(layout.n, count, replace=False))):
        case = number % 4
        corrugated = case in (1, 2)
        out.append(
            Receiver(
                asset_id=f"{line.line_id}-{line.track_id}-R{number + 1}",
                section=int(section),
                at_m=float(np.round(layout.from_m[section] + rng.uniform(60.0, 140.0))),
                distance_m=float(np.round(rng.uniform(15.0, 35.0), 1)),
                zone=("residential", "residential", "mixed", "commercial")[case],
                corrugation_m=float(np.round(rng.uniform(0.10, 0.16), 3)),
                start_db=float(rng.uniform(2.0, 5.0)),
                growth_db_per_year=float(rng.uniform(5.0, 8.0) if corrugated else rng.uniform(0.2, 0.8)),
                ground_day=float(np.floor(rng.uniform(0.5, 0.7) * days)) + 0.1 if case == 2 else 10.0 * days,
                ground_db=float(rng.uniform(9.0, 13.0)),
                damper_day=float(np.floor(rng.uniform(0.4, 0.6) * days)) + 0.1 if case == 3 else 10.0 * days,
                damper_db=float(rng.uniform(2.0, 3.0)),
                gain=float(rng.lognormal(0.0, 0.2)),
                has_microphone=case in (1, 3),
            )
        )
    return tuple(out)


def draw_train(rng: np.random.Generator, day: float, spec: NetworkSpec) -> Train:
    """A train out of a fleet of 12 sets of two types; one set gets a flat wheel in the archive's last third."""
    number = int(rng.integers(1, 13))
    train_type = "A4" if number <= 6 else "B6"
    length, level = _TRAINS[train_type]
    return Train(
        train_id=f"T{number:02d}",
        train_type=train_type,
        speed_kmh=float(np.clip(rng.normal(58.0, 6.0), 40.0, 72.0)),
        length_m=length,
        level_db=level + float(rng.normal(0.0, 0.6)),
        flat=number == 7 and day > flat_wheel_day(spec),
    )


def flat_wheel_day(spec: NetworkSpec) -> float:
    """Day from which set T07 runs with a flat wheel."""
    return spec.weeks * 7 * 0.67


def vibration_record(
    receiver: Receiver, layout: Layout, spec: NetworkSpec, visit: int, day: float
) -> tuple[Floats, Floats, tuple[Passage, ...]]:
    """Vertical ground vibration with two passages of one train.

    Returns:
        Velocity (mm/s), acceleration (m/s**2) and the passages.
    """
    rng = stream(spec.seed, receiver.asset_id, "vibration", visit)
    train = draw_train(rng, day, spec)
    n = round(VIBRATION_RECORD_S * VIBRATION_RATE_HZ)
    frequency = fft.rfftfreq(n, 1.0 / VIBRATION_RATE_HZ)
    time = np.arange(n) / VIBRATION_RATE_HZ
    passages = tuple(_passage(train, middle + rng.uniform(-3.0, 3.0)) for middle in (16.0, 44.0))
    spectrum = vibration_spectrum(frequency, receiver, str(layout.track_form[receiver.section]), train, day)
    velocity = 0.0002 * rng.standard_normal(n)
    for passage in passages:
        velocity = velocity + _envelope(time, passage, receiver.distance_m) * _shaped(rng, spectrum, n)
        if train.flat:
            velocity = velocity + 0.3 * receiver.gain * _impacts(time, passage)
    turned = fft.rfft(velocity) * (2j * np.pi * frequency)
    # the accelerometer's anti-aliasing filter
    acceleration = fft.irfft(turned / (1.0 + (frequency / 280.0) ** 16), n) / 1000.0
    return velocity, acceleration + rng.normal(0.0, 2e-5, n), passages


def vibration_spectrum(frequency: Floats, receiver: Receiver, track_form: str, train: Train, day: float) -> Floats:
    """Amplitude density of the ground's vertical velocity under a train, mm/s per root Hz.

    A broad maximum at 63 Hz, a narrow one at ``speed / wavelength`` that grows with the corrugation, both rising with
    speed; a floating slab isolates above its resonance and amplifies at it; ground damps with distance.
    """
    f = np.maximum(frequency, 0.1)
    broad = np.exp(-0.5 * (np.log2(f / 63.0) / 0.8) ** 2)
    peak_hz = train.speed_kmh / 3.6 / receiver.corrugation_m
    roughness = 10.0 ** (receiver.corrugation_db(day) / 20.0)
    narrow = 1.2 * roughness * np.exp(-0.5 * ((f - peak_hz) / (0.05 * peak_hz)) ** 2)
    density = np.hypot(broad, narrow) * (train.speed_kmh / REFERENCE_SPEED_KMH) * 10.0 ** (train.level_db / 20.0)
    if track_form == "floating_slab":
        ratio = f / _FLOATING_SLAB_HZ
        density = density * np.maximum(1.0 / np.abs(1.0 - ratio**2 + 0.4j * ratio), 0.12)
    ground = np.exp(-f * receiver.distance_m / 12000.0) * (10.0 / receiver.distance_m) ** 0.5
    return np.asarray(0.032 * receiver.gain * density * ground * (f > 2.0), dtype=np.float64)


def sound_record(receiver: Receiver, spec: NetworkSpec, visit: int, day: float) -> tuple[Floats, Passage]:
    """Sound pressure (Pa) of one passage at 7.5 m: rolling noise with the corrugation's tone and harmonics."""
    rng = stream(spec.seed, receiver.asset_id, "noise", visit)
    train = draw_train(rng, day, spec)
    n = round(SOUND_RECORD_S * SOUND_RATE_HZ)
    f = np.maximum(fft.rfftfreq(n, 1.0 / SOUND_RATE_HZ), 1.0)
    time = np.arange(n) / SOUND_RATE_HZ
    rolling = np.exp(-0.5 * (np.log2(f / 800.0) / 1.2) ** 2)
    if day >= receiver.damper_day:
        rolling = rolling * 10.0 ** (-receiver.damper_db / 20.0)
    tone = train.speed_kmh / 3.6 / receiver.corrugation_m
    excess = 10.0 ** (receiver.corrugation_db(day) / 20.0)
    for harmonic, share in ((1, 3.0), (2, 2.0), (3, 1.2)):
        centre = harmonic * tone
        rolling = np.hypot(rolling, share * excess * np.exp(-0.5 * ((f - centre) / (0.05 * centre)) ** 2))
    level = 10.0 ** ((train.level_db + 30.0 * np.log10(train.speed_kmh / REFERENCE_SPEED_KMH)) / 20.0)
    passage = _passage(train, SOUND_RECORD_S / 2.0)
    pressure = _envelope(time, passage, 7.5) * _shaped(rng, 0.38 * level * receiver.gain**0.3 * rolling, n)
    if train.flat:
        pressure = pressure + 0.8 * _impacts(time, passage)
    return pressure + 0.002 * rng.standard_normal(n), passage


def _passage(train: Train, middle_s: float) -> Passage:
    half = 0.5 * train.length_m / (train.speed_kmh / 3.6)
    return Passage(middle_s - half, middle_s + half, train)


def _envelope(time: Floats, passage: Passage, distance_m: float) -> Floats:
    """Rise and fall of a passage: steep where the receiver is near."""
    width = 0.6 * distance_m / (passage.train.speed_kmh / 3.6) + 0.1
    rise = 1.0 / (1.0 + np.exp(np.clip(-(time - passage.from_s) / (0.4 * width), -60.0, 60.0)))
    fall = 1.0 / (1.0 + np.exp(np.clip((time - passage.to_s) / (0.4 * width), -60.0, 60.0)))
    return np.asarray(rise * fall)


def _shaped(rng: np.random.Generator, density: Floats, n: int) -> Floats:
    """Stationary noise with a one-sided amplitude density (unit per root Hz of the record's own bandwidth)."""
    white = fft.rfft(rng.standard_normal(n))
    return np.asarray(np.sqrt(2.0) * fft.irfft(white * density, n), dtype=np.float64)


def _impacts(time: Floats, passage: Passage) -> Floats:
    """A flat wheel's knocks, once a turn, each ringing at 40 Hz."""
    turn_s = np.pi * _WHEEL_M / (passage.train.speed_kmh / 3.6)
    since = np.where((time > passage.from_s) & (time < passage.to_s), (time - passage.from_s) % turn_s, 1.0)
    knock = np.exp(-since * 40.0) * np.sin(2 * np.pi * 40.0 * since)
    return np.asarray(np.where(since < 0.5, knock, 0.0), dtype=np.float64)
