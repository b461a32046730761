"""Publishing: a week's report is there whole or not at all, and a failed audit leaves the last one standing."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from guideway.errors import GuidewayError
from guideway.network.names import network_slug
from guideway.reporting.audit import audit
from guideway.reporting.content import ReportContent, iso_week_of
from guideway.reporting.csv_files import csv_frames, write_csv
from guideway.reporting.durable import replace_folder, replace_text, restore_folders, sync_tree
from guideway.reporting.html import banner_html, render_html, with_banner
from guideway.reporting.inert import inert
from guideway.reporting.mail import render_mail
from guideway.reporting.noise import level_sheet, loss_sheet, source_sheet
from guideway.reporting.outlook import outlook
from guideway.reporting.pdf import pdf_language, render_pdf
from guideway.reporting.policies import deferral_sheet, policy_sheet
from guideway.reporting.risks import departure_sheet, failure_sheet
from guideway.reporting.site import published, write_site
from guideway.reporting.summary import headline, summarise
from guideway.reporting.tables import (
    class_sheet,
    defect_sheet,
    forecast_sheet,
    inferred_sheet,
    rejected_sheet,
    rules_sheet,
    work_sheet,
)
from guideway.reporting.trust import misaligned_sheet, plan_sheet, scorecard_sheet, unmeasured_sheet
from guideway.reporting.words import LANGUAGES, Words
from guideway.reporting.workbook import write_workbook


@dataclass(frozen=True)
class PublishedReport:
    """A report that stands.

    Attributes:
        folder: ``reports/<network>/<ISO week>``.
        index: the report's page, ``index.html`` in ``folder``.
        site: the page of all reports.
        files: every file in ``folder``.
        degraded: what could not be made as wanted, in words; empty when all is well.
        table_versions: Delta version of each table it was made of, by full name.
    """

    folder: Path
    index: Path
    site: Path
    files: tuple[Path, ...]
    degraded: tuple[str, ...]
    table_versions: Mapping[str, int]


def publish(content: ReportContent, folder: Path) -> PublishedReport:
    """Write the report of a week and the page of all reports; publishing the same content again changes no byte.

    Everything is written and flushed beside its place and then put there by renaming. Whatever fails before that
    leaves the report that stood before untouched.

    Args:
        content: what the report says.
        folder: the reports folder of all networks; ``<network>/<ISO week>/`` and the page of all reports,
            ``index.html``, are made inside.
    """
    home = folder / network_slug(content.network_name)
    home.mkdir(parents=True, exist_ok=True)
    restore_folders(home)
    place = home / content.iso_week
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
    try:
        degraded = _write_files(content, scratch)
        scratch.chmod(0o755)
        sync_tree(scratch)
        replace_folder(scratch, place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _unmark_older(home, content.iso_week)
    site = write_site(folder)
    files = tuple(sorted(place.iterdir()))
    return PublishedReport(place, place / "index.html", site, files, degraded, content.table_versions)


def publish_week(make: Callable[[], ReportContent], folder: Path, network_name: str, as_of: date) -> PublishedReport:
    """Make, audit and publish the report of a week; what fails leaves the network's last one standing, with a banner.

    A failure of an old week done again says nothing about a newer report: that one gets no banner.

    Args:
        make: gives what the report says.
        folder: the reports folder of all networks.
        network_name: the network the report is about.
        as_of: day the report is about.

    Raises:
        LakeError: the audit refused the content.
    """
    try:
        content = make()
        audit(content)
        return publish(content, folder)
    except Exception as error:
        # foreign errors carry addresses and stack traces: those belong in the log
        said = str(error) if isinstance(error, GuidewayError) else f"{type(error).__name__}, see the job's log"
        week = iso_week_of(as_of)
        try:
            home = folder / network_slug(network_name)
            restore_folders(home)
            standing = published(home)
            if standing and str(standing[0]["iso_week"]) <= week:
                mark_stale(folder, network_name, f"the report of {week} was not published: {said}")
        except (OSError, ValueError, GuidewayError) as second:
            error.add_note(f"nor could the last report be marked: {second}")
        raise


def mark_stale(folder: Path, network_name: str, reason: str) -> Path | None:
    """Put a banner on a network's newest report: it stands, but what should have replaced it failed.

    Marking it again replaces the banner; publishing that week anew, or a later one, removes it.

    Args:
        folder: the reports folder of all networks.
        network_name: the network.
        reason: what failed, in words a planner understands.

    Returns:
        The page that carries the banner; None where nothing was ever published.
    """
    home = folder / network_slug(network_name)
    restore_folders(home)
    standing = published(home)
    if not standing:
        return None
    newest = home / str(standing[0]["iso_week"])
    card = {**standing[0], "stale": inert(reason)}
    page = newest / "index.html"
    language = card["language"]
    replace_text(page, with_banner(page.read_text(encoding="utf-8"), banner_html(reason, language)))
    replace_text(newest / "report.json", _json(card))
    write_site(folder)
    return page


def _unmark_older(home: Path, week: str) -> None:
    """Take off what ``mark_stale`` put on reports before ``week``; a banner a report was made with stays."""
    for card in published(home):
        if not card["stale"] or str(card["iso_week"]) >= week:
            continue
        place = home / str(card["iso_week"])
        page = with_banner((place / "index.html").read_text(encoding="utf-8"), "")
        if hashlib.sha256(page.encode()).hexdigest() == card["files"]["index.html"]["sha256"]:
            replace_text(place / "index.html", page)
            replace_text(place / "report.json", _json({**card, "stale": None}))


_CONDITION_SHEETS = (
    scorecard_sheet,
    rejected_sheet,
    misaligned_sheet,
    unmeasured_sheet,
    source_sheet,
    level_sheet,
    loss_sheet,
    rules_sheet,
)


def _write_files(content: ReportContent, folder: Path) -> tuple[str, ...]:
    rows = outlook(content)
    summary = summarise(content, rows)
    words = Words(content.language)
    _, why_not = pdf_language(content.language)
    (folder / "index.html").write_text(render_html(content), encoding="utf-8")
    (folder / "report.pdf").write_bytes(render_pdf(content, rows, summary))
    name, day = f"{content.network_name} {content.iso_week}", content.as_of
    lists = [work_sheet(content, words), deferral_sheet(content, words), inferred_sheet(content, words)]
    lists += [failure_sheet(content, words), departure_sheet(content, words)]
    lists += [plan_sheet(content, words), policy_sheet(content, words)]
    write_workbook(folder / "worklist.xlsx", lists, words, title=name, created=day)
    tables = [forecast_sheet(content, rows, words), defect_sheet(content, words), class_sheet(content, words)]
    tables += [make(content, words) for make in _CONDITION_SHEETS]
    write_workbook(folder / "condition.xlsx", tables, words, title=name, created=day)
    for file, frame in csv_frames(content, rows).items():
        write_csv(folder / file, frame)
    mail = render_mail(content, rows, summary)
    (folder / "mail.txt").write_text(f"{mail.subject}\r\n\r\n{mail.text}", encoding="utf-8", newline="")
    (folder / "mail.html").write_text(mail.html, encoding="utf-8")
    degraded = (why_not,) if why_not else ()
    card = {
        "network": inert(content.network_name),
        "iso_week": content.iso_week,
        "as_of": content.as_of.isoformat(),
        "language": content.language,
        "headline": {code: [inert(line) for line in headline(summary, Words(code))] for code in LANGUAGES},
        "run_id": inert(content.run_id),
        "code_version": content.code_version,
        "table_versions": dict(sorted(content.table_versions.items())),
        "degraded": degraded,
        "stale": inert(content.banner) if content.banner else None,
        "files": {path.name: _digest(path) for path in sorted(folder.iterdir())},
    }
    (folder / "report.json").write_text(_json(card), encoding="utf-8")
    return degraded


def _digest(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _json(card: dict[str, Any]) -> str:
    return json.dumps(card, ensure_ascii=False, indent=1) + "\n"
