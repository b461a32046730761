"""The standing driver as a process, asked as Airflow's tasks ask it; the applications are small."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from guideway.standing_driver import DriverLostError, ask

SERVE = "import sys; from guideway.standing_driver import serve; sys.exit(serve(sys.argv[1], lambda: print('ready')))"
TELL = "import os, sys; print(os.getpid(), *sys.argv[1:]); print('beside', file=sys.stderr); print('rest', end='')"


@pytest.fixture
def address() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="guideway-") as folder:  # pytest's own paths are too long for a socket
        yield str(Path(folder, "driver"))


@pytest.fixture
def driver(address: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, address], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    while not Path(address).exists():
        assert process.poll() is None
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


def application(folder: Path, text: str) -> str:
    path = folder / "application.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(address: str, *command: str) -> tuple[int, list[str]]:
    told: list[str] = []
    return ask(address, command, told.append), told


def test_applications_run_in_one_process_and_tell_as_they_go(
    driver: subprocess.Popen[str], address: str, tmp_path: Path
) -> None:
    path = application(tmp_path, TELL)
    assert run(address, path, "--run-id=a b") == (0, [f"{driver.pid} --run-id=a b", "beside", "rest"])
    assert run(address, path) == (0, [str(driver.pid), "beside", "rest"]), "arguments are those of this one"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [("import sys; sys.exit(2)", 2, ""), ("raise SystemExit('no')", 1, "no"), ("1 / 0", 1, "ZeroDivisionError")],
)
def test_a_job_that_fails_says_why_and_is_the_last_of_its_driver(
    driver: subprocess.Popen[str], address: str, tmp_path: Path, text: str, code: int, words: str
) -> None:
    found, told = run(address, application(tmp_path, text))
    assert found == code
    assert words in "\n".join(told)
    assert driver.wait(10) == code
    with pytest.raises(OSError, match="No such file"):
        run(address, application(tmp_path, TELL))


def test_a_driver_nobody_waits_for_ends_in_the_middle(
    driver: subprocess.Popen[str], address: str, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    path = application(tmp_path, f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(60)")
    with Client(address, "AF_UNIX") as asker:
        asker.send_bytes(f'["{path}"]'.encode())
        while not begun.exists():
            time.sleep(0.01)
    assert driver.wait(10) == 1


def test_who_asked_is_told_when_the_driver_is_killed(
    driver: subprocess.Popen[str], address: str, tmp_path: Path
) -> None:
    path = application(tmp_path, "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(DriverLostError, match="ended before"):
        run(address, path)
