"""Coverage-guided fuzzing of every decoder, each in a process of its own with a bound on memory and time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.faults.drivers import ROOT
from tests.properties.test_archives_corruption import CASES

DRILL_SECONDS = float(os.environ.get("GUIDEWAY_DRILL_FUZZ_SECONDS", "20"))


def fuzz(name: str, seconds: float, folder: Path) -> int:
    """Fuzz one decoder; how many inputs it answered."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults.fuzz_decoders", name, f"--seconds={seconds}"]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "lib"), str(ROOT)]), "TMPDIR": str(folder)}
    done = subprocess.run(command, cwd=folder, env=os.environ | paths, capture_output=True, text=True,
                          check=False, timeout=seconds + 240)  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-3000:]
    pattern = r"number_of_executed_units:\s*(\d+)" if find_spec("atheris") else r"(\d+) inputs answered"
    counted = re.search(pattern, told)
    assert counted is not None, told[-3000:]
    return int(counted[1])


@pytest.mark.fault(8, 10)
@pytest.mark.slow
def test_broken_bytes_are_answered(tmp_path: Path) -> None:
    assert fuzz("run.tdms", 3.0, tmp_path) > 20


@pytest.mark.fault(8, 10)
@pytest.mark.drill
@pytest.mark.parametrize("name", sorted(CASES))
def test_broken_bytes_are_answered_for_long(name: str, tmp_path: Path, record_property) -> None:
    """GUIDEWAY_DRILL_FUZZ_SECONDS says how long each."""
    count = fuzz(name, DRILL_SECONDS, tmp_path)
    record_property("inputs", count)
    print(f"{name}: {count} inputs", end=" ")
    assert count > 100
