"""One writer a table, whatever becomes of the other one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from guideway.errors import LakeError
from guideway.lake.locks import hold_locks

HOLDER = """
import sys, time
from pathlib import Path
from guideway.lake.locks import hold_locks
with hold_locks(Path(sys.argv[1]), ("gold.condition",), "other job", 0):
    print("held", flush=True)
    time.sleep(60)
"""


NEVER_PAUSES = """
import sys, time
from pathlib import Path
from guideway.lake.locks import hold_locks
while True:
    with hold_locks(Path(sys.argv[1]), ("gold.condition",), "greedy", 60):
        print("held", flush=True)
        time.sleep(0.05)
"""


@pytest.fixture
def holder(tmp_path: Path):  # type: ignore[no-untyped-def]
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_writer_is_refused_and_told_who_writes(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with (
        pytest.raises(LakeError, match=rf"gold\.condition is being written by .*{holder.pid}.*other job"),
        hold_locks(tmp_path, ("gold.condition",), "me", 0),
    ):
        pass


def test_another_table_is_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with hold_locks(tmp_path, ("gold.exceedance",), "me", 0):
        assert json.loads((tmp_path / "gold.exceedance.lock").read_text()) == {"pid": os.getpid(), "owner": "me"}


def test_a_killed_writer_leaves_no_lock(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with hold_locks(tmp_path, ("gold.condition",), "me", 5):
        assert json.loads((tmp_path / "gold.condition.lock").read_text())["owner"] == "me"


def test_a_writer_that_never_pauses_lets_the_others_in(tmp_path: Path) -> None:
    """Beside one that takes the lock again the moment it gave it back: looking now and then never sees it free."""
    greedy = subprocess.Popen([sys.executable, "-c", NEVER_PAUSES, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert greedy.stdout is not None
        assert greedy.stdout.readline() == "held\n"
        for _ in range(5):
            with hold_locks(tmp_path, ("gold.condition",), "me", 2):
                pass
        assert greedy.poll() is None
    finally:
        greedy.kill()
        greedy.communicate()
