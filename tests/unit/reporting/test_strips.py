from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guideway.reporting.content import ReportContent, StripMap
from guideway.reporting.figures import OVER, strip_svg
from guideway.reporting.page_data import thinned
from guideway.reporting.strips import Z80, build_strip_maps, build_trends, days_of, trend_fan
from tests.unit.reporting.sample import EMPTY


def condition(rows: list[tuple[str, str, float, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["asset_id", "measured_at", "value", "quality"])
    frame["measured_at"] = pd.to_datetime(frame["measured_at"], utc=True)
    return frame.assign(indicator="x", line_id="L", unit="mm", recording_id="r", n_samples=1, coverage=1.0)


def assets(n: int) -> pd.DataFrame:
    rows = [(f"a{k}", "T1", 200.0 * (n - k), 200.0 * (n - k) + 200) for k in range(n)]
    return pd.DataFrame(rows, columns=["asset_id", "track_id", "from_m", "to_m"])


def test_rows_follow_the_chainage_and_columns_the_time() -> None:
    data = condition(
        [("a0", "2026-02-01", 2.0, "good"), ("a1", "2026-01-01", 1.0, "good"), ("a0", "2026-01-01", 3.0, "poor")]
    )
    (strip,) = build_strip_maps(data, assets(2), EMPTY.limit_forecast)
    assert strip.asset_ids == ("a1", "a0")
    assert strip.times.tolist() == [np.datetime64("2026-01-01").item(), np.datetime64("2026-02-01").item()]
    np.testing.assert_array_equal(strip.values, [[1.0, np.nan], [np.nan, 2.0]])


def test_many_days_are_widened_and_reduced_to_the_median() -> None:
    days = pd.date_range("2026-01-01", periods=40).strftime("%Y-%m-%d")
    data = condition([("a0", day, float(k), "good") for k, day in enumerate(days)])
    (strip,) = build_strip_maps(data, assets(1), EMPTY.limit_forecast, max_times=10)
    assert strip.values.shape == (1, 10)
    np.testing.assert_allclose(strip.values[0], [1.5 + 4 * k for k in range(10)])


def test_the_fan_is_the_line_and_its_width_joins_level_and_slope() -> None:
    row = pd.Series(
        {"as_of": "2026-11-22", "since": "2025-11-22", "level_now": 2.0, "rate_per_year": 0.5, "rate_low": 0.3,
         "rate_high": 0.7, "sigma": 0.1, "n_points": 4}
    )  # fmt: skip
    at, fit, low, high = trend_fan(row)
    years = (at - np.datetime64("2026-11-22")).astype(float) / 365.25
    np.testing.assert_allclose(fit, 2.0 + 0.5 * years)
    np.testing.assert_allclose(high - low, 2 * np.hypot(Z80 * 0.1 / 2, 0.2 * years))
    assert at[0] == np.datetime64("2025-11-22")
    assert (np.diff(at.astype(int)) > 0).all()


def test_no_trend_gives_no_line() -> None:
    row = pd.Series({"as_of": "2026-11-22", "since": None, "level_now": None, "rate_per_year": np.nan})
    assert all(part.size == 0 for part in trend_fan(row))


def test_charts_hold_the_points_limits_and_works_of_their_asset(small: ReportContent) -> None:
    trend = small.trends[0]
    works = small.intervention[small.intervention["asset_id"] == trend.asset_id]
    assert [day for day, _, _ in trend.works] == list(days_of(works["at"]).tolist())
    assert set(trend.limits) == {"AL", "IL", "IAL"}
    assert (np.diff(trend.measured_at.astype(int)) > 0).all()
    assert build_trends(EMPTY.exceedance.assign(quality="", measured_at=[]), EMPTY.degradation_trend,
                        EMPTY.limit_forecast, EMPTY.intervention, [("none", "x")]) == ()  # fmt: skip


def strip_of(values: list[list[float]], limits: dict[str, float]) -> StripMap:
    matrix = np.array(values)
    n, t = matrix.shape
    times = np.arange(t).astype("datetime64[D]")
    ids = tuple(f"a{k}" for k in range(n))
    return StripMap("L", "T", "x", "mm", ids, np.arange(n) * 200.0, np.arange(n) * 200.0 + 200, times, matrix, limits)


def test_colours_name_the_limit_that_is_crossed() -> None:
    limits = {"AL": 1.0, "IL": 2.0, "IAL": 3.0}
    svg = strip_svg(strip_of([[0.5], [1.5], [2.5], [3.5], [np.nan]], limits))
    assert svg.count("<rect") == 4
    assert [svg.count(colour) for colour in OVER] == [1, 1, 1]
    below = strip_svg(strip_of([[6.5], [6.1], [5.9]], {"AL": 6.3, "IL": 6.0}))
    assert [below.count(colour) for colour in OVER] == [1, 1, 0]


def test_a_national_strip_map_stays_small_and_keeps_its_worst_cell() -> None:
    values = np.ones((5000, 400))
    values[4321, 77] = 9.0
    svg = strip_svg(strip_of(values.tolist(), {"AL": 5.0}))
    assert svg.count("<rect") == 240 * 60
    assert svg.count(OVER[0]) == 1


def test_thinning_keeps_the_newest_columns() -> None:
    strips = (strip_of(np.arange(40.0).reshape(4, 10).tolist(), {}),) * 2
    kept = thinned(strips, budget=40)
    assert sum(strip.values.size for strip in kept) <= 40
    np.testing.assert_array_equal(kept[0].values[:, -1], strips[0].values[:, -1])
    assert kept[0].times[-1] == strips[0].times[-1]
    assert thinned(strips, budget=80) == strips


def test_a_strip_map_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(Exception, match=r"strip map L/T/x"):
        StripMap("L", "T", "x", "mm", ("a",), np.zeros(1), np.zeros(1), np.zeros(3, "datetime64[D]"), np.zeros((1, 2)))
