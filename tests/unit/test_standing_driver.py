"""The standing driver as a process, asked as Airflow's tasks ask it; the applications are small."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from guideway.standing_driver import DriverLostError, ask
from tests.standing import standing_driver

TELL = "import os, sys; print(os.getpid(), *sys.argv[1:]); print('beside', file=sys.stderr); print('rest', end='')"


@pytest.fixture
def standing() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with standing_driver() as found:
        yield found


def application(folder: Path, text: str) -> str:
    path = folder / "application.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(address: str, *command: str) -> tuple[int, list[str]]:
    told: list[str] = []
    return ask(address, command, told.append), told


def test_applications_run_in_one_process_and_tell_as_they_go(
    standing: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    driver, address = standing
    path = application(tmp_path, TELL)
    assert run(address, path, "--run-id=a b") == (0, [f"{driver.pid} --run-id=a b", "beside", "rest"])
    assert run(address, path) == (0, [str(driver.pid), "beside", "rest"]), "arguments are those of this one"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [("import sys; sys.exit(2)", 2, ""), ("raise SystemExit('no')", 1, "no"), ("1 / 0", 1, "ZeroDivisionError")],
)
def test_a_job_that_fails_says_why_and_is_the_last_of_its_driver(
    standing: tuple[subprocess.Popen[bytes], str], tmp_path: Path, text: str, code: int, words: str
) -> None:
    driver, address = standing
    found, told = run(address, application(tmp_path, text))
    assert found == code
    assert words in "\n".join(told)
    assert driver.wait(10) == code
    with pytest.raises(OSError, match="No such file"):
        run(address, application(tmp_path, TELL))


def test_a_driver_nobody_waits_for_ends_in_the_middle(
    standing: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    driver, address = standing
    begun = tmp_path / "begun"
    path = application(tmp_path, f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(60)")
    with Client(address, "AF_UNIX") as asker:
        asker.send_bytes(f'["{path}"]'.encode())
        while not begun.exists():
            time.sleep(0.01)
    assert driver.wait(10) == 1


def test_who_asked_is_told_when_the_driver_is_killed(
    standing: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    _, address = standing
    path = application(tmp_path, "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(DriverLostError, match="ended before"):
        run(address, path)
