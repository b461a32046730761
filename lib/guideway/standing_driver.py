"""A driver that stands: it runs the applications of Airflow's tasks in turn, with Spark warm and its session open.

spark-submit starts a Java for each job, which loads and compiles for longer than a small job runs. This driver is
started once, beside Airflow: tasks hand it what they would hand to spark-submit, and get the output, line by line, and
the exit code. Only the owner of the socket's folder can ask. It ends where a job fails or who asked is gone, so that no
job meets what another left behind; tasks that find no driver go by spark-submit. See docs/decisions/0021.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from multiprocessing.connection import Client, Connection, Listener
from typing import TextIO

ADDRESS = "GUIDEWAY_DRIVER"
"""Variable with the path of the socket; unset: every task goes by spark-submit."""


class DriverLostError(Exception):
    """The driver ended before the application did."""


def ask(address: str, command: Sequence[str], tell: Callable[[str], None]) -> int:
    """Have the driver at ``address`` run an application.

    Args:
        address: path of its socket.
        command: path of the application and its arguments.
        tell: takes each line of the output.

    Returns:
        The exit code.

    Raises:
        OSError: no driver listens there.
        DriverLostError: it ended on the way.
    """
    with Client(address, "AF_UNIX") as driver:
        try:
            driver.send_bytes(json.dumps(list(command)).encode())
            while isinstance(said := json.loads(driver.recv_bytes()), str):
                tell(said)
        except (EOFError, ConnectionError) as error:
            raise DriverLostError(f"the driver at {address} ended before {command[0]} did") from error
    return int(said)


def serve(address: str, prepare: Callable[[], object]) -> int:
    """Listen at ``address``, prepare, then run what is asked for until something fails; returns that exit code."""
    with Listener(address, "AF_UNIX") as listener:
        prepare()
        output = _Output(sys.stderr)
        with redirect_stdout(output), redirect_stderr(output):
            while True:
                with listener.accept() as asker:
                    code = _run_for(asker, output)
                if code:
                    return code


class _Output(io.TextIOBase):
    """Standard output and error of all applications: whole lines to who asked, or to the driver's own in between."""

    def __init__(self, own: TextIO) -> None:
        self._own, self._rest, self._lock = own, "", threading.Lock()
        self._asker: Connection | None = None

    @contextmanager
    def to(self, asker: Connection) -> Iterator[None]:
        """Tell ``asker``, of the last line also what does not end."""
        self._asker = asker
        yield
        self.write("\n" if self._rest else "")
        self._asker = None

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                if self._asker:
                    self._asker.send_bytes(json.dumps(line).encode())
                else:
                    print(line, file=self._own, flush=True)
        return len(text)


def _run_for(asker: Connection, output: _Output) -> int:
    command, ended = json.loads(asker.recv_bytes()), threading.Event()
    watch = threading.Thread(target=_end_without, args=(asker, ended), daemon=True)
    watch.start()
    with output.to(asker):
        code = _run(command)
    ended.set()
    asker.send_bytes(json.dumps(code).encode())
    watch.join()  # the asker leaves when it has the code; closed earlier, its descriptor could be the next one's
    return code


def _run(command: list[str]) -> int:
    sys.argv = command
    try:
        runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end_without(asker: Connection, ended: threading.Event) -> None:
    """End this process, and Java with it, where the asker leaves before its application has ended."""
    try:
        asker.recv_bytes()
    except (EOFError, OSError):
        if not ended.is_set():
            os._exit(1)


def main() -> int:
    """``python -m guideway.standing_driver SOCKET``; settings are those of the environment."""
    from guideway.lake.session import open_session  # noqa: PLC0415 - who asks needs no Spark
    from guideway.settings import load_settings  # noqa: PLC0415

    return serve(sys.argv[1], lambda: open_session(load_settings()))


if __name__ == "__main__":
    sys.exit(main())
