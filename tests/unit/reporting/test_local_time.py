from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.digest import plan_items
from guideway.reporting.html import render_html
from guideway.reporting.local_time import in_local_time
from guideway.reporting.outlook import outlook
from guideway.reporting.printed import printed_report
from guideway.reporting.summary import summarise
from guideway.reporting.tables import work_sheet
from guideway.reporting.words import Words
from guideway.reporting.workbook import write_workbook
from tests.unit.reporting.sample import EMPTY
from tests.unit.reporting.unpacking import unpack_page

ZONES = {"HK": "Asia/Hong_Kong", "FI": "Europe/Helsinki", "XX": "<b>Mars/Olympus</b>"}


@pytest.fixture(scope="module")
def late(small: ReportContent) -> ReportContent:
    """One work at 17:30 UTC: in Hong Kong that is half past one of the next day."""
    plan = small.work_plan.head(1).assign(
        line_id="HK",
        window_start=pd.Timestamp("2026-12-01T17:30Z"),
        window_end=pd.Timestamp("2026-12-01T21:00Z"),
    )
    return dataclasses.replace(
        small, lines=small.lines.head(1).assign(line_id="HK", time_zone="Asia/Hong_Kong"), work_plan=plan
    )


def test_summer_and_winter_time_and_zones_nobody_knows() -> None:
    lines = pd.DataFrame([("a", *pair) for pair in ZONES.items()], columns=["name", "line_id", "time_zone"])
    content = dataclasses.replace(EMPTY, lines=EMPTY.lines.reindex(range(3)).assign(**lines))
    utc = [
        "2026-07-01T22:00Z",
        "2026-01-01T22:00Z",
        "2026-07-01T22:00Z",
        "2026-07-01T22:00Z",
        "2026-07-01T22:00Z",
        None,
    ]
    frame = pd.DataFrame({"line_id": ["FI", "FI", "HK", "XX", "gone", "HK"], "at": pd.to_datetime(utc)}, index=[3] * 6)
    told = in_local_time(frame, content, "at")
    assert [None if pd.isna(at) else f"{at:%m-%dT%H}" for at in told["at"]] == [
        *("07-02T01", "01-02T00", "07-02T06", "07-01T22", "07-01T22"), None]  # fmt: skip
    assert list(told["zone"]) == [*["Europe/Helsinki"] * 2, "Asia/Hong_Kong", "UTC", "UTC", "Asia/Hong_Kong"]
    naive = frame.assign(at=frame["at"].dt.tz_localize(None))
    pd.testing.assert_frame_equal(in_local_time(naive, content, "at"), told)


def test_page_pdf_workbook_and_mail_tell_the_time_of_the_line_and_name_its_zone(
    late: ReportContent, tmp_path: Path
) -> None:
    header, _ = unpack_page(render_html(late))
    (work,) = header["works"]
    assert pd.Timestamp(work["window_start"], unit="m") == pd.Timestamp("2026-12-02T01:30")
    assert pd.Timestamp(work["window_end"], unit="m") == pd.Timestamp("2026-12-02T05:00")
    assert work["zone"] == "Asia/Hong_Kong"

    words, rows = Words("en"), outlook(late)
    printed = printed_report(late, rows, summarise(late, rows), words)
    (table,) = [table for table in printed["tables"] if table["title"] == words("work.title")]
    assert ["2026-12-02 01:30", "Asia/Hong_Kong"] in table["rows"][0]

    write_workbook(tmp_path / "w.xlsx", [work_sheet(late, words)], words, title="t", created=late.as_of)
    cells = [cell.value for cell in openpyxl.load_workbook(tmp_path / "w.xlsx").worksheets[0][2]]
    at = cells.index(datetime(2026, 12, 2, 1, 30))  # noqa: DTZ001 (what the sheet shows)
    assert cells[at : at + 3] == [datetime(2026, 12, 2, 1, 30), datetime(2026, 12, 2, 5, 0), "Asia/Hong_Kong"]  # noqa: DTZ001

    assert plan_items(late, words, 3)[0].fact == "2 Dec 2026"
    assert summarise(late, rows).first_window.isoformat() == "2026-12-02"
