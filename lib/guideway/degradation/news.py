"""The last day on which something came for an asset: a fit is made for that day, and carried on to the day asked for.

So it has the same bits whenever it was made, and a week replayed later gives the tables it gave then.
"""

from __future__ import annotations

import numpy as np

from guideway.degradation.compiled import kernel
from guideway.degradation.priors import Priors
from guideway.degradation.series import Floats, Ints, SeriesBatch


def last_news(batch: SeriesBatch, priors: Priors, as_of_days: float) -> Floats:
    """Day of the last value, work or, in groups by load, traffic of the asset of each series (n,).

    Nothing after ``as_of_days`` is looked at; it is the day of assets that nothing had come for by then.
    """
    by_load = priors.by_load[priors.rows(batch)]
    carried = last_of_each(batch.traffic.offsets, batch.traffic.from_days, as_of_days)
    latest = np.where(by_load, carried, -np.inf)
    for offsets, days in ((batch.offsets, batch.t_days), (batch.work_offsets, batch.work_t_days)):
        latest = np.maximum(latest, last_of_each(offsets, days, as_of_days))
    alone = batch.asset < 0
    _, asset = np.unique(np.where(alone, -1 - np.arange(len(batch)), batch.asset), return_inverse=True)
    of_asset = np.full(len(batch), -np.inf)
    np.maximum.at(of_asset, asset, latest)
    found = of_asset[asset]
    return np.where(np.isfinite(found), found, as_of_days)


@kernel
def last_of_each(offsets: Ints, days: Floats, until: float) -> Floats:
    """The latest of each series' ascending days (n,) that is not after ``until``; minus infinity where none is."""
    found = np.full(len(offsets) - 1, -np.inf)
    for i in range(len(found)):
        for j in range(offsets[i + 1] - 1, offsets[i] - 1, -1):
            if days[j] <= until:
                found[i] = days[j]
                break
    return found
