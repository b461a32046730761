"""Section of the report on assets to look at: likely to fail, or out of their own past without a limit near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent
from guideway.reporting.outlook import HORIZONS
from guideway.reporting.sentences import Sentences
from guideway.reporting.tables import Sheet, line_names, name_of, sheet, title
from guideway.reporting.words import Words, unit_sign


def failure_rows(content: ReportContent) -> pd.DataFrame:
    """Assets with a model of their failures, most likely to fail first.

    Returns:
        ``asset_id``, ``line_id``, ``p4`` to ``p52`` (probability of a failure within so many weeks; NaN where there is
        none), ``median_days`` (half of such assets fail within), ``reasons`` in English.
    """
    target = content.failure_risk["target"].astype(str)
    found = content.failure_risk[target.str.startswith("fails_")]
    columns = [f"p{weeks}" for weeks in HORIZONS]
    if found.empty:
        names = ("asset_id", "line_id", *columns, "median_days", "reasons")
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    column = found["target"].str.extract(r"^fails_(\d+)w$", expand=False).radd("p")
    wide = found.assign(column=column).pivot(index="asset_id", columns="column", values="score")
    wide = wide.reindex(columns=columns)
    facts = found.drop_duplicates("asset_id").set_index("asset_id").loc[wide.index]
    wide["line_id"], wide["median_days"] = facts["line_id"], facts["predicted_value"].astype(float)
    wide["reasons"] = ["; ".join(map(str, own)) if own is not None else "" for own in facts["reason_codes"]]
    ordered = wide.reset_index().sort_values(["p13", "asset_id"], ascending=[False, True], ignore_index=True)
    return ordered.rename_axis(columns=None)


def departure_rows(content: ReportContent) -> pd.DataFrame:
    """Rows of ``content.departure``, farthest out first."""
    order = ["departure_sigmas", "asset_id", "indicator"]
    return content.departure.sort_values(order, ascending=[False, True, True], ignore_index=True)


def risk_records(content: ReportContent, index: Mapping[str, int], most: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of the page's section, at most ``most`` of each kind; ``index`` is the place of each asset on the page."""
    failures = [
        {name: _number(row[name], 3) for name in (*(f"p{weeks}" for weeks in HORIZONS), "median_days")}
        | {"asset": index[row["asset_id"]], "reasons": row["reasons"]}
        for row in failure_rows(content).head(most).to_dict("records")
    ]
    departures = [
        {
            "asset": index[row["asset_id"]],
            "indicator": row["indicator"],
            "unit": unit_sign(str(row["unit"])),
            "size": _number(row["departure"], 4),
            "sigmas": _number(row["departure_sigmas"], 1),
        }
        for row in departure_rows(content).head(most).to_dict("records")
    ]
    return {"failures": failures, "departures": departures}


def failure_sheet(content: ReportContent, words: Words) -> Sheet:
    """Assets and their chances of a failure, most likely first."""
    rows, names, say = failure_rows(content), line_names(content), Sentences(words, content.indicator_titles)
    reasons = [words("detail.between").join(say(part) for part in text.split("; ") if part) for text in rows["reasons"]]
    columns = [
        (words("risks.asset"), "text", [name_of(content, asset) for asset in rows["asset_id"]]),
        (words("head.asset"), "text", list(rows["asset_id"])),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in rows["line_id"]]),
        *((words("risks.within", n=weeks), "0%", list(rows[f"p{weeks}"])) for weeks in HORIZONS),
        (words("risks.half"), "0", list(rows["median_days"])),
        (words("work.reason"), "text", reasons),
    ]
    return sheet(words("risks.failures"), columns)


def departure_sheet(content: ReportContent, words: Words) -> Sheet:
    """Series that stand out, farthest first."""
    rows, names = departure_rows(content), line_names(content)
    columns = [
        (words("risks.asset"), "text", [name_of(content, asset) for asset in rows["asset_id"]]),
        (words("head.asset"), "text", list(rows["asset_id"])),
        (words("lines.line"), "text", [names.get(line, str(line)) for line in rows["line_id"]]),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in rows["indicator"]]),
        (words("risks.size"), "0.000", list(rows["departure"])),
        (words("head.unit"), "text", [unit_sign(str(unit)) for unit in rows["unit"]]),
        (words("risks.sigmas"), "0.0", list(rows["departure_sigmas"])),
    ]
    return sheet(words("risks.departures"), columns)


def _number(value: object, decimals: int) -> float | None:
    number = float(str(value))
    return round(number, decimals) if np.isfinite(number) else None
