"""Airborne and structure-borne sound of a record and of its passages, A-weighted, re 20 uPa."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from guideway.monitoring.vibration_noise.finding import Event, Finding, energetic, maximum, split_periods, worst
from guideway.monitoring.vibration_noise.receiver import PERIODS, Receiver
from guideway.monitoring.vibration_noise.record import Record
from guideway.signals.levels import (
    FAST_S,
    energy_mean,
    exposure_level,
    level,
    running_rms,
    transit_exposure_level,
)
from guideway.signals.octave_bands import third_octaves
from guideway.signals.passages import Passage
from guideway.signals.weightings import weight

Array = npt.NDArray[np.float64]

_CELL_S = 30.0
_RUN_IN_S = 0.5


def cell_levels(pressure: Array, fs: float, cell_s: float = _CELL_S) -> Array:
    """A-weighted equivalent level of consecutive cells, dB re 20 uPa, shape (cells,); works in bounded memory."""
    size, run_in = max(1, round(cell_s * fs)), round(_RUN_IN_S * fs)
    levels = []
    for start in range(0, pressure.size, size):
        first = max(0, start - run_in)
        weighted = weight(pressure[first : start + size], fs, "A")[start - first :]
        levels.append(float(level(math.sqrt(float(np.mean(np.square(weighted)))), "sound_pressure")))
    return np.array(levels)


def structure_borne_level(pressure: Array, fs: float) -> float:
    """A-weighted equivalent level of 16-200 Hz, dB re 20 uPa (JGJ/T 170-2009 [K]); NaN below 450 samples a second."""
    bands = third_octaves(16.0, 200.0)
    if bands.upper[-1] >= 0.5 * fs or pressure.size < fs / 4:
        return math.nan
    size = 2 * pressure.size
    f = np.fft.rfftfreq(size, 1.0 / fs)
    spectrum = np.fft.rfft(weight(pressure, fs, "A"), size)
    spectrum[(f < bands.lower[0]) | (f > bands.upper[-1])] = 0.0
    kept = np.fft.irfft(spectrum, size)[: pressure.size]
    return float(level(math.sqrt(float(np.mean(np.square(kept)))), "sound_pressure"))


def sound_findings(record: Record, receiver: Receiver) -> Iterator[Finding]:
    """Every sound indicator the record's channels allow: from pressure, else from the logged level LAF."""
    if record.has("sound_pressure"):
        name, cells = "sound_pressure", cell_levels(record.signals["sound_pressure"].values, record.fs)
    elif record.has("sound_level_a_fast"):
        name, cells = "sound_level_a_fast", _cells_of_levels(record.signals["sound_level_a_fast"].values, record.fs)
    else:
        return
    signal = record.signals[name]
    starts = record.start_s + _CELL_S * np.arange(cells.size)
    periods = receiver.periods(record.started_at, starts)
    seconds = np.minimum(_CELL_S, signal.values.size / record.fs - (starts - record.start_s))
    for period in PERIODS:
        inside = (periods == period) & np.isfinite(cells)
        if inside.any():
            loudest = float(starts[inside][np.argmax(cells[inside])])
            value = energy_mean(cells[inside], seconds[inside])
            yield Finding(f"sound_level_equivalent_{period}", value, signal, loudest)
    yield from _passage_findings(record, receiver, name)


def _cells_of_levels(levels: Array, fs: float) -> Array:
    size = max(1, round(_CELL_S * fs))
    return np.array([energy_mean(levels[start : start + size]) for start in range(0, levels.size, size)])


def _passage_findings(record: Record, receiver: Receiver, name: str) -> Iterator[Finding]:
    events: dict[str, list[Event]] = {"maximum": [], "exposure": [], "transit": [], "structure_borne": []}
    peaks = [record.start_s + passage.peak_at_s for passage in record.passages]
    periods = receiver.periods(record.started_at, peaks) if peaks else np.array([], dtype=np.str_)
    for passage, at_s, period in zip(record.passages, peaks, periods, strict=True):
        for quantity, value in _passage_levels(record, passage, name).items():
            if math.isfinite(value):
                events[quantity].append(Event(value, at_s, str(period)))
    signal = record.signals[name]
    for quantity, indicator, reduce in (
        ("maximum", "sound_level_maximum", maximum),
        ("exposure", "sound_exposure_level", energetic),
        ("transit", "transit_exposure_level", energetic),
    ):
        if events[quantity]:
            yield Finding(indicator, reduce(events[quantity]), signal, worst(events[quantity]).at_s)
    if receiver.is_outdoors:
        return
    for period, chosen in split_periods(events["structure_borne"]):
        yield Finding(f"structure_borne_sound_level_{period}", maximum(chosen), signal, worst(chosen).at_s)


def _passage_levels(record: Record, passage: Passage, name: str) -> dict[str, float]:
    """LAFmax, SEL, TEL and structure-borne level of one passage."""
    whole_s, train_s = (window[1] - window[0] for window in (passage.whole, passage.train))
    if name == "sound_level_a_fast":
        levels = record.cut(name, passage.whole)
        exposure = exposure_level(energy_mean(levels), whole_s)
        return {
            "maximum": float(levels.max()),
            "exposure": exposure,
            "transit": transit_exposure_level(exposure, train_s),
        }
    run_in = min(_RUN_IN_S, passage.whole[0])
    pressure = record.cut(name, (passage.whole[0] - run_in, passage.whole[1]))
    weighted = weight(pressure, record.fs, "A")[round(run_in * record.fs) :]
    energy = float(level(math.sqrt(float(np.mean(np.square(weighted)))), "sound_pressure"))
    exposure = exposure_level(energy, whole_s)
    return {
        "maximum": float(level(running_rms(weighted, record.fs, FAST_S).max(), "sound_pressure")),
        "exposure": exposure,
        "transit": transit_exposure_level(exposure, train_s),
        "structure_borne": structure_borne_level(record.cut(name, passage.train), record.fs),
    }
