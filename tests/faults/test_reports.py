"""Reports that are interrupted: by kill -9 at each step of publishing, by a full disk, by a second publisher."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from markupsafe import escape

from guideway.network.names import network_slug
from guideway.reporting.html import render_html
from guideway.reporting.inert import inert, inert_cell
from guideway.reporting.publish import mark_stale, publish
from guideway.reporting.site import published
from tests.faults.conftest import fill_disk
from tests.unit.reporting.sample import AS_OF, EMPTY

PUBLISHER = """
import dataclasses, sys
from pathlib import Path
from guideway.reporting.publish import publish
from tests.unit.reporting.sample import EMPTY
print("ready", flush=True)
publish(dataclasses.replace(EMPTY, run_id=sys.argv[2]), Path(sys.argv[1]))
"""
STEPS = ["index.html", "report.pdf", "worklist.xlsx", "forecast.csv", "mail.html", "report.json"]


def home(folder: Path) -> Path:
    return folder / network_slug(EMPTY.network_name)


def publisher(folder: Path, name: str) -> subprocess.Popen[str]:
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", PUBLISHER, str(folder), name], env=paths, text=True,
                            stdout=subprocess.PIPE)  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def whole(folder: Path) -> str:
    """Run that made the report that stands; every file is the one its card lists."""
    card = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    now = digests(folder)
    assert {name: fact["sha256"] for name, fact in card["files"].items()} == {
        name: digest for name, digest in now.items() if name != "report.json"
    }
    return str(card["run_id"])


@pytest.mark.fault(27)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.slow
def test_a_publisher_killed_while_it_writes_leaves_the_report_that_stood(tmp_path: Path, step: str, tally) -> None:
    publish(dataclasses.replace(EMPTY, run_id="Old"), tmp_path)
    process = publisher(tmp_path, "New")
    deadline = time.monotonic() + 60
    while process.poll() is None and not list(tmp_path.glob(f"*/.new-*/{step}")):
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    tally(kills=int(process.returncode == -signal.SIGKILL), lost=0, doubled=0)
    (card,) = published(home(tmp_path))
    assert card["run_id"] in {"Old", "New"}
    assert process.returncode == 0 or list(tmp_path.glob("*/.new-*")) or card["run_id"] == "New"
    assert whole(home(tmp_path) / card["iso_week"]) == card["run_id"]
    publish(dataclasses.replace(EMPTY, run_id="New"), tmp_path)
    assert whole(home(tmp_path) / card["iso_week"]) == "New"


@pytest.mark.fault(27)
@pytest.mark.slow
def test_two_publishers_at_once_leave_one_whole_report(tmp_path: Path) -> None:
    pair = [publisher(tmp_path, name) for name in ("One", "Two")]
    for process in pair:
        process.communicate(timeout=120)
    assert 0 in {process.returncode for process in pair}
    (card,) = published(home(tmp_path))
    assert whole(home(tmp_path) / card["iso_week"]) in {"One", "Two"}


@pytest.mark.fault(6, 27)
@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_the_report_that_stood(tmp_path: Path, small_disk: Path) -> None:
    publish(dataclasses.replace(EMPTY, run_id="Old"), small_disk)
    before = digests(home(small_disk) / published(home(small_disk))[0]["iso_week"])
    filler = fill_disk(small_disk)
    with pytest.raises(OSError, match="No space"):
        publish(dataclasses.replace(EMPTY, run_id="New"), small_disk)
    (card,) = published(home(small_disk))
    assert digests(home(small_disk) / card["iso_week"]) == before
    filler.unlink()
    publish(dataclasses.replace(EMPTY, run_id="New"), small_disk)
    assert whole(home(small_disk) / card["iso_week"]) == "New"


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    ("day", "week"),
    [(date(2020, 12, 31), "2020-W53"), (date(2021, 1, 3), "2020-W53"), (date(2021, 1, 4), "2021-W01"),
     (date(2024, 2, 29), "2024-W09"), (date(2024, 12, 30), "2025-W01"), (date(2026, 12, 31), "2026-W53")],
)  # fmt: skip
def test_a_report_belongs_to_its_iso_week(day: date, week: str) -> None:
    assert dataclasses.replace(EMPTY, as_of=day).iso_week == week


@pytest.mark.fault(16)
def test_every_week_of_ten_years_has_one_report() -> None:
    mondays = [date(2019, 12, 30) + timedelta(weeks=k) for k in range(523)]
    weeks = [dataclasses.replace(EMPTY, as_of=day).iso_week for day in mondays]
    assert len(set(weeks)) == len(weeks)
    assert weeks == sorted(weeks)
    assert sum(week.endswith("W53") for week in weeks) == 2


FORMULAS = ["=HYPERLINK('http://x')", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1", " =1", "\u00a0=1",
            "＝1", "\n=1", "=cmd|' /C calc'!A0"]  # fmt: skip


@pytest.mark.fault(30)
@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_a_cell_never_starts_like_a_formula(text: str) -> None:
    cell = inert_cell(text)
    assert cell.startswith("'")
    assert not re.search("[\x00\r]", cell)
    assert cell[1:] == inert(text), "nothing is lost: what cannot be shown is marked"


MARKUP = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "</style><b>",
          "<svg onload=alert(1)>", "&lt;script&gt;", "\u202egnp.exe", "]]><!--", "{{ 7 * 7 }}", "${7*7}",
          "file:///etc/passwd", "http://169.254.169.254/latest/meta-data"]  # fmt: skip


@pytest.fixture(scope="module")
def plain_page() -> str:
    return render_html(EMPTY)


@pytest.mark.fault(31, 32)
@pytest.mark.parametrize("text", MARKUP, ids=ascii)
def test_a_hostile_name_adds_no_markup_and_no_address(plain_page: str, text: str) -> None:
    page = render_html(dataclasses.replace(EMPTY, network_name=text, run_id=text))
    tags = [re.findall(r"<[a-zA-Z!/][^>]*", document) for document in (page, plain_page)]
    assert len(tags[0]) == len(tags[1])
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:http|file|javascript)", page)
    assert "\u202e" not in page
    assert str(escape(inert(text))) in page, "shown as the text it is"


@pytest.mark.fault(28)
@pytest.mark.parametrize(
    "reason", ["volume -50 %", "20 % of the sections are stale", "<b>bold</b>", "\u202e", "x" * 2000]
)
def test_the_banner_says_why_and_the_old_report_stays(tmp_path: Path, reason: str) -> None:
    report = publish(dataclasses.replace(EMPTY, as_of=AS_OF), tmp_path)
    before = digests(report.folder)
    page = mark_stale(tmp_path, EMPTY.network_name, reason)
    assert page == report.index
    after = digests(report.folder)
    assert {name for name in before if before[name] != after[name]} == {"index.html", "report.json"}
    assert published(home(tmp_path))[0]["stale"] == inert(reason)
    assert "<b>bold" not in page.read_text(encoding="utf-8")
