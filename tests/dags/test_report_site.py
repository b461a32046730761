"""Airflow's page of reports: nothing without a log-in, nothing from outside the folder, nothing unfinished."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.slow]
PLUGINS = Path(__file__).resolve().parents[2] / "infra" / "airflow" / "plugins"
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def plugin(airflow_home: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own modules
        patch.setattr(sys, "path", [str(PLUGINS), *sys.path])
        import report_site
        from airflow.api_fastapi.app import create_auth_manager

        create_auth_manager().init()
        yield report_site


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    week = tmp_path / "reports" / "north" / "2025-W52"
    week.mkdir(parents=True)
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "reports" / "index.html").write_text("all reports")
    (week / "index.html").write_text("the week")
    (week / "mail.html").write_text("<script>1</script>")
    (week.parent / ".new-x").mkdir()
    (week.parent / ".new-x" / "index.html").write_text("half")
    (week.parent / "link.html").symlink_to(tmp_path / "secret.html")
    return tmp_path / "reports"


def asking(app: Any) -> Ask:
    async def get(path: str, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://airflow") as client:
            return await client.get(path, headers=headers)

    return lambda path, **headers: asyncio.run(get(path, **headers))


@pytest.fixture
def ask(plugin: Any, reports: Path) -> Ask:
    """A reader whom Airflow knows; the log-in itself is the business of the tests of strangers and of the browser."""
    from airflow.api_fastapi.core_api.security import get_user

    app = plugin.report_app(reports)
    app.dependency_overrides[get_user] = lambda: None
    return asking(app)


def test_a_stranger_gets_nothing_not_even_what_exists(plugin: Any, reports: Path) -> None:
    ask = asking(plugin.report_app(reports))
    for path in ("/", "/north/2025-W52/index.html", "/nothing"):
        assert ask(path).status_code == 401
        assert ask(path, Authorization="Bearer forged").status_code == 403
        assert ask(path, Cookie="_token=forged").status_code == 403


def test_a_user_reads_the_index_and_a_week(ask: Ask) -> None:
    assert ask("/").text == "all reports"
    week = ask("/north/2025-W52/index.html")
    assert week.text == "the week"
    assert week.headers["x-content-type-options"] == "nosniff"
    assert ask("/north/2025-W52").headers["location"] == "2025-W52/"


def test_only_a_report_may_run_its_script(ask: Ask) -> None:
    assert "sandbox" in ask("/north/2025-W52/mail.html").headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["/../secret.html", "/%2e%2e/secret.html", "/north/..%2f..%2fsecret.html", "/north/.new-x/index.html",
     "/north/link.html", "/north", "/%2fetc/passwd", "//etc/passwd"],
)  # fmt: skip
def test_nothing_outside_or_unfinished_is_served(ask: Ask, path: str) -> None:
    assert ask(path).status_code == 404


def test_airflow_finds_the_plugin_where_the_local_runner_points_it(plugin: Any, tmp_path: Path) -> None:
    from infra.local import airflow_home as home

    kept = {"fernet_key": "", "session": "", "jwt": ""}
    assert home._configuration(8080, kept, True)["core"]["plugins_folder"] == PLUGINS
    (view,) = plugin.GuidewayReports.external_views
    (app,) = plugin.GuidewayReports.fastapi_apps
    assert view["href"].startswith(app["url_prefix"])
