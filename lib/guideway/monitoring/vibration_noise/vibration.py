"""Vibration of the passages in a record: weighted levels, band maxima, KB, peak velocity, corrugation band."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.monitoring.vibration_noise.corrugation import corrugation_level, corrugation_prominence
from guideway.monitoring.vibration_noise.finding import (
    Event,
    Finding,
    energetic,
    maximum,
    mean,
    split_periods,
    worst,
)
from guideway.monitoring.vibration_noise.immission import CLOCK_S, clock_maxima, kb_fast, rating_severity
from guideway.monitoring.vibration_noise.receiver import Receiver
from guideway.monitoring.vibration_noise.record import Record
from guideway.signals.levels import SLOW_S, level, running_rms
from guideway.signals.octave_bands import running_maxima, third_octaves
from guideway.signals.passages import Passage
from guideway.signals.spectra import differentiate
from guideway.signals.weightings import table_correction, weight

Array = npt.NDArray[np.float64]

_MARGIN_S = 2.0
_AXES = ("vibration_velocity_x", "vibration_velocity_y", "vibration_velocity_z")


@dataclass(frozen=True, slots=True)
class PeakVelocity:
    """Peak particle velocity of one passage and axis with its dominant frequency."""

    value_mm_s: float
    frequency_hz: float
    at_s: float


def vertical_acceleration(record: Record, passage: Passage) -> Array | None:
    """Vertical acceleration of a passage with margins, m/s2; from velocity where only that was measured."""
    if record.has("vibration_acceleration_z"):
        return record.cut("vibration_acceleration_z", passage.whole, _MARGIN_S)
    if record.has("vibration_velocity_z"):
        velocity = record.cut("vibration_velocity_z", passage.whole, _MARGIN_S) / 1000.0
        return differentiate(velocity, record.fs, 1, 0.8, 0.45 * record.fs)
    return None


def vertical_velocity(record: Record, passage: Passage) -> Array | None:
    """Vertical velocity of a passage with margins, mm/s; from acceleration where only that was measured."""
    if record.has("vibration_velocity_z"):
        return record.cut("vibration_velocity_z", passage.whole, _MARGIN_S)
    if record.has("vibration_acceleration_z"):
        acceleration = record.cut("vibration_acceleration_z", passage.whole, _MARGIN_S)
        return 1000.0 * differentiate(acceleration, record.fs, -1, 0.8, 0.45 * record.fs)
    return None


def vibration_level_z(acceleration: Array, fs: float) -> float:
    """VLz of a passage: largest 1 s running RMS of weighted acceleration, dB re 1e-6 m/s2 (GB 10071-88 [K])."""
    return float(level(running_rms(weight(acceleration, fs, "GB10071-Z"), fs, SLOW_S).max(), "acceleration_iso"))


def third_octave_level(acceleration: Array, fs: float) -> float:
    """Largest weighted band level of 4-200 Hz, 1 s running RMS, dB re 1e-6 m/s2 (JGJ/T 170-2009 [K]).

    NaN where sampling reaches no band.
    """
    bands = third_octaves(4.0, 200.0)
    maxima = running_maxima(acceleration, fs, bands, SLOW_S)
    usable = np.isfinite(maxima)
    if not usable.any():
        return math.nan
    corrections = table_correction("JGJT170-Z", bands.nominal)
    return float((level(maxima[usable], "acceleration_iso") + corrections[usable]).max())


def velocity_level_fta(velocity_mm_s: Array, fs: float) -> float:
    """Largest 1 s running RMS of vertical velocity, VdB re 1e-6 in/s (FTA [S73])."""
    return float(level(running_rms(velocity_mm_s, fs, SLOW_S).max() / 1000.0, "velocity_fta"))


def dominant_frequency(x: Array, fs: float, peak: int) -> float:
    """Frequency of the largest spectral amplitude within 0.5 s of a peak, Hz, between 1 and 100 Hz."""
    half = max(2, round(0.5 * fs))
    cut = x[max(0, peak - half) : peak + half]
    size = 4 * cut.size
    amplitude = np.abs(np.fft.rfft((cut - cut.mean()) * np.hanning(cut.size), size))
    f = np.fft.rfftfreq(size, 1.0 / fs)
    inside = (f >= 1.0) & (f <= 100.0)
    return float(f[inside][np.argmax(amplitude[inside])]) if inside.any() else 1.0


def peak_velocities(record: Record) -> tuple[PeakVelocity, ...]:
    """Peak velocity of every passage and axis with its dominant frequency (DIN 4150-3)."""
    found = []
    for passage in record.passages:
        for axis in _AXES:
            if record.has(axis):
                velocity = record.cut(axis, passage.whole)
                if velocity.size > 4:
                    peak = int(np.argmax(np.abs(velocity)))
                    frequency = dominant_frequency(velocity, record.fs, peak)
                    at_s = passage.whole[0] + peak / record.fs
                    found.append(PeakVelocity(float(abs(velocity[peak])), frequency, at_s))
    return tuple(found)


def vibration_findings(record: Record, receiver: Receiver, speed_kmh: float | None) -> Iterator[Finding]:
    """Every vibration indicator the record's channels allow, one value over all its passages."""
    name = next((n for n in ("vibration_acceleration_z", "vibration_velocity_z") if record.has(n)), None)
    if name is None or not record.passages:
        return
    signal = record.signals[name]
    z_level = _events(record, receiver, lambda p: _of(vibration_level_z, vertical_acceleration(record, p), record.fs))
    band = _events(record, receiver, lambda p: _of(third_octave_level, vertical_acceleration(record, p), record.fs))
    for events, indicator, reduce in (
        (z_level, "vibration_level_z", mean),
        (band, "third_octave_vibration_level", maximum),
    ):
        for period, chosen in split_periods(events):
            yield Finding(f"{indicator}_{period}", reduce(chosen), signal, worst(chosen).at_s)
    vdb = _events(record, receiver, lambda p: _of(velocity_level_fta, vertical_velocity(record, p), record.fs))
    if vdb:
        yield Finding("vibration_velocity_level", maximum(vdb), signal, worst(vdb).at_s)
    passage = _events(record, receiver, lambda p: _passage_level(record, p))
    if passage:
        yield Finding("passage_velocity_level", energetic(passage), signal, worst(passage).at_s)
    if speed_kmh:
        yield from _corrugation_findings(record, receiver, speed_kmh)
    yield from _kb_findings(record, receiver)


def _of(kernel: Callable[[Array, float], float], signal: Array | None, fs: float) -> float:
    return kernel(signal, fs) if signal is not None and signal.size else math.nan


def within_train(x: Array, record: Record, passage: Passage) -> Array:
    """The part of a passage with margins that lies in window T2."""
    first = max(0.0, passage.whole[0] - _MARGIN_S)
    return x[round((passage.train[0] - first) * record.fs) : round((passage.train[1] - first) * record.fs)]


def _passage_level(record: Record, passage: Passage) -> float:
    velocity = vertical_velocity(record, passage)
    if velocity is None:
        return math.nan
    rms = math.sqrt(float(np.mean(np.square(within_train(velocity, record, passage)))))
    return float(level(rms / 1000.0, "velocity_din"))


def _corrugation_findings(record: Record, receiver: Receiver, speed_kmh: float) -> Iterator[Finding]:
    def at_speed(kernel: Callable[[Array, float, float], float], passage: Passage) -> float:
        acceleration = vertical_acceleration(record, passage)
        if acceleration is None:
            return math.nan
        return kernel(within_train(acceleration, record, passage), record.fs, speed_kmh)

    name = next(n for n in ("vibration_acceleration_z", "vibration_velocity_z") if record.has(n))
    loudness = _events(record, receiver, lambda p: at_speed(corrugation_level, p))
    shape = _events(record, receiver, lambda p: at_speed(lambda *of: corrugation_prominence(*of)[0], p))
    for events, indicator, reduce in (
        (loudness, "corrugation_level", energetic),
        (shape, "corrugation_prominence", mean),
    ):
        if events:
            yield Finding(indicator, reduce(events), record.signals[name], worst(events).at_s)


def _events(record: Record, receiver: Receiver, value: Callable[[Passage], float]) -> list[Event]:
    """One event a passage whose value is a number, with the period of its peak."""
    peaks = [record.start_s + passage.peak_at_s for passage in record.passages]
    periods = receiver.periods(record.started_at, peaks)
    values = [value(passage) for passage in record.passages]
    return [
        Event(v, at_s, str(period)) for v, at_s, period in zip(values, peaks, periods, strict=True) if math.isfinite(v)
    ]


def _kb_findings(record: Record, receiver: Receiver) -> Iterator[Finding]:
    """KB_FTmax and KB_FTr by period, each on its worst axis."""
    clock = record.started_at.hour * 3600 + record.started_at.minute * 60 + record.started_at.second
    origin = clock + record.started_at.microsecond / 1e6 + record.start_s
    best: dict[str, Finding] = {}
    for axis in _AXES:
        if not record.has(axis):
            continue
        maxima: dict[int, float] = {}
        for passage in record.passages:
            first = max(0.0, passage.whole[0] - _MARGIN_S)
            kb = kb_fast(record.cut(axis, passage.whole, _MARGIN_S), record.fs)
            for number, value in clock_maxima(kb, record.fs, origin + first).items():
                maxima[number] = max(value, maxima.get(number, 0.0))
        for finding in _axis_findings(record, receiver, axis, maxima, origin):
            if finding.indicator not in best or finding.value > best[finding.indicator].value:
                best[finding.indicator] = finding
    yield from best.values()


def _axis_findings(
    record: Record, receiver: Receiver, axis: str, maxima: dict[int, float], origin: float
) -> Iterator[Finding]:
    numbers = np.array(sorted(maxima))
    offsets = np.clip(numbers * CLOCK_S - origin, 0.0, None) + record.start_s
    periods = receiver.periods(record.started_at, offsets)
    cells = np.arange(0.0, record.duration_s, CLOCK_S)
    cell_periods = receiver.periods(record.started_at, cells + record.start_s)
    cell_s = np.minimum(CLOCK_S, record.duration_s - cells)
    for period in sorted(set(periods.tolist())):
        chosen = {int(n): maxima[int(n)] for n in numbers[periods == period]}
        loudest = max(chosen, key=lambda n: chosen[n])
        at_s = max(0.0, loudest * CLOCK_S - origin) + record.start_s
        signal = record.signals[axis]
        yield Finding(f"kb_ft_max_{period}", chosen[loudest], signal, at_s)
        recorded_s = float(cell_s[cell_periods == period].sum())
        yield Finding(f"kb_ft_rating_{period}", rating_severity(list(chosen.values()), recorded_s), signal, at_s)
