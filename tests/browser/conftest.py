"""Headless Chromium with every request but the file itself refused and noted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from guideway.reporting.content import ReportContent
from guideway.reporting.html import render_html
from tests.unit.reporting.sample import sample_content

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]


@dataclass
class Visit:
    """An open page and what went wrong on it."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")  # while Playwright is on, no other test can run an event loop of its own
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine (install the package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def content() -> ReportContent:
    return sample_content()


@pytest.fixture(scope="session")
def report_file(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(render_html(content), encoding="utf-8")
    return path


def open_report(browser: Browser, path: Path, **options: object) -> Visit:
    """Open a report and wait until it is drawn; every request and every complaint of the console is noted."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]
    visit = Visit(context.new_page())

    def judge(route: Route) -> None:
        visit.requests.append(route.request.url)
        if route.request.url == path.as_uri():
            route.continue_()
        else:
            route.abort()

    context.route("**/*", judge)
    visit.page.on("console", lambda m: visit.troubles.append(m.text) if m.type in {"error", "warning"} else None)
    visit.page.on("pageerror", lambda error: visit.troubles.append(str(error)))
    visit.page.on("dialog", lambda dialog: (visit.troubles.append(dialog.message), dialog.dismiss()))
    visit.page.goto(path.as_uri())
    visit.page.wait_for_selector("html[data-ready]", timeout=60_000)
    return visit


@pytest.fixture
def visit(chromium: Browser, report_file: Path) -> Iterator[Visit]:
    """The sample report; whatever a test does, nothing outside is asked for and the console stays silent."""
    opened = open_report(chromium, report_file)
    yield opened
    assert opened.troubles == []
    assert opened.requests == [report_file.as_uri()]
    opened.page.context.close()
