"""Drift of one line: rows of features in, one row a watched quantity out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from guideway.prognostics.drift import Reference, drift
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.ragged import Floats
from guideway.prognostics.training import watched_columns
from guideway.udfs.features import Serving

DRIFT_DDL = (
    "line_id string, quantity string, n bigint, psi double, ks double, status string, model_name string, "
    "model_version string"
)
_SCHEMA = pa.schema(
    [
        ("line_id", pa.string()),
        ("quantity", pa.string()),
        ("n", pa.int64()),
        ("psi", pa.float64()),
        ("ks", pa.float64()),
        ("status", pa.string()),
        ("model_name", pa.string()),
        ("model_version", pa.string()),
    ]
)


def line_drift(champion: Callable[[], Serving]) -> Callable[[pa.Table], pa.Table]:
    """A function for ``applyInArrow`` over one line's rows of ``gold.asset_feature`` that gives rows of ``DRIFT_DDL``.

    The rows carry ``is_past``: those from the champion's training, which the others are held against; and
    ``level_then``, the level a horizon ago, where it was written down: the change since is the label. A line the
    champion was not trained on gives no row.
    """

    def run(table: pa.Table) -> pa.Table:
        serving = champion()
        model = TrainedModel.from_texts(serving.texts)
        frame = table.to_pandas()
        past, now = (frame[frame["is_past"] == is_past] for is_past in (True, False))
        label = came_true(model, now)
        found = drift(Reference.of(watched_columns(model, past)), watched_columns(model, now), now["line_id"])
        for line in model.labels.quantiles.keys() & set(now["line_id"]):
            if np.isfinite(label).any():
                own = Reference({"label": model.labels.quantiles[line]}, {"label": model.labels.missing[line]})
                found += drift(own, {"label": label}, now["line_id"])
        rows = [
            {"line_id": d.line_id, "quantity": d.quantity, "n": d.n, "psi": d.psi, "ks": d.ks, "status": d.status}
            | {"model_name": serving.name, "model_version": serving.version}
            for d in found
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    return run


def came_true(model: TrainedModel, frame: pd.DataFrame) -> Floats:
    """Change over the last horizon, in units of the model's scale.

    NaN where the level a horizon ago was not written down, no value is recent enough, or a work came between.
    """
    horizon = model.parameters.horizon_days
    change = frame["last_value"].to_numpy(np.float64) - frame["level_then"].to_numpy(np.float64)
    recent = frame["days_since_value"].to_numpy(np.float64) <= max(14.0, model.parameters.tolerance * horizon)
    undisturbed = ~(frame["days_since_work"].to_numpy(np.float64) <= horizon)
    label: Floats = np.where(recent & undisturbed, change, np.nan) / model.design.scale(frame["indicator"].to_numpy())
    return label
