"""The outlook: one row an asset and indicator, with the next limit it meets, when, and how soon somebody must act."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent

ACT_PROBABILITY = 0.5
"""An intervention limit that is more likely than not reached within 4 weeks asks for action within days."""

SAFETY_PROBABILITY = 0.1
"""A safety limit (severity 3) asks for action within days at a lower probability already."""

PLAN_PROBABILITY = 0.5
"""A limit that is more likely than not reached within 52 weeks belongs on the work list."""

USUAL_SEVERITY = {"AL": 1, "IL": 2, "IAL": 3}
"""Severity of the EN 13848-5 level names, for levels the limit rows do not name."""

HORIZONS = (4, 13, 26, 52)
"""Forecast horizons of the contract, weeks."""

_KEY = ["asset_id", "indicator"]
_TREND = ["model", "rate_per_year", "rate_low", "rate_high", "sigma", "n_points", "since", "status"]
_FACTS = ["track_id", "from_m", "to_m", "name", "asset_type", "speed_kmh", "structure", "track_form"]


def outlook(content: ReportContent) -> pd.DataFrame:
    """Next limit of every asset and indicator, most urgent first.

    The next limit is the mildest one not yet crossed; where all are crossed, the most severe one. ``beyond`` names the
    most severe limit already crossed. ``layer`` is ``act`` (inspect within days), ``plan`` (put on the work list) or
    ``watch``.

    Returns:
        Columns: ``asset_id, indicator, line_id, mode``, the section's facts, the trend's columns, the columns of
        ``gold.limit_forecast`` of the next limit (``level`` is empty where there is no limit), ``severity, crossed,
        beyond, beyond_severity``, ``shift_days`` (how much earlier, negative, or later the date of the median crossing
        lies than a week ago; NaN where unknown), ``newly`` (beyond a worse limit than a week ago), ``level_change``,
        ``rate_change`` and ``limit_change`` since a week ago, ``layer``.
    """
    levels = forecast_levels(content, content.limit_forecast)
    order = np.where(levels["crossed"], 100 - levels["severity"], levels["severity"])
    first = levels.assign(_order=order).sort_values([*_KEY, "_order"]).drop_duplicates(_KEY).drop(columns="_order")
    beyond = _worst_crossed(levels).set_axis([*_KEY, "beyond", "beyond_severity"], axis=1)
    trend = content.degradation_trend[[*_KEY, "line_id", "unit", "level_now", *_TREND]].drop_duplicates(_KEY)
    facts = content.assets[["asset_id", *_FACTS]].drop_duplicates("asset_id")
    rows = first.merge(beyond, on=_KEY, how="left").merge(trend, on=_KEY, how="outer", suffixes=("", "_trend"))
    for name in ("line_id", "unit", "level_now"):
        spare = rows.pop(f"{name}_trend")
        rows[name] = rows[name].where(rows[name].notna(), spare)
    rows = rows.merge(facts, on="asset_id", how="left").merge(_last_week(content), on=[*_KEY, "level"], how="left")
    rows = rows.merge(_last_state(content), on=_KEY, how="left")
    return _in_order(_judged(rows, content))


def _judged(rows: pd.DataFrame, content: ReportContent) -> pd.DataFrame:
    modes = dict(zip(content.lines["line_id"], content.lines["mode"], strict=True))
    rows = rows.assign(mode=rows["line_id"].map(modes).astype(object))
    for name in ("level", "beyond"):
        rows[name] = rows[name].astype(object).where(rows[name].notna(), "")
    for name in ("severity", "beyond_severity"):
        rows[name] = _numbers(rows[name]).fillna(0).astype(int)
    rows["crossed"] = rows["crossed"].eq(True)
    shift = _numbers(rows["days_p50"]) - (_numbers(rows.pop("last_p50")) - 7.0)
    rows["shift_days"] = shift.where(~rows["crossed"])
    rows["newly"] = rows["beyond_severity"] > _numbers(rows.pop("last_beyond")).fillna(np.inf)
    for change, now in (("level_change", "level_now"), ("rate_change", "rate_per_year"), ("limit_change", "limit")):
        rows[change] = _numbers(rows[now]) - _numbers(rows.pop(f"last_{now}"))
    rows["layer"] = _layer(rows)
    return rows


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    rank = rows["layer"].map({"act": 0, "plan": 1, "watch": 2}).astype(int)
    days = _numbers(rows["days_p50"])
    rows = rows.assign(_rank=rank, _worse=-rows["beyond_severity"], _none=days.isna(), _days=days)
    rows = rows.sort_values(["_rank", "_worse", "_none", "_days", "asset_id", "indicator"], kind="stable")
    return rows.drop(columns=["_rank", "_worse", "_none", "_days"]).reset_index(drop=True)


def forecast_levels(content: ReportContent, forecasts: pd.DataFrame) -> pd.DataFrame:
    """``gold.limit_forecast`` with ``severity``, ``direction`` and ``crossed`` (already beyond the limit) added."""
    forecast = forecasts.drop(columns=["run_id", "code_version"], errors="ignore").copy()
    numeric = ["limit", "level_now", "days_p10", "days_p50", "days_p90", *(f"probability_{w}w" for w in HORIZONS)]
    for name in numeric:
        forecast[name] = _numbers(forecast[name])
    books = dict(zip(content.lines["line_id"], content.lines["rulebook_id"], strict=True))
    limits = content.limits
    severity = dict(
        zip(
            zip(limits["rulebook_id"], limits["indicator"], limits["level"], strict=True),
            limits["severity"],
            strict=True,
        )
    )
    direction = dict(zip(limits["indicator"], limits["direction"], strict=True))
    keys = zip(forecast["line_id"].map(books), forecast["indicator"], forecast["level"], strict=True)
    forecast["severity"] = np.array([int(severity.get(k, USUAL_SEVERITY.get(str(k[2]), 1))) for k in keys], dtype=int)
    forecast["direction"] = [direction.get(name, "above") for name in forecast["indicator"]]
    sign = np.where(forecast["direction"] == "below", -1.0, 1.0)
    over = sign * (forecast["level_now"].to_numpy() - forecast["limit"].to_numpy()) > 0
    forecast["crossed"] = over | (forecast["days_p50"].to_numpy() <= 0)
    return forecast


def crossings_by_line(content: ReportContent) -> pd.DataFrame:
    """``crossing_4w`` to ``crossing_52w`` by line: assets more likely than not to cross any limit that soon."""
    names = [f"probability_{weeks}w" for weeks in HORIZONS]
    forecast = content.limit_forecast
    likely = pd.DataFrame({name: _numbers(forecast[name]) >= 0.5 for name in names})
    likely[["line_id", "asset_id"]] = forecast[["line_id", "asset_id"]]
    assets = likely.groupby(["line_id", "asset_id"])[names].any()
    counts = assets.groupby("line_id").sum().astype(int)
    return counts.rename(columns={name: name.replace("probability", "crossing") for name in names})


def _last_week(content: ReportContent) -> pd.DataFrame:
    last = content.last_limit_forecast[[*_KEY, "level", "days_p50", "limit"]].drop_duplicates([*_KEY, "level"])
    return last.rename(columns={"days_p50": "last_p50", "limit": "last_limit"})


def _last_state(content: ReportContent) -> pd.DataFrame:
    """Level, rate and severity of the worst limit crossed (0: none) of a week ago, by series with a limit then."""
    levels = forecast_levels(content, content.last_limit_forecast)
    level = levels.drop_duplicates(_KEY)[[*_KEY, "level_now"]].rename(columns={"level_now": "last_level_now"})
    worst = _worst_crossed(levels)[[*_KEY, "severity"]].rename(columns={"severity": "last_beyond"})
    rate = content.last_degradation_trend[[*_KEY, "rate_per_year"]].drop_duplicates(_KEY)
    rate = rate.rename(columns={"rate_per_year": "last_rate_per_year"})
    last = level.merge(worst, on=_KEY, how="left").merge(rate, on=_KEY, how="left")
    return last.assign(last_beyond=_numbers(last["last_beyond"]).fillna(0.0))


def _worst_crossed(levels: pd.DataFrame) -> pd.DataFrame:
    crossed = levels[levels["crossed"]].sort_values("severity", kind="stable").drop_duplicates(_KEY, keep="last")
    return crossed[[*_KEY, "level", "severity"]]


def _layer(rows: pd.DataFrame) -> np.ndarray:
    act = (rows["beyond_severity"] >= 2) | ((rows["severity"] >= 2) & (rows["probability_4w"] >= ACT_PROBABILITY))
    act |= (rows["severity"] >= 3) & (rows["probability_4w"] >= SAFETY_PROBABILITY)
    plan = (rows["beyond_severity"] >= 1) | (rows["probability_52w"] >= PLAN_PROBABILITY)
    return np.where(act, "act", np.where(plan, "plan", "watch"))


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce").astype(float)
