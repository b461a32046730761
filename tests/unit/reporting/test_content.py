"""Frames out of the lake have no order; the report gives them that of their keys."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from guideway.reporting.content import ReportContent, in_key_order
from guideway.reporting.digest import plan_items
from guideway.reporting.tables import work_sheet
from guideway.reporting.words import Words
from tests.unit.reporting.sample import sample_content


@pytest.fixture(scope="module")
def whole() -> ReportContent:
    return sample_content()


def test_works_come_by_window_whatever_order_they_were_read_in(whole: ReportContent) -> None:
    read = whole.work_plan.sample(frac=1.0, random_state=5)
    assert read["work_no"].tolist() != sorted(read["work_no"])
    content = dataclasses.replace(whole, work_plan=in_key_order("work_plan", read))
    assert [row[0] for row in work_sheet(content, Words("en")).rows] == sorted(read["work_no"])
    starts = content.work_plan["window_start"]
    assert starts.is_monotonic_increasing
    assert plan_items(content, Words("en"), 3) == plan_items(whole, Words("en"), 3)


@pytest.mark.parametrize("name", ["assets", "limits", "exceedance", "limit_forecast", "deferral", "intervention"])
def test_the_same_rows_in_any_order_give_the_same_frame(whole: ReportContent, name: str) -> None:
    frame = getattr(whole, name)
    one, two = (in_key_order(name, frame.sample(frac=1.0, random_state=seed)) for seed in (1, 2))
    assert len(one) == len(frame) > 1
    pd.testing.assert_frame_equal(one, two)
