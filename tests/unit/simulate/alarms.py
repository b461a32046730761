"""Alarms on delivered archives by the product's own degradation engine, and what the truth says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from guideway.degradation.forecasts import Forecasts, forecast_limits
from guideway.degradation.interventions import find_interventions
from guideway.degradation.learning import learn
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import Trends, fit_trends
from guideway.monitoring.registry import domain_indicators

from .delivered import Delivered

LEAST_PROBABILITY = 0.5
FIRST_DAY, EVERY_DAYS = 112.0, 28.0
HORIZON_DAYS = 30.0
ALARM_HOLDS_DAYS = 91.0
Alarms = dict[str, list[float]]
DOMAINS = {"maglev": "maglev", "metro": "vibration_noise"}
_BESIDE_PIER = 2


@dataclass
class Tally:
    """Outcome over any number of networks; ``lead_days`` from the first alarm to the day of the limit."""

    injected: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    lead_days: dict[str, list[float]] = field(default_factory=dict)
    false_alarms: dict[str, int] = field(default_factory=dict)
    asset_years: float = 0.0

    def note(self, kind: str, asset_alarms: Iterable[float], onset_day: float, limit_day: float) -> None:
        """Count one injected defect, and whether an alarm lies between its onset and its limit."""
        early = [day for day in asset_alarms if onset_day < day < limit_day]
        self.injected[kind] = self.injected.get(kind, 0) + 1
        self.found[kind] = self.found.get(kind, 0) + bool(early)
        self.lead_days.setdefault(kind, []).extend([limit_day - min(early)] if early else [])

    def note_healthy(self, alarms: Mapping[str, Alarms], asset_id: str, years: float) -> None:
        """Count the alarms of an asset without a defect, under the indicator that began each.

        An alarm is about an asset, whatever its indicators, and holds for the 13 weeks it speaks of.
        """
        self.asset_years += years
        last = -np.inf
        for day, indicator in sorted((day, name) for name, of in alarms.items() for day in of.get(asset_id, ())):
            if day - last > ALARM_HOLDS_DAYS:
                self.false_alarms[indicator] = self.false_alarms.get(indicator, 0) + 1
            last = day

    def add(self, other: Tally) -> None:
        """Count what another tally counted, too."""
        for kind in other.injected:
            self.injected[kind] = self.injected.get(kind, 0) + other.injected[kind]
            self.found[kind] = self.found.get(kind, 0) + other.found[kind]
            self.lead_days.setdefault(kind, []).extend(other.lead_days[kind])
        for indicator, count in other.false_alarms.items():
            self.false_alarms[indicator] = self.false_alarms.get(indicator, 0) + count
        self.asset_years += other.asset_years

    @property
    def rate(self) -> float:
        """Share of the injected defects that were found before their limit."""
        return sum(self.found.values()) / max(sum(self.injected.values()), 1)

    @property
    def false_per_asset_year(self) -> float:
        """False alarms for each year of each healthy asset."""
        return sum(self.false_alarms.values()) / max(self.asset_years, 1e-9)

    @property
    def median_lead_days(self) -> float:
        """Median time from the first alarm to the limit."""
        leads = [lead for one in self.lead_days.values() for lead in one]
        return float(np.median(leads)) if leads else float("nan")


@dataclass(frozen=True)
class Watch:
    """The condition series of a mode as the engine takes them: ``keys`` are (asset, indicator)."""

    keys: list[tuple[str, str]]
    batch: SeriesBatch
    groups: tuple[str, ...]

    def ahead(self, day: float, offsets: npt.ArrayLike, limits: npt.ArrayLike) -> tuple[Trends, Forecasts]:
        """Trends and forecasts on a day, learned, fitted and forecast as ``fit_degradation`` does."""
        settings, known = DegradationParameters(), self.batch.until(day)
        learned = learn(known, self.groups, day, settings)
        trends = fit_trends(known, learned.priors, day, settings, find_interventions(known, learned.priors, settings))
        return trends, forecast_limits(trends, offsets, limits, learned.calibration)


def watch(world: Delivered, mode: str) -> Watch:
    """What was measured on the lines of a mode, with the works the railway recorded."""
    directions = {i.name: 1 if i.direction == "above" else -1 for i in domain_indicators(DOMAINS[mode]) if i.trendable}
    by_asset, keys, days, values = world.network.by_asset, [], [], []
    for (asset_id, name), rows in world.conditions.groupby(["asset_id", "indicator"], sort=True):
        if name in directions and by_asset[str(asset_id)].mode == mode:
            keys.append((str(asset_id), str(name)))
            days.append(rows["day"].to_numpy())
            values.append(rows["value"].to_numpy())
    pools = [f"{name}|{mode}|{by_asset[asset_id].asset_type}" for asset_id, name in keys]
    groups = tuple(sorted(set(pools)))
    batch = SeriesBatch.from_lists(
        days,
        values,
        [works_of(world, asset_id) for asset_id, _ in keys],
        group=[groups.index(pool) for pool in pools],
        direction=[directions[name] for _, name in keys],
        cohort=np.unique(
            [f"{pool}|{by_asset[asset].line_id}" for pool, (asset, _) in zip(pools, keys, strict=True)],
            return_inverse=True,
        )[1],
    )
    return Watch(keys, batch, groups)


def alarms_of(world: Delivered, mode: str) -> dict[str, Alarms]:
    """Days of alarms by indicator and asset of the lines of a mode, looked at every four weeks.

    An alarm is what ``gold.network_week.crossing_13w`` counts: the mildest limit is passed, or is passed within 13
    weeks as likely as not.
    """
    watched = watch(world, mode)
    mildest = [world.limits(asset_id, name)[:1] for asset_id, name in watched.keys]
    limits = [of[0].value if of else np.nan for of in mildest]
    found: dict[str, Alarms] = {name: {} for _, name in watched.keys}
    for day in np.arange(FIRST_DAY, world.days, EVERY_DAYS):
        _, ahead = watched.ahead(day, np.arange(len(limits) + 1), limits)
        for i in np.flatnonzero(ahead.is_valid & (ahead.probability_13w >= LEAST_PROBABILITY)):
            asset_id, name = watched.keys[int(i)]
            found[name].setdefault(asset_id, []).append(float(day))
    return found


def works_of(world: Delivered, asset_id: str) -> list[float]:
    """Days of the recorded works on an asset that has a place, as ``transforms.series.asset_past`` matches them."""
    own = world.network.by_asset[asset_id]
    works = world.works[(world.works["line_id"] == own.line_id) & (world.works["track_id"] == own.track_id)]
    overlap = works["to_m"].clip(upper=own.to_m) - works["from_m"].clip(lower=own.from_m)
    return sorted(works.loc[(overlap >= 0.1 * (own.to_m - own.from_m)) & (overlap >= 0), "day"])


def score(world: Delivered, mode: str, alarms: Mapping[str, Alarms]) -> Tally:
    """Defects that pass their limit 30 days or more before the end, and the assets nothing is wrong with."""
    tally = Tally()
    own = {asset_id for asset_id, one in world.network.by_asset.items() if one.mode == mode}
    watched = {asset_id for asset_id in world.conditions["asset_id"].unique() if asset_id in own}
    defects = world.defects[world.defects["kind"] != "flat_wheel"]
    defects = defects.assign(at=defects["receiver_id"].fillna(defects["asset_id"]))
    defects = defects[defects["at"].isin(watched)]
    touched = set(defects["at"])
    for defect in defects.itertuples():
        if defect.kind == "corrugation":
            told = {name: of for name, of in alarms.items() if name.startswith("corrugation")}
        else:
            told = dict(alarms)
            touched |= beside(str(defect.at))
        if defect.limit_day < world.days - HORIZON_DAYS:
            tally.note(str(defect.kind), _days(told, str(defect.at)), float(defect.onset_day), float(defect.limit_day))
    for asset_id in sorted(watched - touched):
        if world.network.by_asset[asset_id].attributes.get("place") != "wayside":
            tally.note_healthy(alarms, asset_id, world.days / 365.25)
    return tally


def beside(girder: str) -> set[str]:
    """A girder's neighbours that a settled pier bends, too; none for a magnet."""
    found = re.fullmatch(r"(.*-B)(\d{4})", girder)
    if not found:
        return set()
    number = int(found[2])
    return {f"{found[1]}{n:04d}" for n in range(number - _BESIDE_PIER, number + _BESIDE_PIER + 1)}


def table(tally: Tally) -> pd.DataFrame:
    """One row a kind of defect: injected, found before the limit, median lead time."""
    rows = [
        (kind, count, tally.found[kind], np.median(tally.lead_days[kind]) if tally.lead_days[kind] else np.nan)
        for kind, count in sorted(tally.injected.items())
    ]
    return pd.DataFrame(rows, columns=["kind", "injected", "found", "lead_days"])


def _days(alarms: Mapping[str, Alarms], asset_id: str) -> list[float]:
    return sorted({day for of_assets in alarms.values() for day in of_assets.get(asset_id, ())})
