"""How good the plan is, and whether it keeps the safety limits, is said in every form of the report."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from guideway.reporting.content import Language, ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.mail import render_mail
from guideway.reporting.outlook import outlook
from guideway.reporting.printed import printed_report
from guideway.reporting.summary import headline, plan_verdict, summarise
from guideway.reporting.tables import work_sheet
from guideway.reporting.trust import plan_sheet
from guideway.reporting.words import LANGUAGES, Words
from guideway.reporting.workbook import write_workbook
from tests.unit.reporting.sample import AS_OF, EMPTY
from tests.unit.reporting.unpacking import unpack_page


def late(content: ReportContent, missed: int) -> ReportContent:
    """The content with a plan that cannot keep ``missed`` safety limits and may be 3.8 % from the best one."""
    changed = {"safety_missed": missed, "gap": 0.038, "status": "safety_missed" if missed else "feasible"}
    return dataclasses.replace(content, maintenance_plan=content.maintenance_plan.assign(**changed))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gap_and_the_budget_are_on_the_page(small: ReportContent, language: Language) -> None:
    said = unpack_page(render_html(late(small, 0)))[0]["meta"]["plan"][language]
    assert said == plan_verdict(late(small, 0), Words(language))
    assert "3.8" in said
    best = small.maintenance_plan.assign(gap=0.0003)
    assert "best plan" in plan_verdict(dataclasses.replace(small, maintenance_plan=best), Words("en"))
    assert "EUR 400,000" in said
    assert Words(language)("work.safety_none", risk=5) in said


@pytest.mark.parametrize(("missed", "says"), [(1, "1 stretch cannot"), (4, "4 stretches cannot")])
def test_a_safety_limit_that_is_not_kept_is_on_the_first_screen_and_in_the_mail(
    small: ReportContent, missed: int, says: str
) -> None:
    content = late(small, missed)
    rows = outlook(content)
    summary = summarise(content, rows)
    assert sum(says in sentence for sentence in headline(summary, Words("en"))) == 1
    assert says in render_mail(content, rows, summary).text
    assert says not in render_mail(small, rows, summarise(small, rows)).text
    printed = printed_report(content, rows, summary, Words("en"))
    assert any(says in sentence for sentence in printed["headline"])
    assert any("better by more than 3.8\u00a0%" in table["note"] for table in printed["tables"])


def test_the_workbook_has_the_plan_as_numbers_and_every_effect_with_its_unit(
    small: ReportContent, tmp_path: Path
) -> None:
    words = Words("en")
    write_workbook(
        tmp_path / "w.xlsx",
        [plan_sheet(late(small, 2), words), work_sheet(small, words)],
        words,
        title="t",
        created=AS_OF,
    )
    plan, works = openpyxl.load_workbook(tmp_path / "w.xlsx").worksheets
    (heads, row) = plan.iter_rows(values_only=True)
    told = dict(zip(heads, row, strict=True))
    assert told["Could be better by at most"] == 0.038
    assert told["Stretches too late for it"] == 2
    assert told["Budget"] == 400_000
    frame = pd.DataFrame(list(works.iter_rows(min_row=2, values_only=True)), columns=[c.value for c in works[1]])
    assert set(frame.loc[frame["Expected effect"].notna(), "unit"]) <= {"mm", "dB"}
    assert frame["unit"].notna().all()


def test_without_a_plan_nothing_is_said_about_one() -> None:
    assert plan_verdict(EMPTY, Words("en")) == ""
    assert summarise(EMPTY, outlook(EMPTY)).too_late == 0
