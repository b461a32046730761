"""How often past intervals held is said over all indicators, each scored value counted once."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from guideway.reporting.content import Language, ReportContent, contract_columns
from guideway.reporting.html import render_html
from guideway.reporting.outlook import outlook
from guideway.reporting.printed import printed_report
from guideway.reporting.summary import summarise
from guideway.reporting.trust import coverage_said, scorecard_sheet
from guideway.reporting.words import LANGUAGES, Words
from tests.unit.reporting.sample import AS_OF, EMPTY
from tests.unit.reporting.unpacking import unpack_page


@pytest.fixture
def scored(small: ReportContent) -> ReportContent:
    """300 values of one indicator of which 90 % were inside, 100 of another of which 50 % were."""
    usual = dict.fromkeys(contract_columns("gold.forecast_scorecard"), 0.1)
    rows = [
        usual | {"as_of": AS_OF, "indicator": name, "horizon_weeks": 13, "n": n, "coverage_80": c, "coverage_95": 0.95}
        for name, n, c in (("longitudinal_level_sd", 300, 0.9), ("noise_laeq", 100, 0.5))
    ]
    return dataclasses.replace(small, forecast_scorecard=pd.DataFrame(rows))


@pytest.mark.parametrize("language", LANGUAGES)
def test_coverage_over_all_indicators_weighs_each_value_once(scored: ReportContent, language: Language) -> None:
    (said,) = coverage_said(scored, Words(language))
    assert "80.0 %" in said
    assert "400" in said
    assert "95.0 %" in said
    assert unpack_page(render_html(scored))[0]["meta"]["coverage"][language] == [said]


def test_the_printed_scorecard_says_it_and_every_score_has_its_unit(scored: ReportContent) -> None:
    rows, words = outlook(scored), Words("en")
    printed = printed_report(scored, rows, summarise(scored, rows), words)
    (table,) = (part for part in printed["trust"] if part["title"] == "Forecast scorecard")
    assert coverage_said(scored, words)[0] in table["note"]
    assert (
        [row[-1] for row in table["rows"]] == ["mm", "dB"] == [row[-1] for row in scorecard_sheet(scored, words).rows]
    )


def test_without_a_back_test_nothing_is_said() -> None:
    assert coverage_said(EMPTY, Words("en")) == ()
