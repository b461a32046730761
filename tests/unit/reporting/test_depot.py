"""A work without a place on the track (a magnet in the depot) is shown in every form of the work list."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.digest import plan_items
from guideway.reporting.html import render_html
from guideway.reporting.policies import deferral_sheet
from guideway.reporting.tables import rows_of, work_place, work_sheet
from guideway.reporting.words import LANGUAGES, Words
from tests.unit.reporting.unpacking import unpack_page


@pytest.fixture
def moved(small: ReportContent) -> ReportContent:
    """The sample with its first work and its first deferral on an asset without a place."""
    frames = {}
    for name in ("work_plan", "deferral"):
        frame = getattr(small, name).copy()
        frame["track_id"] = [None, *frame["track_id"].iloc[1:]]
        frame.loc[frame.index[0], ["from_m", "to_m"]] = np.nan
        frames[name] = frame
    return dataclasses.replace(small, **frames)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_place_is_the_depot_and_what_is_worked_on(
    small: ReportContent, moved: ReportContent, language: str
) -> None:
    words = Words(language)  # type: ignore[arg-type]
    works, placed = list(rows_of(moved.work_plan)), next(iter(rows_of(small.work_plan)))
    names = dict(zip(moved.assets["asset_id"], moved.assets["name"], strict=True))
    said = work_place(moved, works[0], words).split(" · ")
    assert said == [words("work.depot"), *(names[asset] for asset in works[0].asset_ids)]
    assert work_place(small, placed, words).startswith(f"{placed.track_id} · km ")
    assert deferral_sheet(moved, words).rows[0][3].startswith(words("work.depot"))
    alone = dataclasses.replace(moved, work_plan=moved.work_plan.head(1))
    assert plan_items(alone, words, 1)[0].place.startswith(f"{words('work.depot')} · ")


def test_page_and_workbook_keep_what_is_missing_missing(moved: ReportContent) -> None:
    header = unpack_page(render_html(moved))[0]
    for key in ("works", "deferrals"):
        assert [header[key][0][name] for name in ("track_id", "from_m", "to_m")] == [None, None, None]
    sheet = work_sheet(moved, Words("en"))
    row = dict(zip(sheet.headings, sheet.rows[0], strict=True))
    assert row["track"] is None
    assert np.isnan(row["from, m"])
    assert row["asset_ids"]
