"""The fault register of a network: failures of switches and magnets, drawn from known rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from guideway.simulate.guideway import SlowDefect
from guideway.simulate.network import DAYS_PER_YEAR
from guideway.simulate.streams import stream

REGISTER_YEARS = 3
"""So many years the register is older than the archive: railways wrote down faults before they measured condition."""

_SWITCH_RATE, _YEARS_TO_DOUBLE, _USUAL_AGE = 1.0, 6.0, 12.0
_USUAL_PASSES = 60.0
_MAGNET_RATE, _FORCE_LOST_TO_DOUBLE = 1.2, 0.08

_MODES = {
    "switch": (
        ("position not detected", 0.4),
        ("blades obstructed", 0.25),
        ("lock does not engage", 0.15),
        ("motor tripped", 0.15),
        ("heating failed", 0.05),
    ),
    "magnet": (("gap sensor lost", 0.5), ("controller tripped", 0.35), ("insulation fault", 0.15)),
}


@dataclass(frozen=True)
class FailingAsset:
    """An asset with the truth about its failures.

    Attributes:
        asset_id: the asset.
        line_id: its line.
        asset_type: ``switch`` or ``magnet``.
        installed_day: days since the archive's first day; negative before it.
        rate: expected failures a year on a day, which only ever grows.
        days: when it failed, days since the archive's first day, rising.
    """

    asset_id: str
    line_id: str
    asset_type: str
    installed_day: float
    rate: Callable[[float], float]
    days: tuple[float, ...] = ()


def failing_switch(
    asset_id: str, line_id: str, installed_on: date, passes: float, first_day: date, weeks: int, seed: int
) -> FailingAsset:
    """A switch whose failures double every six years of age, and grow with the root of the passages a day."""
    installed = float((installed_on - first_day).days)
    share = (passes / _USUAL_PASSES) ** 0.5

    def rate(day: float) -> float:
        age = (day - installed) / DAYS_PER_YEAR
        return float(_SWITCH_RATE * share * 2.0 ** ((age - _USUAL_AGE) / _YEARS_TO_DOUBLE))

    return _with_failures(FailingAsset(asset_id, line_id, "switch", installed, rate), weeks, seed)


def failing_magnet(
    asset_id: str,
    line_id: str,
    installed_on: date,
    defects: Sequence[SlowDefect],
    first_day: date,
    weeks: int,
    seed: int,
) -> FailingAsset:
    """A magnet that fails twice as often for every 8 % of its force that it has lost; a sound one at a steady rate."""
    own = [defect for defect in defects if defect.asset_id == asset_id]

    def rate(day: float) -> float:
        lost = min(sum(defect.severity(day) for defect in own), 0.8)
        return float(_MAGNET_RATE * 2.0 ** (lost / _FORCE_LOST_TO_DOUBLE))

    installed = float((installed_on - first_day).days)
    return _with_failures(FailingAsset(asset_id, line_id, "magnet", installed, rate), weeks, seed)


def register_rows(failing: FailingAsset, first_day: date, seed: int) -> list[dict[str, object]]:
    """What the fault register says of an asset: rows of ``reference.failure``, to the minute."""
    names, shares = zip(*_MODES[failing.asset_type], strict=True)
    rng = stream(seed, failing.asset_id, "failure modes")
    midnight = np.datetime64(first_day, "m")
    return [
        {
            "asset_id": failing.asset_id,
            "failed_at": f"{midnight + np.timedelta64(round(day * 1440.0), 'm')}:00+00:00",
            "failure_mode": str(rng.choice(names, p=shares)),
            "source": "fault_register",
        }
        for day in failing.days
    ]


def _with_failures(failing: FailingAsset, weeks: int, seed: int) -> FailingAsset:
    """Draw the failures: a Poisson process thinned from its greatest rate (Lewis and Shedler 1979)."""
    rng = stream(seed, failing.asset_id, "failures")
    starts, ends = max(-REGISTER_YEARS * DAYS_PER_YEAR, failing.installed_day), weeks * 7.0
    most = failing.rate(ends)
    count = int(rng.poisson(most * (ends - starts) / DAYS_PER_YEAR))
    at = np.sort(rng.uniform(starts, ends, count))
    kept = rng.uniform(0.0, most, count) < np.array([failing.rate(day) for day in at])
    # a minute is what the register tells apart
    days = tuple(float(day) for day in np.unique(np.round(at[kept] * 1440.0)) / 1440.0)
    return replace(failing, days=days)
