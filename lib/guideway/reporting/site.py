"""The page of all reports: static, so any web server, a file share or the Airflow UI can show it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from guideway.reporting.content import Language
from guideway.reporting.durable import replace_text
from guideway.reporting.html import content_hash, page_file
from guideway.reporting.words import Words

_WEEK = re.compile(r"\d{4}-W\d{2}")
_FILES = (
    "report.pdf",
    "worklist.xlsx",
    "condition.xlsx",
    "mail.html",
    "forecast.csv",
    "work_plan.csv",
    "exceedance.csv",
)


def published(folder: Path) -> list[dict[str, Any]]:
    """The cards (``report.json``) of every report that stands in ``folder``, newest week first."""
    if not folder.is_dir():
        return []
    weeks = sorted((path for path in folder.iterdir() if _WEEK.fullmatch(path.name)), reverse=True)
    cards = []
    for week in weeks:
        card = week / "report.json"
        if card.is_file() and (week / "index.html").is_file():
            cards.append(json.loads(card.read_text(encoding="utf-8")))
    return cards


def write_site(folder: Path) -> Path:
    """Write ``index.html`` of the reports folder from the reports that stand; returns its path."""
    cards = published(folder)
    language: Language = cards[0]["language"] if cards else "en"
    style = page_file("site.css")
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(page_file("site.html.j2"))
    page = template.render(
        language=language,
        words=Words(language),
        cards=cards,
        files=_FILES,
        style=Markup(style),  # noqa: S704 (a file of this package)
        style_hash=content_hash(style),
    )
    path = folder / "index.html"
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(path, page)
    return path
