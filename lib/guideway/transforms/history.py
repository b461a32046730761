"""The condition history of the network as known on a day: what fitting, training and scoring all start from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.reference import ASSET, LINE, SECTION, TRAFFIC, WEATHER, WORK_HISTORY
from guideway.degradation.learning import quarter_start
from guideway.monitoring.registry import indicators
from guideway.prognostics.weather import Weather
from guideway.rulebooks.rulebook import Rulebook
from guideway.transforms import series
from guideway.transforms.features import with_facts
from guideway.transforms.network import load_network
from guideway.transforms.recent_series import FIT_YEARS, RecentCells, RecentSeries, recent_series
from guideway.transforms.series_cells import SeriesCells
from guideway.transforms.series_fits import made_of
from guideway.udfs.degradation import epoch_days

SAMPLE_ASSETS = 400
SAMPLE_TRACKS = 40


class History:
    """Condition series, their limits and the network, with nothing from after ``as_of``.

    Attributes:
        network: the network of the reference tables.
        work_types: names of the works' codes.
        limits: the limits of every asset.
        series: all of every series, see ``series.condition_series``.
    """

    def __init__(
        self,
        read: Callable[[Table], DataFrame],
        rulebooks: Mapping[str, Rulebook],
        as_of: date,
        cells: SeriesCells | None = None,
    ) -> None:
        """Plan the reading.

        Args:
            read: gives the frame of a table.
            rulebooks: by their names.
            as_of: the day.
            cells: silver.condition_series where it was compared already; old cells are made up for.
        """
        self._read = read
        self._until = series.end_of(as_of)
        self.network = load_network(read(LINE), read(SECTION), read(ASSET))
        names = read(WORK_HISTORY).select("work_type").distinct().orderBy("work_type").collect()
        self.work_types = tuple(row.work_type for row in names)
        self.limits = series.network_limits(self.network, rulebooks, indicators())
        self._as_of = as_of
        self._cells = SeriesCells.of(read) if cells is None else cells
        self._directions = series.directions_of(indicators())
        told = list(self._directions.items())
        self._trendable = read(LINE).sparkSession.createDataFrame(told, "indicator string, direction int")
        places = read(ASSET), read(LINE), self._past()
        self.series = series.condition_series(self._cells.current(), *places, self._trendable, as_of)

    def recent(
        self, assets: DataFrame | None = None, by_load: bool = True, whole_since: float = math.inf
    ) -> RecentSeries:
        """What fits take: the last ``FIT_YEARS``, so that a week costs the same however long the history is.

        Args:
            assets: only the series of these, a column asset_id; by default all.
            by_load: whether any group grows by load; without, traffic stays where it is.
            whole_since: see ``udfs.cell_files.SeriesPlan``.
        """
        places = self._read(ASSET), self._read(LINE), self._past(by_load)
        cells = self._recent_cells
        return recent_series(cells, *places, self._directions, self.limits, self._as_of, assets, whole_since)

    @cached_property
    def _recent_cells(self) -> RecentCells:
        """Looked up once, for what is learned from and what is fitted."""
        return RecentCells.of(self._cells, self._as_of)

    def made_of(self, digest: str, by_load: bool = True) -> DataFrame:
        """What the fits of each asset come from, as one number; see ``series_fits.made_of``."""
        first = self._as_of.year - FIT_YEARS
        cells = self._cells.current().where(F.col("year").between(first, self._as_of.year))
        cells = cells.join(F.broadcast(self._trendable), "indicator")
        return made_of(cells, self._past(by_load), self._read(ASSET), self._read(LINE), self._as_of, digest)

    def _past(self, by_load: bool = True) -> DataFrame:
        traffic = self._read(TRAFFIC) if by_load else self._read(TRAFFIC).where(F.lit(False))
        return series.asset_past(self._read(ASSET), self._read(WORK_HISTORY), traffic, self.work_types, self._until)

    def sample(self, each: int = SAMPLE_ASSETS) -> DataFrame:
        """Recent series of at most ``each`` assets of every mode and type, evenly along the network.

        What they hold of the time before the quarter is the same all quarter: it is what is learned from.
        """
        kinds: dict[tuple[str, str], list[str]] = {}
        for asset_id, stretch in sorted(self.network.by_asset.items()):
            kinds.setdefault((stretch.mode, stretch.asset_type), []).append(asset_id)
        chosen = [asset for assets in kinds.values() for asset in assets[:: max(1, -(-len(assets) // each))]]
        assets = self._read(ASSET).select("asset_id").where(F.col("asset_id").isin(chosen))
        quarter = float(quarter_start(np.array([epoch_days(self._as_of)]))[0])
        return self.recent(assets, whole_since=quarter).read()

    def with_facts(self) -> DataFrame:
        """Series that have a limit, with the facts models learn from; see ``transforms.features.with_facts``."""
        read = self._read
        return with_facts(self.series, read(ASSET), read(SECTION), self.limits)

    def weather(self) -> Weather:
        """The weather of every line: a row a line and day, small enough for the driver."""
        told = self._read(WEATHER).where(F.col("day").cast("timestamp") < self._until)
        frost = (F.col("lowest_temperature_c") < 0).cast("double").alias("frost")
        ends = (F.unix_date("day") + 1).cast("double").alias("day_end")
        return Weather.of(told.select("line_id", ends, "rain_mm", frost).toPandas())

    def whole_tracks(self, most: int = SAMPLE_TRACKS) -> DataFrame:
        """The same of at most ``most`` whole tracks, evenly among them: neighbours stay together."""
        tracks = sorted("|".join(key) for key in self.network.by_track)
        chosen = tracks[:: max(1, -(-len(tracks) // most))]
        return self.with_facts().where(F.col("track").isin(chosen))
