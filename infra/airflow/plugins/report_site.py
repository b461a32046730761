"""The report site as a page of Airflow's own pages, for whoever is logged in to them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/guideway/reports"
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
# pages carry a policy of their own that allows their one script; nothing else may run beside Airflow's session
_PAGE = "frame-ancestors 'self'"
_OTHER = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


def report_app(folder: Path) -> App:
    """Serve the published reports in ``folder`` to users Airflow knows; never what is hidden or unfinished."""
    from airflow.api_fastapi.core_api.security import get_user  # noqa: PLC0415
    from fastapi import Depends, FastAPI, HTTPException  # noqa: PLC0415
    from fastapi.responses import FileResponse, RedirectResponse, Response  # noqa: PLC0415

    app = FastAPI(openapi_url=None, dependencies=[Depends(get_user)])
    root = folder.resolve()

    @app.get("/{path:path}")
    def read(path: str) -> Response:
        place = (root / path).resolve()
        inside = place.relative_to(root).parts if place.is_relative_to(root) else (".",)
        if any(part.startswith(".") for part in inside):
            raise HTTPException(404)
        if place.is_dir() and (place / "index.html").is_file():
            if path and not path.endswith("/"):
                return RedirectResponse(f"{place.name}/")
            place /= "index.html"
        if not place.is_file():
            raise HTTPException(404, "no report has been published yet" if not path else None)
        policy = _PAGE if place.name == "index.html" else _OTHER
        return FileResponse(place, headers={**_HEADERS, "Content-Security-Policy": policy})

    return app


class ReportSite:
    """The site, made at its first request: every Airflow process loads plugins, only the API server needs a web app."""

    @cached_property
    def _app(self) -> App:
        return report_app(Path(os.environ.get("GUIDEWAY_REPORTS", "var/reports")))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)


class GuidewayReports(AirflowPlugin):  # type: ignore[misc]  # Airflow's base class carries no types
    """Entry *Reports* of the navigation."""

    name = "guideway_reports"
    fastapi_apps = [{"app": ReportSite(), "url_prefix": PREFIX, "name": "Guideway reports"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Reports",
            "href": f"{PREFIX}/",
            "url_route": "guideway-reports",
            "destination": "nav",
            "nav_top_level": True,
        }
    ]
