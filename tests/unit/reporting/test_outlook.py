from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from guideway.errors import LakeError
from guideway.reporting.content import ReportContent, contract_columns
from guideway.reporting.digest import act_items
from guideway.reporting.outlook import crossings_by_line, outlook
from guideway.reporting.summary import headline, summarise
from guideway.reporting.words import Words
from tests.unit.reporting.sample import AS_OF, EMPTY


def forecast(*rows: dict[str, object]) -> pd.DataFrame:
    usual = {
        "asset_id": "a", "indicator": "longitudinal_level_sd", "level": "AL", "as_of": AS_OF, "line_id": "L1",
        "limit": 2.0, "unit": "mm", "level_now": 1.0, "days_p10": np.nan, "days_p50": np.nan, "days_p90": np.nan,
        "probability_4w": 0.0, "probability_13w": 0.0, "probability_26w": 0.0, "probability_52w": 0.0,
        "provenance": "unverified default",
    }  # fmt: skip
    return pd.DataFrame([{**usual, **row} for row in rows], columns=list(contract_columns("gold.limit_forecast")))


def content(now: pd.DataFrame, last: pd.DataFrame | None = None) -> ReportContent:
    given = {"limit_forecast": now} if last is None else {"limit_forecast": now, "last_limit_forecast": last}
    return dataclasses.replace(EMPTY, **given)


def test_the_next_limit_is_the_mildest_one_not_yet_crossed() -> None:
    rows = outlook(
        content(
            forecast(
                {"level": "IAL", "limit": 3.0, "level_now": 2.2, "days_p50": 400.0},
                {"level": "AL", "limit": 2.0, "level_now": 2.2, "days_p50": 0.0, "probability_52w": 1.0},
                {"level": "IL", "limit": 2.5, "level_now": 2.2, "days_p50": 90.0},
            )
        )
    )
    assert rows[["level", "beyond", "beyond_severity", "layer"]].values.tolist() == [["IL", "AL", 1, "plan"]]


def test_where_all_limits_are_crossed_the_worst_one_is_named_and_somebody_must_act() -> None:
    levels = [
        {"level": k, "limit": v, "level_now": 9.0, "days_p50": 0.0} for k, v in (("AL", 2), ("IL", 3), ("IAL", 4))
    ]
    rows = outlook(content(forecast(*levels)))
    assert rows[["level", "beyond", "layer"]].values.tolist() == [["IAL", "IAL", "act"]]


@pytest.mark.parametrize(
    ("level", "chance_4w", "chance_52w", "layer"),
    [
        ("AL", 0.9, 1.0, "plan"),
        ("IL", 0.6, 1.0, "act"),
        ("IL", 0.4, 1.0, "plan"),
        ("IAL", 0.15, 1.0, "act"),
        ("IAL", 0.05, 0.4, "watch"),
    ],
)
def test_layers_follow_severity_and_probability(level: str, chance_4w: float, chance_52w: float, layer: str) -> None:
    row = {"level": level, "probability_4w": chance_4w, "probability_52w": chance_52w, "days_p50": 30.0}
    assert outlook(content(forecast(row)))["layer"].tolist() == [layer]


def test_a_limit_below_which_things_are_worse() -> None:
    limits = pd.DataFrame(
        [
            (
                "b",
                "girder_frequency",
                "maglev",
                0,
                500,
                "AL",
                1,
                6.3,
                "Hz",
                "below",
                "s",
                "e",
                "c",
                "p",
                date(2025, 1, 1),
            )
        ],
        columns=list(contract_columns("reference.limit")),
    )
    row = {"indicator": "girder_frequency", "limit": 6.3, "level_now": 6.2, "unit": "Hz"}
    assert outlook(dataclasses.replace(content(forecast(row)), limits=limits))["beyond"].tolist() == ["AL"]
    row["level_now"] = 6.4
    assert outlook(dataclasses.replace(content(forecast(row)), limits=limits))["beyond"].tolist() == [""]


def test_a_date_that_stays_where_it_was_does_not_count_as_moved() -> None:
    now = forecast({"days_p50": 93.0, "probability_52w": 1.0, "level_now": 1.2})
    last = forecast({"days_p50": 100.0, "level_now": 1.1})
    row = outlook(content(now, last)).iloc[0]
    assert row["shift_days"] == 0.0
    assert row["level_change"] == pytest.approx(0.1)
    sooner = outlook(content(forecast({"days_p50": 60.0, "probability_52w": 1.0}), last))
    assert sooner["shift_days"].tolist() == [-33.0]


def test_what_got_worse_says_so_and_why() -> None:
    """Newly beyond a limit comes first; level, rate and limit say why a forecast moved."""
    beyond = forecast({"days_p50": 0.0, "probability_52w": 1.0, "level_now": 2.1, "limit": 2.0})
    last = forecast({"days_p50": 40.0, "level_now": 1.9, "limit": 2.0})
    row = outlook(content(beyond, last)).iloc[0]
    assert row["newly"]
    assert np.isnan(row["shift_days"])
    assert row["level_change"] == pytest.approx(0.2)
    assert not outlook(content(beyond, beyond))["newly"].any(), "it was beyond a week ago"
    assert not outlook(content(beyond))["newly"].any(), "nobody knows what was a week ago"
    stricter = outlook(content(beyond, last.assign(limit=2.4))).iloc[0]
    assert stricter["limit_change"] == pytest.approx(-0.4)


def test_each_place_is_listed_once_by_its_worst_finding_with_the_work_planned_there(small: ReportContent) -> None:
    rows = outlook(small)
    summary = summarise(small, rows)
    act = rows[rows["layer"] == "act"]
    bad = small.exceedance[small.exceedance["severity"] >= 2]
    assert len(summary.act) == len(set(act["asset_id"]) | set(bad["asset_id"]))
    assert sum(1 + place.more for place in summary.act) == len(act) + len(bad)
    severe = [place for place in summary.act if place.is_defect and small.exceedance["severity"].iloc[place.row] == 3]
    assert severe == list(summary.act[: len(severe)])
    items = act_items(small, rows, summary, Words("en"), len(summary.act))
    numbers = {asset: w.work_no for w in small.work_plan[::-1].itertuples() for asset in w.asset_ids}
    for place, item in zip(summary.act, items, strict=True):
        asset = (small.exceedance if place.is_defect else rows)["asset_id"].iloc[place.row]
        assert (f"work no.\u00a0{numbers[asset]} on" if asset in numbers else "no work planned") in item.why


def test_most_urgent_rows_come_first_and_every_series_is_there_once(small: ReportContent) -> None:
    rows = outlook(small)
    keys = rows[["asset_id", "indicator"]]
    assert not keys.duplicated().any()
    assert len(rows) == len(small.limit_forecast[["asset_id", "indicator"]].drop_duplicates())
    order = rows["layer"].map({"act": 0, "plan": 1, "watch": 2})
    assert order.is_monotonic_increasing


def test_crossings_count_assets_not_series() -> None:
    both = [{"indicator": name, "probability_26w": 0.7, "probability_52w": 0.9} for name in ("x", "y")]
    counts = crossings_by_line(content(forecast(*both)))
    assert counts.loc["L1"].to_dict() == {"crossing_4w": 0, "crossing_13w": 0, "crossing_26w": 1, "crossing_52w": 1}


def test_a_series_with_a_trend_but_no_limit_is_kept(small: ReportContent) -> None:
    none = dataclasses.replace(small, limit_forecast=small.limit_forecast.iloc[:0])
    rows = outlook(none)
    assert len(rows) == len(small.degradation_trend)
    assert set(rows["level"]) == {""}
    assert set(rows["layer"]) == {"watch"}


def test_the_headline_counts_what_no_work_covers(small: ReportContent) -> None:
    rows = outlook(small)
    summary = summarise(small, rows)
    planned = {asset for assets in small.work_plan["asset_ids"] for asset in assets}
    near = rows[(rows["probability_26w"] >= 0.5) | (rows["beyond"] != "")]
    assert summary.unplanned == len(set(near["asset_id"]) - planned)
    without = dataclasses.replace(small, work_plan=small.work_plan.iloc[:0])
    assert summarise(without, rows).unplanned == near["asset_id"].nunique()
    assert headline(summarise(without, rows), Words("en"))[1] == "No work is proposed."


def test_nothing_at_all_gives_an_empty_outlook_and_says_so() -> None:
    rows = outlook(EMPTY)
    assert len(rows) == 0
    assert headline(summarise(EMPTY, rows), Words("en")) == ("No forecast was made this week.",)


def test_a_frame_that_lacks_a_contract_column_is_named() -> None:
    with pytest.raises(LakeError, match=r"limit_forecast \(gold.limit_forecast\) lacks column 'days_p50'"):
        content(forecast({}).drop(columns="days_p50"))


def test_the_week_is_the_iso_week() -> None:
    assert dataclasses.replace(EMPTY, as_of=date(2027, 1, 3)).iso_week == "2026-W53"
