"""A Chinese report is Chinese in every form: what the pipeline writes in English is said again, word for word."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import openpyxl
import pandas as pd
import pytest

from guideway.archives.reasons import REASONS
from guideway.contracts.models import DRAINAGE, WORK_TYPES
from guideway.degradation.priors import MODELS
from guideway.monitoring.registry import indicators
from guideway.planning import works as works_module
from guideway.planning.optimiser import plan
from guideway.planning.works import deferral_rows, work_rows
from guideway.prognostics import gate, reasons
from guideway.reporting import audit
from guideway.reporting.content import Language, ReportContent
from guideway.reporting.outlook import outlook
from guideway.reporting.printed import printed_report
from guideway.reporting.publish import publish
from guideway.reporting.sentences import Sentences, patterns
from guideway.reporting.summary import summarise
from guideway.reporting.words import Words, vocabulary
from guideway.rulebooks.load import load_rulebooks
from tests.unit.planning.national import AS_OF, national

CHINESE: tuple[Language, ...] = ("zh-Hant", "zh-Hans")
TITLES = {name: indicator.title for name, indicator in indicators().items()}

_CODES = """AL IL IAL EUR TQI CRPS LAeq UTC Hz mm dB km min um EN JGJ CJJ GB re MB MAE AUC MLflow Guideway xlsx
condition docs indicators Wiener gamma gold reference line Europe Helsinki"""
CODES = frozenset(_CODES.split())
"""Codes, units, standards and names of files: what stays Latin in a Chinese text."""


def latin(text: str, names: Iterable[str] = ()) -> set[str]:
    """Latin words of a text that are no codes and no part of ``names``."""
    known = {word for name in names for word in re.findall("[A-Za-z]{2,}", str(name))}
    return set(re.findall("[A-Za-z]{2,}", text)) - CODES - known


def names_of(content: ReportContent) -> Iterator[str]:
    """What the sample's data call things, and the decoders' messages, which are quoted."""
    yield from (
        content.network_name,
        content.run_id,
        *content.table_versions,
        str(content.model and content.model.name),
    )
    for frame, names in (
        (content.lines, ("line_id", "name")),
        (content.assets, ("asset_id", "name")),
        (content.work_plan, ("plan_id",)),
        (content.exceedance, ("recording_id",)),
        (content.misaligned, ("recording_id",)),
        (content.unmeasured, ("recording_id",)),
        (content.limits, ("rulebook_id", "clause", "provenance", "unit")),
        (content.source_file, ("path", "source_id")),
    ):
        for name in names:
            yield from (text for text in frame[name].astype(str) if text != "unverified default")
    yield from (re.split("same bytes as|:", reason)[-1] for reason in content.source_file["reason"])
    yield "levitation_gap_left"


BARE = {re.sub(r"\{[^}]*\}", "{}", english).replace("{} {}", "{}") for english in patterns()}
PARTS = {
    "{} of {}",
    "promoted: ",
    "refused: ",
    "{}{}{} drainage",
    ", {} its neighbours",
    ", few values",
    "the last work",
}
"""Pieces of sentences that ``BARE`` holds whole."""


def templates(module: ModuleType) -> Iterator[str]:
    """Every sentence a module can write, each of its values as ``{}``."""
    tree = ast.parse(inspect.getsource(module))
    spoken: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            spoken |= {id(part) for part in ast.walk(node.value)}  # what is said of names and functions
        if isinstance(node, ast.JoinedStr):
            spoken |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in spoken:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            text = text.replace("{} {}", "{}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = re.sub(r"\{[^}]*\}", "{}", node.value)
        else:
            continue
        if re.search(r"[a-z]{2,} |[a-z]{2}\.$", text):
            behind = text.removeprefix("{} ")  # a sentence behind another
            yield behind if behind in BARE else text


@pytest.mark.parametrize("module", [works_module, reasons, gate, audit], ids=lambda m: m.__name__)
def test_every_sentence_in_the_source_has_a_pattern(module: ModuleType) -> None:
    own = {text for text in templates(module) if text not in PARTS}
    assert len(own) > 2
    assert own - BARE == set()


@pytest.mark.parametrize("language", CHINESE)
def test_the_planners_own_reasons_leave_no_english(language: Language) -> None:
    says = Sentences(Words(language), TITLES)
    planning = national(lines=2, sections=150, money=150_000.0)
    result = plan(planning.problem)
    rows = (make(planning, result, TITLES, "p", AS_OF) for make in (work_rows, deferral_rows))
    told = pd.concat([frame["reason"] for frame in rows])
    assert len(told) > 40
    assert "Deferred" in " ".join(told)
    for reason in told:
        assert latin(says(reason)) == set(), reason
        assert sorted(re.findall(r"\d+%", says(reason))) == sorted(re.findall(r"\d+%", reason)), "with its figures"


def test_sentences_are_said_field_by_field() -> None:
    says = Sentences(Words("zh-Hant"), {"longitudinal_level_sd": "longitudinal level, standard deviation"})
    crossing = (
        "Longitudinal level, standard deviation crosses the AL limit of 1.9 mm in 40 days (80 % interval 12 to 3650+)."
    )
    assert says(crossing) == "高低不平順標準差將在 40 天後超過 AL 限值 1.9 mm（80 % 區間 12 至 3650+ 天）。"
    assert says("refused: does not beat the plain trend on later origins (no rows to compare)") == (
        "未採用：在較晚的起點上不優於單純趨勢（沒有可比較的資料）"
    )
    assert says("14 months since ballast cleaning") == "距上次道砟清篩 14 個月"
    assert says("GB 10070 1988, as read; residential; unverified default") == (
        "GB 10070 1988，據所見版本；居民、文教區；未核對的預設值"
    )


def test_what_no_sentence_fits_is_kept_as_it_was_delivered() -> None:
    says = Sentences(Words("zh-Hant"), {})
    for text in ("", "=1+1", "<b>", "KeyError: 'x'", "two of them. Nobody knows why.", "{text}", "a\nb"):
        assert says(text) == text
    assert says("truncated: row 48 211 ends early") == "檔案不完整：row 48 211 ends early"
    assert (
        Sentences(Words("en"), {})("One more crossing is settled with it.") == "One more crossing is settled with it."
    )


def test_every_code_a_table_can_hold_has_a_word_in_each_language() -> None:
    limits = [row for book in load_rulebooks().values() for row in book.rows]
    levels = {row.level for row in limits if re.search("[a-z]{3}", row.level)}
    classes = {part for row in limits for part in row.asset_class.split(".") if re.search("[a-z]{2}", part)}
    named = {f"grade.{level.replace(' ', '_')}" for level in levels} | {f"zone.{part}" for part in classes}
    named |= {f"refused.{code}" for code in REASONS} | {f"trend_model.{name}" for name in MODELS}
    named |= {f"type.{name}" for name in WORK_TYPES}
    assert named - set(vocabulary()) == set()
    assert {f"{word} drainage" for word in DRAINAGE if word != "good"} <= set(patterns())


@pytest.fixture(scope="module", params=CHINESE)
def chinese(request: pytest.FixtureRequest, small: ReportContent) -> ReportContent:
    return dataclasses.replace(
        small,
        language=request.param,
        banner="the report of 2026-W48 was not published: reference.line: no line is known",
    )


def test_workbooks_and_mail_leave_no_english(chinese: ReportContent, tmp_path: Path) -> None:
    report, names = publish(chinese, tmp_path), set(names_of(chinese))
    for name in ("worklist.xlsx", "condition.xlsx"):
        for sheet in openpyxl.load_workbook(report.folder / name).worksheets:
            cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
            assert {cell for cell in (sheet.title, *cells) if latin(cell, names)} == set()
    assert latin((report.folder / "mail.txt").read_text(encoding="utf-8"), names) == set()


def test_the_printed_report_leaves_no_english(chinese: ReportContent) -> None:
    rows, names = outlook(chinese), set(names_of(chinese))
    printed = printed_report(chinese, rows, summarise(chinese, rows), Words(chinese.language))

    def texts(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield re.sub("<[^>]*>", " ", value)
        elif isinstance(value, Mapping):
            yield from (
                text for key, part in value.items() if key not in {"lang", "region", "kind"} for text in texts(part)
            )
        elif isinstance(value, list | tuple):
            yield from (text for part in value for text in texts(part) if not re.fullmatch("#[0-9a-f]{6}|[lr]", text))

    assert {text for text in texts(printed) if latin(text, names)} == set()
