"""Braking-grid replacements of two locomotive fleets (Doganaksoy and Nelson): a yardstick for recurrent events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from guideway.errors import ConfigurationError
from guideway.prognostics.survival import MeanCumulative, difference, mean_cumulative

_AGES = np.arange(50.0, 1001.0, 50.0)
_MIN_UNITS = 5
_FLEETS = ("grids1", "grids2")


def evaluate_survival(folder: Path) -> dict[str, Any]:
    """Mean replacements a locomotive by age for both fleets, and the difference with its 95 % interval.

    Args:
        folder: holds ``grids1.csv`` and ``grids2.csv``: unit, days, event (``Replacement`` or ``End``).

    Returns:
        ``fleets`` by name (``units``, ``replacements``, ``mcf``: rows of age, mean, low, high), ``difference`` (rows of
        age, difference, low, high: second fleet minus first), ``differs``: first and last of those ages at
        which the interval excludes zero, or None. Only ages at which five units are watched are told.

    Raises:
        ConfigurationError: a file is missing or lacks a column; names it.
    """
    fleets = {name: _fleet(folder / f"{name}.csv") for name in _FLEETS}
    gap = difference(fleets[_FLEETS[1]], fleets[_FLEETS[0]], _AGES, min_units=_MIN_UNITS)
    apart = ((gap["low"] > 0) | (gap["high"] < 0)).to_numpy()
    ages = gap["age"].to_numpy()[apart]
    return {
        "fleets": {name: _summary(curve) for name, curve in fleets.items()},
        "difference": gap.round(4).to_dict("records"),
        "differs": [float(ages[0]), float(ages[-1])] if ages.size else None,
    }


def _fleet(path: Path) -> MeanCumulative:
    if not path.is_file():
        raise ConfigurationError(f"{path} is missing")
    table = pd.read_csv(path)
    missing = [name for name in ("unit", "days", "event") if name not in table]
    if missing:
        raise ConfigurationError(f"{path} lacks the columns {missing}")
    is_event = (table["event"] == "Replacement").to_numpy()
    return mean_cumulative(table["unit"].to_numpy(), table["days"].to_numpy(np.float64), is_event)


def _summary(curve: MeanCumulative) -> dict[str, Any]:
    ages = _AGES[curve.age[-1] >= _AGES] if curve.age.size else _AGES[:0]
    mean, variance = curve.at(ages)
    half = 1.959964 * np.sqrt(variance)
    rows = zip(ages, mean, mean - half, mean + half, strict=True)
    return {
        "units": curve.n_units,
        "replacements": curve.n_events,
        "mcf": [{"age": a, "mean": round(m, 4), "low": round(lo, 4), "high": round(hi, 4)} for a, m, lo, hi in rows],
    }
