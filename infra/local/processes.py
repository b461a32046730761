"""Start services as process groups of their own and end exactly those, whatever they left behind.

Each service leads a session. Ending one signals its group and every process that descends from it, first SIGTERM, then,
after a grace period, SIGKILL: Airflow's components start children that outlive a parent's SIGTERM.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from infra.local.airflow_home import write_private

GRACE_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1
_CLOCK_TICK = 0.02
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Service:
    """A running service; its start, in seconds after that of the machine, tells it from a later process with its id."""

    name: str
    pid: int
    started: float
    address: str = ""

    def process(self) -> psutil.Process | None:
        """The service's first process, or None where it has ended."""
        try:
            process = psutil.Process(self.pid)
            return process if _is_started(process, self.started) and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def start(
    name: str, command: list[str], env: dict[str, str], log: Path, *, outlive: bool = False, address: str = ""
) -> Service:
    """Start a service, its output going to ``log``.

    Args:
        name: what people call it.
        command: program and arguments.
        env: its whole environment.
        log: file its output is added to.
        outlive: whether it goes on when this process ends; otherwise Linux ends it with this process.
        address: where people reach it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        process = subprocess.Popen(  # reaped by stop()
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=None if outlive else _die_with_parent,  # noqa: PLW1509 - this program has one thread
        )
    _children.append(process)
    return Service(name, process.pid, _started_after_boot(psutil.Process(process.pid)), address)


def _started_after_boot(process: psutil.Process) -> float:
    """No time of the day: that of a process changes when the machine's clock is set."""
    return process.create_time() - psutil.boot_time()


def _is_started(process: psutil.Process, started: float) -> bool:
    return abs(_started_after_boot(process) - started) < _CLOCK_TICK


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(services: list[Service], grace_seconds: float = GRACE_SECONDS) -> None:
    """End the services and all that descends from them or runs in their groups."""
    living = {process.pid: process for service in services for process in _members(service)}
    for process in living.values():
        _signal(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(list(living.values()), timeout=grace_seconds)
    leftovers = {process.pid: process for process in stubborn}
    leftovers |= {process.pid: process for service in services for process in _session(service)}
    for process in leftovers.values():
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(list(leftovers.values()), timeout=grace_seconds)
    for child in _children:
        child.poll()


def _members(service: Service) -> list[psutil.Process]:
    leader = service.process()
    try:
        family = [*leader.children(recursive=True), leader] if leader else []
    except psutil.NoSuchProcess:
        family = []
    return [*family, *_session(service)]


def _session(service: Service) -> list[psutil.Process]:
    """Processes of the session the service leads, also after it ended; none where its id names another process now."""
    try:
        if not _is_started(psutil.Process(service.pid), service.started):
            return []
    except psutil.NoSuchProcess:
        pass  # the system gives the id to nobody while the session has members
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == service.pid:
                found.append(process)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def record(path: Path, services: list[Service]) -> None:
    """Write down what was started, for a later process to end it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps([asdict(service) for service in services], indent=1))


def recorded(path: Path) -> list[Service]:
    """What was written down and still runs."""
    if not path.exists():
        return []
    services = [Service(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    return [service for service in services if service.process()]
