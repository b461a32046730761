"""The few calls of Airflow's REST API the local runner makes, over the loopback address with a log-in."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from infra.local.airflow_home import Login

_ASK_AGAIN = 4


class AirflowApi:
    """A client that logs in once and speaks JSON."""

    def __init__(self, address: str, login: Login) -> None:
        self.address = address
        self._login = login
        self._token = ""

    def call(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """One request; raises ``urllib.error.HTTPError`` where Airflow refuses it.

        A question that gets no answer from a busy machine is asked again for a minute or two; an order is given once.
        """
        for _ in range(_ASK_AGAIN if method == "GET" else 0):
            try:
                return self._call_once(method, path, body, **query)
            except urllib.error.HTTPError:
                raise
            except OSError:
                time.sleep(2)
        return self._call_once(method, path, body, **query)

    def _call_once(self, method: str, path: str, body: object, **query: object) -> Any:
        if not self._token:
            login = {"username": self._login.user, "password": self._login.password}
            self._token = self._send("POST", "/auth/token", login)["access_token"]
        try:
            return self._send(method, f"/api/v2{path}?{urlencode(query)}", body)
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
            self._token = ""
            return self._call_once(method, path, body, **query)

    def _send(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310 - loopback http
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def is_healthy(self) -> bool:
        """Whether database, scheduler and DAG processor all report life."""
        try:
            health = self._send("GET", "/api/v2/monitor/health")
        except (OSError, ValueError):
            return False
        return all((health.get(part) or {}).get("status") == "healthy" for part in ("metadatabase", "scheduler"))

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG has been parsed into the database."""
        try:
            self.call("GET", f"/dags/{dag_id}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True

    def ensure_pool(self, name: str, slots: int, description: str, include_deferred: bool) -> None:
        """Create the pool, or set its slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": include_deferred}
        try:
            self.call("POST", "/pools", body)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            self.call("PATCH", f"/pools/{quote(name)}", body)

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run; returns its id."""
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances", limit=100)
        return list(answer["task_instances"])

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What the task returned, or None."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/xcomEntries/return_value"
        try:
            return self.call("GET", path, deserialize="false", stringify="false")["value"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def events(self, dag_id: str, run_id: str) -> list[dict[str, Any]] | None:
        """The asset events a run caused, each with the runs it started; None where Airflow cannot say yet.

        Airflow 3.3.2 answers 500 while one of the runs it would list is still queued.
        """
        try:
            answer = self.call("GET", "/assets/events", source_dag_id=dag_id, source_run_id=run_id, limit=100)
        except urllib.error.HTTPError as error:
            if error.code == 500:
                return None
            raise
        return list(answer["asset_events"])

    def consumers(self) -> dict[str, set[str]]:
        """By asset name: the DAGs it starts."""
        assets = self.call("GET", "/assets", limit=1000)["assets"]
        return {asset["name"]: {dag["dag_id"] for dag in asset["scheduled_dags"]} for asset in assets}


def wait_until(happened: Callable[[], bool], seconds: float, what: str, pause: float = 0.5) -> None:
    """Wait for something.

    Raises:
        TimeoutError: it did not happen in time; the message says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} within {seconds:g} s")
        time.sleep(pause)
