"""The report's tables as lists of cells, in one language: what the workbooks, the PDF and the mail print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from guideway.reporting.content import CLASSES, ReportContent
from guideway.reporting.local_time import in_local_time
from guideway.reporting.outlook import HORIZONS
from guideway.reporting.phrases import chainage
from guideway.reporting.sentences import Sentences
from guideway.reporting.words import Words, unit_sign
from guideway.reporting.work_risk import with_year_risk


@dataclass(frozen=True)
class Sheet:
    """One table; a format is ``text``, ``date``, ``time`` or a number format such as ``0.00`` or ``0%``."""

    name: str
    headings: tuple[str, ...]
    formats: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def forecast_sheet(content: ReportContent, rows: pd.DataFrame, words: Words) -> Sheet:
    """Every asset and indicator with its next limit and interval; ``rows`` is the outlook."""
    names = line_names(content)
    columns = [
        (words("col.layer"), "text", [words(f"layer.{layer}") for layer in rows["layer"]]),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in rows["line_id"]]),
        (words("col.section"), "text", [_name(n, a) for n, a in zip(rows["name"], rows["asset_id"], strict=True)]),
        (words("head.asset"), "text", list(rows["asset_id"])),
        (words("head.from"), "0", list(rows["from_m"])),
        (words("head.to"), "0", list(rows["to_m"])),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in rows["indicator"]]),
        (words("head.unit"), "text", [unit_sign(str(unit)) for unit in rows["unit"]]),
        (words("strips.newest"), "0.000", list(rows["level_now"])),
        (words("head.beyond"), "text", [words.grade(level) for level in rows["beyond"]]),
        (words("col.limit"), "text", [words.grade(level) for level in rows["level"]]),
        (words("detail.limit"), "0.00", list(rows["limit"])),
        (words("head.p10"), "date", _dates(content.as_of, rows["days_p10"])),
        (words("head.p50"), "date", _dates(content.as_of, rows["days_p50"])),
        (words("head.p90"), "date", _dates(content.as_of, rows["days_p90"])),
        *((words("lines.weeks", n=w), "0%", list(rows[f"probability_{w}w"])) for w in HORIZONS),
        (words("col.rate"), "0.000", list(rows["rate_per_year"])),
        (words("head.rate_p10"), "0.000", list(rows["rate_low"])),
        (words("head.rate_p90"), "0.000", list(rows["rate_high"])),
        (f"{words('col.shift')}, d", "0", list(rows["shift_days"])),
    ]
    return sheet(words("nav.forecast"), columns)


def work_sheet(content: ReportContent, words: Words) -> Sheet:
    """The work list."""
    plan, names = in_local_time(with_year_risk(content), content, "window_start", "window_end"), line_names(content)
    units, says = units_of(content), Sentences(words, content.indicator_titles)
    columns = [
        (words("work.no"), "0", list(plan["work_no"])),
        (words("work.work"), "text", [words.code("type", kind) for kind in plan["work_type"]]),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in plan["line_id"]]),
        (words("head.track"), "text", list(plan["track_id"])),
        (words("head.from"), "0", list(plan["from_m"])),
        (words("head.to"), "0", list(plan["to_m"])),
        (words("work.window"), "time", list(plan["window_start"])),
        (words("head.until"), "time", list(plan["window_end"])),
        (words("data.zone"), "text", list(plan["zone"])),
        (words("work.cost"), "#,##0", list(plan["cost"])),
        (words("head.currency"), "text", list(plan["currency"])),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in plan["indicator"]]),
        (words("work.effect"), "0.00", list(plan["expected_effect"])),
        (words("head.unit"), "text", [units.get(code, "") for code in plan["indicator"]]),
        (words("work.risk_next"), "0%", list(plan["risk_without"])),
        (words("work.risk"), "0%", list(plan["risk_52w"])),
        (words("work.reason"), "text", [says(reason) for reason in plan["reason"]]),
        (words("head.assets"), "text", [", ".join(str(asset) for asset in assets) for assets in plan["asset_ids"]]),
    ]
    return sheet(words("work.title"), columns)


def inferred_sheet(content: ReportContent, words: Words) -> Sheet:
    """Inferred works, with empty columns for the planner's answer."""
    works = content.intervention[content.intervention["source"] == "inferred"]
    works = works.merge(content.assets[["asset_id", "name", "line_id", "from_m", "to_m"]], on="asset_id", how="left")
    names, units = line_names(content), units_of(content)
    columns = [
        (words("lines.line"), "text", [names.get(line, str(line)) for line in works["line_id"]]),
        (words("col.section"), "text", [_name(n, a) for n, a in zip(works["name"], works["asset_id"], strict=True)]),
        (words("head.from"), "0", list(works["from_m"])),
        (words("head.to"), "0", list(works["to_m"])),
        (words("inferred.when"), "date", list(works["at"])),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in works["indicator"]]),
        (words("inferred.effect"), "0.00", list(works["effect"])),
        (words("head.unit"), "text", [units.get(code, "") for code in works["indicator"]]),
        (words("inferred.confidence"), "0%", list(works["confidence"])),
        (words("head.confirmed"), "text", [""] * len(works)),
        (words("head.work"), "text", [""] * len(works)),
    ]
    return sheet(words("inferred.title"), columns)


def defect_sheet(content: ReportContent, words: Words) -> Sheet:
    """Isolated defects, worst first."""
    found = in_local_time(content.exceedance, content, "measured_at")
    found = found.sort_values("severity", ascending=False, kind="stable")
    found = found.merge(content.assets[["asset_id", "name", "asset_type"]], on="asset_id", how="left")
    names, says = line_names(content), Sentences(words, content.indicator_titles)
    columns = [
        (words("detail.level"), "text", [words.grade(level) for level in found["level"]]),
        (
            words("col.layer"),
            "text",
            [words.consequence(int(row.severity), row.asset_type, now=True) for row in rows_of(found)],
        ),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in found["line_id"]]),
        (words("col.section"), "text", [_name(n, a) for n, a in zip(found["name"], found["asset_id"], strict=True)]),
        (words("head.from"), "0.0", list(found["from_m"])),
        (words("head.to"), "0.0", list(found["to_m"])),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in found["indicator"]]),
        (words("defects.peak"), "0.00", list(found["peak"])),
        (words("defects.limit"), "0.00", list(found["limit"])),
        (words("head.unit"), "text", [unit_sign(str(unit)) for unit in found["unit"]]),
        (words("defects.measured"), "time", list(found["measured_at"])),
        (words("data.zone"), "text", list(found["zone"])),
        (words("defects.reason"), "text", [says(reason) for reason in found["reason"]]),
        (words("data.recording"), "text", list(found["recording_id"])),
    ]
    return sheet(words("defects.title"), columns)


def class_sheet(content: ReportContent, words: Words) -> Sheet:
    """Kilometres of each line in the quality classes."""
    classes, names = content.quality_class, line_names(content)
    columns = [
        (words("lines.line"), "text", [names.get(line, str(line)) for line in classes["line_id"]]),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in classes["indicator"]]),
        *((name, "0.0", list(classes[name])) for name in CLASSES),
    ]
    return sheet(words("classes.title"), columns)


def rejected_sheet(content: ReportContent, words: Words) -> Sheet:
    """Files that were not taken."""
    files, says = content.source_file, Sentences(words, content.indicator_titles)
    columns = [
        (words("data.file"), "text", list(files["path"])),
        (words("data.source"), "text", list(files["source_id"])),
        (words("data.status"), "text", [words.code("status", status) for status in files["status"]]),
        (words("data.reason"), "text", [says(reason) for reason in files["reason"]]),
        (f"{words('data.delivered')}, UTC", "time", list(files["delivered_at"])),
        (f"{words('data.size')}, B", "0", list(files["size_bytes"])),
    ]
    return sheet(words("data.rejected"), columns)


def rules_sheet(content: ReportContent, words: Words) -> Sheet:
    """The limits in force, with edition and provenance."""
    limits, says = content.limits, Sentences(words, content.indicator_titles)
    columns = [
        (words("quality.book"), "text", list(limits["rulebook_id"])),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in limits["indicator"]]),
        (words("head.class"), "text", [asset_class(code, words) for code in limits["asset_class"]]),
        (words("detail.level"), "text", [words.grade(level) for level in limits["level"]]),
        (words("detail.limit"), "0.00", list(limits["value"])),
        (words("head.unit"), "text", list(limits["unit"])),
        (words("quality.standard"), "text", list(limits["standard"])),
        (words("quality.edition"), "text", [says(edition) for edition in limits["edition"]]),
        (words("head.clause"), "text", list(limits["clause"])),
        (words("head.provenance"), "text", [says(source) for source in limits["provenance"]]),
    ]
    return sheet(words("quality.rules"), columns)


def asset_class(code: object, words: Words) -> str:
    """What a limit applies to, such as ``residential.surface``, in words."""
    return " · ".join(words.code("zone", part) for part in str(code).split("."))


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as named tuples."""
    return iter(frame.itertuples())


def line_names(content: ReportContent) -> Mapping[str, str]:
    """Name of each line by its identifier."""
    return dict(zip(content.lines["line_id"], content.lines["name"], strict=True))


def units_of(content: ReportContent) -> Mapping[str, str]:
    """Unit of each indicator as people write it, by the indicator's code."""
    known = pd.concat([content.degradation_trend[["indicator", "unit"]], content.limit_forecast[["indicator", "unit"]]])
    first = known.dropna().drop_duplicates("indicator")
    return {str(code): unit_sign(str(unit)) for code, unit in zip(first["indicator"], first["unit"], strict=True)}


def title(content: ReportContent, indicator: object, words: Words) -> str:
    """Name of an indicator: the report's word, the definition's title or the code made readable."""
    return words.code("indicator", indicator, content.indicator_titles.get(str(indicator)))


def place(row: Any, names: Mapping[str, str]) -> str:
    """Chainage and line of a row that has ``from_m``, ``to_m`` and ``line_id``."""
    spots = (chainage(float(row.from_m), float(row.to_m)), names.get(row.line_id, str(row.line_id)))
    return " · ".join(spot for spot in spots if spot)


def work_place(content: ReportContent, row: Any, words: Words) -> str:
    """Track and chainage of a work or deferral; where what is worked on moves, the depot and its names."""
    if pd.isna(row.from_m):
        return " · ".join([words("work.depot"), *(name_of(content, asset) for asset in row.asset_ids)])
    return f"{row.track_id} · {chainage(float(row.from_m), float(row.to_m))}"


def _name(name: object, asset_id: object) -> str:
    return str(name) if isinstance(name, str) and name else str(asset_id)


def _dates(as_of: date, days: pd.Series) -> list[date | None]:
    numbers = pd.to_numeric(days, errors="coerce")
    return [None if pd.isna(n) else as_of + timedelta(days=round(float(n))) for n in numbers]


def name_of(content: ReportContent, asset_id: object) -> str:
    """What people call an asset, or its identifier."""
    found = content.assets.loc[content.assets["asset_id"] == asset_id, "name"]
    return _name(found.iloc[0] if len(found) else None, asset_id)


def sheet(name: str, columns: list[tuple[str, str, list[Any]]]) -> Sheet:
    """A sheet from its columns: heading, format, cells."""
    headings, formats, values = zip(*columns, strict=True)
    return Sheet(name, tuple(headings), tuple(formats), list(zip(*values, strict=True)))
