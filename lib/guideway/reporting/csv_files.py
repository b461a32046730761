"""The report's frames as CSV: UTF-8 with a byte order mark, ISO dates, texts that no spreadsheet runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from guideway.reporting.content import ReportContent
from guideway.reporting.inert import inert_cell
from guideway.reporting.risks import failure_rows


def csv_frames(content: ReportContent, rows: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """File name of each CSV and its frame; ``rows`` is the outlook."""
    return {
        "forecast.csv": rows,
        "work_plan.csv": content.work_plan,
        "maintenance_plan.csv": content.maintenance_plan,
        "deferral.csv": content.deferral,
        "policy_comparison.csv": content.policy_comparison,
        "exceedance.csv": content.exceedance,
        "failure.csv": failure_rows(content),
        "departure.csv": content.departure,
        "intervention.csv": content.intervention,
        "network_week.csv": content.network_week,
        "quality_class.csv": content.quality_class,
        "noise_source.csv": content.noise_source,
        "insertion_loss.csv": content.insertion_loss,
        "level_part.csv": content.level_part,
        "rejected.csv": content.source_file,
        "misaligned.csv": content.misaligned,
        "unmeasured.csv": content.unmeasured,
        "scorecard.csv": content.forecast_scorecard,
    }


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write one frame; every text is neutralised, numbers stay numbers."""
    safe = frame.copy(deep=False)
    for name in safe.columns:
        if safe[name].dtype == object or pd.api.types.is_string_dtype(safe[name]):
            safe[name] = safe[name].map(_text).astype(object)
    safe.columns = [inert_cell(str(name)) for name in safe.columns]
    safe.to_csv(path, index=False, encoding="utf-8-sig", date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\r\n")


def _text(value: object) -> object:
    if isinstance(value, str):
        return inert_cell(value)
    if isinstance(value, list | tuple | np.ndarray):
        return inert_cell("; ".join(str(item) for item in value))
    return value
