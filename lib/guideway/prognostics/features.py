"""Features of many series at many origins, with nothing known after the origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guideway.prognostics import ragged
from guideway.prognostics.definitions import DRAINAGE, FEATURE_NAMES, FEATURES, STRUCTURES, TRACK_FORMS, Feature, encode
from guideway.prognostics.history import History, history, rows
from guideway.prognostics.neighbours import neighbour_means
from guideway.prognostics.ragged import Floats, Ints

if TYPE_CHECKING:
    from guideway.degradation.series import SeriesBatch

DAYS_PER_YEAR = 365.2425
RECENT = 12
_CHUNK_ROWS = 50_000
_CATEGORIES = ("structure", "track_form", "drainage")
_AS_GIVEN = (
    "speed_kmh",
    "tonnes_per_day",
    "passes_per_day",
    "rain_mm_13w",
    "frost_days_13w",
    "neighbour_level",
    "neighbour_rate",
    "engine_sigma",
)
_UNSIGNED = ("curvature_per_km", "cant_mm")

__all__ = ["DRAINAGE", "FEATURES", "FEATURE_NAMES", "STRUCTURES", "TRACK_FORMS", "Feature", "feature_table"]


def feature_table(
    batch: SeriesBatch,
    origins_days: Floats,
    static: Mapping[str, NDArray[Any]],
    work_known_days: Floats | None = None,
) -> dict[str, NDArray[Any]]:
    """Features of each series at each origin, from values and works at or before the origin only.

    Args:
        batch: the series, laid end to end.
        origins_days: as-of times on the time axis of ``batch.t_days``, days; shape (n_origins,).
        static: attributes by name, each of shape (n_series,) or (n_series, n_origins): ``speed_kmh``,
            ``curvature_per_km``, ``cant_mm``, ``structure``, ``track_form``, ``drainage`` (words or codes),
            ``tonnes_per_day``, ``passes_per_day``, ``installed_days``, ``rain_mm_13w``, ``frost_days_13w``,
            ``engine_level``, ``engine_rate``, ``engine_sigma`` (of the degradation engine, fitted to what was known at
            the origin; in the indicator's unit), ``limit`` (alert limit, in the indicator's unit) and either
            ``neighbour_level`` and ``neighbour_rate`` (severities) or ``track``,
            ``group`` and ``position_m``, from which the neighbours are found in the batch.
            What is missing is NaN in the table. Attributes of shape (n_series, n_origins) are the caller's word
            that nothing in them is from after the origin.
        work_known_days: since when each work is known, by default since it was done; shape of ``batch.work_t_days``.

    Returns:
        ``series`` (index into the batch), ``origin_days`` and one array for each of ``FEATURES``; rows are series x
        origin, series by series. NaN means not known.
    """
    past = history(batch, work_known_days)
    series, origin = rows(past.n_series, origins_days)
    table: dict[str, NDArray[Any]] = {"series": series, "origin_days": origin}
    parts = [
        _history_features(past, series[k : k + _CHUNK_ROWS], origin[k : k + _CHUNK_ROWS])
        for k in range(0, max(series.size, 1), _CHUNK_ROWS)
    ]
    for name in parts[0]:
        table[name] = np.concatenate([part[name] for part in parts])
    season = 2 * np.pi * origin / DAYS_PER_YEAR
    table["season_sin"], table["season_cos"] = np.sin(season), np.cos(season)
    _add_attributes(table, past, static)
    return {name: table.get(name, np.full(series.size, np.nan)) for name in ("series", "origin_days", *FEATURE_NAMES)}


def _history_features(past: History, series: Ints, origin: Floats) -> dict[str, Floats]:
    first = past.offsets[series]
    end = ragged.count_until(past.offsets, past.t_days, series, origin)
    features, since, before_work = work_features(past, series, origin)
    start = np.where(np.isfinite(since), ragged.count_until(past.offsets, past.t_days, series, since), first)
    start = np.minimum(start, end)

    heads = np.minimum(past.offsets[:-1], max(past.t_days.size - 1, 0))
    lengths = np.diff(past.offsets)
    years = (past.t_days - np.repeat(ragged.take(past.t_days, heads), lengths)) / DAYS_PER_YEAR
    relative = past.severity - np.repeat(ragged.take(past.severity, heads), lengths)

    def rate_of_last(days: float) -> Floats:
        opening = ragged.count_until(past.offsets, past.t_days, series, origin - days, inclusive=False)
        return ragged.slopes(years, relative, np.maximum(start, opening), end)

    cycle = np.where(
        np.isfinite(before_work), ragged.count_until(past.offsets, past.t_days, series, before_work), first
    )
    has_value = end > first
    features |= {
        "last_value": np.where(has_value, ragged.take(past.severity, end - 1), np.nan),
        "days_since_value": np.where(has_value, origin - ragged.take(past.t_days, end - 1), np.nan),
        "n_values": (end - first).astype(np.float64),
        "n_since_work": (end - start).astype(np.float64),
        "rate_26w": rate_of_last(182.0),
        "rate_52w": rate_of_last(364.0),
        "rate_104w": rate_of_last(728.0),
        "rate_since_work": (whole := ragged.slopes(years, relative, start, end)),
        "line_level": _mean(past.severity, start, end)
        + whole * (origin - _mean(past.t_days, start, end)) / DAYS_PER_YEAR,
        "previous_rate": np.where(np.isfinite(since), ragged.slopes(years, relative, cycle, start), np.nan),
        "history_max": _row_max(ragged.last_elements(past.severity, first, end, RECENT)),
    }
    features["rate_change"] = features["rate_26w"] - features["rate_since_work"]
    after = np.minimum(start + 3, end)
    effect = _mean(past.severity, start, after) - _mean(past.severity, np.maximum(cycle, start - 3), start)
    features["last_work_effect"] = np.where(np.isfinite(since), effect, np.nan)
    return features | _recent_features(past, first, start, end, origin)


def work_features(past: History, series: Ints, origin: Floats) -> tuple[dict[str, Floats], Floats, Floats]:
    """Works known at the origin: features, time of the last, time of the last but one (NaN without)."""
    # A work recorded late may be followed by one recorded at once, so "known" is tested work by work.
    first = past.work_offsets[series]
    done = ragged.count_until(past.work_offsets, past.work_t_days, series, origin)
    depth = int((done - first).max(initial=0))
    index = done[:, None] + np.arange(-depth, 0)[None, :]
    inside = index >= first[:, None]
    safe = np.where(inside, index, 0)
    known = inside & (ragged.take(past.work_known_days, safe) <= origin[:, None])
    times = np.where(known, ragged.take(past.work_t_days, safe), -np.inf)
    latest = np.sort(times, axis=1)[:, ::-1]
    last, before = ((_or_nan(latest[:, k]) if depth > k else np.full(series.size, np.nan)) for k in (0, 1))
    codes = np.full(series.size, np.nan)
    if depth:
        column = depth - 1 - np.argmax(times[:, ::-1], axis=1)
        chosen = safe[np.arange(series.size), column]
        codes = np.where(np.isfinite(last), ragged.take(past.work_codes, chosen), np.nan)
    features = {
        "days_since_work": origin - last,
        "n_works": known.sum(axis=1).astype(np.float64),
        "n_works_3y": (times > origin[:, None] - 3 * DAYS_PER_YEAR).sum(axis=1).astype(np.float64),
        "last_work_code": codes,
    }
    return features, last, before


def _recent_features(past: History, first: Ints, start: Ints, end: Ints, origin: Floats) -> dict[str, Floats]:
    """Robust level, rate, noise and jumps of the last values since work."""
    values = ragged.last_elements(past.severity, start, end, RECENT)
    years = (ragged.last_elements(past.t_days, start, end, RECENT) - origin[:, None]) / DAYS_PER_YEAR
    rate = ragged.theil_sen(years, values)
    flattened = values - np.where(np.isfinite(rate), rate, 0.0)[:, None] * years
    level = ragged.row_median(flattened[:, -5:])
    fallback = ragged.take(past.severity, end - 1)
    residual = values - (
        ragged.row_median(flattened)[:, None] + np.where(np.isfinite(rate), rate, 0.0)[:, None] * years
    )
    sigma = 1.4826 * ragged.row_median(np.abs(residual))
    jumps = np.diff(values, axis=1)
    return {
        "rate": rate,
        # Right after a work there is no value yet: the last value before it is all that is known.
        "level": np.where(np.isfinite(level), level, np.where(end > first, fallback, np.nan)),
        "residual_sigma": np.where(np.isfinite(values).sum(axis=1) >= 4, sigma, np.nan),
        "max_jump": _row_max(jumps),
        "last_jump": jumps[:, -1],
    }


def _add_attributes(table: dict[str, NDArray[Any]], past: History, static: Mapping[str, NDArray[Any]]) -> None:
    def spread(name: str) -> NDArray[Any]:
        array = np.asarray(static[name])
        return array[table["series"]] if array.ndim == 1 else array.reshape(table["series"].size)

    given = {name: spread(name) for name in static}
    sign = past.sign[table["series"]]
    nothing = np.full(sign.size, np.nan)
    turns = dict.fromkeys(_AS_GIVEN, 1.0) | {"engine_level": sign, "engine_rate": sign}
    table |= {name: turn * given[name].astype(np.float64) for name, turn in turns.items() if name in given}
    table |= {name: np.abs(given[name].astype(np.float64)) for name in _UNSIGNED if name in given}
    table |= {name: encode(name, given[name]) for name in _CATEGORIES if name in given}
    if "installed_days" in given:
        age = (table["origin_days"] - given["installed_days"].astype(np.float64)) / DAYS_PER_YEAR
        table["age_years"] = np.where(age >= 0, age, np.nan)
    if "limit" in given:
        table["distance_to_limit"] = sign * given["limit"].astype(np.float64) - table["level"]
    for own in ("level", "rate"):
        # The engine's fit, where it is given, is less noisy than the slope of one asset.
        best = np.where(np.isfinite(engine := table.get(f"engine_{own}", nothing)), engine, table[own])
        if f"neighbour_{own}" not in given and given.keys() >= {"track", "group", "position_m"}:
            place = (given["track"], given["group"], table["origin_days"])
            table[f"neighbour_{own}"] = neighbour_means(place, given["position_m"].astype(np.float64), best)
        if f"neighbour_{own}" in table:
            table[f"{own}_to_neighbours"] = best - table[f"neighbour_{own}"]


def _mean(values: Floats, start: Ints, end: Ints) -> Floats:
    n = end - start
    return np.where(n > 0, ragged.window_sums(values, start, end) / np.maximum(n, 1), np.nan)


def _row_max(matrix: Floats) -> Floats:
    highest = np.where(np.isfinite(matrix), matrix, -np.inf).max(axis=1, initial=-np.inf)
    return _or_nan(highest)


def _or_nan(array: Floats) -> Floats:
    return np.where(np.isfinite(array), array, np.nan)
