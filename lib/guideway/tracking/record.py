"""A run as a folder of plain files: what goes to MLflow, now or when it is up again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from guideway.contracts.models import CONDITION_MODEL

RUN_FILE = "run.json"
TEXTS = "text_model"
PLOTS = "plots"
CARD = "model_card.md"
EXAMPLE = "input_example.json"


@dataclass(frozen=True)
class TableVersion:
    """A Delta table a run read, at the version it read. Version 0 is a version like any other."""

    name: str
    path: str
    version: int


@dataclass(frozen=True)
class Promotion:
    """Who puts a model into service, when (ISO 8601, UTC) and why."""

    by: str
    at: str
    why: str


@dataclass(frozen=True)
class RunRecord:
    """One training run with its model.

    Attributes:
        record_id: identity of the run; delivering the same record twice makes one run.
        run_name: name people see.
        started_ms: start, milliseconds since 1970 UTC.
        ended_ms: end.
        params: settings by name.
        metrics: finite figures by name.
        tags: further facts, such as the code version.
        inputs: Delta tables and versions the run read.
        texts: text files of the model; none for a run without a model.
        card: the model card, Markdown.
        plots: pictures by file name, PNG.
        example: a few rows of input by column.
        promotion: put the model into service at once, in whose name and why; otherwise it stays a challenger.
        model: the registered model it becomes a version of.
    """

    record_id: str
    run_name: str
    started_ms: int
    ended_ms: int
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    inputs: tuple[TableVersion, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    card: str = ""
    plots: Mapping[str, bytes] = field(default_factory=dict)
    example: Mapping[str, list[Any]] = field(default_factory=dict)
    promotion: Promotion | None = None
    model: str = CONDITION_MODEL


def write_record(record: RunRecord, folder: Path) -> None:
    """Write a record into a folder that does not exist yet; it appears whole or not at all."""
    draft = folder.with_name(f".{folder.name}.draft")
    for name, text in record.texts.items():
        _write(draft / TEXTS / name, text.encode())
    for name, picture in record.plots.items():
        _write(draft / PLOTS / name, picture)
    _write(draft / CARD, record.card.encode())
    _write(draft / EXAMPLE, json.dumps(dict(record.example)).encode())
    facts = {
        "record_id": record.record_id,
        "model": record.model,
        "run_name": record.run_name,
        "started_ms": record.started_ms,
        "ended_ms": record.ended_ms,
        "params": dict(record.params),
        "metrics": dict(record.metrics),
        "tags": dict(record.tags),
        "inputs": [asdict(table) for table in record.inputs],
        "sha256": checksums(record.texts),
        "promotion": None if record.promotion is None else asdict(record.promotion),
    }
    _write(draft / RUN_FILE, json.dumps(facts, indent=1, sort_keys=True).encode())
    draft.rename(folder)


def read_record(folder: Path) -> RunRecord:
    """The record of a folder.

    Raises:
        ValueError: a text file of the model is not what was written.
    """
    facts = json.loads((folder / RUN_FILE).read_text())
    texts = {name: (folder / TEXTS / name).read_text() for name in facts["sha256"]}
    verify(texts, facts["sha256"])
    promotion = facts["promotion"]
    return RunRecord(
        record_id=facts["record_id"],
        run_name=facts["run_name"],
        started_ms=facts["started_ms"],
        ended_ms=facts["ended_ms"],
        params=facts["params"],
        metrics=facts["metrics"],
        tags=facts["tags"],
        inputs=tuple(TableVersion(**table) for table in facts["inputs"]),
        texts=texts,
        card=(folder / CARD).read_text(),
        plots={path.name: path.read_bytes() for path in sorted((folder / PLOTS).glob("*.png"))},
        example=json.loads((folder / EXAMPLE).read_text()),
        promotion=None if promotion is None else Promotion(**promotion),
        model=facts.get("model", CONDITION_MODEL),  # what waits may be of before there was another
    )


def checksums(texts: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of each text, as UTF-8."""
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())}


def verify(texts: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Raise ``ValueError`` naming the files that are missing or not what was written."""
    found = checksums(texts)
    wrong = [name for name in sorted({*expected, *found}) if found.get(name) != expected.get(name)]
    if wrong or not expected:
        raise ValueError(f"model files are not what was registered: {wrong or 'no checksums'}")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
