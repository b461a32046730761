"""The ten lines that matter, as plain text and as HTML that mail programs show."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from jinja2 import Environment, StrictUndefined

from guideway.reporting.content import ReportContent
from guideway.reporting.digest import Item, act_items, plan_items
from guideway.reporting.html import page_file
from guideway.reporting.inert import inert
from guideway.reporting.summary import Summary, headline, stale
from guideway.reporting.words import Words

MOST_LINES = 10


@dataclass(frozen=True)
class Mail:
    """One message: ``subject`` and ten lines at most, as ``text`` and as ``html``."""

    subject: str
    text: str
    html: str


def render_mail(content: ReportContent, rows: pd.DataFrame, summary: Summary) -> Mail:
    """The weekly mail in the report's language; ``rows`` is the outlook of the content."""
    words = Words(content.language)
    subject = _one_line(words("mail.subject", network=content.network_name, week=content.iso_week))
    sentences = [_one_line(sentence) for sentence in headline(summary, words)]
    if content.banner:
        sentences.insert(0, _one_line(stale(content.banner, words)))
    refused = len(content.source_file)
    tail = [f"{words('data.rejected')}: {refused}"] if refused else []
    room = MOST_LINES - len(sentences) - len(tail)
    act = act_items(content, rows, summary, words, (room + 1) // 2)
    plan = plan_items(content, words, room - len(act))
    groups = [(words("layer.act.short"), act), (words("layer.plan.short"), plan)]
    listed = [f"{label}: {_line(item)}" for label, items in groups for item in items]
    lines = [*sentences, *listed, *tail]
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(page_file("mail.html.j2"))
    html = template.render(
        language=content.language, subject=subject, sentences=sentences, groups=groups, tail=tail, inert=_one_line
    )
    return Mail(subject=subject, text="\r\n".join(lines) + "\r\n", html=html)


def _line(item: Item) -> str:
    return _one_line(" – ".join(part for part in (item.name, item.fact, item.place, item.why) if part))


def _one_line(text: str) -> str:
    """The text without line breaks: nothing of the data can start a line or a header of its own."""
    return " ".join(inert(text).split())
