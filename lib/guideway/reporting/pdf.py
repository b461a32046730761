"""The report as PDF, set by Typst: no browser, no network, fonts of this machine or Typst's own."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import typst

from guideway.reporting.content import Language, ReportContent
from guideway.reporting.inert import inert
from guideway.reporting.printed import printed_report
from guideway.reporting.summary import Summary
from guideway.reporting.words import Words

_LATIN = (
    "Source Sans 3",
    "Inter",
    "Segoe UI",
    "Helvetica Neue",
    "Noto Sans",
    "Noto Sans CJK SC",
    "DejaVu Sans",
    "Libertinus Serif",
)
_SERIF = ("Libertinus Serif", "Noto Serif CJK SC", "Songti SC")
CJK_FONTS = {
    "zh-Hant": ("Noto Sans CJK TC", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", "Noto Sans CJK SC"),
    "zh-Hans": ("Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK TC"),
}


def pdf_language(language: Language) -> tuple[Language, str | None]:
    """The language the PDF can be set in here, and why it is not the wanted one where it is not."""
    if language == "en" or installed_fonts(CJK_FONTS[language]):
        return language, None
    return "en", f"report.pdf is in English: none of the fonts {', '.join(CJK_FONTS[language])} is installed"


def installed_fonts(families: tuple[str, ...]) -> list[str]:
    """Those of the families Typst finds on this machine or brings itself, in the order given."""
    known = {str(family).casefold() for family in _fonts().families()}
    return [family for family in families if family.casefold() in known]


@cache
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=True)


def render_pdf(content: ReportContent, rows: pd.DataFrame, summary: Summary) -> bytes:
    """The report as PDF; ``rows`` is the outlook of the content. The same content gives the same bytes."""
    language, _ = pdf_language(content.language)
    words = Words(language)
    latin = installed_fonts(_LATIN) or ["Libertinus Serif"]
    fonts = latin if language == "en" else [*installed_fonts(CJK_FONTS[language])[:1], *latin]
    if language == "en":
        fonts = [*fonts, *installed_fonts(CJK_FONTS["zh-Hant"])[:1]]
    report = _clean(
        {**printed_report(content, rows, summary, words), "fonts": fonts, "serif": [*installed_fonts(_SERIF), *fonts]}
    )
    with tempfile.TemporaryDirectory(prefix="guideway-pdf-") as folder:
        root = Path(folder)
        template = files("guideway.reporting").joinpath("page/report.typ").read_text(encoding="utf-8")
        (root / "report.typ").write_text(template, encoding="utf-8")
        (root / "report.json").write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
        stamp = datetime(content.as_of.year, content.as_of.month, content.as_of.day, tzinfo=UTC)
        return bytes(
            typst.compile(
                root / "report.typ", root=root, font_paths=_fonts(), format="pdf", timestamp=int(stamp.timestamp())
            )
        )


def _clean(value_: Any) -> Any:
    """Every text of a JSON value made inert."""
    if isinstance(value_, str):
        return value_ if value_.startswith("<svg ") else inert(value_)
    if isinstance(value_, dict):
        return {key: _clean(part) for key, part in value_.items()}
    if isinstance(value_, list | tuple):
        return [_clean(part) for part in value_]
    return value_
