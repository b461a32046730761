"""A value found at a receiver, on its way to a condition row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from guideway.monitoring.vibration_noise.receiver import PERIODS
from guideway.monitoring.vibration_noise.record import Signal
from guideway.signals.levels import energy_mean


@dataclass(frozen=True, slots=True)
class Finding:
    """Value of one indicator over a record, the signal behind it and the moment of the worst event."""

    indicator: str
    value: float
    signal: Signal
    at_s: float


@dataclass(frozen=True, slots=True)
class Event:
    """Value of one quantity in one passage."""

    value: float
    at_s: float
    period: str


def mean(events: Sequence[Event]) -> float:
    """Arithmetic mean of the events' values."""
    return float(np.mean([event.value for event in events]))


def maximum(events: Sequence[Event]) -> float:
    """Largest of the events' values."""
    return max(event.value for event in events)


def energetic(events: Sequence[Event]) -> float:
    """Energetic mean of the events' levels."""
    return energy_mean([event.value for event in events])


def split_periods(events: Sequence[Event]) -> Iterable[tuple[str, list[Event]]]:
    """Events by day and by night; a period without events is left out."""
    for period in PERIODS:
        chosen = [event for event in events if event.period == period]
        if chosen:
            yield period, chosen


def worst(events: Sequence[Event]) -> Event:
    """The event with the largest value."""
    return max(events, key=lambda event: event.value)
