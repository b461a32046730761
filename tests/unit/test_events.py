"""Run events as OpenLineage words them, metrics as Prometheus reads them; telling never fails a job."""

from __future__ import annotations

import json
import re
import threading
import uuid
from datetime import date, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from guideway.contracts import table
from guideway.contracts.jobs import FIT_DEGRADATION, INGEST_ARCHIVE
from guideway.contracts.ops import JOB_RUN
from guideway.events import Attempt, job_runs, tell_failure, tell_start, tell_success
from guideway.settings import Settings, load_settings

STARTED = datetime(2025, 6, 3, 2, 0, tzinfo=timezone.utc)
SUMMARY: dict[str, Any] = {
    "rows": {"bronze.signal": 12, "bronze.recording": 3},
    "versions": {"bronze.signal": 0, "bronze.recording": 4},
    "facts": {"bytes": 4096, "quarantined": 2, "accepted": 5},
    "message": "7 delivered",
    "seconds": 90.0,
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(lake=str(tmp_path / "lake"))


def attempt(run_id: str = "run~1", job: Any = INGEST_ARCHIVE) -> Attempt:
    return Attempt(job, run_id, date(2025, 6, 2), STARTED)


def events(settings: Settings) -> list[dict[str, Any]]:
    assert settings.events_folder is not None
    return [
        json.loads(line) for f in sorted(settings.events_folder.glob("*.jsonl")) for line in f.read_text().splitlines()
    ]


def test_start_and_end_are_one_run_of_one_job_with_its_tables(settings: Settings) -> None:
    tell_start(settings, attempt())
    tell_success(settings, attempt(), SUMMARY)
    start, end = events(settings)
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == end["run"]["runId"] == str(uuid.UUID(end["run"]["runId"]))
    for event in (start, end):
        assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(event)
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert event["job"]["name"] == "ingest_archive"
        assert [d["name"] for d in event["outputs"]] == list(INGEST_ARCHIVE.writes)
        assert all(
            {"_producer", "_schemaURL"} <= set(facet) for d in event["outputs"] for facet in d["facets"].values()
        )
    signal = next(d for d in end["outputs"] if d["name"] == "bronze.signal")
    assert signal["facets"]["version"]["datasetVersion"] == "0", "version 0 is a version"
    assert signal["outputFacets"]["outputStatistics"]["rowCount"] == 12
    told = [field["name"] for field in signal["facets"]["schema"]["fields"]]
    assert told == [column.name for column in table("bronze.signal").all_columns]
    assert datetime.fromisoformat(end["eventTime"]) - STARTED == timedelta(seconds=90)


def test_attempts_become_rows_once(settings: Settings) -> None:
    for _ in range(2):
        tell_success(settings, attempt(), SUMMARY)
    tell_start(settings, attempt("killed"))
    tell_failure(settings, attempt("run~2", FIT_DEGRADATION), "no row 'x'", 3.0)
    rows = [dict(zip((c.name for c in JOB_RUN.columns), row, strict=True)) for row in job_runs(settings.events_folder)]
    assert [(row["job_run_id"], row["job"], row["status"]) for row in rows] == [
        ("run~1", "ingest_archive", "complete"),
        ("run~2", "fit_degradation", "failed"),
    ]
    first = rows[0]
    assert (first["bytes_read"], first["quarantined"], first["rows_changed"]) == (4096, 2, SUMMARY["rows"])
    assert first["lag_days"] == pytest.approx((2 * 3600 + 90) / 86_400, abs=1e-4), "two hours after the day's end"
    assert job_runs(None) == []


def test_metrics_are_prometheus_text_of_the_latest_attempt(settings: Settings) -> None:
    tell_success(settings, attempt(), SUMMARY)
    assert settings.events_folder is not None
    file = settings.events_folder / "ingest_archive.prom"
    sample = re.compile(r'^([a-z_]+)\{job="ingest_archive"(?:,table="([a-z_.]+)")?\} (-?[0-9.e+-]+)$')
    lines = file.read_text().splitlines()
    samples = [sample.match(line) for line in lines if not line.startswith("#")]
    assert all(samples), lines
    values = {(found[1], found[2]): float(found[3]) for found in samples if found}
    assert values["guideway_job_succeeded", None] == 1
    assert values["guideway_job_rows_changed", "bronze.signal"] == 12
    assert values["guideway_job_ended_timestamp_seconds", None] == STARTED.timestamp() + 90
    declared = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert declared == {line.split()[2] for line in lines if line.startswith("# HELP")} >= {name for name, _ in values}
    tell_failure(settings, attempt(), "killed", 1.0)
    assert 'guideway_job_succeeded{job="ingest_archive"} 0' in file.read_text()


def test_a_server_gets_the_same_event(settings: Settings) -> None:
    got: list[tuple[str, dict[str, Any]]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        there = settings.model_copy(update={"openlineage_url": f"http://127.0.0.1:{server.server_address[1]}/"})
        tell_success(there, attempt(), SUMMARY)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert got == [("/api/v1/lineage", events(settings)[0])]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "file:///etc/passwd"])
def test_what_cannot_be_told_breaks_nothing(
    settings: Settings, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = settings.model_copy(update={"openlineage_url": address})
    tell_success(there, attempt(), SUMMARY)
    assert "event was not told" in "".join(capsys.readouterr())
    assert len(events(settings)) == 1, "the folder has it all the same"
