from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from guideway.errors import LakeError
from guideway.reporting.audit import audit
from guideway.reporting.content import ReportContent
from tests.unit.reporting.sample import EMPTY


def test_a_whole_week_passes(small: ReportContent) -> None:
    audit(small)
    audit(dataclasses.replace(small, last_limit_forecast=EMPTY.limit_forecast))


@pytest.mark.parametrize("table", ["lines", "degradation_trend", "limit_forecast"])
def test_a_week_without_its_data_is_refused(small: ReportContent, table: str) -> None:
    with pytest.raises(LakeError, match=table.removesuffix("s")):
        audit(dataclasses.replace(small, **{table: getattr(EMPTY, table)}))


@pytest.mark.parametrize(("kept", "passes"), [(0.55, True), (0.45, False)])
def test_half_of_the_forecasts_lost_since_last_week_is_too_many(
    small: ReportContent, kept: float, passes: bool
) -> None:
    assets = small.last_limit_forecast["asset_id"].drop_duplicates()
    stay = assets.iloc[: round(kept * len(assets))]
    less = dataclasses.replace(small, limit_forecast=small.limit_forecast[small.limit_forecast["asset_id"].isin(stay)])
    if passes:
        audit(less)
    else:
        with pytest.raises(LakeError, match=f"{len(stay)} assets have a forecast .* {len(assets)} had one"):
            audit(less)


@pytest.mark.parametrize("chance", [1.2, -0.1, np.nan])
def test_a_chance_that_is_none_is_refused_by_the_name_of_its_asset(small: ReportContent, chance: float) -> None:
    forecast: pd.DataFrame = small.limit_forecast.reset_index(drop=True)
    forecast.loc[3, "probability_26w"] = chance
    with pytest.raises(LakeError, match=f"asset {forecast.loc[3, 'asset_id']}: probability_26w"):
        audit(dataclasses.replace(small, limit_forecast=forecast))
