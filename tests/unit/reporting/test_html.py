from __future__ import annotations

import base64
import dataclasses
import hashlib
import math
import re

import numpy as np
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.html import page_script, render_html
from guideway.reporting.outlook import outlook
from guideway.reporting.printed import printed_report
from guideway.reporting.summary import summarise
from guideway.reporting.words import Words
from tests.unit.reporting.sample import EMPTY
from tests.unit.reporting.unpacking import column, unpack_page


def inline(page: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S)
    assert found
    return found[1]


def test_the_policy_allows_exactly_the_inline_script_and_style(small: ReportContent) -> None:
    page = render_html(small)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(inline(page, tag).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    assert " style=" not in page.replace(inline(page, "script"), "")
    assert not re.search(r"<\w[^>]*\son\w+=", page.replace(inline(page, "script"), ""))


def test_nothing_outside_the_file_is_named(small: ReportContent) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`)]*", render_html(small)))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_the_script_parses_no_markup_and_makes_no_code() -> None:
    script = page_script()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
        "XMLHttp",
    ):
        assert word not in script, word


def test_the_page_holds_the_rows_of_the_outlook(small: ReportContent) -> None:
    header, buffers = unpack_page(render_html(small))
    rows = outlook(small)
    series = header["series"]["c"]
    ids = column(header["assets"]["c"]["id"], buffers)
    placed = [ids[int(k)] for k in column(series["asset"], buffers)]
    assert placed == rows["asset_id"].tolist()
    assert column(series["layer"], buffers) == rows["layer"].tolist()
    for name, values in (("p50", rows["days_p50"]), ("now", rows["level_now"]), ("rate", rows["rate_per_year"])):
        digits = 0 if name == "p50" else 3
        for got, wanted in zip(column(series[name], buffers), values, strict=True):
            assert (math.isnan(got) and math.isnan(wanted)) or abs(got - wanted) <= 0.5 * 10**-digits + 1e-9


def test_a_refused_model_is_told_on_the_page_and_on_paper(small: ReportContent) -> None:
    assert small.model is not None
    refused = small.model.gate
    header, _ = unpack_page(render_html(small))
    assert header["meta"]["model"]["gate"] == refused
    rows = outlook(small)
    paper = printed_report(small, rows, summarise(small, rows), Words("en"))
    assert paper["model"].endswith(f"Newest training: {refused}")


def test_every_level_is_found_by_its_series(small: ReportContent) -> None:
    header, buffers = unpack_page(render_html(small))
    levels, rows = header["levels"]["c"], outlook(small)
    first = [int(k) for k in column(levels["first"], buffers)]
    names, limits = column(levels["level"], buffers), column(levels["limit"], buffers)
    assert first[0] == 0
    assert first[-1] == len(small.limit_forecast)
    known = small.limit_forecast.set_index(["asset_id", "indicator", "level"])["limit"]
    for k in range(0, len(rows), 7):
        for i in range(first[k], first[k + 1]):
            assert limits[i] == pytest.approx(known.loc[(rows.at[k, "asset_id"], rows.at[k, "indicator"], names[i])])


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_a_report_about_nothing_is_still_a_report(language: str) -> None:
    page = render_html(dataclasses.replace(EMPTY, language=language))
    header, _ = unpack_page(page)
    assert header["series"]["n"] == 0
    assert f'<html lang="{language}">' in page
    assert header["meta"]["headline"][language][0] in page


def test_one_series_without_any_number(small: ReportContent) -> None:
    blank = small.degradation_trend.head(1).assign(
        rate_per_year=np.nan,
        rate_low=np.nan,
        rate_high=np.nan,
        level_now=np.nan,
        sigma=np.nan,
        since=None,
        status="no_data",
    )
    header, buffers = unpack_page(render_html(dataclasses.replace(EMPTY, degradation_trend=blank)))
    assert header["series"]["n"] == 1
    assert math.isnan(column(header["series"]["c"]["now"], buffers)[0])
    assert header["data"]["untrended"][0]["status"] == "no_data"
