"""Drift of one line: rows of features in, one row a watched quantity out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pandas as pd
import pyarrow as pa

from guideway.prognostics.drift import Days, Drift, line_drift
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.ragged import Floats
from guideway.prognostics.training import watched_columns
from guideway.udfs.features import Serving

DRIFT_DDL = (
    "line_id string, quantity string, n bigint, psi double, ks double, distance double, usual double, p_value double, "
    "status string, model_name string, model_version string"
)
_NUMBERS = ("psi", "ks", "distance", "usual", "p_value")
_SCHEMA = pa.schema(
    [
        ("line_id", pa.string()),
        ("quantity", pa.string()),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in _NUMBERS),
        ("status", pa.string()),
        ("model_name", pa.string()),
        ("model_version", pa.string()),
    ]
)
_LEAST_SHARE = 0.5


def drift_rows(champion: Callable[[], Serving]) -> Callable[[pa.Table], pa.Table]:
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
        found = [*input_drift(model, past, now), *label_drift(model, now)]
        named = {"model_name": serving.name, "model_version": serving.version}
        return pa.Table.from_pylist([asdict(drift) | named for drift in found], schema=_SCHEMA)

    return run


def input_drift(model: TrainedModel, past: pd.DataFrame, now: pd.DataFrame) -> list[Drift]:
    """Drift of features and prediction of one line.

    Only series of the day that half of the training days have, too, are compared, indicator by indicator: what the
    line is made of has not drifted where a series was added.
    """
    past, now = _same_series(past, now)
    if not len(past) or not len(now):
        return []
    then, today = watched_columns(model, past), watched_columns(model, now)
    names = list(then)
    training = Days.of(_columns(then, names), past["as_of"].to_numpy(), past["indicator"].to_numpy())
    current = Days.of(_columns(today, names), np.zeros(len(now)), now["indicator"].to_numpy())
    weight = np.unique(now["indicator"].to_numpy(), return_counts=True)[1].astype(np.float64)
    unit = np.array([model.units[name] for name in names])
    line = str(now["line_id"].iloc[0])
    return line_drift(line, names, training, current, weight=weight, unit=unit, lines=len(model.labels))


def label_drift(model: TrainedModel, now: pd.DataFrame) -> list[Drift]:
    """Drift of the changes that came true on one line, over the last horizon."""
    if not len(now):
        return []
    line, label = str(now["line_id"].iloc[0]), came_true(model, now)
    label = label[np.isfinite(label)]
    if line not in model.labels or not label.size:
        return []
    current = Days.of(label[:, None], np.zeros(label.size), np.zeros(label.size))
    return line_drift(
        line,
        ["label"],
        model.labels[line].days,
        current,
        weight=np.array([float(label.size)]),
        unit=np.array([model.units["label"]]),
        lines=len(model.labels),
    )


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


def _same_series(past: pd.DataFrame, now: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the series both have, the past half of the time or more."""
    series = ["asset_id", "indicator"]
    often = past.groupby(series)["as_of"].transform("nunique") >= _LEAST_SHARE * past["as_of"].nunique()
    kept = pd.MultiIndex.from_frame(now[series]).intersection(pd.MultiIndex.from_frame(past.loc[often, series]))
    then, today = (rows[pd.MultiIndex.from_frame(rows[series]).isin(kept)] for rows in (past, now))
    then = then[then.groupby("as_of")["asset_id"].transform("size") >= _LEAST_SHARE * len(kept)]
    return then, today[today["indicator"].isin(then["indicator"].unique())]


def _columns(columns: dict[str, Floats], names: list[str]) -> Floats:
    stacked: Floats = np.column_stack([columns[name] for name in names])
    return stacked
