"""Figures of merit of forecasts and alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guideway.prognostics.ragged import Floats

DAYS_PER_YEAR = 365.2425


@dataclass(frozen=True)
class Difference:
    """Mean of a paired difference (ours minus theirs; negative is better) with a 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    n_assets: int

    @property
    def is_better(self) -> bool:
        """Whether the whole interval is below zero."""
        return self.high < 0

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.low > 0


def paired_difference(
    ours: Floats, theirs: Floats, asset: NDArray[Any], resamples: int, rng: np.random.Generator
) -> Difference:
    """Paired bootstrap over assets: rows of one asset are not independent, so whole assets are drawn.

    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 8 (percentile interval, cluster resampling).

    Args:
        ours: loss of each row; rows where either loss is NaN are left out.
        theirs: loss of the same rows.
        asset: asset of each row.
        resamples: number of resamples.
        rng: random numbers.

    Returns:
        The difference; NaN with ``n_assets`` 0 where no row has both.
    """
    use = np.isfinite(ours) & np.isfinite(theirs)
    if not use.any():
        return Difference(np.nan, np.nan, np.nan, 0)
    names, index = np.unique(np.asarray(asset)[use].astype(str), return_inverse=True)
    total = np.bincount(index, weights=(ours - theirs)[use])
    count = np.bincount(index).astype(np.float64)
    drawn = rng.multinomial(names.size, np.full(names.size, 1 / names.size), size=resamples)
    means = (drawn @ total) / (drawn @ count)
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(total.sum() / count.sum()), float(low), float(high), int(names.size))


def calibration_error(probability: Floats, event: Floats, *, bins: int = 10) -> float:
    """Expected calibration error: mean of |mean probability - share of events| over equally filled bins, by rows.

    Naeini and others (2015), Obtaining well calibrated probabilities using Bayesian binning. NaN for no rows.
    """
    use = np.isfinite(probability) & np.isfinite(event)
    if not use.any():
        return float("nan")
    order = np.argsort(probability[use], kind="stable")
    p, y = probability[use][order], event[use][order]
    parts = np.array_split(np.arange(p.size), min(bins, p.size))
    return float(sum(abs(p[part].mean() - y[part].mean()) * part.size for part in parts) / p.size)


@dataclass(frozen=True)
class AlertScore:
    """What an alert budget buys.

    Attributes:
        n_alerts: alerts raised.
        precision: share of alerts followed by an exceedance within the horizon.
        recall: share of rows with an exceedance ahead that were alerted.
        lead_days: median time from an asset's first true alert to its exceedance.
        false_per_asset_year: alerts without an exceedance, per asset and year watched.
        detectable_share: share of exceedances of assets with an alert before them, of all exceedances.
        avoided_days: exceedance-days within the horizon that acting on the alerts would have avoided.
    """

    n_alerts: int
    precision: float
    recall: float
    lead_days: float
    false_per_asset_year: float
    detectable_share: float
    avoided_days: float


def alert_score(
    probability: Floats,
    event: Floats,
    days_to_limit: Floats,
    *,
    asset: NDArray[Any],
    origin_days: Floats,
    share: float,
    horizon_days: float,
) -> AlertScore:
    """Score of alerting, at each origin, the riskiest ``share`` of the rows (at least one).

    Args:
        probability: risk; only rows with a known event count, so leave out what is already beyond the limit.
        event: 1 where the limit was exceeded within the horizon, 0 where not, NaN unknown.
        days_to_limit: time to the exceedance where there was one.
        asset: asset and indicator of each row.
        origin_days: origin of each row.
        share: alert budget.
        horizon_days: horizon.
    """
    use = np.isfinite(probability) & np.isfinite(event)
    p, y, lead, origin = probability[use], event[use], days_to_limit[use], origin_days[use]
    names = np.asarray(asset)[use].astype(str)
    alerted = np.zeros(p.size, dtype=bool)
    for at in np.unique(origin):
        here = np.flatnonzero(origin == at)
        chosen = here[np.argsort(-p[here], kind="stable")]
        alerted[chosen[: max(1, round(share * here.size))]] = True
    hit = alerted & (y > 0)
    # One exceedance of an asset is seen from several origins: it is one event, at one time.
    events = {(name, round(at)) for name, at in zip(names[y > 0], (origin + lead)[y > 0], strict=True)}
    first: dict[tuple[str, int], float] = {}
    for name, at, ahead in zip(names[hit], (origin + lead)[hit], lead[hit], strict=True):
        key = (name, round(at))
        first[key] = max(first.get(key, 0.0), float(ahead))
    spacing = _spacing(origin, horizon_days)
    years = max(p.size * spacing / DAYS_PER_YEAR, 1e-9)
    return AlertScore(
        n_alerts=int(alerted.sum()),
        precision=_share(hit.sum(), alerted.sum()),
        recall=_share(hit.sum(), (y > 0).sum()),
        lead_days=float(np.median(list(first.values()))) if first else float("nan"),
        false_per_asset_year=float((alerted & (y == 0)).sum() / years),
        detectable_share=_share(len(first), len(events)),
        avoided_days=float(sum(max(0.0, horizon_days - ahead) for ahead in first.values())),
    )


def _spacing(origin: Floats, horizon_days: float) -> float:
    distinct = np.unique(origin)
    return float(np.median(np.diff(distinct))) if distinct.size > 1 else horizon_days


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
