"""What is started is ended, whatever it started itself; what was not started is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from infra.local.processes import Service, record, recorded, start, stop

FAMILY = """
import os, signal, subprocess, sys, time

deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({ready!r}, 'w'); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", deaf])
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
time.sleep(600)
"""


def start_family(folder: Path, *, outlive: bool = True) -> Service:
    """A service with a child that ignores SIGTERM and a child in a session of its own."""
    ready = folder / "ready"
    script = FAMILY.replace("{ready!r}", repr(str(ready)))
    service = start("family", [sys.executable, "-c", script], dict(os.environ), folder / "log", outlive=outlive)
    deadline = time.monotonic() + 60.0
    while not ready.exists():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.02)
    return service


def test_the_whole_family_is_ended(tmp_path: Path) -> None:
    service = start_family(tmp_path)
    leader = service.process()
    assert leader is not None
    family = [leader, *leader.children(recursive=True)]
    assert len(family) == 3
    stop([service], grace_seconds=0.5)
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []


def test_what_outlived_its_leader_is_ended(tmp_path: Path) -> None:
    service = start_family(tmp_path)
    leader = service.process()
    assert leader is not None
    children = leader.children()
    (deaf,) = (child for child in children if os.getsid(child.pid) == service.pid)
    (apart,) = (child for child in children if child != deaf)
    leader.kill()
    leader.wait()
    apart.kill()  # in a session of its own, and its parent is gone: nothing leads to it any more
    stop([service], grace_seconds=0.5)
    assert not deaf.is_running() or deaf.status() == psutil.STATUS_ZOMBIE


def test_a_later_process_with_the_same_id_is_not_taken_for_the_service(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    bystander = subprocess.Popen(command, start_new_session=True)
    gone = Service("gone", bystander.pid, started=1.0)
    record(tmp_path / "services.json", [gone])
    assert recorded(tmp_path / "services.json") == []
    stop([gone], grace_seconds=0.2)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_what_is_recorded_is_found_again_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "run" / "services.json"
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    service = start("one", command, dict(os.environ), tmp_path / "log", address="http://127.0.0.1:1")
    record(path, [service, replace(service, name="two", started=0.0)])
    assert recorded(path) == [service]
    assert path.stat().st_mode & 0o777 == 0o600
    stop([service])
    assert recorded(path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="how Linux tells when it was started")
def test_a_clock_that_is_set_hides_no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = start("one", [sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ), tmp_path / "log")
    at_boot = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: at_boot - 7200.0)
    assert service.process() is not None
    stop([service])
    assert service.process() is None
