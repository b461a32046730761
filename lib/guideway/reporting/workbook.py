"""Workbooks in the form planners pass on: numbers are numbers, dates are dates, and no text is ever a formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from guideway.reporting.inert import inert
from guideway.reporting.tables import Sheet
from guideway.reporting.words import Words

MAX_ROWS = 1_048_000
"""Rows a sheet may hold; the rest is in the CSV beside it, and the sheet says so."""

_MAX_TEXT = 32_000
_ROWS_IN_MEMORY = 50_000
_CODES = {"date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm"}
_WIDTHS = {"text": 22, "date": 11, "time": 16}


def write_workbook(path: Path, sheets: Sequence[Sheet], words: Words, *, title: str, created: date) -> None:
    """Write one workbook; each sheet has a frozen, filterable heading row.

    Args:
        path: file to write.
        sheets: tables, in order.
        words: language of what a sheet says beside its cells.
        title: title in the file's properties.
        created: date in the file's properties, so that the same content gives the same bytes.
    """
    small = sum(len(sheet.rows) for sheet in sheets) <= _ROWS_IN_MEMORY
    options = {
        "in_memory" if small else "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "default_date_format": _CODES["date"],
    }
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": inert(title), "created": datetime(created.year, created.month, created.day)})  # noqa: DTZ001
        heading = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "bg_color": "#F3F1EC"}
        )
        for sheet in sheets:
            _write_sheet(book, sheet, heading, words)


def _write_sheet(book: Any, sheet: Sheet, heading: Any, words: Words) -> None:
    page = book.add_worksheet(_sheet_name(sheet.name))
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    rows = sheet.rows[:MAX_ROWS]
    formats = [
        None if kind == "text" else book.add_format({"num_format": _CODES.get(kind, kind)}) for kind in sheet.formats
    ]
    for column, (name, kind) in enumerate(zip(sheet.headings, sheet.formats, strict=True)):
        page.set_column(column, column, _WIDTHS.get(kind, 11))
        page.write_string(0, column, inert(name), heading)
    for number, row in enumerate(rows, start=1):
        for column, (value, kind) in enumerate(zip(row, sheet.formats, strict=True)):
            _write_cell(page, number, column, value, kind, formats[column])
    if len(rows) < len(sheet.rows):
        page.write_string(len(rows) + 1, 0, words("head.more_rows", n=len(sheet.rows) - len(rows)))
    page.autofilter(0, 0, max(1, len(rows)), len(sheet.headings) - 1)


def _write_cell(page: Any, row: int, column: int, value: Any, kind: str, style: Any) -> None:
    if kind == "text":
        if isinstance(value, str) and value:
            page.write_string(row, column, inert(value)[:_MAX_TEXT])
        return
    if value is None or value is pd.NaT:
        return
    if kind in _CODES:
        stamp = pd.Timestamp(value)
        naive = stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp
        page.write_datetime(row, column, naive.to_pydatetime(warn=False), style)
        return
    number = float(value)
    if math.isfinite(number):
        page.write_number(row, column, number, style)


def _sheet_name(name: str) -> str:
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in inert(name))[:31] or "Sheet"
