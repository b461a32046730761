"""MLflow that is down, hangs or answers with errors: the science goes on, the wait is bounded, the run is kept."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect
from tests.faults.catalogue import check_told
from tests.faults.conftest import fill_disk

WAIT_S = 4.0


class Broken(BaseHTTPRequestHandler):
    """A server that answers badly, as ``how`` says."""

    how = "500"
    served = 0

    def answer(self) -> None:
        """One bad answer to whatever was asked."""
        type(self).served += 1
        if self.how == "hangs":
            time.sleep(30)
        if self.how == "drops":
            self.connection.close()
            return
        healthy = self.how == "500-after-health" and self.path.endswith("/health")
        body = b"OK" if healthy else b"<html>no</html>" if self.how == "html" else b"{}"
        self.send_response(200 if healthy or self.how == "html" else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (Broken,), {"how": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        listening.daemon_threads = True
        listening.block_on_close = False
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


def ask(settings: TrackingSettings) -> object:
    """A question the jobs ask: which experiments there are."""
    with connect(settings) as (client, deadline):
        deadline.check()
        return client.search_experiments(max_results=1)


@pytest.mark.fault(24)
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("server", ["500", "hangs", "drops", "500-after-health"], indirect=True)
def test_a_broken_server_is_one_error_in_bounded_time(server: str, tmp_path: Path) -> None:
    settings = TrackingSettings(uri=server, folder=tmp_path, max_wait_s=WAIT_S)
    started = time.monotonic()
    with pytest.raises(TrackingUnavailableError):
        ask(settings)
    assert time.monotonic() - started < 15 * WAIT_S, "MLflow's own retries would wait for a quarter of an hour"


@pytest.mark.fault(24)
def test_no_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = TrackingSettings(uri="http://127.0.0.1:9", folder=tmp_path, max_wait_s=WAIT_S)
    with pytest.raises(TrackingUnavailableError) as caught:
        ask(settings)
    check_told(24, "mlflow_down", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(24, 6)
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_full_disk_under_the_store_is_the_same_error(small_disk: Path) -> None:
    fill_disk(small_disk)
    with pytest.raises(TrackingUnavailableError):
        ask(TrackingSettings.local(small_disk / "mlflow"))


@pytest.mark.fault(24)
@pytest.mark.slow
def test_a_database_that_is_down_or_silent_is_told_in_seconds(tmp_path: Path) -> None:
    """MLflow alone would try it ten times, for 100 s."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        for port in (9, silent.getsockname()[1]):
            uri = f"postgresql+psycopg2://user:secret@127.0.0.1:{port}/mlflow"
            started = time.monotonic()
            with pytest.raises(TrackingUnavailableError) as caught:
                ask(TrackingSettings(uri=uri, folder=tmp_path, max_wait_s=WAIT_S))
            assert time.monotonic() - started < 4 * WAIT_S
            check_told(24, "mlflow_down", str(caught.value), caught.value.exit_code)


CANARY = "canary-4711"


@pytest.mark.fault(24, 35)
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2", "mysql"])
def test_the_password_of_an_address_is_not_told(scheme: str, tmp_path: Path) -> None:
    settings = TrackingSettings(uri=f"{scheme}://user:{CANARY}@127.0.0.1:9/x", folder=tmp_path, max_wait_s=WAIT_S)
    try:
        ask(settings)
    except (TrackingUnavailableError, ImportError) as error:
        told = str(error)
    assert CANARY not in told
