"""Noise control inside Spark tasks: passages in; what a work brought, what a level is made of, out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd
import pyarrow as pa

from guideway.monitoring.noise_control.before_after import before_after_loss
from guideway.monitoring.noise_control.receiver_split import ROUGHNESS, receiver_parts, roughness_above_smooth

PASSAGE_DDL = (
    "recording_id string, years double, level_db double, speed_kmh double, train_type string, has_flat boolean"
)
LOSS_DDL = (
    "work_id string, asset_id string, indicator string, line_id string, work_type string, finished_at timestamp, "
    "loss_db double, low_db double, high_db double, confidence double, n_before int, n_after int, n_left_out int, "
    "method string, is_proven boolean, status string"
)
PART_DDL = (
    "asset_id string, part string, part_db double, sd_db double, effect double, standard_error double, "
    "n_passages int, n_receivers int, status string, line_id string, indicator string"
)
_KEPT = ("work_id", "asset_id", "indicator", "line_id", "work_type", "finished_at")


def work_losses(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """For ``mapInArrow`` over one row a work, receiver and level, with ``passages``; yields rows of ``LOSS_DDL``."""
    for batch in batches:
        kept = [batch.column(name) for name in _KEPT]
        told = [_told(passages) for passages in batch.column("passages").to_pylist()]
        columns = {name: pa.array([row[name] for row in told], kind) for name, kind in _TYPES.items()}
        yield pa.RecordBatch.from_arrays([*kept, *columns.values()], names=[*_KEPT, *columns])


_KINDS = {"string": pa.string(), "double": pa.float64(), "int": pa.int32()}
_TYPES = {
    "loss_db": pa.float64(),
    "low_db": pa.float64(),
    "high_db": pa.float64(),
    "confidence": pa.float64(),
    "n_before": pa.int32(),
    "n_after": pa.int32(),
    "n_left_out": pa.int32(),
    "method": pa.string(),
    "is_proven": pa.bool_(),
    "status": pa.string(),
}


def _told(passages: list[dict[str, Any]]) -> dict[str, Any]:
    # in one order, so that sums of the same passages are the same to the last digit
    rows = pd.DataFrame(passages).sort_values(["years", "recording_id"], ignore_index=True)
    effect = before_after_loss(rows)
    loss = effect.loss
    numbers = {"loss_db": loss.loss_db, "low_db": loss.low_db, "high_db": loss.high_db}
    return {
        **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
        "confidence": loss.confidence,
        "n_before": effect.n_before,
        "n_after": effect.n_after,
        "n_left_out": effect.n_left_out,
        "method": loss.method,
        "is_proven": loss.is_proven,
        "status": effect.status,
    }


def line_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """For ``mapInArrow`` over one row a line and level, with ``passages``; yields rows of ``PART_DDL``."""
    for batch in batches:
        rows = [
            {**asdict(part), "line_id": line["line_id"], "indicator": line["indicator"]}
            for line in batch.to_pylist()
            for part in receiver_parts(_of_line(line["passages"]))
        ]
        columns = {
            name: pa.array([_null(row[name]) for row in rows], _KINDS[kind])
            for name, kind in (column.split() for column in PART_DDL.split(", "))
        }
        yield pa.RecordBatch.from_pydict(columns)


def _of_line(passages: list[dict[str, Any]]) -> pd.DataFrame:
    rows = pd.DataFrame(passages).sort_values(["asset_id", "recording_id"], ignore_index=True)
    rows[ROUGHNESS] = rows["share"].astype(float).map(roughness_above_smooth, na_action="ignore")
    return rows


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
