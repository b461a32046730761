"""Rows to learn from: features of whole tracks at past days, and what came after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.prognostics.definitions import DEFINITION, FEATURE_NAMES
from guideway.transforms.degradation import arrow_batch
from guideway.transforms.history import History
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import feature_rows, rows_at_origins

_ROW = ["asset_id", "indicator", "as_of"]


@dataclass(frozen=True)
class TrainingRows:
    """What models learn from.

    Attributes:
        frame: features and targets, for ``prognostics.training``.
        added: rows of ``gold.asset_feature`` that the table did not have; the frame holds the others as it has them.
    """

    frame: pd.DataFrame
    added: pa.Table


def training_rows(history: History, stored: DataFrame, as_of: date) -> TrainingRows | None:
    """Features and targets, on the driver, of an even sample of whole tracks at each back-test origin before ``as_of``.

    Args:
        history: what is known today.
        stored: ``gold.asset_feature``: what was known then, for origins that were served or trained on before.
        as_of: today.

    Returns:
        None without any series or origin.
    """
    rows = arrow_batch(history.whole_tracks())
    if not rows.num_rows:
        return None
    frame = rows_at_origins(rows, history.work_types, epoch_days(as_of), history.weather())
    if not len(frame):
        return None
    frame["as_of"] = [_day(origin) for origin in frame["origin_days"]]
    is_stored = _as_stored(frame, stored)
    missing = frame[~is_stored]
    added = feature_rows(missing).append_column("as_of", pa.array(missing["as_of"], pa.date32()))
    return TrainingRows(frame, added)


def _as_stored(frame: pd.DataFrame, stored: DataFrame) -> np.ndarray:
    """Put what was known at the time, where the table has it, in place of what would be known by now.

    Returns:
        Which rows the table has; shape (rows,).
    """
    days = sorted(set(frame["as_of"]))
    wanted = stored.where(F.col("as_of").isin(days) & (F.col("definition") == DEFINITION))
    then = wanted.select(*_ROW, *FEATURE_NAMES).toPandas()
    place = pd.MultiIndex.from_frame(then[_ROW]).get_indexer(pd.MultiIndex.from_frame(frame[_ROW]))
    has = place >= 0
    names = list(FEATURE_NAMES)
    frame.loc[has, names] = then[names].to_numpy(np.float64)[place[has]]
    return has


def _day(origin_days: float) -> date:
    """The day that ends at an origin; the inverse of ``epoch_days``."""
    return date(1970, 1, 1) + timedelta(days=round(origin_days) - 1)
