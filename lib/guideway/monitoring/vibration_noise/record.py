"""A fixed sensor's record made ready: gaps filled, coverage known, passages found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Quality
from guideway.signals.passages import Passage, Window, find_in_envelope, find_passages

Array = npt.NDArray[np.float64]

_DETECT_ON = ("vibration_velocity_z", "vibration_acceleration_z", "sound_pressure")
_USED = (*_DETECT_ON, "vibration_velocity_x", "vibration_velocity_y", "sound_level_a_fast")
_LEAST_COVERAGE = 0.5
_BEYOND_REASON = 1e9
_LOUDEST_DB = 250.0
_CLIPPED_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Signal:
    """One channel without gaps, about zero unless it is a level in dB.

    ``coverage`` is the share of valid samples; ``is_clipped``: more than one in a thousand sits on an end of the range.
    """

    values: Array
    coverage: float
    is_clipped: bool

    @property
    def quality(self) -> Quality:
        """Good, suspect (gaps above 5 %, clipped) or poor (gaps above 30 %)."""
        if self.coverage < 0.7:
            return "poor"
        return "suspect" if self.coverage < 0.95 or self.is_clipped else "good"


@dataclass(frozen=True, slots=True)
class Record:
    """Continuous record of a fixed sensor with the train passages in it."""

    started_at: datetime
    start_s: float
    fs: float
    signals: Mapping[str, Signal]
    passages: tuple[Passage, ...]

    @property
    def duration_s(self) -> float:
        """Length of the record."""
        return max((s.values.size for s in self.signals.values()), default=0) / self.fs

    def has(self, *names: str) -> bool:
        """Whether these channels are there with enough valid samples."""
        return set(names) <= self.signals.keys()

    def cut(self, name: str, window: Window, margin_s: float = 0.0) -> Array:
        """Samples of a channel within a window of time and a margin on both sides, as far as the record goes."""
        first = max(0, round((window[0] - margin_s) * self.fs))
        return self.signals[name].values[first : max(first, round((window[1] + margin_s) * self.fs))]


def prepare(recording: Recording) -> Record:
    """Record of a fixed sensor; channels that are empty, constant or mostly missing are left out."""
    fs = 1.0 / recording.step if recording.step > 0 else 1.0
    signals = {}
    for channel in recording.channels:
        if channel.name in _USED:
            signal = _signal(channel.values, is_level=channel.unit == "dB")
            if signal is not None:
                signals[channel.name] = signal
    return Record(recording.started_at, recording.start, fs, signals, _passages(signals, fs))


def _signal(values: npt.NDArray[np.float32], is_level: bool) -> Signal | None:
    x = values.astype(np.float64)
    valid = np.abs(x) < (_LOUDEST_DB if is_level else _BEYOND_REASON)
    if x.size < 2 or valid.mean() < _LEAST_COVERAGE:
        return None
    low, high = float(x[valid].min()), float(x[valid].max())
    if low == high:
        return None
    clipped = max(np.count_nonzero(x == low), np.count_nonzero(x == high)) > max(3.0, _CLIPPED_SHARE * x.size)
    fill = low if is_level else float(np.median(x[valid]))
    x = np.where(valid, x, fill)
    return Signal(x if is_level else x - fill, float(valid.mean()), bool(clipped) and not is_level)


def _passages(signals: Mapping[str, Signal], fs: float) -> tuple[Passage, ...]:
    for name in _DETECT_ON:
        if name in signals:
            return find_passages(signals[name].values, fs)
    if "sound_level_a_fast" in signals:
        return find_in_envelope(10.0 ** (signals["sound_level_a_fast"].values / 20.0), fs)
    return ()
