"""The Spark Connect endpoint: lets the token in and nobody else, and listens on the loopback address only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from guideway.contracts.gold import CONDITION
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from tests.analysts.conftest import rows_for

pytestmark = [pytest.mark.spark, pytest.mark.drill]
ROOT = Path(__file__).resolve().parents[2]

INHERITED = ("SPARK_", "PYSPARK_", "GUIDEWAY_")  # of this test's own session

SERVE = """
import sys, time
from infra.local import connect_server
from infra.local.airflow_api import wait_until
from infra.local.places import job_environment
service = connect_server.start_server(job_environment())
wait_until(lambda: connect_server.listens(service.address), 120, "no endpoint")
print(service.pid, service.created, service.address, connect_server.token(), flush=True)
"""
ASK = """
import sys
from guideway.lake.endpoint import open_endpoint
spark = open_endpoint(sys.argv[1], sys.argv[2])
print("rows", spark.table("gold.condition").count(), spark.sql("SHOW TABLES IN gold").count())
"""

BARE = """
import sys
from pyspark.sql import SparkSession
SparkSession.builder.remote(sys.argv[1]).getOrCreate().sql("SELECT 1").collect()
"""


def python(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(INHERITED)} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[tuple[psutil.Process, str, str]]:
    from infra.local.processes import Service, stop

    told = python(SERVE, GUIDEWAY_VAR=str(tmp_path / "var"), GUIDEWAY_LAKE=str(tmp_path / "lake"))
    assert told.returncode == 0, told.stderr
    pid, created, address, token = told.stdout.split()
    service = Service("connect", int(pid), float(created), address)
    try:
        process = service.process()
        assert process is not None
        yield process, address, token
    finally:
        stop([service])


def test_the_token_and_nobody_else_gets_in(
    endpoint: tuple[psutil.Process, str, str], lake: Lake, tmp_path: Path
) -> None:
    process, address, token = endpoint
    frame = lake.spark.createDataFrame(rows_for(CONDITION, 25, seed=5), CONDITION.ddl)
    Writer(lake, "run-1").append(frame, CONDITION)

    allowed = python(ASK, address, lake.root, SPARK_CONNECT_AUTHENTICATE_TOKEN=token)
    assert "rows 25 1" in allowed.stdout, allowed.stdout + allowed.stderr
    wrong = python(ASK, address, lake.root, SPARK_CONNECT_AUTHENTICATE_TOKEN="x" + token)
    none = python(ASK, address, lake.root)
    assert "rows" not in wrong.stdout + none.stdout
    assert "Invalid authentication token" in wrong.stderr
    assert "`make up` prints the endpoint's token" in none.stderr
    unasked = python(BARE, address)
    assert unasked.returncode != 0
    assert "No authentication token provided" in unasked.stderr

    family = [p for p in (process, *process.children(recursive=True)) if p.status() != psutil.STATUS_ZOMBIE]
    listening = [c.laddr.ip for p in family for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    assert listening
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
    assert not any(token in " ".join(p.cmdline()) for p in family), "the token stands in no command line"
    assert (tmp_path / "var" / "connect" / "secrets.json").stat().st_mode & 0o777 == 0o600
