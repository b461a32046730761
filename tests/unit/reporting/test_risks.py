"""The section on assets to look at says what its tables say, in every form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.publish import publish
from guideway.reporting.risks import departure_sheet, failure_rows, failure_sheet
from guideway.reporting.words import Words

from .sample import EMPTY, sample_content
from .unpacking import column, unpack_page


@pytest.fixture(scope="module")
def content() -> ReportContent:
    return sample_content()


def test_an_asset_is_one_row_with_its_chances_most_likely_first(content: ReportContent) -> None:
    rows = failure_rows(content)
    told = content.failure_risk[content.failure_risk["target"].str.startswith("fails_")]
    assert len(rows) == told["asset_id"].nunique() == 3
    assert rows["p13"].is_monotonic_decreasing
    for row in rows.itertuples():
        own = told[told["asset_id"] == row.asset_id].set_index("target")
        assert (row.p4, row.p13, row.p26, row.p52) == tuple(own["score"][f"fails_{w}w"] for w in (4, 13, 26, 52))
        assert row.median_days == own["predicted_value"].iloc[0]
        assert row.reasons == "14 years old; 3 failures in three years"


def test_a_horizon_nobody_scored_is_missing_and_no_register_gives_no_rows(content: ReportContent) -> None:
    risk = content.failure_risk
    rows = failure_rows(replace(content, failure_risk=risk[risk["target"] != "fails_26w"]))
    assert rows["p26"].isna().all()
    assert rows["p52"].notna().all()
    assert failure_rows(EMPTY).empty
    assert failure_sheet(EMPTY, Words("en")).rows == departure_sheet(EMPTY, Words("en")).rows == []


def test_the_page_names_the_asset_and_the_reasons(content: ReportContent) -> None:
    page, _ = unpack_page(render_html(content))
    rows, found = failure_rows(content), page["risks"]["failures"]
    assert [row["p13"] for row in found] == rows["p13"].round(3).tolist()
    assert {row["reasons"] for row in found} == set(rows["reasons"])
    assert len({row["asset"] for row in found}) == 3
    out = page["risks"]["departures"]
    assert [row["sigmas"] for row in out] == sorted(content.departure["departure_sigmas"], reverse=True)
    assert {row["indicator"] for row in out} == set(content.departure["indicator"])


def test_an_asset_without_any_series_is_shown_too(content: ReportContent) -> None:
    """A switch nobody measures still has a fault register."""
    switch = content.assets.iloc[[0]].assign(asset_id="W01", name="Switch 1", asset_type="switch")
    risk = content.failure_risk[content.failure_risk["target"].str.startswith("fails_")]
    alone = risk[risk["asset_id"] == risk["asset_id"].iloc[0]].assign(asset_id="W01")
    with_switch = replace(
        content,
        assets=pd.concat([content.assets, switch], ignore_index=True),
        failure_risk=pd.concat([content.failure_risk, alone], ignore_index=True),
    )
    page, buffers = unpack_page(render_html(with_switch))
    place = column(page["assets"]["c"]["id"], buffers).index("W01")
    assert place in {row["asset"] for row in page["risks"]["failures"]}
    assert len(page["risks"]["failures"]) == 4


def test_the_work_list_carries_both_tables(content: ReportContent, tmp_path) -> None:
    report = publish(content, tmp_path)
    book = openpyxl.load_workbook(report.folder / "worklist.xlsx")
    words = Words("en")
    fails, out = book[words("risks.failures")], book[words("risks.departures")]
    assert fails.max_row == 1 + 3
    assert fails.cell(2, 5).value == pytest.approx(failure_rows(content)["p13"].max())
    assert out.max_row == 1 + 2
    csv = pd.read_csv(report.folder / "departure.csv", encoding="utf-8-sig")
    np.testing.assert_allclose(np.sort(csv["departure"]), [0.31, 0.42])


def test_reasons_are_said_in_the_language_of_the_report(content: ReportContent) -> None:
    said = failure_sheet(content, Words("zh-Hant")).rows[0][-1]
    assert "使用 14 年" in said
    assert "三年內故障 3 次" in said
