"""Failures of assets (switches, pumps, bearings, magnets): which fails next, and how long each has left.

Prediction by landmarks (van Houwelingen 2007, Dynamic prediction by landmarking in event history analysis): from every
quarter of the fault register, what was known then and the time to the next failure, censored where none came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from guideway.prognostics.metrics import DAYS_PER_YEAR, Difference, paired_difference
from guideway.prognostics.ragged import Floats
from guideway.prognostics.survival import TimeToEvent, constant_rate, fit_time_to_event
from guideway.prognostics.targets import HORIZONS_WEEKS

COVARIATES = ("age_years", "years_since_failure", "failures_3y", "limit_share", "passes_per_day")
FAILURES_FILE = "failures.json"
FORMAT = 1
QUARTER_DAYS = 91
MIN_EVENTS = 10
MIN_ASSETS = 6
"""Fewer assets prove nothing: five that all do better by chance are one case in 32, which is no 95 %."""

_JUDGED_DAYS = 91
_MOST_LANDMARKS = 20
_RESAMPLES = 500
_NO_GAIN = Difference(np.nan, np.nan, np.nan, 0)


@dataclass(frozen=True)
class FailureModel:
    """Failures of one type of asset.

    Attributes:
        asset_type: type of asset.
        time: time to the next failure: what the assets' states explain, or one rate where that is no worse.
        gain: logarithmic loss of the explained probability within 13 weeks minus that of one rate, on later quarters;
            the covariates stay only where the whole interval is below zero, over six assets or more.
        beside_champion: the same loss of what was kept minus that of the champion, on those of the later quarters whose
            outcome the champion was not trained on; None where there are none, or no champion of this type.
    """

    asset_type: str
    time: TimeToEvent
    gain: Difference
    beside_champion: Difference | None = None


@dataclass(frozen=True)
class FailureModels:
    """Many small models as rows of numbers, one a type of asset.

    Attributes:
        models: by type of asset.
        trained_until_days: end of the register they were trained on, days since 1970-01-01 UTC.
    """

    models: Mapping[str, FailureModel] = field(default_factory=dict)
    trained_until_days: float = 0.0

    @classmethod
    def fit(
        cls, rows: pd.DataFrame, until_days: float, seed: int, champion: FailureModels | None = None
    ) -> FailureModels:
        """From rows of ``landmarks``; a type with fewer than ten failures has none.

        Args:
            rows: ``landmarks`` of past quarters.
            until_days: end of the register.
            seed: seed of the intervals.
            champion: the models in service, judged on the same quarters.
        """
        found = {}
        for kind, own in rows.groupby("asset_type") if len(rows) else ():
            if _n_failures(own) >= MIN_EVENTS:
                found[str(kind)] = _fit_type(str(kind), own.reset_index(drop=True), until_days, seed, champion)
        return cls(found, until_days)

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> FailureModels:
        """The inverse of ``to_texts``.

        Raises:
            ValueError: the file is missing, or it was written for another format.
        """
        if FAILURES_FILE not in texts:
            raise ValueError(f"model lacks {FAILURES_FILE}")
        numbers = json.loads(texts[FAILURES_FILE])
        if numbers["format"] != FORMAT:
            raise ValueError("model was written in another format: train again with this version")
        return cls({row["asset_type"]: _from_dict(row) for row in numbers["models"]}, numbers["trained_until_days"])

    def to_texts(self) -> dict[str, str]:
        """The whole as text files by name."""
        rows = [asdict(model) for model in self.models.values()]
        numbers = {"format": FORMAT, "trained_until_days": self.trained_until_days, "models": rows}
        return {FAILURES_FILE: json.dumps(numbers, indent=1) + "\n"}

    def metrics(self) -> dict[str, float]:
        """Flat finite numbers by name, as an experiment tracker takes them."""
        told: dict[str, float] = {}
        for kind, model in self.models.items():
            numbers = {"events": model.time.n_events, "concordance": model.time.concordance, "shape": model.time.shape}
            numbers |= {"log_gain": model.gain.mean, "log_gain_high": model.gain.high}
            told |= {f"failure.{kind}.{name}": float(x) for name, x in numbers.items() if np.isfinite(x)}
        return told

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Risk of each asset whose type has a model.

        Args:
            rows: ``landmarks`` of one day.

        Returns:
            ``asset_id``, ``line_id``, ``weeks``, ``probability`` of a failure within them, ``median_days`` until the
            next failure, ``reasons``: a row an asset and horizon.
        """
        parts = [pd.DataFrame({name: [] for name in ("asset_id", "line_id", "weeks", "probability", "median_days")})]
        for kind, model in self.models.items():
            own = rows[rows["asset_type"] == kind].reset_index(drop=True)
            told = own[["asset_id", "line_id"]].assign(median_days=model.time.median_days(own))
            told["reasons"] = _reasons(model.time, own)
            parts += [told.assign(weeks=w, probability=model.time.probability(own, 7.0 * w)) for w in HORIZONS_WEEKS]
        filled = [part for part in parts if len(part)]
        return pd.concat(filled, ignore_index=True) if filled else parts[0].assign(reasons=[])


def register_quarters(failures: pd.DataFrame, until_days: float) -> Floats:
    """Quarters to look ahead from: every 91 days back from today to the first failure on record, five years at most."""
    first = failures["failed_days"].min() if len(failures) else until_days
    quarters: Floats = np.arange(until_days - QUARTER_DAYS, first, -QUARTER_DAYS)[:_MOST_LANDMARKS][::-1]
    return quarters


def landmarks(
    assets: pd.DataFrame, failures: pd.DataFrame, conditions: pd.DataFrame, at_days: Floats, until_days: float
) -> pd.DataFrame:
    """What was known of each asset at each moment, and when it failed next; no covariate knows a later moment.

    Args:
        assets: asset_id, line_id, asset_type, installed_days (NaN: not known).
        failures: asset_id, failed_days.
        conditions: asset_id, origin_days, limit_share (worst level in shares of its limit), passes_per_day; each is
            used for a quarter.
        at_days: the moments, rising.
        until_days: end of the register.

    Returns:
        A row an asset and moment at which it was installed: the columns of ``assets``, ``at_days``, ``COVARIATES``,
        ``days_to_failure`` (to the end of the register where ``failed`` is 0).
    """
    rows = assets.merge(pd.DataFrame({"at_days": np.asarray(at_days, dtype=np.float64)}), how="cross")
    rows = rows[~(rows["installed_days"] > rows["at_days"])].reset_index(drop=True)
    known = failures[failures["failed_days"] < until_days]
    times = {asset: np.sort(own.to_numpy(np.float64)) for asset, own in known.groupby("asset_id")["failed_days"]}
    none = np.empty(0)
    each = [times.get(asset, none) for asset in rows["asset_id"]]
    at = rows["at_days"].to_numpy(np.float64)
    before = np.array([np.searchsorted(t, a, side="right") for t, a in zip(each, at, strict=True)], dtype=np.int64)
    long_ago = np.array([np.searchsorted(t, a - 3 * DAYS_PER_YEAR) for t, a in zip(each, at, strict=True)])
    last = np.array([t[k - 1] if k else np.nan for t, k in zip(each, before, strict=True)], dtype=np.float64)
    ahead = np.array([t[k] if k < t.size else np.nan for t, k in zip(each, before, strict=True)], dtype=np.float64)
    rows["age_years"] = (at - rows["installed_days"].to_numpy(np.float64)) / DAYS_PER_YEAR
    rows["years_since_failure"] = (at - last) / DAYS_PER_YEAR
    rows["failures_3y"] = (before - long_ago).astype(np.float64)
    rows["failed"] = np.isfinite(ahead).astype(np.float64)
    rows["days_to_failure"] = np.where(np.isfinite(ahead), ahead, until_days) - at
    latest = conditions.sort_values("origin_days").rename(columns={"origin_days": "at_days"})
    with_conditions = pd.merge_asof(
        rows.sort_values("at_days", kind="stable"), latest, on="at_days", by="asset_id", tolerance=QUARTER_DAYS
    )
    return with_conditions.reset_index(drop=True)


def worst_conditions(features: pd.DataFrame) -> pd.DataFrame:
    """The ``conditions`` of ``landmarks`` from rows of the feature table: the indicator nearest to its limit counts."""
    level, distance = (features[name].to_numpy(np.float64) for name in ("level", "distance_to_limit"))
    limit = np.abs(level + distance)
    share = 1.0 - distance / np.where(limit > 0, limit, np.nan)
    told = features[["asset_id", "origin_days", "passes_per_day"]].assign(limit_share=share)
    return told.groupby(["asset_id", "origin_days"], as_index=False)[["limit_share", "passes_per_day"]].max()


def _n_failures(rows: pd.DataFrame) -> int:
    """Failures ahead of the landmarks, each counted once however many landmarks look at it."""
    ahead = rows[rows["failed"] > 0]
    at = (ahead["at_days"] + ahead["days_to_failure"]).round(6)
    return len(set(zip(ahead["asset_id"], at, strict=True)))


def _fit_type(
    kind: str, rows: pd.DataFrame, until_days: float, seed: int, champion: FailureModels | None
) -> FailureModel:
    everything = constant_rate(rows["days_to_failure"].to_numpy(), rows["failed"].to_numpy())
    cut = float(np.quantile(rows["at_days"], 2 / 3))
    early = rows[rows["at_days"] < cut].copy()
    is_later = early["at_days"] + early["days_to_failure"] > cut
    early.loc[is_later, "failed"] = 0.0
    early.loc[is_later, "days_to_failure"] = cut - early.loc[is_later, "at_days"]
    late = rows[(rows["at_days"] >= cut) & (rows["at_days"] + _JUDGED_DAYS <= until_days)]
    explained = _explained(early) if len(late) else None
    plain = constant_rate(early["days_to_failure"].to_numpy(), early["failed"].to_numpy())
    gain = _NO_GAIN if explained is None else _gain(explained, plain, late, seed)
    kept, best = plain, everything
    if explained is not None and is_proven(gain):
        kept, best = explained, _explained(rows) or everything
    if champion is None or kind not in champion.models:
        return FailureModel(kind, best, gain)
    unseen = late[late["at_days"] + _JUDGED_DAYS > champion.trained_until_days]
    beside = _gain(kept, champion.models[kind].time, unseen, seed)
    return FailureModel(kind, best, gain, beside if beside.n_assets else None)


def is_proven(gain: Difference) -> bool:
    """Whether a loss is lower beyond doubt: by its interval, and of assets enough for one."""
    return gain.is_better and gain.n_assets >= MIN_ASSETS


def _gain(ours: TimeToEvent, theirs: TimeToEvent, rows: pd.DataFrame, seed: int) -> Difference:
    """Logarithmic loss of the probability within 13 weeks, ours minus theirs, with an interval over assets."""
    event = np.asarray((rows["failed"] > 0) & (rows["days_to_failure"] <= _JUDGED_DAYS), dtype=np.float64)
    own, other = (_log_loss(model.probability(rows, _JUDGED_DAYS), event) for model in (ours, theirs))
    return paired_difference(own, other, rows["asset_id"].to_numpy(), _RESAMPLES, np.random.default_rng(seed))


def _log_loss(probability: Floats, event: Floats) -> Floats:
    loss: Floats = -np.log(np.clip(np.where(event > 0, probability, 1 - probability), 1e-6, 1.0))
    return loss


def _explained(rows: pd.DataFrame) -> TimeToEvent | None:
    varies = tuple(name for name in COVARIATES if np.nan_to_num(rows[name].std()) > 1e-9)
    if not varies:
        return None
    return fit_time_to_event(rows, varies, duration="days_to_failure", event="failed")


def _reasons(time: TimeToEvent, rows: pd.DataFrame) -> list[list[str]]:
    """What brings the next failure nearer than that of the mean asset, strongest first, in words."""
    if not time.covariates:
        return [["fails as often as others of its type"] for _ in range(len(rows))]
    added = time.contributions(rows)
    words = {
        "age_years": "{:.0f} years old",
        "years_since_failure": "last failure {:.1f} years ago",
        "failures_3y": "{:.0f} failures in three years",
        "limit_share": "condition at {:.0%} of its limit",
        "passes_per_day": "{:.0f} passages a day",
    }
    values = rows[list(time.covariates)].to_numpy(np.float64)
    return [
        [
            words[time.covariates[k]].format(values[row, k])
            for k in np.argsort(added[row])
            if added[row, k] < -0.05 and np.isfinite(values[row, k])
        ]
        for row in range(len(rows))
    ]


def _from_dict(row: Mapping[str, Any]) -> FailureModel:
    time = row["time"] | {name: tuple(row["time"][name]) for name in ("covariates", "centre", "spread", "coefficients")}
    beside = row["beside_champion"]
    return FailureModel(
        row["asset_type"], TimeToEvent(**time), Difference(**row["gain"]), Difference(**beside) if beside else None
    )
