"""Takes the pictures of the report in ``docs/pictures`` from the sample network: ``python -m tests.browser.pictures``.

Looked at before they are kept. The Chinese one needs a font such as Noto Sans CJK on the machine.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from guideway.reporting.html import render_html
from tests.browser.conftest import ARGUMENTS, open_report
from tests.unit.reporting.sample import sample_content

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 1280, "height": 900}


def show(part: str) -> Callable[[Page], bytes]:
    """The window with a part of the page at its top."""

    def take(page: Page) -> bytes:
        page.evaluate("part => document.getElementById(part).scrollIntoView({behavior: 'instant'})", part)
        return page.screenshot()

    return take


def part_alone(part: str) -> Callable[[Page], bytes]:
    """A part of the page as a whole, its margins with it."""

    def take(page: Page) -> bytes:
        page.evaluate("document.querySelector('.bar').style.position = 'static'")
        box = page.locator(f"#{part}").bounding_box()
        assert box is not None
        clip = {"x": 0.0, "y": box["y"] + 30.0, "width": NARROW["width"], "height": box["height"]}
        return page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]

    return take


def with_detail(page: Page) -> bytes:
    """The drawer of a section beside the table."""
    show("forecast")(page)
    page.locator(".row").nth(5).click()
    return page.screenshot()


def in_chinese(page: Page) -> bytes:
    """The first screen in Traditional Chinese."""
    page.select_option("#language", "zh-Hant")
    return page.screenshot()


SHOTS: tuple[tuple[str, dict[str, object], Callable[[Page], bytes]], ...] = (
    ("report", {"viewport": {"width": 1440, "height": 1500}}, lambda page: page.screenshot()),
    ("report-dark", {"viewport": WIDE, "color_scheme": "dark"}, lambda page: page.screenshot()),
    ("report-phone", {"viewport": {"width": 390, "height": 844}}, lambda page: page.screenshot()),
    ("report-zh-hant", {"viewport": WIDE}, in_chinese),
    ("report-forecasts", {"viewport": WIDE}, show("forecast")),
    ("report-section", {"viewport": WIDE}, with_detail),
    ("report-strip-maps", {"viewport": WIDE}, show("strips")),
    ("report-work", {"viewport": NARROW}, part_alone("work")),
    ("report-deferred", {"viewport": NARROW}, part_alone("deferred")),
    ("report-policies", {"viewport": NARROW}, part_alone("policies")),
)


def main() -> None:
    """Take all pictures, with 256 colours each."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "index.html"
        path.write_text(render_html(sample_content()), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name, options, take in SHOTS:
            visit = open_report(browser, path, reduced_motion="reduce", **options)
            picture = Image.open(io.BytesIO(take(visit.page))).convert("RGB").quantize(256)
            picture.save(PICTURES / f"{name}.png", optimize=True)
            visit.page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
