"""The sections on what waits and on what planning by condition is worth say what their tables say."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.phrases import value
from guideway.reporting.policies import deferral_sheet, policy_sheet
from guideway.reporting.words import LANGUAGES, Words
from tests.unit.reporting.sample import EMPTY
from tests.unit.reporting.unpacking import unpack_page


def test_every_deferral_is_on_the_page_and_in_the_workbook_with_its_risk(small: ReportContent) -> None:
    shown = unpack_page(render_html(small))[0]["deferrals"]
    assert [row["reason"] for row in shown] == small.deferral["reason"].tolist()
    assert [row["risk_52w"] for row in shown] == pytest.approx(small.deferral["risk_52w"].tolist())
    sheet = deferral_sheet(small, Words("en"))
    assert sheet.headings[5:8] == ("Beyond a limit within 52 weeks without it", "Cost", "Expected cost of waiting")
    assert [row[7] for row in sheet.rows] == small.deferral["expected_loss"].tolist()
    assert len(sheet.headings) == len(sheet.formats) == len(sheet.rows[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_comparison_has_every_policy_and_difference_with_its_interval(small: ReportContent, language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]
    sheet = policy_sheet(small, words)
    rows = small.policy_comparison
    known = rows[rows["line_id"] == "*"].set_index(["policy", "against", "measure"])
    by_measure = {row[0]: row for row in sheet.rows}
    assert len(by_measure) == rows.loc[rows["line_id"] == "*", "measure"].nunique()
    column = sheet.headings.index(words.code("policy", "condition_based"))
    own = known.loc[("condition_based", "", "works_cost")]
    said = f"{value(own['value'], 'EUR')} ({words('cell.range', low=value(own['low']), high=value(own['high']))})"
    assert by_measure[words("measure.works_cost")][column] == said
    against = sheet.headings.index(words("policies.against", policy=words("policy.corrective")))
    gain = known.loc[("condition_based", "corrective", "exceedance_days")]
    assert by_measure[words("measure.exceedance_days")][against].startswith(value(gain["value"], "d"))
    page = pd.DataFrame(unpack_page(render_html(small))[0]["policies"])
    keys = ["line_id", "growth", "policy", "against", "measure"]
    shown, true = (frame.set_index(keys)["value"].sort_index() for frame in (page, rows))
    assert shown.to_dict() == pytest.approx(true.to_dict())


def test_policies_and_measures_come_in_the_order_of_reading_whatever_order_the_lake_gives(small: ReportContent) -> None:
    shuffled = small.policy_comparison.sample(frac=1.0, random_state=3)
    sheet = policy_sheet(dataclasses.replace(small, policy_comparison=shuffled), Words("en"))
    assert sheet.headings[1:4] == ("fixed interval", "corrective", "condition-based")
    assert [row[0] for row in sheet.rows[:2]] == ["Works", "Possession time"]
    assert sheet.rows[9][0] == "Total with consequences"


def test_without_a_plan_and_without_ballast_both_are_empty() -> None:
    header = unpack_page(render_html(EMPTY))[0]
    assert header["deferrals"] == header["policies"] == []
    assert policy_sheet(EMPTY, Words("en")).rows == deferral_sheet(EMPTY, Words("en")).rows == []
