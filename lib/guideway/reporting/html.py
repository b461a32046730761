"""The report as one self-contained HTML file: no request leaves it, and nothing in its data can run.

Every text of the data reaches the page as JSON inside a compressed base64 block and is set by ``textContent``; the few
texts the template writes are escaped by Jinja. The Content-Security-Policy allows exactly one script and one style
sheet, by their SHA-256, and nothing else: no network, no frames, no forms, no inline handlers.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from guideway.errors import LakeError
from guideway.reporting.content import Language, ReportContent
from guideway.reporting.inert import inert
from guideway.reporting.outlook import outlook
from guideway.reporting.page_data import pack_page
from guideway.reporting.summary import headline, stale, summarise
from guideway.reporting.words import LANGUAGE_NAMES, Words, vocabulary

SCRIPTS = (
    "data",
    "words",
    "sentences",
    "dom",
    "place",
    "virtual",
    "plain",
    "trend",
    "strip",
    "detail",
    "decide",
    "forecast",
    "rest",
    "policies",
    "risks",
    "noise",
    "app",
)
"""Script files of the page in the order they are joined."""

BODIES = (
    ("lines", "lines"),
    ("forecast", "forecast"),
    ("rates", "rates"),
    ("trends", "trends"),
    ("work", "work"),
    ("deferred", "deferred"),
    ("inferred", "inferred"),
    ("defects", "defects"),
    ("risks", "risks"),
    ("noise", "noise"),
    ("policies", "policies"),
    ("strips", "strips"),
    ("data", "data"),
    ("quality", "quality"),
)
SECTIONS = ("decide", "lines", "forecast", "trends", "work", "defects", "risks", "noise", "strips", "data", "quality")


_BANNER_STARTS = "<!--banner-->"
_BANNER_ENDS = "<!--/banner-->"


def render_html(content: ReportContent) -> str:
    """The weekly report as one HTML document."""
    rows = outlook(content)
    summary = summarise(content, rows)
    words = Words(content.language)
    year, week, _ = content.as_of.isocalendar()
    style, script = page_file("report.css"), page_script()
    return _template("report.html.j2").render(
        language=content.language,
        languages=LANGUAGE_NAMES,
        network=inert(content.network_name),
        title=f"{inert(content.network_name)} · {content.iso_week}",
        version=content.code_version,
        banner=Markup(banner_html(content.banner, content.language) if content.banner else ""),  # noqa: S704 (escaped)
        words=words,
        vocabulary=vocabulary(),
        sections=SECTIONS,
        bodies=BODIES,
        week=words("report.week", week=week, year=year),
        upto=words("report.data_to", date=words.day(content.as_of)),
        headline=headline(summary, words),
        style=Markup(style),  # noqa: S704 (a file of this package)
        style_hash=content_hash(style),
        script=Markup(script),  # noqa: S704 (files of this package)
        script_hash=content_hash(script),
        pack=pack_page(content, rows, summary),
    )


def banner_html(reason: str, language: Language) -> str:
    """The banner that says why a report is not to be trusted as it stands; every text is escaped."""
    said = escape(stale(inert(reason), Words(language)))
    return f'<div class="banner" role="alert"><div class="wrap"><bdi>{said}</bdi></div></div>'


def with_banner(page: str, banner: str) -> str:
    """A report's page with its banner put in or exchanged."""
    before, _, rest = page.partition(_BANNER_STARTS)
    _, ends, after = rest.partition(_BANNER_ENDS)
    if not ends:
        raise LakeError("this page is not a report of Guideway: it has no place for a banner")
    return before + _BANNER_STARTS + banner + _BANNER_ENDS + after


def content_hash(text: str) -> str:
    """Source expression of an inline element for a Content-Security-Policy: ``sha256-...``."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def page_file(name: str) -> str:
    """A file of the package's ``page`` folder."""
    return files("guideway.reporting").joinpath("page", name).read_text(encoding="utf-8")


@cache
def page_script() -> str:
    """The page's scripts as one strict function scope."""
    parts = "\n".join(page_file(f"js/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


@cache
def _template(name: str) -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(page_file(name))
