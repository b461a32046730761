"""Alerts reach a real web server and a real mail server on the loopback address, and never break a task."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]

CONTEXT = {
    "ti": SimpleNamespace(dag_id="train_models", task_id="fit", try_number=3, log_url="http://127.0.0.1/log"),
    "dag_run": SimpleNamespace(run_id="manual__1"),
    "exception": ValueError("limit {{ 7 * 7 }} <b>is wrong</b>"),
}


@pytest.fixture
def tell(dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    for name in ("GUIDEWAY_ALERT_WEBHOOK", "GUIDEWAY_ALERT_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    callback: Callable[[Any], None]
    (callback,) = dags["ingest_archive"].get_task("ingest_archive").on_failure_callback
    return callback


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_gets_where_to_look(tell: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with serving(HTTPServer(("127.0.0.1", 0), Receiver)) as port:
        monkeypatch.setenv("GUIDEWAY_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/hook")
        tell(CONTEXT)
    assert [(fact["dag"], fact["task"], fact["run"], fact["attempt"]) for fact in got] == [
        ("train_models", "fit", "manual__1", "3")
    ]
    assert got[0]["error"] == "limit {{ 7 * 7 }} <b>is wrong</b>"


class MailSink(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321 to take a message."""

    def handle(self) -> None:
        self.say("220 sink")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.messages.append(b"".join(lines))  # type: ignore[attr-defined]
            self.say("221 bye" if line.upper() == "QUIT" else "250 fine")
            if line.upper() == "QUIT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


def test_a_mail_shows_the_error_as_text(tell: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    server = socketserver.TCPServer(("127.0.0.1", 0), MailSink)
    server.messages = []  # type: ignore[attr-defined]
    with serving(server) as port:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "guideway@example.org"}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
        monkeypatch.setenv("GUIDEWAY_ALERT_EMAIL", "ann@example.org,bob@example.org")
        tell(CONTEXT)
    (raw,) = server.messages  # type: ignore[attr-defined]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == "Guideway: task failed: train_models"
    body = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "limit {{ 7 * 7 }} &lt;b&gt;is wrong&lt;/b&gt;" in body


def test_a_late_run_is_told_by_its_id(
    dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (deadline,) = dags["weekly_degradation"].deadline
    assert deadline.callback.path == "alerts.tell_late"
    import alerts

    told: list[dict[str, str]] = []
    monkeypatch.setenv("GUIDEWAY_ALERT_WEBHOOK", "https://example.org")
    monkeypatch.setattr(alerts, "_post", lambda _address, facts: told.append(facts))
    alerts.tell_late({"dag_run": {"dag_id": "weekly_degradation", "dag_run_id": "manual__1", "state": "running"}})
    assert told == [{"event": "deadline_missed", "dag": "weekly_degradation", "run": "manual__1"}]


def test_nobody_is_told_where_nobody_is_named(tell: Callable[[Any], None], caplog: pytest.LogCaptureFixture) -> None:
    tell(CONTEXT)
    assert caplog.records == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "file:///etc/passwd", "not an address"])
def test_an_alert_that_cannot_be_delivered_is_logged_and_breaks_nothing(
    tell: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    monkeypatch.setenv("GUIDEWAY_ALERT_WEBHOOK", address)
    tell(CONTEXT)
    assert "was not delivered" in caplog.text
