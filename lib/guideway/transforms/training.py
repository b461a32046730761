"""Rows to learn from: features and targets of whole tracks at past days."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow.compute as pc

from guideway.degradation.learning import backtest_origins, learn_priors
from guideway.degradation.parameters import DegradationParameters
from guideway.transforms.degradation import arrow_batch
from guideway.transforms.history import History
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import training_frame
from guideway.udfs.ragged import series_batch


def training_rows(history: History, as_of: date) -> pd.DataFrame:
    """Features and targets, on the driver, of an even sample of whole tracks at each back-test origin before ``as_of``.

    The engine's priors come from before the first origin, so that no feature knows what came after its origin.
    """
    rows = arrow_batch(history.whole_tracks())
    if not rows.num_rows:
        return pd.DataFrame()
    pools = tuple(sorted(pc.unique(rows.column("pool")).to_pylist()))
    batch = series_batch(rows, pools, history.work_types)
    origins = backtest_origins(batch, epoch_days(as_of))
    priors = learn_priors(batch, pools, origins, epoch_days(as_of), DegradationParameters())
    return training_frame(rows, priors, history.work_types, origins)
