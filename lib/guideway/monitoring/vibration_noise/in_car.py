"""Noise in an instrumented train, section by section."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Condition
from guideway.network.stretches import Stretch
from guideway.signals.levels import level, level_unit
from guideway.signals.weightings import weight

Array = npt.NDArray[np.float64]

_UNIT = level_unit("sound_pressure")
_LEAST_S = 2.0
_LOUDEST_PA = 1e6
_LOUDEST_DB = 250.0
_LEAST_SPEED_KMH = 5.0


def in_car_class(recording: Recording, stretch: Stretch) -> str:
    """Asset class of GB 14892: ``saloon`` (default) or ``cab``, in ``.tunnel`` or ``.open``."""
    place = recording.attributes.get("location", "saloon")
    return f"{place}.{'tunnel' if stretch.structure == 'tunnel' else 'open'}"


def in_car_conditions(recording: Recording, stretches: Sequence[Stretch]) -> Iterator[tuple[Condition, Stretch]]:
    """Equivalent A-weighted level of every section the moving car was on, with the section."""
    energy = _energy(recording)
    if energy is None or not recording.has("position"):
        return
    position = recording.values("position").astype(np.float64)
    valid = np.isfinite(position) & np.isfinite(energy)
    moving = valid
    if recording.has("speed"):
        moving = valid & (np.abs(np.nan_to_num(recording.values("speed"))) >= _LEAST_SPEED_KMH)
    times = recording.positions
    for stretch in stretches:
        on_it = (position >= stretch.from_m) & (position < stretch.to_m)
        inside = on_it & moving
        count = int(np.count_nonzero(inside))
        if count * recording.step < _LEAST_S:
            continue
        value = float(level(math.sqrt(float(energy[inside].mean())), "sound_pressure"))
        if math.isfinite(value):
            share = count / int(np.count_nonzero(on_it))
            at_s = float(times[inside].mean())
            yield Condition(stretch.asset_id, "in_car_sound_level", value, _UNIT, count, share, "good", at_s), stretch


def _energy(recording: Recording) -> Array | None:
    """A-weighted squared pressure sample by sample, NaN where missing; None without a sound channel."""
    if recording.has("sound_pressure"):
        pressure = recording.values("sound_pressure").astype(np.float64)
        missing = ~(np.abs(pressure) < _LOUDEST_PA)
        if missing.all():
            return None
        weighted = weight(np.where(missing, 0.0, pressure), 1.0 / recording.step, "A")
        return np.where(missing, np.nan, np.square(weighted))
    if recording.has("sound_level_a_fast"):
        levels = recording.values("sound_level_a_fast").astype(np.float64)
        levels = np.where(np.abs(levels) < _LOUDEST_DB, levels, np.nan)
        return np.asarray((20e-6) ** 2 * 10.0 ** (levels / 10.0))
    return None
