"""silver.series_fit: the latest fit of each series, carried on for as long as nothing comes for its asset.

A fit is made of the values, works and traffic of an asset and of what its groups were taught. One number stands for all
of it: where it is the same as on the day of the fit, fitting again would give the same, a few days older.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.silver import SERIES_FIT
from guideway.udfs.degradation import epoch_days

_KEY = ["asset_id", "made_of"]


def made_of(
    cells: DataFrame, past: DataFrame, assets: DataFrame, lines: DataFrame, as_of: date, digest: str
) -> DataFrame:
    """What the fits of each asset come from on a day, as one number; no array of a series is read for it.

    Args:
        cells: rows of silver.condition_series that a fit takes, and the direction of their indicator.
        past: what ``series.asset_past`` gives.
        assets: reference.asset.
        lines: reference.line.
        as_of: the day.
        digest: of what the groups were taught, see ``Fitting.digest``.

    Returns:
        Columns asset_id, made_of; null where a value of the asset lies after the day, and its cells tell nothing.
    """
    row = F.xxhash64("points_hash", "direction").cast("decimal(38,0)")
    values = cells.groupBy("asset_id").agg(F.sum(row).alias("points"), F.max("last_days").alias("last_days"))
    events = past.select("asset_id", F.xxhash64(*(name for name in past.columns if name != "asset_id")).alias("past"))
    modes = F.broadcast(lines.select("line_id", "mode"))
    kinds = assets.select("asset_id", "asset_type", "line_id").join(modes, "line_id")
    facts = F.xxhash64(F.lit(digest), "points", "past", "asset_type", "mode")
    return (
        values.join(events, "asset_id", "left")
        .join(kinds, "asset_id")
        .select("asset_id", F.when(F.col("last_days") < epoch_days(as_of), facts).alias("made_of"))
    )


@dataclass(frozen=True)
class SeriesFits:
    """Which fits a day carries on, and which assets are to be fitted.

    Attributes:
        carried: rows of silver.series_fit of assets that nothing came for; None where there are none.
        changed: the others, a column asset_id; None for all.
        sources: what ``made_of`` gives.
    """

    carried: DataFrame | None
    changed: DataFrame | None
    sources: DataFrame

    @classmethod
    def of(cls, read: Callable[[Table], DataFrame], sources: DataFrame, days: Sequence[date]) -> SeriesFits:
        """Compare the fits there are with what they would be made of; several days are fitted whole."""
        stored = read(SERIES_FIT).where(F.col("fitted_on") <= F.lit(days[-1])).drop("run_id", "code_version")
        if len(days) > 1 or stored.isEmpty():
            return cls(None, None, sources)
        told = sources.persist()  # read for the two and for what is stored
        changed = told.join(stored, _KEY, "left_anti").select("asset_id")
        return cls(stored.join(told, _KEY, "left_semi"), changed, told)

    def rows(self, fitted: DataFrame, lines: Sequence[str]) -> DataFrame:
        """Rows of silver.series_fit of some lines; what no later day can carry on has none."""
        own = fitted.where(F.col("line_id").isin(*lines))
        return own.join(self.sources.where("made_of IS NOT NULL"), "asset_id")
