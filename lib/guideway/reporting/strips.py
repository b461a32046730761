"""Strip maps and trend charts from the condition series."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from guideway.reporting.content import StripMap, TrendSeries

DAYS_A_YEAR = 365.25
Z80 = 1.2815515655446004
"""Half-width of the central 80 % of a standard normal."""

CHART_AHEAD_DAYS = 364


def build_strip_maps(
    condition: pd.DataFrame,
    assets: pd.DataFrame,
    limit_forecast: pd.DataFrame,
    *,
    indicators: Iterable[str] | None = None,
    max_times: int = 104,
) -> tuple[StripMap, ...]:
    """Chainage-by-time matrices of every line, track and indicator.

    Values of one asset in one column are reduced to their median. Columns are days; where there are more than
    ``max_times`` days they are widened to equal spans of days.

    Args:
        condition: ``gold.condition`` rows; those of quality ``poor`` are left out.
        assets: facts of the assets; those without a chainage (vehicles) have no strip map.
        limit_forecast: ``gold.limit_forecast`` rows, for the limits in force.
        indicators: indicators to draw; all by default.
        max_times: most columns of a map.
    """
    wanted = condition[condition["quality"] != "poor"]
    if indicators is not None:
        wanted = wanted[wanted["indicator"].isin(list(indicators))]
    facts = assets[["asset_id", "track_id", "from_m", "to_m"]].drop_duplicates("asset_id")
    placed = wanted.merge(facts, on="asset_id").dropna(subset=["from_m", "value"])
    placed["track_id"] = placed["track_id"].fillna("")
    groups = placed.groupby(["line_id", "track_id", "indicator"], sort=True)
    return tuple(_strip(group, limit_forecast, max_times) for _, group in groups)


def _strip(group: pd.DataFrame, forecast: pd.DataFrame, max_times: int) -> StripMap:
    line_id, track_id, indicator = (str(group[name].iloc[0]) for name in ("line_id", "track_id", "indicator"))
    days = days_of(group["measured_at"])
    span = (
        max(1, int(np.ceil((np.ptp(days.astype("int64")) + 1) / max_times))) if len(np.unique(days)) > max_times else 1
    )
    start = days.min()
    columns = start + ((days - start).astype("int64") // span * span).astype("timedelta64[D]")
    cells = pd.DataFrame(
        {"asset_id": group["asset_id"].to_numpy(), "day": columns, "value": group["value"].to_numpy(float)}
    )
    matrix = cells.groupby(["asset_id", "day"])["value"].median().unstack("day")
    places = group.drop_duplicates("asset_id").sort_values(["from_m", "asset_id"])
    ids = tuple(places["asset_id"])
    matrix = matrix.reindex(list(ids))
    here = forecast[(forecast["line_id"] == line_id) & (forecast["indicator"] == indicator)]
    here = here[here["asset_id"].isin(ids)]
    return StripMap(
        line_id=line_id,
        track_id=track_id,
        indicator=indicator,
        unit=str(group["unit"].iloc[0]),
        asset_ids=ids,
        from_m=places["from_m"].to_numpy(float),
        to_m=places["to_m"].fillna(places["from_m"]).to_numpy(float),
        times=matrix.columns.to_numpy().astype("datetime64[D]"),
        values=matrix.to_numpy(float),
        limits={str(level): float(limit) for level, limit in here.groupby("level")["limit"].min().items()},
    )


def build_trends(
    condition: pd.DataFrame,
    degradation_trend: pd.DataFrame,
    limit_forecast: pd.DataFrame,
    intervention: pd.DataFrame,
    wanted: Iterable[tuple[str, str]],
) -> tuple[TrendSeries, ...]:
    """Charts of the ``wanted`` (asset, indicator) pairs, in their order; a pair without points is left out."""
    pairs = list(dict.fromkeys(wanted))
    assets = {asset for asset, _ in pairs}
    points = dict(list(condition[condition["asset_id"].isin(assets)].groupby(["asset_id", "indicator"])))
    trends = degradation_trend[degradation_trend["asset_id"].isin(assets)].set_index(["asset_id", "indicator"])
    limits = dict(list(limit_forecast[limit_forecast["asset_id"].isin(assets)].groupby(["asset_id", "indicator"])))
    works = dict(list(intervention[intervention["asset_id"].isin(assets)].groupby("asset_id")))
    made = []
    for asset, indicator in pairs:
        if (asset, indicator) not in points:
            continue
        row = trends.loc[[(asset, indicator)]].iloc[0] if (asset, indicator) in trends.index else None
        made.append(_trend(points[asset, indicator], row, limits.get((asset, indicator)), works.get(asset)))
    return tuple(made)


def _trend(
    points: pd.DataFrame, row: pd.Series | None, limits: pd.DataFrame | None, works: pd.DataFrame | None
) -> TrendSeries:
    ordered = points.sort_values("measured_at")
    caps = {} if limits is None else dict(zip(limits["level"], limits["limit"].astype(float), strict=True))
    at, fit, low, high = (np.zeros(0, "datetime64[D]"), *(np.zeros(0),) * 3) if row is None else trend_fan(row)
    done = () if works is None else zip(days_of(works["at"]).tolist(), works["work_type"], works["source"], strict=True)
    return TrendSeries(
        asset_id=str(ordered["asset_id"].iloc[0]),
        indicator=str(ordered["indicator"].iloc[0]),
        unit=str(ordered["unit"].iloc[0]),
        measured_at=days_of(ordered["measured_at"]),
        values=ordered["value"].to_numpy(float),
        good=(ordered["quality"] == "good").to_numpy(bool),
        fit_at=at,
        fit=fit,
        fit_p10=low,
        fit_p90=high,
        limits=caps,
        works=tuple(done),
    )


def trend_fan(row: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Days, median and 80 % interval of the straight line through one ``gold.degradation_trend`` row.

    The half-width joins the uncertainty of the level, ``z80 sigma / sqrt(n)``, and of the slope,
    ``(rate_high - rate_low) / 2 * t``, as independent. Empty arrays where the row has no trend.
    """
    numbers = [pd.to_numeric(row[name], errors="coerce") for name in ("level_now", "rate_per_year")]
    if not np.all(np.isfinite(numbers)):
        return np.zeros(0, "datetime64[D]"), np.zeros(0), np.zeros(0), np.zeros(0)
    as_of = np.datetime64(pd.Timestamp(row["as_of"]).date(), "D")
    past = 0 if pd.isna(row["since"]) else int((as_of - days_of(pd.Series([row["since"]]))[0]).astype(int))
    offsets = np.concatenate([np.linspace(-max(past, 0), 0, 9), np.linspace(28, CHART_AHEAD_DAYS, 13)]).round()
    years = offsets / DAYS_A_YEAR
    level, rate = (float(number) for number in numbers)
    low, high, sigma, n = (
        float(np.nan_to_num(pd.to_numeric(row[name], errors="coerce"), nan=default))
        for name, default in (("rate_low", rate), ("rate_high", rate), ("sigma", 0.0), ("n_points", 1.0))
    )
    width = np.hypot(Z80 * sigma / np.sqrt(max(n, 1.0)), (high - low) / 2 * years)
    fit = level + rate * years
    return as_of + offsets.astype("timedelta64[D]"), fit, fit - width, fit + width


def days_of(times: pd.Series) -> np.ndarray:
    """Days (``datetime64[D]``, UTC) of a column of dates or timestamps, with or without a zone."""
    stamps = pd.to_datetime(times, utc=True)
    return np.asarray(stamps.dt.tz_localize(None).to_numpy()).astype("datetime64[D]")
