"""Lake, landing and MLflow artifacts on a real S3-compatible server; with other JARs, so Spark has its own process."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from guideway.doctor import pinned_jars
from guideway.settings import load_settings
from infra.local.places import LOOPBACK, free_port
from infra.local.processes import start, stop

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[2]
SERVER = "github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0"
KEY, SECRET = "AKIDguidewaytests", "s3cr3t-that-no-log-may-show"


@pytest.fixture(scope="module")
def program() -> Path:
    """The server: an S3 in memory, built once; it keeps to conditional creates and asks for no credentials."""
    missing = [jar for jar in pinned_jars(load_settings(lake="s3a://x")) if not (ROOT / "var" / "jars" / jar).is_file()]
    if missing or not importlib.util.find_spec("boto3"):
        pytest.skip("infra/object_store.sh has not been run here")
    built = ROOT / "var" / "tools" / "gofakes3"
    if not built.is_file():
        if not shutil.which("go"):
            pytest.skip("go is not installed: it builds the S3 server")
        command = ["go", "install", SERVER]
        subprocess.run(command, env=os.environ | {"GOBIN": str(built.parent)}, check=True, timeout=600)
    return built


@pytest.fixture
def store(program: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment of who uses the store."""
    address = f"{LOOPBACK}:{free_port()}"
    command = [str(program), "-host", address, "-backend", "memory", "-initialbucket", "guideway"]
    service = start("s3", command, dict(os.environ), tmp_path / "server.log")
    try:
        _await(f"http://{address}")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GUIDEWAY_"))}
        yield plain | {
            "AWS_ENDPOINT_URL": f"http://{address}",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        stop([service])


def _await(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - loopback
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the S3 server does not answer")


def test_lake_landing_and_artifacts_live_on_a_store_and_no_log_shows_the_secret(
    store: dict[str, str], tmp_path: Path
) -> None:
    inside = str(Path(__file__).with_name("checks.py"))
    command = [sys.executable, "-m", "pytest", inside, "-rA", "-q", "--durations=0", "--basetemp", str(tmp_path / "in")]
    done = subprocess.run(command, cwd=ROOT, env=store, capture_output=True, text=True, check=False, timeout=900)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-6000:]
    assert " skipped" not in told
    assert SECRET not in told
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
