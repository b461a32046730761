"""What the HTML page carries: the report's content as packed columns, and the rows its first screen names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent, StripMap, TrendSeries
from guideway.reporting.inert import inert
from guideway.reporting.local_time import in_local_time
from guideway.reporting.noise import noise_records
from guideway.reporting.outlook import HORIZONS, crossings_by_line, forecast_levels
from guideway.reporting.packing import Packer
from guideway.reporting.policies import in_reading_order
from guideway.reporting.risks import failure_rows, risk_records
from guideway.reporting.sentences import patterns
from guideway.reporting.strips import days_of
from guideway.reporting.summary import Summary, headline, plan_verdict
from guideway.reporting.trust import coverage_said
from guideway.reporting.words import LANGUAGES, UNITS, Words, unit_sign, vocabulary
from guideway.reporting.work_risk import with_year_risk

STRIP_CELLS = 4_000_000
"""Most cells of all strip maps together: what keeps the page of a national network under 15 MB."""

LISTED = 400
"""Most rows of the first screen's lists that the page carries."""

_KEY = ["asset_id", "indicator"]


def pack_page(content: ReportContent, rows: pd.DataFrame, summary: Summary) -> str:
    """The page's data block; ``rows`` is the outlook of the content and ``summary`` its summary."""
    packer = Packer()
    assets, index = _assets(packer, content, rows)
    header = {
        "meta": _meta(content, summary),
        "words": {language: [phrases[k] for phrases in vocabulary().values()] for k, language in enumerate(LANGUAGES)},
        "keys": list(vocabulary()),
        "sentences": [[english, *chinese] for english, chinese in patterns().items()],
        "units": dict(UNITS),
        "lines": _lines(content),
        "assets": assets,
        "series": _series(packer, content, rows, index),
        "levels": _levels(packer, content, rows),
        "defects": _defects(packer, in_local_time(content.exceedance, content, "measured_at"), index),
        "works": _works(in_local_time(with_year_risk(content), content, "window_start", "window_end"), index),
        "deferrals": _works(content.deferral.sort_values("deferral_no"), index),
        "policies": _records(in_reading_order(content.policy_comparison)),
        "interventions": _interventions(packer, content.intervention, index),
        "classes": _records(content.quality_class),
        "noise": noise_records(content, index),
        "risks": risk_records(content, index, LISTED),
        "strips": [_strip(packer, strip, index) for strip in thinned(content.strip_maps)],
        "trends": [_trend(packer, trend, index) for trend in content.trends if trend.asset_id in index],
        "summary": {
            "act": [[int(place.is_defect), place.row, place.more] for place in summary.act[:LISTED]],
            "places": len(summary.act),
            "newly": summary.newly.index[:LISTED].tolist(),
            "sooner": summary.sooner.index[:LISTED].tolist(),
            "later": summary.later.index[:LISTED].tolist(),
            "moved": len(summary.newly) + len(summary.sooner) + len(summary.later),
        },
        "data": _shortcomings(content),
        "scorecard": _records(content.forecast_scorecard),
        "books": _books(content.limits),
        "versions": sorted(content.table_versions.items()),
    }
    return packer.pack(header)


def thinned(strips: tuple[StripMap, ...], budget: int = STRIP_CELLS) -> tuple[StripMap, ...]:
    """The strip maps with the oldest columns left out until all of them together hold at most ``budget`` cells."""
    cells = sum(strip.values.size for strip in strips)
    if cells <= budget:
        return strips
    share = budget / cells
    kept = []
    for strip in strips:
        newest = slice(-max(1, int(len(strip.times) * share)), None)
        fields = {**strip.__dict__, "times": strip.times[newest], "values": strip.values[:, newest]}
        kept.append(StripMap(**fields))
    return tuple(kept)


def _meta(content: ReportContent, summary: Summary) -> dict[str, Any]:
    year, week, _ = content.as_of.isocalendar()
    model = content.model
    return {
        "network": inert(content.network_name),
        "asOf": _day(content.as_of),
        "year": year,
        "week": week,
        "isoWeek": content.iso_week,
        "run": content.run_id,
        "version": content.code_version,
        "language": content.language,
        "headline": {language: headline(summary, Words(language)) for language in LANGUAGES},
        "plan": {language: plan_verdict(content, Words(language)) for language in LANGUAGES},
        "coverage": {language: coverage_said(content, Words(language)) for language in LANGUAGES},
        "titles": dict(content.indicator_titles),
        "model": None
        if model is None
        else {
            "name": model.name,
            "version": model.version,
            "alias": model.alias,
            "metrics": {k: round(float(v), 4) for k, v in model.metrics.items() if np.isfinite(v)},
            "trained": _day(model.trained_until) if model.trained_until else None,
            "gate": inert(model.gate),
        },
    }


def _lines(content: ReportContent) -> list[dict[str, Any]]:
    counts = crossings_by_line(content)
    week = {row["line_id"]: row for row in _records(content.network_week)}
    lines = []
    for line in _records(content.lines):
        own = {str(name): int(counts[name].get(line["line_id"], 0)) for name in counts}
        lines.append(
            {**own, **week.get(line["line_id"], {}), "name": line["name"], "mode": line["mode"], "id": line["line_id"]}
        )
    return lines


def _assets(packer: Packer, content: ReportContent, rows: pd.DataFrame) -> tuple[dict[str, Any], Mapping[str, int]]:
    """The assets anything in the report is about, by line, track and chainage."""
    told = (rows, content.exceedance, content.intervention, content.noise_source, content.departure)
    more = (content.insertion_loss, content.level_part, failure_rows(content).head(LISTED))
    mentioned = pd.concat([frame["asset_id"] for frame in (*told, *more)])
    ids = set(mentioned) | {asset for strip in content.strip_maps for asset in strip.asset_ids}
    facts = content.assets[content.assets["asset_id"].isin(ids)].drop_duplicates("asset_id")
    lost = pd.DataFrame({"asset_id": sorted(str(asset) for asset in ids - set(facts["asset_id"]))})
    facts = pd.concat([facts.astype(object), lost.astype(object)], ignore_index=True)
    facts = facts.sort_values(["line_id", "track_id", "from_m", "asset_id"], kind="stable", ignore_index=True)
    same = facts["name"].isna() | (facts["name"] == facts["asset_id"])
    columns = {
        "id": packer.strings(facts["asset_id"]),
        "name": packer.strings(facts["name"].mask(same, "")),
        **{k: packer.strings(facts[v]) for k, v in _TEXT_FACTS.items()},
        **{k: packer.numbers(facts[v], decimals) for k, (v, decimals) in _NUMBER_FACTS.items()},
    }
    return packer.table(columns, len(facts)), {asset: k for k, asset in enumerate(facts["asset_id"])}


_TEXT_FACTS = {
    "line": "line_id",
    "track": "track_id",
    "type": "asset_type",
    "structure": "structure",
    "form": "track_form",
    "zone": "receiver_zone",
}
_NUMBER_FACTS = {"from": ("from_m", 0), "to": ("to_m", 0), "speed": ("speed_kmh", 0)}


def _series(packer: Packer, content: ReportContent, rows: pd.DataFrame, index: Mapping[str, int]) -> dict[str, Any]:
    risk = _risk(content)
    keys = list(zip(rows["asset_id"], rows["indicator"], strict=True))
    planned = _planned(content.work_plan)
    number = packer.numbers
    columns = {
        "asset": number([index[asset] for asset in rows["asset_id"]]),
        "indicator": packer.strings(rows["indicator"]),
        "unit": packer.strings([unit_sign(str(unit)) for unit in rows["unit"].fillna("")]),
        "now": number(rows["level_now"], 3),
        "rate": number(rows["rate_per_year"], 3),
        "rateLow": number(rows["rate_low"], 3),
        "rateHigh": number(rows["rate_high"], 3),
        "sigma": number(rows["sigma"], 3),
        "points": number(rows["n_points"]),
        "since": number(_days(rows["since"])),
        "status": packer.strings(rows["status"]),
        "model": packer.strings(rows["model"]),
        "layer": packer.strings(rows["layer"]),
        "level": packer.strings(rows["level"]),
        "severity": number(rows["severity"]),
        "limit": number(rows["limit"], 3),
        "beyond": packer.strings(rows["beyond"]),
        "beyondSeverity": number(rows["beyond_severity"]),
        "p10": number(rows["days_p10"]),
        "p50": number(rows["days_p50"]),
        "p90": number(rows["days_p90"]),
        "shift": number(rows["shift_days"]),
        "levelChange": number(rows["level_change"], 3),
        "rateChange": number(rows["rate_change"], 3),
        "limitChange": number(rows["limit_change"], 3),
        "work": number([planned.get(asset, np.nan) for asset in rows["asset_id"]]),
        "risk": number([risk.get(key, (np.nan, ""))[0] for key in keys], 2),
        "reasons": packer.strings([risk.get(key, (np.nan, ""))[1] for key in keys]),
    }
    return packer.table(columns, len(rows))


def _levels(packer: Packer, content: ReportContent, rows: pd.DataFrame) -> dict[str, Any]:
    """Every level of every series; rows ``first[k]`` up to ``first[k + 1]`` belong to series ``k``."""
    order = rows[_KEY].assign(row=np.arange(len(rows)))
    levels = (
        forecast_levels(content, content.limit_forecast)
        .merge(order, on=_KEY)
        .sort_values(["row", "severity"], kind="stable")
    )
    first = np.searchsorted(levels["row"].to_numpy(), np.arange(len(rows) + 1))
    columns = {
        "first": packer.numbers(first),
        "level": packer.strings(levels["level"]),
        "severity": packer.numbers(levels["severity"]),
        "limit": packer.numbers(levels["limit"], 3),
        "p10": packer.numbers(levels["days_p10"]),
        "p50": packer.numbers(levels["days_p50"]),
        "p90": packer.numbers(levels["days_p90"]),
        "unverified": packer.numbers((levels["provenance"] == "unverified default").astype(int)),
        **{f"c{weeks}": packer.numbers(levels[f"probability_{weeks}w"], 2) for weeks in HORIZONS},
    }
    return packer.table(columns, len(levels))


def _defects(packer: Packer, frame: pd.DataFrame, index: Mapping[str, int]) -> dict[str, Any]:
    columns = {
        "asset": packer.numbers([index[asset] for asset in frame["asset_id"]]),
        "indicator": packer.strings(frame["indicator"]),
        "from": packer.numbers(frame["from_m"], 1),
        "to": packer.numbers(frame["to_m"], 1),
        "day": packer.numbers(_days(frame["measured_at"])),
        "peak": packer.numbers(frame["peak"], 2),
        "unit": packer.strings([unit_sign(str(unit)) for unit in frame["unit"]]),
        "level": packer.strings(frame["level"]),
        "severity": packer.numbers(frame["severity"]),
        "limit": packer.numbers(frame["limit"], 2),
        "reason": packer.strings(frame["reason"]),
        "recording": packer.strings(frame["recording_id"]),
    }
    return packer.table(columns, len(frame))


def _interventions(packer: Packer, frame: pd.DataFrame, index: Mapping[str, int]) -> dict[str, Any]:
    columns = {
        "asset": packer.numbers([index[asset] for asset in frame["asset_id"]]),
        "day": packer.numbers(_days(frame["at"])),
        "type": packer.strings(frame["work_type"]),
        "source": packer.strings(frame["source"]),
        "confidence": packer.numbers(frame["confidence"], 2),
        "indicator": packer.strings(frame["indicator"]),
        "effect": packer.numbers(frame["effect"], 2),
    }
    return packer.table(columns, len(frame))


def _works(plan: pd.DataFrame, index: Mapping[str, int]) -> list[dict[str, Any]]:
    records = _records(plan)
    for record, assets in zip(records, plan["asset_ids"], strict=True):
        record["asset_ids"] = len(assets)
        record["first_asset"] = next((index[asset] for asset in assets if asset in index), None)
    return records


def _planned(plan: pd.DataFrame) -> dict[str, int]:
    pairs = zip(plan["work_no"], plan["asset_ids"], strict=True)
    first: dict[str, int] = {}
    for number, assets in sorted(pairs, key=lambda pair: int(pair[0])):
        for asset in assets:
            first.setdefault(str(asset), int(number))
    return first


def _risk(content: ReportContent) -> dict[tuple[str, str], tuple[float, str]]:
    # the page shows one risk of an asset and indicator: that within 13 weeks, which the plan weighs, too
    shown = np.array(["_13w:" in str(target) for target in content.failure_risk["target"]], dtype=bool)
    frame = content.failure_risk[shown]
    indicators = [str(target).partition(":")[2] for target in frame["target"]]
    reasons = ["; ".join(str(code) for code in codes) if codes is not None else "" for codes in frame["reason_codes"]]
    keys = zip(frame["asset_id"], indicators, strict=True)
    return dict(zip(keys, zip(frame["score"], reasons, strict=True), strict=True))


def _strip(packer: Packer, strip: StripMap, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        "line": strip.line_id,
        "track": strip.track_id,
        "indicator": strip.indicator,
        "unit": unit_sign(strip.unit),
        "assets": packer.numbers([index[asset] for asset in strip.asset_ids]),
        "days": [int(day) for day in strip.times.astype("datetime64[D]").astype(int)],
        "values": packer.matrix(strip.values),
        "limits": {level: float(limit) for level, limit in strip.limits.items() if np.isfinite(limit)},
    }


def _trend(packer: Packer, trend: TrendSeries, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        "asset": index[trend.asset_id],
        "indicator": trend.indicator,
        "day": packer.numbers(trend.measured_at.astype("datetime64[D]").astype(float)),
        "value": packer.numbers(trend.values, 3),
        "good": packer.numbers(trend.good.astype(int)),
        "fitDay": packer.numbers(trend.fit_at.astype("datetime64[D]").astype(float)),
        "fit": packer.numbers(trend.fit, 3),
        "low": packer.numbers(trend.fit_p10, 3),
        "high": packer.numbers(trend.fit_p90, 3),
        "works": [[_day(day), kind, source] for day, kind, source in trend.works],
    }


def _shortcomings(content: ReportContent) -> dict[str, Any]:
    status = content.degradation_trend.groupby(["line_id", "indicator", "status"]).size().reset_index(name="n")
    return {
        "rejected": _records(
            content.source_file, ["path", "source_id", "status", "reason", "delivered_at", "size_bytes"]
        ),
        "misaligned": _records(in_local_time(content.misaligned, content, "started_at")),
        "unmeasured": _records(in_local_time(content.unmeasured, content, "started_at")),
        "untrended": _records(status[~status["status"].isin(["ok", "pooled"])]),
    }


def _books(limits: pd.DataFrame) -> list[dict[str, Any]]:
    marked = limits.assign(unverified=(limits["provenance"] == "unverified default").astype(int))
    keys = ["rulebook_id", "standard", "edition"]
    books = marked.groupby(keys, dropna=False)["unverified"].agg(["sum", "size"]).reset_index()
    return _records(books)


def _records(frame: pd.DataFrame, columns: list[str] | None = None) -> list[dict[str, Any]]:
    chosen = frame if columns is None else frame[columns]
    return [{str(k): _plain(v) for k, v in row.items()} for row in chosen.to_dict("records")]


def _plain(value: Any) -> Any:
    """A JSON value: days as days since 1970, timestamps as minutes since then, nothing for what is missing."""
    if isinstance(value, pd.Timestamp):
        return int(value.timestamp() // 60)
    if isinstance(value, date) and value is not pd.NaT:
        return _day(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return inert(value) if isinstance(value, str) else None


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _days(times: pd.Series) -> np.ndarray:
    days = days_of(times)
    return np.where(np.isnat(days), np.nan, days.astype("int64").astype(float))
