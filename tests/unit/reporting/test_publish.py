from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest

from guideway.errors import LakeError
from guideway.network.names import network_slug
from guideway.reporting import publish as publishing
from guideway.reporting.content import ReportContent
from guideway.reporting.durable import restore_folders
from guideway.reporting.publish import mark_stale, publish, publish_week
from guideway.reporting.site import published
from tests.unit.reporting import sample
from tests.unit.reporting.sample import AS_OF

pytestmark = pytest.mark.slow

FILES = {
    *("index.html", "report.pdf", "report.json", "worklist.xlsx", "condition.xlsx", "mail.html", "mail.txt"),
    *(
        "forecast.csv",
        "work_plan.csv",
        "maintenance_plan.csv",
        "deferral.csv",
        "policy_comparison.csv",
        "exceedance.csv",
        "intervention.csv",
        "network_week.csv",
        "rejected.csv",
        "quality_class.csv",
    ),
    *("scorecard.csv", "noise_source.csv", "insertion_loss.csv", "level_part.csv"),
    *("misaligned.csv", "unmeasured.csv", "failure.csv", "departure.csv"),
}


EMPTY = dataclasses.replace(sample.EMPTY, network_name="Harbour Network")
NETWORK = network_slug(EMPTY.network_name)


def home(folder: Path) -> Path:
    return folder / NETWORK


def digests(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_a_week_is_published_with_every_form_and_a_page_of_all_reports(small: ReportContent, tmp_path: Path) -> None:
    report = publish(small, tmp_path)
    assert report.folder == home(tmp_path) / "2026-W47"
    assert {path.name for path in report.files} == FILES
    card = json.loads((report.folder / "report.json").read_text())
    assert set(card["files"]) == FILES - {"report.json"}
    for name, fact in card["files"].items():
        assert hashlib.sha256((report.folder / name).read_bytes()).hexdigest() == fact["sha256"]
    assert f'href="{NETWORK}/2026-W47/index.html"' in report.site.read_text()
    book = openpyxl.load_workbook(report.folder / "condition.xlsx", read_only=True)
    assert book.worksheets[0].max_row == 1 + len(small.degradation_trend)


def test_publishing_again_changes_no_byte(small: ReportContent, tmp_path: Path) -> None:
    publish(small, tmp_path)
    before = digests(tmp_path)
    publish(small, tmp_path)
    assert digests(tmp_path) == before


def test_a_full_disk_half_way_leaves_the_report_that_stood(
    small: ReportContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(EMPTY, tmp_path)
    before = digests(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(publishing, "write_workbook", full)
    with pytest.raises(OSError, match="No space left"):
        publish(small, tmp_path)
    assert digests(tmp_path) == before
    assert [path.name for path in home(tmp_path).iterdir()] == ["2026-W47"]


def test_a_process_killed_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    report = publish(EMPTY, tmp_path)
    before = digests(tmp_path)
    report.folder.rename(home(tmp_path) / ".old-2026-W47")
    restore_folders(home(tmp_path))
    assert digests(tmp_path) == before


def test_a_failed_audit_puts_a_banner_on_the_last_report_and_the_next_one_takes_it_off(tmp_path: Path) -> None:
    last_week = dataclasses.replace(EMPTY, as_of=AS_OF.replace(day=15))
    publish(last_week, tmp_path)
    publish(EMPTY, tmp_path)
    clean = digests(tmp_path)
    page = mark_stale(tmp_path, EMPTY.network_name, "audit: <b>3 rows</b> lack a unit")
    assert page == home(tmp_path) / "2026-W47" / "index.html"
    text = page.read_text()
    assert "audit: &lt;b&gt;3 rows&lt;/b&gt; lack a unit" in text
    mark_stale(tmp_path, EMPTY.network_name, "the second reason")
    assert page.read_text().count('role="alert"') == 1
    assert "the second reason" in page.read_text()
    assert "the second reason" in (tmp_path / "index.html").read_text()
    changed = {name for name, digest in digests(tmp_path).items() if clean[name] != digest}
    assert changed == {f"{NETWORK}/2026-W47/index.html", f"{NETWORK}/2026-W47/report.json", "index.html"}
    publish(EMPTY, tmp_path)
    assert digests(tmp_path) == clean


def test_a_refused_week_leaves_the_last_report_with_the_reason_until_a_whole_one_comes(
    small: ReportContent, tmp_path: Path
) -> None:
    last_week = dataclasses.replace(EMPTY, as_of=AS_OF.replace(day=15))
    page = publish(last_week, tmp_path).index
    before = digests(tmp_path)
    with pytest.raises(LakeError, match="no trend of 2026-11-22"):
        publish_week(
            lambda: dataclasses.replace(small, degradation_trend=EMPTY.degradation_trend),
            tmp_path,
            EMPTY.network_name,
            AS_OF,
        )
    assert [card["iso_week"] for card in published(home(tmp_path))] == ["2026-W46"], "nothing half-made stands"
    assert "the report of 2026-W47 was not published: gold.degradation_trend: no trend" in page.read_text()
    report = publish_week(lambda: small, tmp_path, EMPTY.network_name, AS_OF)
    clean = digests(tmp_path)
    assert json.loads((report.folder / "report.json").read_text())["stale"] is None
    assert {name: clean[name] for name in before if "/" in name} == {k: v for k, v in before.items() if "/" in k}

    def broken() -> ReportContent:
        raise LakeError("gold.work_plan: torn commit")

    with pytest.raises(LakeError, match="torn commit"):
        publish_week(broken, tmp_path, EMPTY.network_name, last_week.as_of)
    assert digests(tmp_path) == clean, "an old week done again says nothing about a newer report"


def test_only_errors_meant_for_people_are_shown_to_them(tmp_path: Path) -> None:
    page = publish(EMPTY, tmp_path).index

    def broken() -> ReportContent:
        raise OSError("s3a://lake.internal/gold refused user planner")

    with pytest.raises(OSError, match="refused user"):
        publish_week(broken, tmp_path, EMPTY.network_name, AS_OF)
    text = page.read_text()
    assert "not published: OSError, see the job" in text
    assert "lake.internal" not in text


def test_there_is_nothing_to_mark_before_the_first_report(tmp_path: Path) -> None:
    assert mark_stale(tmp_path / "nothing", "Network", "reason") is None


def test_the_page_of_all_reports_lists_the_newest_week_first(tmp_path: Path) -> None:
    for day in (8, 22, 15):
        publish(dataclasses.replace(EMPTY, as_of=AS_OF.replace(day=day)), tmp_path)
    (home(tmp_path) / "2026-W99").mkdir()
    assert [card["iso_week"] for card in published(home(tmp_path))] == ["2026-W47", "2026-W46", "2026-W45"]


def test_networks_keep_their_own_weeks_and_banners(tmp_path: Path) -> None:
    names = ["North & South <Metro>", "捷運", "Alpine"]
    reports = {name: publish(dataclasses.replace(EMPTY, network_name=name), tmp_path) for name in names}
    assert len({report.folder for report in reports.values()}) == 3
    assert {report.folder.name for report in reports.values()} == {"2026-W47"}
    others = {name: digests(reports[name].folder) for name in names[1:]}
    mark_stale(tmp_path, names[0], "audit: rows lack a unit")
    assert published(reports[names[0]].folder.parent)[0]["stale"]
    assert {name: digests(reports[name].folder) for name in names[1:]} == others
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count('role="alert"') == 1
    shown = [unescape(name) for name in re.findall(r"<h2><bdi>(.*?)</bdi></h2>", page)]
    assert shown == sorted(names)
    links = re.findall(r'<a href="([^"]+/index\.html)"', page)
    assert {(tmp_path / unquote(link)).resolve() for link in links} == {report.index for report in reports.values()}


@pytest.mark.parametrize("name", ["../../etc", ".", "", "/", "a/../..", "\x00", "…", "x" * 5000, ".new-x"])
def test_a_hostile_network_name_stays_one_folder_below_the_reports(name: str) -> None:
    slug = network_slug(name)
    assert (Path("reports") / slug).resolve().parent == Path("reports").resolve()
    assert not slug.startswith(".")
    assert len(slug.encode()) <= 255


def test_missing_fonts_degrade_the_pdf_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "guideway.reporting.pdf.CJK_FONTS", {"zh-Hant": ("No Such Font",), "zh-Hans": ("No Such Font",)}
    )
    report = publish(dataclasses.replace(EMPTY, language="zh-Hant"), tmp_path)
    assert report.degraded == ("report.pdf is in English: none of the fonts No Such Font is installed",)
    assert report.degraded[0] in report.site.read_text()
