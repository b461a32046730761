"""What leaving a work undone risks: by the next window, as the plan says, and within the year, as the forecasts say."""

from __future__ import annotations

import pandas as pd

from guideway.reporting.content import ReportContent

CERTAIN = 0.995
"""A risk that rounds to 100 % is told as what it is: the asset is beyond its limit."""


def with_year_risk(content: ReportContent) -> pd.DataFrame:
    """The work list with ``risk_52w``: the greatest chance within 52 weeks that one of its assets crosses a limit.

    It counts the indicator the work is for; missing where no forecast names it.
    """
    key = ["asset_id", "indicator"]
    chance = pd.to_numeric(content.limit_forecast["probability_52w"], errors="coerce")
    worst = content.limit_forecast[key].assign(risk_52w=chance).groupby(key, as_index=False)["risk_52w"].max()
    works = content.work_plan[["work_no", "indicator", "asset_ids"]].explode("asset_ids")
    found = works.rename(columns={"asset_ids": "asset_id"}).merge(worst, on=key, how="left")
    by_work = found.groupby("work_no")["risk_52w"].max()
    return content.work_plan.assign(risk_52w=content.work_plan["work_no"].map(by_work).astype(float))
