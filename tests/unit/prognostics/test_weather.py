from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guideway.prognostics.weather import Weather


def daily(line: str, first: int, rain: np.ndarray, lowest: np.ndarray) -> pd.DataFrame:
    frost = np.where(np.isfinite(lowest), lowest < 0, np.nan)
    return pd.DataFrame(
        {"line_id": line, "day_end": np.arange(first, first + rain.size), "rain_mm": rain, "frost": frost}
    )


def test_sums_are_those_of_the_91_days_before_the_origin_in_any_order() -> None:
    rng = np.random.default_rng(0)
    rain, lowest = rng.gamma(0.5, 6, 400), rng.normal(2, 6, 400)
    table = daily("A", 1000, rain, lowest).sample(frac=1, random_state=1)
    found = Weather.of(table).last_13_weeks(np.array(["A", "A"]), 1250.0)
    # the day that ends at the origin is known, that which ended 91 days before is out
    expected = slice(1250 - 91 - 1000 + 1, 1250 - 1000 + 1)
    np.testing.assert_allclose(found["rain_mm_13w"], [rain[expected].sum()] * 2)
    np.testing.assert_allclose(found["frost_days_13w"], [(lowest[expected] < 0).sum()] * 2)


def test_a_line_without_records_or_with_too_few_is_not_known() -> None:
    rain = np.full(91, 3.0)
    rain[:18] = np.nan
    lowest = np.full(91, -1.0)
    lowest[:19] = np.nan
    weather = Weather.of(daily("A", 1, rain, lowest))
    found = weather.last_13_weeks(np.array(["B", "A"]), 91.0)
    assert np.isnan(found["rain_mm_13w"][0])
    assert found["rain_mm_13w"][1] == pytest.approx(91 * 3.0), "days not told count as the others"
    assert np.isnan(found["frost_days_13w"]).all()


def test_without_any_weather_nothing_is_known() -> None:
    found = Weather().last_13_weeks(np.array(["A"]), 91.0)
    assert np.isnan([*found.values()]).all()
