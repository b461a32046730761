"""Features and risk of whole tracks: condition series with their assets' facts in, features or scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from guideway.contracts.models import ASSET_FEATURE
from guideway.degradation.learning import backtest_origins, learn_priors
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import Priors
from guideway.degradation.trends import fit_trends
from guideway.prognostics.definitions import DEFINITION, FEATURE_NAMES
from guideway.prognostics.departures import departures
from guideway.prognostics.features import feature_table
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.reasons import reason_codes
from guideway.prognostics.targets import target_table
from guideway.prognostics.weather import Weather
from guideway.udfs.ragged import Floats, floats, numbers, ragged, series_batch

_NUMBERS = ("speed_kmh", "curvature_per_km", "cant_mm", "installed_days", "limit", "position_m")
_WORDS = ("structure", "track_form", "drainage")
_ENGINE = ("engine_level", "engine_rate", "engine_sigma")
_TRAFFIC = ("tonnes_per_day", "passes_per_day")
_NO_WEATHER = Weather()

KEYS = ("asset_id", "line_id", "indicator", "kind", "unit", "direction", "level_name")
"""What a row of features says besides its features and its day."""

DEPARTURE = ("departure", "departure_sigmas")
"""What a row of features says of anomalies, which no model learns from."""

_FEATURE_COLUMNS = [c for c in ASSET_FEATURE.columns if c.name != "as_of"]
FEATURE_DDL = ", ".join(f"{c.name} {c.type}" for c in _FEATURE_COLUMNS)
RISK_DDL = (
    "asset_id string, line_id string, as_of date, target string, score double, predicted_value double, "
    "model_name string, model_version string, reason_codes array<string>"
)

_ARROW = {"string": pa.string(), "double": pa.float64(), "int": pa.int32()}
_FEATURE_SCHEMA = pa.schema([(c.name, _ARROW[c.type]) for c in _FEATURE_COLUMNS])
_RISK_SCHEMA = pa.schema(
    [
        ("asset_id", pa.string()),
        ("line_id", pa.string()),
        ("as_of", pa.date32()),
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


def known_features(
    rows: pa.RecordBatch,
    work_types: tuple[str, ...],
    origin_days: float,
    priors: Priors | None = None,
    weather: Weather = _NO_WEATHER,
) -> pd.DataFrame:
    """What was known of every series at one origin; nothing from after it is looked at.

    Args:
        rows: the columns of ``transforms.features.with_facts``; without ``priors`` the engine's columns besides.
        work_types: names of the works' codes.
        origin_days: the origin, days since 1970-01-01 UTC.
        priors: fit the engine's trends with these, to what was known at the origin.
        weather: of the lines.

    Returns:
        ``KEYS``, ``series``, ``origin_days``, the features and ``DEPARTURE``; a row a series, in their order.
    """
    batch = series_batch(rows, priors.groups if priors else (), work_types, known_by=origin_days)
    static = _static(rows) | _traffic(rows, origin_days)
    static |= weather.last_13_weeks(np.asarray(rows.column("line_id").to_pylist()), origin_days)
    if priors is None:
        static |= {name: floats(rows.column(name)) for name in _ENGINE}
    else:
        trends = fit_trends(batch, priors, origin_days, DegradationParameters())
        fitted = (trends.level_now, trends.rate_per_year, trends.sigma)
        static |= dict(zip(_ENGINE, fitted, strict=True))
    own = {"kind": "pool"}
    keys = {name: np.asarray(rows.column(own.get(name, name)).to_pylist(), dtype=object) for name in KEYS}
    found = departures(batch, origin_days, (static["track"], static["group"]))
    odd = {"departure": found.standing_out(static["limit"]), "departure_sigmas": found.sigmas}
    return pd.DataFrame(keys | feature_table(batch, np.array([origin_days]), static) | odd)


def targets(rows: pa.RecordBatch, work_types: tuple[str, ...], origin_days: float) -> pd.DataFrame:
    """What came after one origin, as known today; a row a series, in the order of ``known_features``."""
    batch = series_batch(rows, (), work_types)
    table = target_table(batch, np.array([origin_days]), floats(rows.column("limit")))
    return pd.DataFrame({name: values for name, values in table.items() if name not in ("series", "origin_days")})


def rows_at_origins(
    rows: pa.RecordBatch, work_types: tuple[str, ...], today_days: float, weather: Weather = _NO_WEATHER
) -> pd.DataFrame:
    """Features and targets of every series at each back-test origin before today; empty without any.

    The engine's priors come from before the first origin, so that no feature knows what came after its origin.
    """
    pools = tuple(sorted(pa.compute.unique(rows.column("pool")).to_pylist()))
    origins = backtest_origins(series_batch(rows, pools, work_types), today_days, most=None)
    if not len(origins):
        return pd.DataFrame()
    early = series_batch(rows, pools, work_types, known_by=float(origins[0]))
    priors = learn_priors(early, pools, origins, today_days, DegradationParameters())
    frames = [
        pd.concat(
            [known_features(rows, work_types, origin, priors, weather), targets(rows, work_types, origin)], axis=1
        )
        for origin in map(float, origins)
    ]
    return pd.concat(frames, ignore_index=True)


def track_features(
    work_types: tuple[str, ...], as_of_days: float, weather: Callable[[], Weather]
) -> Callable[[pa.Table], pa.Table]:
    """A function for ``applyInArrow`` over the series of one track that gives rows of ``FEATURE_DDL``.

    A whole track comes together because what an asset's neighbours do is a feature.
    """

    def run(table: pa.Table) -> pa.Table:
        rows = table.combine_chunks().to_batches()[0]
        return feature_rows(known_features(rows, work_types, as_of_days, weather=weather()))

    return run


def feature_rows(frame: pd.DataFrame) -> pa.Table:
    """Rows of ``FEATURE_DDL`` from those of ``known_features``: what is not known is null."""
    columns: dict[str, object] = {name: numbers(frame[name]) for name in (*FEATURE_NAMES, *DEPARTURE)}
    columns |= {name: frame[name].tolist() for name in KEYS} | {"definition": [DEFINITION] * len(frame)}
    return pa.table({name: columns[name] for name in _FEATURE_SCHEMA.names}, schema=_FEATURE_SCHEMA)


def score_rows(champion: Callable[[], Serving]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow`` over rows of ``gold.asset_feature`` that gives rows of ``RISK_DDL``.

    Series the champion cannot speak of, and those without a limit, give no row.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        serving = champion()
        model = TrainedModel.from_texts(serving.texts)
        for batch in batches:
            if batch.num_rows:
                yield _risk(batch.to_pandas(), serving, model)

    return run


def _risk(frame: pd.DataFrame, serving: Serving, model: TrainedModel) -> pa.RecordBatch:
    predicted = model.predict(frame)
    told = predicted.known & np.isfinite(predicted.probability)
    rows = frame[told].reset_index(drop=True)
    units = dict(zip(frame["indicator"], frame["unit"], strict=True))
    reasons = reason_codes(model, rows, units)
    own = (model.parameters.horizon_weeks, predicted.value[told], predicted.probability[told])
    others = ((horizon.weeks, *horizon.predict(rows)) for horizon in model.horizons)
    parts = [_risk_of(rows, reasons, serving, *each) for each in (own, *others)]
    return pa.Table.from_batches(parts).combine_chunks().to_batches()[0] if len(rows) else parts[0]


def _risk_of(
    frame: pd.DataFrame, reasons: list[list[str]], serving: Serving, weeks: int, value: Floats, probability: Floats
) -> pa.RecordBatch:
    told = np.isfinite(probability)
    rows = frame[told]
    limits = zip(rows["level_name"], rows["indicator"], strict=True)
    return pa.RecordBatch.from_pydict(
        {
            "asset_id": rows["asset_id"].tolist(),
            "line_id": rows["line_id"].tolist(),
            "as_of": rows["as_of"].tolist(),
            "target": [f"exceeds_{level.lower()}_{weeks}w:{indicator}" for level, indicator in limits],
            "score": np.clip(probability[told], 0.0, 1.0),
            "predicted_value": rows["direction"].to_numpy() * value[told],
            "model_name": [serving.name] * len(rows),
            "model_version": [serving.version] * len(rows),
            "reason_codes": [each for each, is_told in zip(reasons, told, strict=True) if is_told],
        },
        schema=_RISK_SCHEMA,  # a batch without a row still has columns of these types
    )


def _static(rows: pa.RecordBatch) -> dict[str, np.ndarray]:
    words = {name: np.asarray(rows.column(name).to_pylist(), dtype=object) for name in (*_WORDS, "track")}
    group = np.asarray(rows.column("indicator").to_pylist(), dtype=object)
    return {name: floats(rows.column(name)) for name in _NUMBERS} | words | {"group": group}


def _traffic(rows: pa.RecordBatch, origin_days: float) -> dict[str, Floats]:
    """The traffic that applied at the origin; NaN where none was told yet."""
    offsets, since = ragged(rows.column("traffic_days"))
    known = np.concatenate([[0], np.cumsum(floats(since) < origin_days)])
    n_known = known[offsets[1:]] - known[offsets[:-1]]
    last = np.maximum(offsets[:-1] + n_known - 1, 0)
    columns = {name: np.append(floats(ragged(rows.column(name))[1]), np.nan) for name in _TRAFFIC}
    return {
        name: np.where(n_known > 0, values[np.minimum(last, len(values) - 1)], np.nan)
        for name, values in columns.items()
    }
