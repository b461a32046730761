"""How far to trust the report, as tables: the forecast scorecard, and recordings that gave nothing to compare."""

from __future__ import annotations

from guideway.reporting.content import ReportContent
from guideway.reporting.local_time import in_local_time
from guideway.reporting.phrases import chainage
from guideway.reporting.sentences import Sentences
from guideway.reporting.tables import Sheet, line_names, rows_of, sheet, title, units_of
from guideway.reporting.words import Words


def scorecard_sheet(content: ReportContent, words: Words) -> Sheet:
    """Coverage of past intervals (80 % is PICP of the nominal 80 %), score beside the baseline's, and bias."""
    card, units = content.forecast_scorecard, units_of(content)
    columns = [
        (words("col.indicator_only"), "text", [title(content, code, words) for code in card["indicator"]]),
        (words("quality.horizon"), "text", [words("lines.weeks", n=int(weeks)) for weeks in card["horizon_weeks"]]),
        (words("quality.n"), "0", list(card["n"])),
        (words("quality.coverage80"), "0%", list(card["coverage_80"])),
        (words("quality.coverage95"), "0%", list(card["coverage_95"])),
        (words("quality.crps"), "0.000", list(card["crps"])),
        (words("quality.baseline"), "0.000", list(card["baseline_crps"])),
        (words("quality.bias"), "0.000", list(card["bias"])),
        (words("head.unit"), "text", [units.get(code, "") for code in card["indicator"]]),
    ]
    return sheet(words("quality.scorecard"), columns)


def coverage_said(content: ReportContent, words: Words) -> tuple[str, ...]:
    """How often past intervals held over all indicators (PICP), a sentence a horizon; each scored value counts once."""
    says = []
    for weeks, card in content.forecast_scorecard.groupby("horizon_weeks"):
        scored = card["n"].astype(float)
        if not scored.sum():
            continue
        inside = [
            float((card[name].astype(float) * scored).sum() / scored.sum()) for name in ("coverage_80", "coverage_95")
        ]
        shares = {"c80": f"{inside[0] * 100:.1f}", "c95": f"{inside[1] * 100:.1f}"}
        says.append(words("quality.overall", weeks=int(str(weeks)), n=f"{scored.sum():,.0f}", **shares))
    return tuple(says)


def misaligned_sheet(content: ReportContent, words: Words) -> Sheet:
    """Stretches of runs that could not be compared with their reference."""
    found, names = in_local_time(content.misaligned, content, "started_at"), line_names(content)
    columns = [
        (words("data.recording"), "text", list(found["recording_id"])),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in found["line_id"]]),
        (words("work.place"), "text", [chainage(float(m.from_m), float(m.to_m)) for m in rows_of(found)]),
        (words("data.reason"), "text", [words.code("method", method) for method in found["method"]]),
        (words("data.correlation", r=""), "0.00", list(found["correlation"])),
        (words("data.started"), "time", list(found["started_at"])),
        (words("data.zone"), "text", list(found["zone"])),
    ]
    return sheet(words("data.misaligned"), columns)


def unmeasured_sheet(content: ReportContent, words: Words) -> Sheet:
    """Recordings that gave no indicator."""
    says = Sentences(words, content.indicator_titles)
    found, names = in_local_time(content.unmeasured, content, "started_at"), line_names(content)
    columns = [
        (words("data.recording"), "text", list(found["recording_id"])),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in found["line_id"]]),
        (words("data.status"), "text", [words.code("status", status) for status in found["status"]]),
        (words("data.reason"), "text", [says(reason) for reason in found["reason"]]),
        (words("data.started"), "time", list(found["started_at"])),
        (words("data.zone"), "text", list(found["zone"])),
    ]
    return sheet(words("data.unmeasured"), columns)


def plan_sheet(content: ReportContent, words: Words) -> Sheet:
    """The plan as a whole: cost and budget, how far from the best plan it can be, safety limits not kept."""
    plan = content.maintenance_plan
    columns = [
        (words("data.status"), "text", [words.code("status", status) for status in plan["status"]]),
        (words("head.weeks"), "0", list(plan["horizon_weeks"])),
        (words("work.cost"), "#,##0", list(plan["cost"])),
        (words("work.budget"), "#,##0", list(plan["budget"])),
        (words("head.currency"), "text", list(plan["currency"])),
        (words("work.gap"), "0.0%", list(plan["gap"])),
        (words("work.accepted"), "0%", list(plan["accepted_risk"])),
        (words("work.missed"), "0", list(plan["safety_missed"])),
    ]
    return sheet(words("work.whole"), columns)
