"""Alarms on condition series by the product's own degradation engine, and what the truth says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.interventions import find_interventions
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import fit_trends
from guideway.monitoring.registry import domain_indicators
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook
from guideway.simulate.guideway import Guideway, SlowDefect
from guideway.simulate.wayside import Receiver

from .urban_world import World

LEAST_PROBABILITY = 0.5
FIRST_DAY, EVERY_DAYS = 112.0, 28.0
HORIZON_DAYS = 30.0
Alarms = dict[str, list[float]]


@dataclass
class Tally:
    """Outcome over any number of worlds; ``lead_days`` from the first alarm to the day of the limit."""

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

    def note_healthy(self, alarms: Mapping[str, Mapping[str, list[float]]], asset_id: str, years: float) -> None:
        """Count the alarms of an asset without a defect: each spell of an indicator's consecutive days is one."""
        self.asset_years += years
        for indicator, of_assets in alarms.items():
            spells = int(np.count_nonzero(np.diff([-1e9, *of_assets.get(asset_id, ())]) > 1.5 * EVERY_DAYS))
            if spells:
                self.false_alarms[indicator] = self.false_alarms.get(indicator, 0) + spells

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


def alarms_of(world: World, domain: str, book: Rulebook, last_day: float) -> dict[str, Alarms]:
    """Days of alarms by indicator and asset: the mildest limit passed, or passed within 13 weeks as likely as not.

    Every four weeks, with nothing known but what was measured until then; no work is told to the engine.
    """
    directions = {i.name: 1 if i.direction == "above" else -1 for i in domain_indicators(domain) if i.trendable}
    limits, series = {}, []
    for key, rows in world.conditions.groupby(["asset_id", "indicator"], sort=True):
        asset_id, name = str(key[0]), str(key[1])
        limit = mildest(book, name, world.stretches.get(asset_id)) if name in directions else None
        if limit is not None:
            limits[asset_id, name] = limit
            series.append((asset_id, name, rows["day"].to_numpy(), rows["value"].to_numpy()))
    names = tuple(sorted({name for _, name, _, _ in series}))
    batch = SeriesBatch.from_lists(
        [days for _, _, days, _ in series],
        [values for _, _, _, values in series],
        group=[names.index(name) for _, name, _, _ in series],
        direction=[directions[name] for _, name, _, _ in series],
    )
    values = np.array([limits[asset_id, name] for asset_id, name, _, _ in series])
    found: dict[str, Alarms] = {name: {} for name in names}
    settings = DegradationParameters()
    for day in np.arange(FIRST_DAY, last_day, EVERY_DAYS):
        known = batch.until(day)
        priors = estimate_priors(known, settings, names)
        trends = fit_trends(known, priors, day, settings, find_interventions(known, priors, settings))
        ahead = forecast_limits(trends, np.arange(len(batch) + 1), values)
        for i in np.flatnonzero(ahead.is_valid & (ahead.probability_13w >= LEAST_PROBABILITY)):
            asset_id, name, _, _ = series[int(i)]
            found[name].setdefault(asset_id, []).append(float(day))
    return found


def score_maglev(
    tally: Tally, alarms: dict[str, Alarms], guideway: Guideway, defects: tuple[SlowDefect, ...], magnets: list[str]
) -> None:
    """Girders and magnets: a settled pier bends the spans beside it, so two girders on each side are not counted."""
    days = guideway.spec.weeks * 7.0
    touched = {defect.asset_id for defect in defects}
    for defect in guideway.defects:
        near = range(max(defect.index - 2, 0), min(defect.index + 3, guideway.layout.n))
        touched |= {guideway.layout.asset_ids[i] for i in near}
    for defect in defects:
        if defect.limit_day < days - HORIZON_DAYS:
            tally.note(defect.kind, _days(alarms, defect.asset_id), defect.onset_day, defect.limit_day)
    for asset_id in (*guideway.layout.asset_ids, *magnets):
        if asset_id not in touched:
            tally.note_healthy(alarms, asset_id, days / 365.25)


def score_metro(tally: Tally, alarms: dict[str, Alarms], receivers: tuple[Receiver, ...], days: float) -> None:
    """Receivers: corrugation that passes its limit within the archive; those beside other rail are healthy."""
    for receiver in receivers:
        if receiver.growth_db_per_year > 2.0:
            limit_day = receiver.limit_day()
            if limit_day is not None and limit_day < days - HORIZON_DAYS:
                of_tone = {name: of for name, of in alarms.items() if name.startswith("corrugation")}
                tally.note("corrugation", _days(of_tone, receiver.asset_id), 0.0, limit_day)
        else:
            tally.note_healthy(alarms, receiver.asset_id, days / 365.25)


def table(tally: Tally) -> pd.DataFrame:
    """One row a kind of defect: injected, found before the limit, median lead time."""
    rows = [
        (kind, count, tally.found[kind], np.median(tally.lead_days[kind]) if tally.lead_days[kind] else np.nan)
        for kind, count in sorted(tally.injected.items())
    ]
    return pd.DataFrame(rows, columns=["kind", "injected", "found", "lead_days"])


def _days(alarms: Mapping[str, Alarms], asset_id: str) -> list[float]:
    return sorted({day for of_assets in alarms.values() for day in of_assets.get(asset_id, ())})


def mildest(book: Rulebook, indicator: str, stretch: Stretch | None) -> float | None:
    """As the forecasts of the product: by receiver zone or mode, and permitted speed."""
    zone = (stretch.receiver_zone or stretch.mode) if stretch else "*"
    speed = stretch.speed_kmh if stretch else 0.0
    found = book.limits(indicator, zone, speed) or book.limits(indicator, stretch.mode if stretch else "*", speed)
    return found[0].value if found else None
