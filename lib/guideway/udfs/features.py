"""Features and risk of whole tracks: condition series with their assets' facts in, features or scores out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import Priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import fit_trends
from guideway.prognostics.features import feature_table
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.reasons import reason_codes
from guideway.prognostics.targets import target_table
from guideway.udfs.ragged import Floats, floats, series_batch

_NUMBERS = ("speed_kmh", "curvature_per_km", "cant_mm", "tonnes_per_day", "passes_per_day", "installed_days")
_WORDS = ("structure", "track_form", "drainage")
_ENGINE = ("engine_level", "engine_rate", "engine_sigma")

RISK_DDL = (
    "asset_id string, line_id string, target string, score double, predicted_value double, model_name string, "
    "model_version string, reason_codes array<string>"
)

_RISK_SCHEMA = pa.schema(
    [
        ("asset_id", pa.string()),
        ("line_id", pa.string()),
        ("target", pa.string()),
        ("score", pa.float64()),
        ("predicted_value", pa.float64()),
        ("model_name", pa.string()),
        ("model_version", pa.string()),
        ("reason_codes", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True)
class Serving:
    """The model in service, as text that every worker turns into a model by itself."""

    name: str
    version: str
    texts: Mapping[str, str]


def training_frame(rows: pa.RecordBatch, priors: Priors, work_types: tuple[str, ...], origins: Floats) -> pd.DataFrame:
    """Features and targets of every series at every origin, for ``prognostics.training``.

    The engine's level and rate at an origin are fitted to what was known there.
    """
    batch = series_batch(rows, priors.groups, work_types)
    engine: dict[str, list[Floats]] = {name: [] for name in _ENGINE}
    for origin in origins:
        trends = fit_trends(batch, priors, float(origin), DegradationParameters())
        for name, values in zip(_ENGINE, (trends.level_now, trends.rate_per_year, trends.sigma), strict=True):
            engine[name].append(values)
    static = _static(rows) | {name: np.column_stack(columns) for name, columns in engine.items()}
    features = _framed(rows, feature_table(batch, origins, static))
    kinds = np.asarray(rows.column("pool").to_pylist(), dtype=object)
    features["kind"] = kinds[features["series"]]
    targets = target_table(batch, origins, static["limit"])
    return features.assign(**{name: values for name, values in targets.items() if name not in features})


def score_track(
    champion: Callable[[], Serving], work_types: tuple[str, ...], as_of_days: float
) -> Callable[[pa.Table], pa.Table]:
    """A function for ``applyInArrow`` over the series of one track that gives rows of ``RISK_DDL``.

    A whole track comes together because what an asset's neighbours do is a feature. Series the champion cannot speak
    of, and those without a limit, give no row.
    """

    def run(table: pa.Table) -> pa.Table:
        serving = champion()
        model = TrainedModel.from_texts(serving.texts)
        rows = table.combine_chunks().to_batches()[0]
        batch = series_batch(rows, (), work_types)
        static = _static(rows) | {name: floats(rows.column(name))[:, None] for name in _ENGINE}
        frame = _framed(rows, feature_table(batch, np.array([as_of_days]), static))
        return _risk(frame, serving, model, batch)

    return run


def _risk(frame: pd.DataFrame, serving: Serving, model: TrainedModel, batch: SeriesBatch) -> pa.Table:
    predicted = model.predict(frame)
    told = predicted.known & np.isfinite(predicted.probability)
    rows = frame[told].reset_index(drop=True)
    weeks = model.parameters.horizon_weeks
    units = dict(zip(frame["indicator"], frame["unit"], strict=True))
    sign = batch.direction[frame["series"].to_numpy()][told]
    return pa.table(
        {
            "asset_id": rows["asset_id"].tolist(),
            "line_id": rows["line_id"].tolist(),
            "target": [
                f"exceeds_{a.lower()}_{weeks}w:{b}" for a, b in zip(rows["level_name"], rows["indicator"], strict=True)
            ],
            "score": np.clip(predicted.probability[told], 0.0, 1.0),
            "predicted_value": sign * predicted.value[told],
            "model_name": [serving.name] * len(rows),
            "model_version": [serving.version] * len(rows),
            "reason_codes": reason_codes(model, rows, units),
        },
        schema=_RISK_SCHEMA,  # a track without a row still has columns of these types
    )


def _framed(rows: pa.RecordBatch, features: dict[str, np.ndarray]) -> pd.DataFrame:
    names = ("asset_id", "line_id", "indicator", "unit", "level_name")
    words = {name: np.asarray(rows.column(name).to_pylist(), dtype=object) for name in names}
    keys = {name: column[features["series"]] for name, column in words.items()}
    return pd.DataFrame(keys | features)


def _static(rows: pa.RecordBatch) -> dict[str, np.ndarray]:
    numbers = {name: floats(rows.column(name)) for name in (*_NUMBERS, "limit", "position_m")}
    words = {name: np.asarray(rows.column(name).to_pylist(), dtype=object) for name in (*_WORDS, "track", "indicator")}
    return numbers | {name: words[name] for name in (*_WORDS, "track")} | {"group": words["indicator"]}
