from __future__ import annotations

import dataclasses
from pathlib import Path

import openpyxl
import pandas as pd

from guideway.reporting.content import CLASSES, QUALITY_CLASS_COLUMNS, ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.outlook import outlook
from guideway.reporting.printed import printed_report
from guideway.reporting.quality_classes import km_by_class
from guideway.reporting.summary import summarise
from guideway.reporting.tables import class_sheet
from guideway.reporting.words import Words
from guideway.reporting.workbook import write_workbook
from tests.unit.reporting.unpacking import unpack_page

LEVEL, ALIGNMENT = "longitudinal_level_class", "alignment_class"
ASSETS = pd.DataFrame(
    [("s1", 0.0, 200.0), ("s2", 200.0, 400.0), ("s3", 400.0, 550.0), ("v", None, None)],
    columns=["asset_id", "from_m", "to_m"],
)


def conditions(*rows: tuple[str, str, str, float, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["asset_id", "indicator", "measured_at", "value", "quality"])
    return frame.assign(measured_at=pd.to_datetime(frame["measured_at"], utc=True), line_id="L")


def test_each_section_counts_once_with_its_newest_good_value() -> None:
    told = km_by_class(
        conditions(
            ("s1", LEVEL, "2026-02-01", 1.0, "good"),
            ("s1", LEVEL, "2026-01-01", 5.0, "good"),
            ("s2", LEVEL, "2026-01-01", 4.0, "good"),
            ("s2", LEVEL, "2026-02-01", 2.0, "poor"),
            ("s3", LEVEL, "2026-02-01", 4.0, "good"),
            ("s3", ALIGNMENT, "2026-02-01", 3.0, "good"),
            ("v", LEVEL, "2026-02-01", 5.0, "good"),
            ("s1", "alignment_sd", "2026-02-01", 1.0, "good"),
        ),
        ASSETS,
    )
    assert told.to_dict("records") == [
        {"line_id": "L", "indicator": ALIGNMENT, "A": 0.0, "B": 0.0, "C": 0.15, "D": 0.0, "E": 0.0},
        {"line_id": "L", "indicator": LEVEL, "A": 0.2, "B": 0.0, "C": 0.0, "D": 0.35, "E": 0.0},
    ]


def test_a_network_without_classes_has_no_rows() -> None:
    assert km_by_class(conditions(), ASSETS).empty
    assert tuple(km_by_class(conditions(), ASSETS).columns) == QUALITY_CLASS_COLUMNS


def test_page_and_pdf_show_the_kilometres(small: ReportContent) -> None:
    classes = pd.DataFrame([("CL1", LEVEL, 1.2, 0.4, 0.0, 0.0, 0.2)], columns=list(QUALITY_CLASS_COLUMNS))
    content = dataclasses.replace(small, quality_class=classes)
    header, _ = unpack_page(render_html(content))
    assert header["classes"] == classes.to_dict("records")
    words, rows = Words("en"), outlook(content)
    tables = printed_report(content, rows, summarise(content, rows), words)["tables"]
    (table,) = [table for table in tables if table["title"] == words("classes.title")]
    assert table["rows"][0][0] == "Valley Line"
    assert table["rows"][0][2:] == ["1.2", "0.4", "0.0", "0.0", "0.2"]


def test_the_condition_workbook_has_the_kilometres_as_numbers(small: ReportContent, tmp_path: Path) -> None:
    write_workbook(tmp_path / "c.xlsx", [class_sheet(small, Words("en"))], Words("en"), title="t", created=small.as_of)
    heads, *rows = openpyxl.load_workbook(tmp_path / "c.xlsx").worksheets[0].iter_rows(values_only=True)
    told = [dict(zip(heads[2:], row[2:], strict=True)) for row in rows]
    assert told == small.quality_class[list(CLASSES)].to_dict("records")
    assert {row[0] for row in rows} == {"Valley Line"}
