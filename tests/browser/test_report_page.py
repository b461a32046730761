"""The weekly report as a planner uses it, in headless Chromium."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from guideway.reporting.content import Language, ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.outlook import outlook
from guideway.reporting.risks import failure_rows
from guideway.reporting.sentences import Sentences
from guideway.reporting.words import Words
from tests.browser.conftest import Visit, open_report
from tests.unit.reporting.national import tiled
from tests.unit.reporting.test_hostile_text import poisoned
from tests.unit.reporting.test_languages import latin, names_of


def count(page: Page) -> tuple[int, int]:
    shown, total = re.findall(r"[\d,]+", page.inner_text(".count"))
    return int(shown.replace(",", "")), int(total.replace(",", ""))


def first_cells(page: Page, column: int) -> list[str]:
    rows = page.locator(".row")
    return [rows.nth(k).locator(".cell").nth(column).inner_text() for k in range(min(8, rows.count()))]


def test_the_first_screen_says_what_to_decide(visit: Visit, content: ReportContent) -> None:
    page = visit.page
    assert "places need somebody on site within days." in page.inner_text("#headline")
    panels = page.locator(".panel")
    assert panels.count() == 3
    assert panels.nth(0).locator(".mark").inner_text() == "Act within days"
    assert panels.nth(1).locator(".item").count() == 5
    urgent = panels.nth(0).inner_text()
    assert "restrict or close now" in urgent
    assert "slow trains now" in urgent, "a receiver asks for less noise"
    assert re.search(r"work no\.\s\d+ on", urgent)
    box = panels.nth(0).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 950
    lines = page.locator("#lines table").first.locator("tbody tr")
    assert lines.count() == len(content.lines)
    classes = page.locator("#lines table").nth(1).locator("tbody tr")
    shown = [[float(cell) for cell in row.inner_text().split("\t")[2:]] for row in classes.all()]
    assert shown == content.quality_class[list("ABCDE")].to_numpy().tolist()


@pytest.mark.drill
@pytest.mark.parametrize("weeks", [4, 13, 26, 52])
def test_filtering_by_horizon_shows_the_rows_of_the_outlook(visit: Visit, content: ReportContent, weeks: int) -> None:
    rows = outlook(content)
    visit.page.click(f'[data-within="{weeks}"]')
    assert count(visit.page) == (
        int(((rows["days_p50"].round() <= weeks * 7) | (rows["beyond"] != "")).sum()),
        len(rows),
    )


def test_filtering_by_text_line_and_layer(visit: Visit, content: ReportContent) -> None:
    page, rows = visit.page, outlook(content)
    page.click('[data-within="0"]')
    page.select_option("#filter-line", "MG4")
    assert count(page)[0] == int((rows["line_id"] == "MG4").sum())
    page.select_option("#filter-layer", "plan")
    assert count(page)[0] == int(((rows["line_id"] == "MG4") & (rows["layer"] == "plan")).sum())
    page.select_option("#filter-layer", "")
    page.fill("#filter-text", "girder g007 gap")
    assert count(page)[0] == 1
    page.fill("#filter-text", "no such place")
    assert page.inner_text(".grid .empty") == "No rows."


def test_sorting_by_a_heading_turns_on_the_second_click(visit: Visit, content: ReportContent) -> None:
    page = visit.page
    page.click('[data-within="0"]')
    heading = page.locator(".head [role=columnheader]").nth(4)
    heading.locator("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    soonest = outlook(content).sort_values("days_p50")["days_p50"].iloc[0]
    assert first_cells(page, 4)[0].startswith("now" if soonest <= 0 else "within a week" if soonest < 7 else "in ")
    heading = page.locator(".head [role=columnheader]").nth(1)
    heading.locator("button").click()
    up = first_cells(page, 1)
    heading.locator("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert first_cells(page, 1) != up


@pytest.mark.drill
def test_the_keyboard_alone_finds_opens_and_closes_a_section(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("/")
    expect(page.locator("#filter-text")).to_be_focused()
    page.locator(".grid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    selected = page.locator('.row[aria-selected="true"]')
    expect(selected).to_have_attribute("data-r", "1")
    page.keyboard.press("Enter")
    name = selected.locator("strong").inner_text()
    expect(page.locator("#detail h2")).to_have_text(name)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#detail h2")).not_to_have_text(name)
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.locator('.row[aria-selected="true"]')).to_have_attribute("data-r", str(count(page)[0] - 1))


@pytest.mark.drill
def test_a_section_shows_its_trend_interval_limits_and_facts(visit: Visit, content: ReportContent) -> None:
    page = visit.page
    page.locator(".row").first.click()
    row = outlook(content).query("days_p50.round() <= 26 * 7 or beyond != ''").iloc[0]
    plot = page.locator("#detail .plot")
    drawn = plot.locator(".pt").count()
    measured = [t for t in content.trends if (t.asset_id, t.indicator) == (row["asset_id"], row["indicator"])]
    assert drawn == (len(measured[0].values) if measured else drawn)
    assert drawn >= 20
    assert plot.locator(".band").count() == 1
    assert plot.locator(".limit").count() >= 1
    levels = page.locator("#detail table tbody tr")
    assert levels.count() == 3
    assert "unverified" in levels.nth(0).inner_text()


def test_what_is_likely_to_fail_is_a_table_and_a_fact_of_its_asset(visit: Visit, content: ReportContent) -> None:
    rows, page = failure_rows(content), visit.page
    told = page.locator("#risks table").first.locator("tbody tr")
    assert told.count() == len(rows)
    names = dict(zip(content.assets["asset_id"], content.assets["name"], strict=True))
    assert names[rows["asset_id"][0]] in told.first.inner_text()
    assert f"{100 * rows['p13'][0]:.0f}" in told.first.inner_text()
    told.first.click()
    said = page.locator("#detail dl").inner_text()
    assert "Fails within 13 weeks" in said
    assert "3 failures in three years" in said
    assert page.locator("#risks table").nth(1).locator("tbody tr").count() == len(content.departure)
    assert visit.troubles == []


def test_hovering_a_chart_and_a_strip_map_says_value_date_and_unit(visit: Visit) -> None:
    page = visit.page
    chart = page.locator("#trends .plot").first
    chart.scroll_into_view_if_needed()
    chart.hover(position={"x": 120, "y": 80})
    expect(page.locator("#tip")).to_be_visible()
    assert re.search(r"20\d\d\n.*\d\s?(mm|dB|Hz)", page.inner_text("#tip"), re.S)
    strip = page.locator(".map").first
    strip.scroll_into_view_if_needed()
    strip.hover(position={"x": 300, "y": 40})
    assert re.search(r"km \d+\.\d\d–\d+\.\d\d · .*20\d\d\n", page.inner_text("#tip"))
    strip.focus()
    before = page.inner_text("#tip")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#tip") != before
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()


@pytest.mark.drill
def test_strip_maps_are_painted_and_grouped_by_kind_of_network(visit: Visit, content: ReportContent) -> None:
    page = visit.page
    groups = page.locator("#strips .group").all_inner_texts()
    assert groups == ["Track condition", "Vibration and noise beside the track", "Maglev guideway"]
    assert page.locator(".strip").count() == len(content.strip_maps)
    page.locator(".strip").first.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    colours = page.evaluate("""() => {
        const c = document.querySelector('.strip canvas'), seen = new Set();
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        for (let i = 0; i < d.length; i += 4) seen.add(d.slice(i, i + 4).join());
        return seen.size; }""")
    assert colours > 10


@pytest.mark.parametrize(
    ("code", "heading", "act"),
    [
        ("zh-Hant", "各線路概況", "數日內處理"),
        pytest.param("zh-Hans", "各线路概况", "数日内处理", marks=pytest.mark.drill),
        pytest.param("en", "The network, line by line", "Act within days", marks=pytest.mark.drill),
    ],
)
def test_the_language_changes_everything_at_once(visit: Visit, code: str, heading: str, act: str) -> None:
    page = visit.page
    page.select_option("#language", code)
    expect(page.locator("html")).to_have_attribute("lang", code)
    expect(page.locator("#lines h2")).to_have_text(heading)
    expect(page.locator(".panel .mark").first).to_have_text(act)
    if code != "en":
        shown = page.inner_text("main")
        assert "Since last week" not in shown
        assert "80 % interval" not in shown


@pytest.mark.parametrize("code", ["zh-Hant", "zh-Hans"])
def test_a_chinese_page_leaves_no_english_and_says_what_the_other_forms_say(
    visit: Visit, content: ReportContent, code: Language
) -> None:
    page, says, names = visit.page, Sentences(Words(code), content.indicator_titles), set(names_of(content))
    page.select_option("#language", code)
    works = page.locator("#work table").first.locator("tbody tr")
    shown = [row.locator("td").last.inner_text() for row in works.all()]
    assert shown == [says(reason) for reason in content.work_plan["reason"].head(len(shown))]
    later = page.locator("#deferred tbody tr td:last-child").all_inner_texts()
    assert later == [says(reason) for reason in content.deferral["reason"].head(len(later))]
    page.locator(".row").first.click()
    detail = page.inner_text("#detail")
    assert says("14 months since tamping") in detail
    assert latin(page.inner_text("main") + detail, names) == set()


def test_dark_follows_the_system_and_the_button(chromium: Browser, report_file: Path) -> None:
    visit = open_report(chromium, report_file, color_scheme="dark")
    page = visit.page

    def lightness() -> float:
        parts = re.findall(r"[\d.]+", page.evaluate("getComputedStyle(document.body).backgroundColor"))
        return sum(map(float, parts[:3])) / 3

    assert lightness() < 60
    page.click("#theme")
    assert lightness() > 200
    page.keyboard.press("t")
    assert lightness() < 60
    assert visit.troubles == []
    page.context.close()


@pytest.mark.drill
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrast_is_at_least_four_and_a_half_to_one(chromium: Browser, report_file: Path, scheme: str) -> None:
    visit = open_report(chromium, report_file, color_scheme=scheme)
    measure = """([ink, paper]) => {
        const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const rgb = (name) => {
          const probe = document.createElement('i');
          probe.style.color = `var(${name})`;
          document.body.append(probe);
          return getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map((v) => linear(v / 255)); };
        const lum = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
        const [a, b] = [lum(rgb(ink)), lum(rgb(paper))].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); }"""
    for ink in ("--ink", "--soft", "--accent", "--act", "--plan"):
        for paper in ("--paper", "--card", "--sunk"):
            assert visit.page.evaluate(measure, [ink, paper]) >= 4.5, (ink, paper)
    visit.page.context.close()


def test_print_is_light_shows_rows_without_scrolling_and_says_how_many(chromium: Browser, report_file: Path) -> None:
    visit = open_report(chromium, report_file, color_scheme="dark")
    page = visit.page
    page.click('[data-within="0"]')
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator(".row").count() == 40
    assert "The first 40 of" in page.inner_text("#printed")
    assert not page.locator(".filters").first.is_visible()
    shown = page.evaluate("[...document.querySelectorAll('.scroll')].map((s) => getComputedStyle(s).overflowX)")
    assert set(shown) == {"visible"}, "no column is cut off on paper: the browser shrinks what is too wide"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator(".row").count() < 30
    data = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", data))
    assert 5 <= pages <= 22
    assert visit.troubles == []
    page.context.close()


@pytest.mark.drill
def test_a_phone_needs_no_sideways_scrolling(chromium: Browser, report_file: Path) -> None:
    visit = open_report(chromium, report_file, viewport={"width": 390, "height": 844}, has_touch=True)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".panel.plan .item").first.scroll_into_view_if_needed()
    page.locator(".row").first.click()
    box = page.locator("#detail").bounding_box()
    assert box is not None
    assert box["width"] <= 390
    assert visit.troubles == []
    page.context.close()


def test_hostile_texts_are_shown_and_never_run(chromium: Browser, content: ReportContent, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(render_html(poisoned(content)), encoding="utf-8")
    visit = open_report(chromium, path)
    page = visit.page
    page.click('[data-within="0"]')
    page.locator(".row").first.click()
    page.select_option("#language", "zh-Hant")
    assert "<img src=x onerror=alert(1)>" in page.inner_text("body")
    assert page.locator("main img, main script, main iframe, main a[href^='javascript']").count() == 0
    assert visit.troubles == []
    assert visit.requests == [path.as_uri()]
    page.context.close()


@pytest.mark.drill
def test_a_report_about_nothing_opens(chromium: Browser, content: ReportContent, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    empty = ReportContent(network_name="Nothing", as_of=content.as_of, run_id="r", code_version="0")
    path.write_text(render_html(empty), encoding="utf-8")
    visit = open_report(chromium, path)
    assert visit.page.inner_text("#headline") == "No forecast was made this week."
    assert visit.troubles == []
    visit.page.context.close()


@pytest.mark.drill
def test_a_network_of_100_000_sections_is_under_15_mb_and_takes_under_2_s_of_processor(
    chromium: Browser, content: ReportContent, tmp_path: Path
) -> None:
    national = tiled(content, 466, np.random.default_rng(1))
    assert len(national.assets) > 100_000
    page_text = render_html(dataclasses.replace(national, network_name="National"))
    assert len(page_text.encode()) < 15_000_000
    path = tmp_path / "index.html"
    path.write_text(page_text, encoding="utf-8")
    visit = open_report(chromium, path)
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    visit.page.reload()
    visit.page.wait_for_selector("html[data-ready]", timeout=60_000)
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    assert metrics["TaskDuration"] < 2.0
    assert visit.page.locator(".row").count() < 30
    assert visit.troubles == []
    visit.page.context.close()
