"""Section of the report on noise control: what each receiver hears, what its level is made of, what works brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from guideway.contracts.noise_control import LEVEL_PARTS
from guideway.monitoring.noise_control.ranking import RANKED
from guideway.reporting.content import ReportContent
from guideway.reporting.tables import Sheet, name_of, rows_of, sheet, title
from guideway.reporting.words import Words

SOURCE_COLUMNS = RANKED
"""``gold.noise_source`` of the last half year, ranked by receiver."""

SOURCE_WEEKS = 26


def noise_records(content: ReportContent, index: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the page's section; ``index`` is the place of each asset in the page's asset table."""
    sources = [
        {
            "asset": index[row.asset_id],
            "quantity": str(row.quantity),
            "source": str(row.source_id),
            "kind": str(row.kind),
            "share": _number(row.share, 3),
            "found": _number(row.share_when_found, 3),
            "n": int(row.n_found),
            "of": int(row.n_passages),
            "hz": _number(row.frequency_hz, 1),
        }
        for row in rows_of(content.noise_source)
        if row.asset_id in index
    ]
    losses = [
        {
            "asset": index[row.asset_id],
            "type": str(row.work_type),
            "indicator": str(row.indicator),
            "day": int(pd.Timestamp(row.finished_at).timestamp() // 86_400),
            "loss": _number(row.loss_db, 2),
            "low": _number(row.low_db, 2),
            "high": _number(row.high_db, 2),
            "before": int(row.n_before),
            "after": int(row.n_after),
            "verdict": verdict(row),
        }
        for row in rows_of(content.insertion_loss)
        if row.asset_id in index
    ]
    levels = [
        {"asset": index[row.asset_id], "indicator": str(row.indicator), "n": int(row.n_passages)}
        | {name: _number(getattr(row, name), 2) for name in ("level", *LEVEL_PARTS)}
        for row in rows_of(receiver_levels(content.level_part))
        if row.asset_id in index
    ]
    return {"sources": sources, "levels": levels, "losses": losses}


def receiver_levels(parts: pd.DataFrame) -> pd.DataFrame:
    """One row a receiver and level that could be split, the loudest first: ``level``, and a column a part.

    ``rest`` is not the mean of what nothing explains, which is near zero, but its standard deviation.
    """
    told = parts[parts["status"] == "ok"]
    key = ["asset_id", "indicator", "n_passages"]
    if told.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in (*key, "level", *LEVEL_PARTS)})
    wide = told.pivot_table(index=key, columns="part", values="part_db", aggfunc="sum").reindex(columns=LEVEL_PARTS)
    level = told.groupby(key)["part_db"].sum()
    rest = told[told["part"] == "rest"].set_index(key)["sd_db"]
    rows = wide.assign(level=level, rest=rest).reset_index()
    return rows.sort_values(["indicator", "level", "asset_id"], ascending=[True, False, True], ignore_index=True)


def source_sheet(content: ReportContent, words: Words) -> Sheet:
    """Sources of each receiver, largest share of the energy first."""
    rows = content.noise_source
    columns = [
        (words("noise.receiver"), "text", [name_of(content, asset) for asset in rows["asset_id"]]),
        (words("noise.source"), "text", [source_words(row, words) for row in rows_of(rows)]),
        (words("noise.quantity"), "text", [words(f"noise.quantity.{name}") for name in rows["quantity"]]),
        (words("noise.share"), "0%", list(rows["share"])),
        (words("noise.when_found"), "0%", list(rows["share_when_found"])),
        (words("noise.found"), "0", list(rows["n_found"])),
        (words("noise.passages"), "0", list(rows["n_passages"])),
        ("Hz", "0.0", list(rows["frequency_hz"])),
        (words("head.asset"), "text", list(rows["asset_id"])),
    ]
    return sheet(words("noise.sources"), columns)


def level_sheet(content: ReportContent, words: Words) -> Sheet:
    """What the mean level of each receiver is made of."""
    rows = receiver_levels(content.level_part)
    columns = [
        (words("noise.receiver"), "text", [name_of(content, asset) for asset in rows["asset_id"]]),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in rows["indicator"]]),
        (f"{words('noise.level')}, dB", "0.0", list(rows["level"])),
        *((f"{words(f'noise.part.{part}')}, dB", "0.0", list(rows[part])) for part in LEVEL_PARTS),
        (words("noise.passages"), "0", list(rows["n_passages"])),
        (words("head.asset"), "text", list(rows["asset_id"])),
    ]
    return sheet(words("noise.levels"), columns)


def loss_sheet(content: ReportContent, words: Words) -> Sheet:
    """What works beside receivers brought."""
    rows = content.insertion_loss
    columns = [
        (words("noise.receiver"), "text", [name_of(content, asset) for asset in rows["asset_id"]]),
        (words("work.work"), "text", [words.code("type", kind) for kind in rows["work_type"]]),
        (words("noise.done"), "date", list(rows["finished_at"])),
        (words("col.indicator_only"), "text", [title(content, code, words) for code in rows["indicator"]]),
        (f"{words('noise.loss')}, dB", "0.0", list(rows["loss_db"])),
        (f"{words('noise.low')}, dB", "0.0", list(rows["low_db"])),
        (f"{words('noise.high')}, dB", "0.0", list(rows["high_db"])),
        (words("noise.before"), "0", list(rows["n_before"])),
        (words("noise.after"), "0", list(rows["n_after"])),
        (words("noise.verdict"), "text", [words(f"noise.verdict.{verdict(row)}") for row in rows_of(rows)]),
        (words("head.work"), "text", list(rows["work_id"])),
    ]
    return sheet(words("noise.losses"), columns)


def source_words(row: Any, words: Words) -> str:
    """A source as people name it."""
    return words(f"noise.kind.{row.kind}", source=row.source_id)


def verdict(row: Any) -> str:
    """``quieter`` or ``louder`` where the whole interval says so, ``unproven`` where it does not, ``too_few``."""
    if row.status != "ok":
        return "too_few"
    if row.low_db > 0:
        return "quieter"
    return "louder" if row.high_db < 0 else "unproven"


def _number(value: Any, decimals: int) -> float | None:
    number = float(value) if value is not None else np.nan
    return round(number, decimals) if np.isfinite(number) else None
