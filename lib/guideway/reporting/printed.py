"""What the printed report says, as the JSON its Typst template sets."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from guideway.reporting.content import CLASSES, ReportContent
from guideway.reporting.digest import Item, act_items, changed_items, plan_items
from guideway.reporting.figures import OVER, ordered_limits, strip_svg, trend_svg
from guideway.reporting.local_time import in_local_time
from guideway.reporting.noise import level_sheet, loss_sheet, source_sheet
from guideway.reporting.phrases import away, interval, percent, signed, value
from guideway.reporting.policies import deferral_sheet, policy_sheet, policy_widths
from guideway.reporting.risks import departure_sheet, failure_sheet
from guideway.reporting.sentences import Sentences
from guideway.reporting.summary import Summary, headline, plan_verdict, stale
from guideway.reporting.tables import (
    Sheet,
    inferred_sheet,
    line_names,
    place,
    rejected_sheet,
    rows_of,
    title,
    units_of,
    work_place,
)
from guideway.reporting.trust import coverage_said, misaligned_sheet, scorecard_sheet, unmeasured_sheet
from guideway.reporting.words import Words, unit_sign
from guideway.reporting.work_risk import with_year_risk

PRINTED_ROWS = 40
"""Most rows of a printed table; the workbooks hold them all."""

PRINTED_TRENDS = 8
PRINTED_STRIPS = 24
_ITEMS = 5


def printed_report(content: ReportContent, rows: pd.DataFrame, summary: Summary, words: Words) -> dict[str, Any]:
    """Every text, table and figure of the PDF; ``rows`` is the outlook of the content."""
    year, week, _ = content.as_of.isocalendar()
    made = words("footer.made", version=content.code_version, run=content.run_id)
    number = words("report.week", week=week, year=year)
    upto = words("report.data_to", date=words.day(content.as_of))
    return {
        "title": f"{content.network_name} · {content.iso_week}",
        "over": " · ".join((content.network_name, words("report.title"), number, upto)),
        "footer": f"{content.network_name} · {content.iso_week} · {made}",
        "lang": words.language[:2],
        "region": {"en": "gb", "zh-Hant": "hk", "zh-Hans": "cn"}[words.language],
        "banner": stale(content.banner, words) if content.banner else "",
        "headline": headline(summary, words),
        "none": words("none.rows"),
        "panels": _panels(content, rows, summary, words),
        "tables": _tables(content, rows, words),
        "trust": _trust(content, words),
        "model": _model(content, words),
        "trends_title": words("trends.title"),
        "trends_note": words("trends.note").split(". ")[0],
        "trends": _trends(content, words),
        "strips_title": words("strips.title"),
        "strips_note": words("strips.note"),
        "strips": _strips(content, words),
    }


def _panels(content: ReportContent, rows: pd.DataFrame, summary: Summary, words: Words) -> list[dict[str, Any]]:
    def panel(kind: str, key: str, items: list[Item], total: int) -> dict[str, Any]:
        left = total - len(items)
        more = words("more", n=left) if left > 0 else ""
        cells = [list(asdict(item).values()) for item in items]
        return {"kind": kind, "title": words(key), "items": cells, "more": more, "none": words(f"none.{kind}")}

    moved = len(summary.newly) + len(summary.sooner) + len(summary.later)
    return [
        panel("act", "layer.act", act_items(content, rows, summary, words, _ITEMS), len(summary.act)),
        panel("plan", "layer.plan", plan_items(content, words, _ITEMS), summary.works),
        panel("changed", "layer.changed", changed_items(content, summary, words, _ITEMS), moved),
    ]


def _table(
    words: Words, key: str, headings: list[str], widths: str, cells: list[list[Any]], total: int, level: int = 1
) -> dict[str, Any]:
    """``widths``: a digit a column is its share of the width, a letter ``r`` behind it sets it right."""
    specs = widths.split()
    note = words(f"{key}.note") if words.has(f"{key}.note") else ""
    more = words("filter.printed", n=len(cells), total=total) if total > len(cells) else ""
    return {
        "level": level,
        "title": words(f"{key}.title") if words.has(f"{key}.title") else words(key),
        "note": note,
        "headings": headings,
        "widths": [int(spec.rstrip("r")) for spec in specs],
        "align": ["r" if spec.endswith("r") else "l" for spec in specs],
        "rows": cells,
        "more": more,
    }


def _tables(content: ReportContent, rows: pd.DataFrame, words: Words) -> list[dict[str, Any]]:
    names = line_names(content)
    near = rows[(rows["layer"] != "watch") & (rows["level"] != "")]
    forecast = [_forecast_row(row, content, names, words) for row in rows_of(near.head(PRINTED_ROWS))]
    lines = [
        [
            ["*", names.get(w.line_id, str(w.line_id)), words.code("mode", w.mode)],
            f"{float(w.length_km):,.1f}",
            *(f"{int(n):,}" for n in (w.assets, w.crossing_4w, w.crossing_13w, w.crossing_52w)),
            words("change.unknown") if pd.isna(w.crossing_13w_change) else f"{int(w.crossing_13w_change):+d}",
            *(f"{int(n):,}" for n in (w.exceedances, w.recordings, w.files_rejected)),
        ]
        for w in rows_of(content.network_week)
    ]
    heads = [words(f"lines.{key}") for key in ("line", "length", "assets")] + [
        words("lines.weeks", n=n) for n in (4, 13, 52)
    ]
    heads += [words(f"lines.{key}") for key in ("change", "defects", "recordings", "rejected")]
    columns = [words(f"col.{key}") for key in ("layer", "section", "indicator", "limit", "when", "rate", "shift")]
    return [
        _table(words, "lines", heads, "3 1r 1r 1r 1r 1r 1r 1r 1r 1r", lines, len(lines)),
        _class_table(content, words),
        _table(words, "forecast", columns, "1 4 4 3 4 3r 2", forecast, len(near)),
        _work_table(content, words),
        _from_sheet(words, "deferred", deferral_sheet(content, words), "1r 3 3 3 3 3r 2r 2r 6"),
        _from_sheet(words, "inferred", inferred_sheet(content, words), "2 2 1r 1r 2 3 1r 1 1r"),
        _defect_table(content, words),
        _from_sheet(words, "risks.failures", failure_sheet(content, words), "4 3 3 1r 1r 1r 1r 2r 6"),
        _from_sheet(words, "risks.departures", departure_sheet(content, words), "4 3 3 4 2r 1 2r"),
        _from_sheet(words, "policies", policy_sheet(content, words), policy_widths(content)),
        _from_sheet(words, "noise.sources", source_sheet(content, words), "5 5 3 1r 2r 1r 1r 1r"),
        _from_sheet(words, "noise.levels", level_sheet(content, words), "5 4 1r 1r 1r 1r 2r 2r 1r 1r 1r"),
        _from_sheet(words, "noise.losses", loss_sheet(content, words), "5 3 2 4 2r 2r 2r 1r 1r 2"),
    ]


def _forecast_row(row: Any, content: ReportContent, names: Any, words: Words) -> list[Any]:
    days, unit = float(row.days_p50), str(row.unit)
    reach = interval(content.as_of, float(row.days_p10), float(row.days_p90), words) if days > 0 else ""
    name = row.name if isinstance(row.name, str) and row.name else row.asset_id
    beyond = words("cell.over_limit", level=words.grade(row.beyond)) if row.beyond else ""
    now = " · ".join(part for part in (value(float(row.level_now), unit), beyond) if part)
    spread = f"{value(float(row.rate_low))} – {value(float(row.rate_high))}"
    shift = float(row.shift_days)
    moved = "–" if np.isnan(shift) else words("cell.steady")
    if abs(shift) >= 7:
        moved = words("cell.sooner" if shift < 0 else "cell.later", n=f"{abs(shift):.0f}")
    return [
        words(f"layer.{row.layer}.short"),
        ["*", name, place(row, names)],
        [title(content, row.indicator, words), now],
        [
            f"{words.grade(row.level)} {value(float(row.limit), unit)}",
            words.consequence(int(row.severity), row.asset_type, now=False),
        ],
        [away(days, words), reach],
        [signed(float(row.rate_per_year), words("cell.per_year", unit=unit)), spread],
        moved,
    ]


def _work_table(content: ReportContent, words: Words) -> dict[str, Any]:
    names, units, cells = line_names(content), units_of(content), []
    says = Sentences(words, content.indicator_titles)
    for work in rows_of(in_local_time(with_year_risk(content).head(PRINTED_ROWS), content, "window_start")):
        effect = math.nan if work.expected_effect is None else float(work.expected_effect)
        kind = words.code("type", work.work_type)
        line = names.get(work.line_id, str(work.line_id))
        cells.append(
            [
                str(work.work_no),
                ["*", kind, title(content, work.indicator, words)],
                [line, work_place(content, work, words)],
                [_stamp(work.window_start), work.zone],
                f"{work.currency} {float(work.cost):,.0f}",
                signed(effect, units.get(work.indicator, "")),
                f"{percent(float(work.risk_without))} · {percent(float(work.risk_52w))}",
                says(work.reason),
            ]
        )
    heads = [words(f"work.{key}") for key in ("no", "work", "place", "window", "cost", "effect", "risks", "reason")]
    printed = _table(words, "work", heads, "1r 4 4 4 3r 2r 3r 6", cells, len(content.work_plan))
    return printed | {"note": " ".join((printed["note"], plan_verdict(content, words)))}


def _class_table(content: ReportContent, words: Words) -> dict[str, Any]:
    names = line_names(content)
    cells = [
        [names.get(row["line_id"], str(row["line_id"])), title(content, row["indicator"], words)]
        + [f"{float(row[name]):,.1f}" for name in CLASSES]
        for row in content.quality_class.to_dict("records")
    ]
    heads = [words("lines.line"), words("col.indicator_only"), *CLASSES]
    return _table(words, "classes", heads, "3 4 1r 1r 1r 1r 1r", cells, len(cells), 2)


def _defect_table(content: ReportContent, words: Words) -> dict[str, Any]:
    names, labels = line_names(content), dict(zip(content.assets["asset_id"], content.assets["name"], strict=True))
    kinds = dict(zip(content.assets["asset_id"], content.assets["asset_type"], strict=True))
    says = Sentences(words, content.indicator_titles)
    found = content.exceedance.sort_values("severity", ascending=False, kind="stable")
    cells = [
        [
            [words.grade(d.level), words.consequence(int(d.severity), kinds.get(d.asset_id), now=True)],
            ["*", str(labels.get(d.asset_id) or d.asset_id), place(d, names)],
            title(content, d.indicator, words),
            value(float(d.peak), str(d.unit)),
            value(float(d.limit), str(d.unit)),
            [_stamp(d.measured_at), d.zone],
            says(d.reason),
        ]
        for d in rows_of(in_local_time(found.head(PRINTED_ROWS), content, "measured_at"))
    ]
    heads = [words("detail.level"), words("col.section"), words("col.indicator_only")]
    heads += [words(f"defects.{key}") for key in ("peak", "limit", "measured", "reason")]
    return _table(words, "defects", heads, "2 4 3 2r 2r 2 5", cells, len(found))


def _trust(content: ReportContent, words: Words) -> list[dict[str, Any]]:
    books = content.limits.assign(unverified=(content.limits["provenance"] == "unverified default").astype(int))
    books = books.groupby(["rulebook_id", "standard", "edition"])["unverified"].agg(["size", "sum"]).reset_index()
    marks = [
        [
            *(str(part) for part in b[1:4]),
            str(b[4]),
            words("quality.unverified", n=b[5]) if b[5] else words("quality.verified"),
        ]
        for b in rows_of(books)
    ]
    book_heads = [words(f"quality.{key}") for key in ("book", "standard", "edition", "values")]
    version_heads = [words("quality.table"), words("quality.version")]
    versions = [[name, str(version)] for name, version in sorted(content.table_versions.items())]
    scores = _from_sheet(words, "quality.scorecard", scorecard_sheet(content, words), "5 2 1r 2r 2r 1r 1r 1r 1")
    return [
        _from_sheet(words, "data.rejected", rejected_sheet(content, words), "4 2 2 5", level=1),
        _from_sheet(words, "data.misaligned", misaligned_sheet(content, words), "3 2 3 3", level=2),
        _from_sheet(words, "data.unmeasured", unmeasured_sheet(content, words), "3 2 2 5", level=2),
        scores | {"note": " ".join((scores["note"], *coverage_said(content, words)))},
        _table(words, "quality.rules", [*book_heads, ""], "2 3 2 1r 2", marks, len(marks), 2),
        _table(words, "quality.tables", version_heads, "3 1r", versions, len(versions), 2),
    ]


def _from_sheet(words: Words, key: str, sheet: Sheet, widths: str, level: int = 1) -> dict[str, Any]:
    """The first columns of a sheet, as many as there are widths."""
    n = len(widths.split())
    cells = [
        [_cell(value_, kind) for value_, kind in zip(row[:n], sheet.formats, strict=False)]
        for row in sheet.rows[:PRINTED_ROWS]
    ]
    return _table(words, key, list(sheet.headings[:n]), widths, cells, len(sheet.rows), level)


def _cell(raw: Any, kind: str) -> str:
    if raw is None or raw is pd.NaT or (isinstance(raw, float) and np.isnan(raw)):
        return "–"
    if kind in {"date", "time"}:
        return _stamp(raw) if kind == "time" else pd.Timestamp(raw).date().isoformat()
    if kind == "text":
        return str(raw)
    return percent(float(raw)) if kind == "0%" else f"{float(raw):,.{len(kind.partition('.')[2])}f}"


def _stamp(raw: Any) -> str:
    return pd.Timestamp(raw).strftime("%Y-%m-%d %H:%M")


def _model(content: ReportContent, words: Words) -> str:
    model = content.model
    if model is None:
        return words("quality.no_model")
    metrics = " · ".join(f"{words.code('metric', name)} {figure:.3f}" for name, figure in model.metrics.items())
    version = f"{words('quality.version')} {model.version}"
    gate = (f"{words('quality.gate')}: {Sentences(words, {})(model.gate)}",) if model.gate else ()
    facts = (model.name, version, words.code("alias", model.alias), metrics, *gate)
    return f"{words('quality.model')}: {' · '.join(facts)}"


def _trends(content: ReportContent, words: Words) -> list[dict[str, Any]]:
    facts = content.assets.drop_duplicates("asset_id").set_index("asset_id")
    names, today, charts = line_names(content), np.datetime64(content.as_of, "D"), []
    for trend in content.trends[:PRINTED_TRENDS]:
        known = trend.asset_id in facts.index
        spot = place(facts.loc[trend.asset_id], names) if known else ""
        what = f"{title(content, trend.indicator, words)}, {unit_sign(trend.unit)}"
        name = str(facts.loc[trend.asset_id, "name"]) if known else trend.asset_id
        charts.append({"name": name, "place": f"{spot} · {what}", "svg": trend_svg(trend, today, words.grade)})
    return charts


def _strips(content: ReportContent, words: Words) -> list[dict[str, Any]]:
    names, maps = line_names(content), []
    for strip in content.strip_maps[:PRINTED_STRIPS]:
        if not strip.values.size:
            continue
        legend = [
            (OVER[min(k, 2)], words("strips.beyond", level=f"{words.grade(level)} {value(limit, strip.unit)}"))
            for k, (level, limit) in enumerate(ordered_limits(strip.limits))
        ]
        maps.append(
            {
                "name": f"{names.get(strip.line_id, strip.line_id)} · {strip.track_id}",
                "what": f"{title(content, strip.indicator, words)}, {unit_sign(strip.unit)}",
                "days": f"{strip.times[0]} – {strip.times[-1]}",
                "from": f"km {strip.from_m[0] / 1000:.2f}",
                "to": f"km {strip.to_m[-1] / 1000:.2f}",
                "legend": legend,
                "svg": strip_svg(strip),
            }
        )
    return maps
