"""The planner's frames out of the lake, its works, deferrals and comparison back as Spark frames."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Protocol

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.gold import DEGRADATION_TREND, FAILURE_RISK, LIMIT_FORECAST
from guideway.contracts.reference import ASSET, LINE, SECTION
from guideway.monitoring.registry import indicators
from guideway.network.names import network_slug
from guideway.planning.build import Planning, build_planning
from guideway.planning.catalogue import Catalogue, load_catalogue
from guideway.planning.needs import NetworkFacts
from guideway.planning.policies import compare, comparison_rows
from guideway.planning.policy_inputs import case_of, policies_of
from guideway.rulebooks.rulebook import Rulebook
from guideway.threads import side_by_side
from guideway.transforms.network import ASSET_FACTS, LINE_FACTS, SECTION_FACTS, network_of

Read = Callable[[Table], DataFrame]
REPLAYED = "longitudinal_level_sd"
"""Indicator whose history a comparison of policies replays."""

_SEED = 1

_FORECAST = (
    "asset_id",
    "indicator",
    "level",
    "line_id",
    "limit",
    "unit",
    "level_now",
    "days_p10",
    "days_p50",
    "days_p90",
    "probability_4w",
    "probability_13w",
    "probability_26w",
    "probability_52w",
)


def plan_id(network_name: str, as_of: date) -> str:
    """Identifier of a plan: the network's name as a slug, and the day."""
    return f"{network_slug(network_name)}-{as_of.isoformat()}"


def severities(rulebooks: dict[str, Rulebook]) -> pd.DataFrame:
    """Severity of each level: columns rulebook_id, indicator, level, severity."""
    rows = {(name, row.indicator, row.level, row.severity) for name, book in rulebooks.items() for row in book.rows}
    return pd.DataFrame(sorted(rows), columns=["rulebook_id", "indicator", "level", "severity"])


class Fetch(Protocol):
    """Rows of a table as a pandas frame: through Spark, or from the files (``lake.direct``)."""

    def __call__(
        self, table: Table, *columns: str, as_of: date | None = None, at_least: tuple[str, float] | None = None
    ) -> pd.DataFrame:
        """These columns; of one day, and where a column is not below a value, if asked so."""


def through_spark(read: Read) -> Fetch:
    """Rows by way of Spark: what is not wanted never leaves the cluster."""

    def fetch(
        table: Table, *columns: str, as_of: date | None = None, at_least: tuple[str, float] | None = None
    ) -> pd.DataFrame:
        rows = read(table)
        if as_of is not None:
            rows = rows.where(F.col("as_of") == F.lit(as_of))
        if at_least is not None:
            rows = rows.where(F.col(at_least[0]) >= at_least[1])
        return rows.select(*columns).toPandas()

    return fetch


def network_facts(fetch: Fetch, rulebooks: dict[str, Rulebook]) -> NetworkFacts:
    """What the planner knows of the network."""
    known = indicators()
    lines, assets, sections = side_by_side(
        partial(fetch, LINE, "line_id", "mode", "rulebook_id", "time_zone"),
        partial(fetch, ASSET, "asset_id", "asset_type", "line_id", "track_id", "from_m", "to_m", "name"),
        partial(fetch, SECTION, "asset_id", "track_form"),
    )
    return NetworkFacts(
        lines=lines,
        assets=assets,
        sections=sections,
        limits=severities(rulebooks),
        directions={name: 1 if indicator.direction == "above" else -1 for name, indicator in known.items()},
        titles={name: indicator.title for name, indicator in known.items()},
    )


@dataclass(frozen=True)
class PlanningFrames:
    """What a plan is made of, out of the lake."""

    forecasts: pd.DataFrame
    risk: pd.DataFrame
    facts: NetworkFacts
    catalogue: Catalogue
    as_of: date

    def planning(self) -> Planning:
        """The planning problem."""
        return build_planning(self.forecasts, self.risk, self.facts, self.catalogue, self.as_of)


def gather_planning(
    fetch: Fetch, rulebooks: dict[str, Rulebook], as_of: date, folder: Path | str | None = None, *, every: bool = False
) -> PlanningFrames:
    """The frames of a day's plan; unless ``every`` forecast is wanted, only those that matter are fetched."""
    catalogue = load_catalogue(folder)
    likely = None if every else ("probability_52w", catalogue.number("least_probability"))
    forecasts, risk = side_by_side(
        partial(fetch, LIMIT_FORECAST, *_FORECAST, as_of=as_of, at_least=likely),
        partial(fetch, FAILURE_RISK, "asset_id", "target", "score", as_of=as_of),
    )
    concerned = risk["asset_id"].isin(forecasts["asset_id"])
    return PlanningFrames(
        forecasts, risk[concerned].reset_index(drop=True), network_facts(fetch, rulebooks), catalogue, as_of
    )


def limits_by_asset(fetch: Fetch, rulebooks: dict[str, Rulebook]) -> dict[tuple[str, str, str], float]:
    """The limit of every asset, indicator and level, as the degradation job looks it up."""
    network = network_of(fetch(LINE, *LINE_FACTS), fetch(SECTION, *SECTION_FACTS), fetch(ASSET, *ASSET_FACTS))
    limits: dict[tuple[str, str, str], float] = {}
    for asset_id, stretch in network.by_asset.items():
        book = rulebooks.get(network.rulebook_ids.get(stretch.line_id, ""))
        for name in book.indicators if book else ():
            zone, speed = stretch.receiver_zone or stretch.mode, stretch.speed_kmh
            found = book.limits(name, zone, speed) or book.limits(name, stretch.mode, speed) if book else ()
            limits |= {(asset_id, name, limit.level): limit.value for limit in found}
    return limits


def replayed_sections(fetch: Fetch, indicator: str, as_of: date) -> pd.DataFrame:
    """Sections a policy replay starts from: the fitted trend, the planning limit, ballasted track only."""
    limits = fetch(LIMIT_FORECAST, "asset_id", "indicator", "level", "limit", as_of=as_of)
    limits = limits[(limits["indicator"] == indicator) & limits["level"].isin(["AL", "IL"])]
    limits = limits.pivot_table(index="asset_id", columns="level", values="limit", aggfunc="min")
    limits = limits.reindex(columns=["AL", "IL"]).set_axis(["limit", "restriction"], axis=1).reset_index()
    trends = fetch(DEGRADATION_TREND, "asset_id", "indicator", "level_now", "rate_per_year", "sigma", as_of=as_of)
    fitted = trends[trends["indicator"] == indicator].drop(columns="indicator").rename(columns={"level_now": "start"})
    sections = fetch(SECTION, "asset_id", "line_id", "track_id", "from_m", "to_m", "track_form")
    sections = sections[sections["track_form"] == "ballasted"].drop(columns="track_form")
    rows = sections.merge(fetch(LINE, "line_id", "mode"), on="line_id").merge(fitted, on="asset_id")
    return rows.merge(limits, on="asset_id").sort_values("asset_id", ignore_index=True)


def compared_policies(fetch: Fetch, catalogue: Catalogue, as_of: date) -> pd.DataFrame:
    """The day's rows of ``gold.policy_comparison``, replayed on the fitted trends; none without ballasted sections."""
    case = case_of(replayed_sections(fetch, REPLAYED, as_of), catalogue, REPLAYED)
    result = compare(case, policies_of(catalogue), catalogue.number("replay_years"), _SEED)
    return comparison_rows(result, as_of, catalogue.text("currency"), indicators()[REPLAYED].unit)


def plan_frame(spark: SparkSession, rows: pd.DataFrame, table: Table) -> DataFrame:
    """The planner's rows as a Spark frame with the columns of ``table``."""
    columns = [column.name for column in table.columns]
    cells = [tuple(_plain(value) for value in row) for row in rows[columns].itertuples(index=False, name=None)]
    return spark.createDataFrame(cells, table.ddl)


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return None if isinstance(value, float) and math.isnan(value) else value
