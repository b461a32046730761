"""Spark drivers in processes of their own, to be killed or to race: real jobs on real tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0


def environment(lake: str, **settings: str) -> dict[str, str]:
    """Environment of a small driver on that lake."""
    own = {"lake": lake, "jars": str(ROOT / "var" / "jars"), "master": "local[1]", "driver_memory": "1g",
           "settle_seconds": "0", "shuffle_partitions": "2", "log_level": "ERROR"}  # fmt: skip
    named = {f"GUIDEWAY_{name.upper()}": value for name, value in (own | settings).items()}
    return os.environ | named | {"PYTHONPATH": os.pathsep.join([str(ROOT / "lib"), str(ROOT)])}


@contextmanager
def driver(*command: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a driver as the leader of a process group; the whole group is ended in the end."""
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=out,
                                   stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        try:
            yield process
        finally:
            kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to Python and the Java it started, as a crash of the machine or an out-of-memory kill gives it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(there: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> bool:
    """Wait for a sign on the disk; False where the process ended before it."""
    deadline = time.monotonic() + START_SECONDS
    while not there():
        if process.poll() is not None:
            return there()
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8", errors="replace")[-2000:]
        time.sleep(0.001)
    return True
