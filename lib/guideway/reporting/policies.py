"""What the plan leaves for later, and what planning by condition is worth, as tables of the report."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from guideway.reporting.content import ReportContent
from guideway.reporting.phrases import value
from guideway.reporting.sentences import Sentences
from guideway.reporting.tables import Sheet, line_names, title, work_place
from guideway.reporting.words import Words, vocabulary

EVERY = "*"


def deferral_sheet(content: ReportContent, words: Words) -> Sheet:
    """Works put off, greatest expected loss first, each with the risk that is carried."""
    rows, names = content.deferral.sort_values("deferral_no"), line_names(content)
    says = Sentences(words, content.indicator_titles)
    keys = ("work.no", "work.work", "lines.line", "work.place", "col.indicator_only", "work.risk", "work.cost")
    texts = [words(key) for key in (*keys, "deferred.loss", "work.reason")]
    cells = list(
        zip(
            rows["deferral_no"],
            (words.code("type", kind) for kind in rows["work_type"]),
            (names.get(line, str(line)) for line in rows["line_id"]),
            (work_place(content, row, words) for row in rows.itertuples()),
            (title(content, code, words) for code in rows["indicator"]),
            rows["risk_52w"],
            rows["cost"],
            rows["expected_loss"],
            (says(reason) for reason in rows["reason"]),
            strict=True,
        )
    )
    formats = ("0", "text", "text", "text", "text", "0%", "#,##0", "#,##0", "text")
    return Sheet(words("deferred.title"), tuple(texts), formats, cells)


def policy_sheet(content: ReportContent, words: Words) -> Sheet:
    """Each measure of the network under each policy, and what the condition-based one makes different."""
    rows = in_reading_order(content.policy_comparison)
    network = rows[rows["line_id"] == EVERY]
    totals, gains = network[network["against"] == ""], network[network["against"] != ""]
    policies, others = list(dict.fromkeys(totals["policy"])), list(dict.fromkeys(gains["against"]))
    headings = [words("policies.measure"), *(words.code("policy", name) for name in policies)]
    headings += [words("policies.against", policy=words.code("policy", name)) for name in others]
    total = {(row.policy, row.measure): row for row in totals.itertuples()}
    gain = {(row.against, row.measure): row for row in gains.itertuples()}
    cells = [
        (
            words.code("measure", measure),
            *(_ranged(total.get((policy, measure)), words) for policy in policies),
            *(_ranged(gain.get((other, measure)), words) for other in others),
        )
        for measure in dict.fromkeys(network["measure"])
    ]
    return Sheet(words("policies.title"), tuple(headings), ("text",) * len(headings), cells)


def in_reading_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``gold.policy_comparison`` with measures and policies as the vocabulary lists them, others behind."""
    place = {key: number for number, key in enumerate(vocabulary())}
    order = pd.DataFrame(
        {
            kind: [place.get(f"{kind}.{code}", len(place)) for code in rows[kind]]
            for kind in ("measure", "policy", "growth")
        }
    )
    order["against"] = [place.get(f"policy.{code}", len(place)) for code in rows["against"]]
    order["line_id"] = rows["line_id"].to_numpy()
    keys = ["measure", "line_id", "growth", "policy", "against"]
    return rows.iloc[order.sort_values(keys, kind="stable").index].reset_index(drop=True)


def policy_widths(content: ReportContent) -> str:
    """Widths of the printed ``policy_sheet``."""
    named = content.policy_comparison
    return " ".join(
        ["3", *["3r"] * (named["policy"].nunique() + named.loc[named["against"] != "", "against"].nunique())]
    )


def _ranged(row: Any, words: Words) -> str:
    """A value with its unit and its 80 % interval."""
    if row is None:
        return "–"
    said = value(float(row.value), str(row.unit))
    low, high = (math.nan if end is None or pd.isna(end) else float(end) for end in (row.low, row.high))
    return said if math.isnan(low) else f"{said} ({words('cell.range', low=value(low), high=value(high))})"
