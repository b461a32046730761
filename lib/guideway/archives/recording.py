"""What a decoded file holds: recordings, each with named channels on one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

Axis = Literal["distance", "time"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity.

    Attributes:
        name: canonical channel name, for example ``longitudinal_level_left``.
        unit: unit of ``values`` as Pint writes it, for example ``mm`` or ``m/s**2``.
        values: samples, shape (n,), float32, NaN where there is no valid sample.
    """

    name: str
    unit: str
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recording:
    """One measurement run or one stretch of sensor record, on a uniform axis.

    Sample ``i`` of every channel lies at ``start + i * step``: metres of chainage on a distance axis
    (always rising; ``direction`` says how it was driven), seconds since ``started_at`` on a time axis.
    """

    source_id: str
    domain: str
    vehicle_or_sensor_id: str
    line_id: str
    track_id: str | None
    started_at: datetime
    axis: Axis
    start: float
    step: float
    channels: tuple[Channel, ...]
    asset_id: str | None = None
    direction: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """Samples per channel."""
        return self.channels[0].values.size if self.channels else 0

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """Axis position of every sample, shape (n,), m or s."""
        return self.start + self.step * np.arange(self.n_samples, dtype=np.float64)

    def has(self, *names: str) -> bool:
        """Whether all these channels are there."""
        return set(names) <= {channel.name for channel in self.channels}

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """Samples of the channel of that name; ``KeyError`` lists the channels there are."""
        for channel in self.channels:
            if channel.name == name:
                return channel.values
        raise KeyError(f"no channel {name!r}; the recording has {[c.name for c in self.channels]}")
