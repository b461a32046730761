"""What every attempt of a job tells the world: OpenLineage events and Prometheus text.

Events are lines of JSON in ``<events>/<year>-<month>.jsonl``, whole or not there, and are sent to ``openlineage_url``
where one is set. ``<events>/<job>.prom`` holds the latest attempt of each job, for the textfile collector of a node
exporter. ``maintain_lake`` gathers the events in ``ops.job_run``. Telling never fails a job: what cannot be told is
logged. Specification: https://openlineage.io/spec/2-0-2/OpenLineage.json
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import structlog

from guideway import __version__
from guideway.contracts import table
from guideway.contracts.jobs import Job
from guideway.settings import Settings

_SPEC = "https://openlineage.io/spec"
_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_PRODUCER = f"guideway/{__version__}"
_FACET = "guideway_jobRun"


@dataclass(frozen=True)
class Attempt:
    """One attempt of a job: ``run_id`` is that of the rows it writes."""

    job: Job
    run_id: str
    as_of: date
    started_at: datetime


def tell_start(settings: Settings, attempt: Attempt) -> None:
    """Tell that a job has started."""
    _tell(settings, _event("START", settings, attempt, attempt.started_at, {}), None)


def tell_success(settings: Settings, attempt: Attempt, summary: Mapping[str, Any]) -> None:
    """Tell that a job is done; ``summary`` is a ``JobSummary`` as a mapping."""
    facts = summary["facts"]
    _tell_end(settings, attempt, "COMPLETE", summary["seconds"], summary["message"], facts, summary)


def tell_failure(settings: Settings, attempt: Attempt, message: str, seconds: float) -> None:
    """Tell that a job has failed."""
    _tell_end(settings, attempt, "FAIL", seconds, message, {}, {})


def job_runs(folder: Path | None) -> list[tuple[Any, ...]]:
    """Every attempt that came to an end, as rows of ``ops.job_run``; an attempt told twice counts once."""
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    for file in sorted(folder.glob("*.jsonl")) if folder else ():
        for line in file.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            told = event["run"]["facets"].get(_FACET)
            if told and event["eventType"] in ("COMPLETE", "FAIL"):
                found[told["runId"], event["job"]["name"]] = _row(event, told)
    return list(found.values())


def _row(event: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[Any, ...]:
    status = "complete" if event["eventType"] == "COMPLETE" else "failed"
    return (
        told["runId"],
        event["job"]["name"],
        date.fromisoformat(told["asOf"]),
        datetime.fromisoformat(told["startedAt"]),
        told["seconds"],
        status,
        told["rowsChanged"],
        told["bytesRead"],
        told["quarantined"],
        told["lagDays"],
        told["message"],
    )


def _tell_end(
    settings: Settings,
    attempt: Attempt,
    kind: str,
    seconds: float,
    message: str,
    facts: Mapping[str, Any],
    summary: Mapping[str, Any],
) -> None:
    ended = attempt.started_at + timedelta(seconds=seconds)
    day_end = datetime.combine(attempt.as_of + timedelta(days=1), time(), timezone.utc)
    told = {
        "_producer": _PRODUCER,
        "_schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunFacet",
        "runId": attempt.run_id,
        "asOf": attempt.as_of.isoformat(),
        "startedAt": attempt.started_at.isoformat(),
        "seconds": round(float(seconds), 2),
        "rowsChanged": dict(summary.get("rows") or {}),
        "bytesRead": int(facts.get("bytes", 0)),
        "quarantined": int(facts.get("quarantined", 0)),
        "lagDays": round((ended - day_end) / timedelta(days=1), 4),
        "message": message[:2000],
    }
    event = _event(kind, settings, attempt, ended, {_FACET: told}, summary)
    if kind == "FAIL":
        event["run"]["facets"]["errorMessage"] = {
            "_producer": _PRODUCER,
            "_schemaURL": f"{_SPEC}/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
            "message": message[:2000],
            "programmingLanguage": "python",
        }
    _tell(settings, event, prometheus(attempt.job.name, told, succeeded=kind == "COMPLETE", ended=ended))


def _event(
    kind: str,
    settings: Settings,
    attempt: Attempt,
    at: datetime,
    facets: Mapping[str, Any],
    summary: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    done = summary or {}
    rows, versions = done.get("rows") or {}, done.get("versions") or {}
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _EVENT,
        # OpenLineage wants a UUID: the same one for every event of the attempt
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{attempt.run_id}/{attempt.job.name}")), "facets": facets},
        "job": {"namespace": "guideway", "name": attempt.job.name, "facets": {}},
        "inputs": [_dataset(settings, name, None) for name in attempt.job.reads],
        "outputs": [
            _dataset(settings, name, versions.get(name)) | _statistics(rows.get(name)) for name in attempt.job.writes
        ],
    }


def _dataset(settings: Settings, name: str, version: int | None) -> dict[str, Any]:
    facets: dict[str, Any] = {
        "schema": {
            "_producer": _PRODUCER,
            "_schemaURL": f"{_SPEC}/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet",
            "fields": [
                {"name": column.name, "type": column.type, "description": column.comment}
                for column in table(name).all_columns
            ],
        }
    }
    if version is not None:
        facets["version"] = {
            "_producer": _PRODUCER,
            "_schemaURL": f"{_SPEC}/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
            "datasetVersion": str(version),
        }
    return {"namespace": settings.lake, "name": name, "facets": facets}


def _statistics(rows: int | None) -> dict[str, Any]:
    if rows is None:
        return {}
    facet = {
        "_producer": _PRODUCER,
        "_schemaURL": f"{_SPEC}/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json"
        "#/$defs/OutputStatisticsOutputDatasetFacet",
        "rowCount": rows,
    }
    return {"outputFacets": {"outputStatistics": facet}}


def prometheus(job: str, told: Mapping[str, Any], *, succeeded: bool, ended: datetime) -> str:
    """The latest attempt of a job in Prometheus text, format 0.0.4."""
    one = f'job="{job}"'
    metrics: list[tuple[str, str, Iterable[tuple[str, float]]]] = [
        ("guideway_job_succeeded", "1 where the latest attempt succeeded", [(one, int(succeeded))]),
        ("guideway_job_ended_timestamp_seconds", "end of the latest attempt", [(one, ended.timestamp())]),
        ("guideway_job_seconds", "duration of the latest attempt", [(one, told["seconds"])]),
        ("guideway_job_read_bytes", "bytes of delivered files read", [(one, told["bytesRead"])]),
        ("guideway_job_quarantined_files", "delivered files refused", [(one, told["quarantined"])]),
        ("guideway_job_lag_days", "end of the day worked for to the end of the attempt", [(one, told["lagDays"])]),
        (
            "guideway_job_rows_changed",
            "rows changed by the latest attempt",
            [(f'{one},table="{name}"', rows) for name, rows in told["rowsChanged"].items()],
        ),
    ]
    lines = []
    for name, words, samples in metrics:
        lines += [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
        lines += [f"{name}{{{labels}}} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _tell(settings: Settings, event: Mapping[str, Any], metrics: str | None) -> None:
    line = json.dumps(event) + "\n"
    try:
        if folder := settings.events_folder:
            folder.mkdir(parents=True, exist_ok=True)
            _append(folder / f"{event['eventTime'][:7]}.jsonl", line)
            if metrics:
                _replace(folder / f"{event['job']['name']}.prom", metrics)
        if settings.openlineage_url:
            _send(settings.openlineage_url, line)
    except (OSError, ValueError) as error:
        structlog.get_logger().warning("event was not told", job=event["job"]["name"], error=str(error))


def _append(path: Path, line: str) -> None:
    """Add a line in one write, which Linux does not mix with another process's."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _send(address: str, line: str) -> None:
    if not address.startswith(("http://", "https://")):
        raise ValueError("setting 'openlineage_url' is no http address")
    headers = {"Content-Type": "application/json"}
    target = f"{address.rstrip('/')}/api/v1/lineage"
    request = urllib.request.Request(target, line.encode(), headers)  # noqa: S310 - checked above
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
