"""The report site inside a real Airflow: a person logs in, opens it from the menu and reads a report."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from guideway.reporting.content import ReportContent
from guideway.reporting.publish import publish
from infra.local.places import free_port

pytestmark = [pytest.mark.drill, pytest.mark.airflow]
ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import os, sys
from infra.local.airflow_home import prepare_airflow
from infra.local.airflow_services import migrate_database
from infra.local.places import BIN, LOOPBACK, VAR, job_environment
port, env = int(sys.argv[1]), job_environment()
login = prepare_airflow(port, interactive=True)
migrate_database(env, VAR / "log" / "db.log")
print(login.user, login.password, flush=True)
command = [str(BIN / "airflow"), "api-server", "--host", LOOPBACK, "--workers", "1", "--port", str(port)]
os.execve(command[0], command, env)
"""


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - loopback http
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture
def airflow(tmp_path: Path, content: ReportContent) -> Iterator[tuple[str, str, str]]:
    """Address, user and password of an API server that shows the reports of two networks."""
    for name, weeks in (("Harbour Network", 2), ("Alpine Network", 1)):
        for week in range(weeks, 0, -1):
            day = content.as_of - timedelta(weeks=week - 1)
            publish(dataclasses.replace(content, network_name=name, as_of=day), tmp_path / "reports")
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GUIDEWAY"))}
    env["GUIDEWAY_VAR"] = str(tmp_path)
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], cwd=ROOT, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    try:
        assert server.stdout is not None
        user, password = server.stdout.readline().split()
        deadline = time.monotonic() + 300
        while not answers(f"http://127.0.0.1:{port}/api/v2/version"):
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}", user, password
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=60)


def test_a_user_opens_a_report_from_the_menu(chromium: Browser, airflow: tuple[str, str, str], tmp_path: Path) -> None:
    address, user, password = airflow
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    refused = page.goto(f"{address}/guideway/reports/")
    assert refused is not None
    assert refused.status == 401
    page.goto(f"{address}/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.get_by_text("Reports", exact=True).first.click(timeout=60_000)
    site = page.frame_locator("iframe")
    expect(site.locator("h2")).to_have_text(["Alpine Network", "Harbour Network"], timeout=60_000)
    page.screenshot(path=tmp_path / "index.png")
    site.locator(".latest .week a").nth(1).click()
    expect(site.locator("html[data-ready]")).to_have_count(1, timeout=60_000)
    expect(site.locator(".panel").first).to_be_visible()
    site.locator(".row").first.click()
    expect(site.locator("#detail h2")).to_be_visible()
    page.screenshot(path=tmp_path / "report.png")
    context.close()
