"""The page of all reports: static, so any web server, a file share or the Airflow UI can show it."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from guideway.reporting.content import Language
from guideway.reporting.durable import replace_text
from guideway.reporting.html import content_hash, page_file
from guideway.reporting.summary import stale
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


def published(home: Path) -> list[dict[str, Any]]:
    """The cards (``report.json``) of every report that stands in a network's folder, newest week first."""
    if not home.is_dir():
        return []
    weeks = sorted((path for path in home.iterdir() if _WEEK.fullmatch(path.name)), reverse=True)
    cards = []
    for week in weeks:
        card = week / "report.json"
        if card.is_file() and (week / "index.html").is_file():
            cards.append(json.loads(card.read_text(encoding="utf-8")))
    return cards


def networks(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The cards of each network that has a report in ``folder``, by the name of its folder, in order of names."""
    homes = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    found = {home.name: cards for home in homes if (cards := published(home))}
    return dict(sorted(found.items(), key=lambda item: (str(item[1][0]["network"]), item[0])))


def write_site(folder: Path) -> Path:
    """Write ``index.html`` of the reports folder from the reports that stand; returns its path.

    Its language is that of the newest report of all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = networks(folder)
    newest = max((cards[0] for cards in found.values()), key=lambda card: str(card["as_of"]), default=None)
    language: Language = newest["language"] if newest else "en"
    style = page_file("site.css")
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(page_file("site.html.j2"))
    page = template.render(
        language=language,
        words=Words(language),
        stale=partial(stale, words=Words(language)),
        networks=[(quote(name), cards) for name, cards in found.items()],
        files=_FILES,
        style=Markup(style),  # noqa: S704 (a file of this package)
        style_hash=content_hash(style),
    )
    path = folder / "index.html"
    replace_text(path, page)
    return path
