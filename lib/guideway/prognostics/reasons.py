"""Why an asset is at risk, in the planner's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guideway.prognostics.blend import TERMS, Blend
from guideway.prognostics.definitions import DRAINAGE, STRUCTURES, TRACK_FORMS, WORK_TYPES
from guideway.prognostics.design import MATRIX_COLUMNS, indicator_codes
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.ragged import Floats

Row = Mapping[str, float]
_DAYS_PER_MONTH = 30.44

# Features that say the same thing to a planner are one reason.
_THEMES: dict[str, tuple[str, ...]] = {
    "growth": (
        "rate",
        "rate_26w",
        "rate_52w",
        "rate_104w",
        "rate_since_work",
        "best_rate",
        "engine_rate",
        "neighbour_rate",
        "rate_to_neighbours",
    ),
    "acceleration": ("rate_change",),
    "history": ("previous_rate", "n_works", "n_works_3y", "last_work_effect", "history_max"),
    "level": ("level", "last_value", "neighbour_level", "level_to_neighbours", "engine_level", "line_level"),
    "noise": ("residual_sigma", "engine_sigma", "max_jump", "last_jump", "offset", "engine_offset"),
    "work": ("days_since_work", "n_since_work", "last_work_code"),
    "drainage": ("drainage",),
    "structure": ("structure",),
    "track_form": ("track_form",),
    "curve": ("curvature_per_km", "cant_mm"),
    "traffic": ("tonnes_per_day", "passes_per_day", "speed_kmh"),
    "weather": ("season_sin", "season_cos", "rain_mm_13w", "frost_days_13w"),
    "age": ("age_years",),
}
_THEME_OF = {name: theme for theme, names in _THEMES.items() for name in names}


def contributions(model: TrainedModel, frame: pd.DataFrame) -> dict[str, Floats]:
    """What each theme adds to the expected change, in units of the scale, beside the average of training.

    Exact Shapley values of the trees (Lundberg and others 2020, From local explanations to global understanding with
    explainable AI for trees, as LightGBM computes them) and the terms of the straight part less their mean, as far as
    the model trusts them; the terms of the plain trend for the rest. All themes of a row add up to its expected change
    but for a constant of its indicator.
    """
    matrix = model.design.matrix(frame)
    totals = {theme: np.zeros(len(frame)) for theme in (*_THEMES, "other")}
    if not len(frame):
        return totals
    trees = np.asarray(model.change.predict(matrix, pred_contrib=True, num_threads=1))[:, :-1]
    days, weight = model.parameters.horizon_days, model.trust.of(indicator_codes(matrix))[:, None]
    straight = model.blend.contributions(matrix, days) - np.array(model.blend.centre)
    plain = Blend.plain_trend().contributions(matrix, days, clip=np.inf)
    for names, parts in ((MATRIX_COLUMNS, weight * trees), (TERMS, weight * straight + (1 - weight) * plain)):
        for name, part in zip(names, parts.T, strict=True):
            totals[_THEME_OF.get(name.removesuffix(", few values"), "other")] += part
    return totals


def reason_codes(model: TrainedModel, frame: pd.DataFrame, units: Mapping[str, str], most: int = 4) -> list[list[str]]:
    """Reasons in words for each row: how near the limit, then what drives it there.

    Args:
        model: the model whose answer is explained.
        frame: rows of the feature table.
        units: unit of each indicator, as printed.
        most: how many reasons at most.
    """
    frame = frame.reset_index(drop=True)
    themes = contributions(model, frame)
    names = list(themes)
    matrix = np.column_stack([themes[name] for name in names]) if len(frame) else np.empty((0, len(names)))
    records = frame.to_dict("records")
    texts = []
    for row, parts in zip(records, matrix, strict=True):
        unit = units.get(str(row["indicator"]), "")
        numbers = {str(k): float(v) for k, v in row.items() if isinstance(v, (int, float))}
        found = [_near_limit(numbers, unit)]
        for k in _driving(parts):
            say = _SENTENCES.get(names[k])
            found.append(say(numbers, unit) if say else "")
        texts.append([text for text in found if text][:most])
    return texts


def _driving(parts: Floats) -> NDArray[np.int64]:
    """Themes that push towards worse, strongest first; those under a tenth of the strongest are left out."""
    order = np.argsort(-parts)
    strongest = parts[order[0]] if parts.size else 0.0
    kept: NDArray[np.int64] = order[parts[order] > max(0.1 * strongest, 1e-9)]
    return kept


def _near_limit(row: Row, unit: str) -> str:
    gap = row.get("distance_to_limit", np.nan)
    if not np.isfinite(gap):
        return ""
    if gap <= 0:
        return f"already {_number(-gap)} {unit} beyond the alert limit".replace("  ", " ")
    return f"{_number(gap)} {unit} below the alert limit".replace("  ", " ")


def _growth(row: Row, unit: str) -> str:
    rate = next((row[k] for k in ("engine_rate", "rate", "rate_since_work") if np.isfinite(row.get(k, np.nan))), np.nan)
    beside = row.get("neighbour_rate", np.nan)
    if not np.isfinite(rate):
        return f"neighbours grow {_number(beside)} {unit}/yr" if np.isfinite(beside) and beside > 0 else ""
    if rate <= 0:
        return ""
    text = f"grows {_number(rate)} {unit}/yr"
    if np.isfinite(beside) and beside > 0 and rate / beside >= 1.5:
        text += f", {_times(rate / beside)} its neighbours"
    return text


def _acceleration(row: Row, unit: str) -> str:
    change = row.get("rate_change", np.nan)
    return f"speeding up: {_number(change)} {unit}/yr faster in the last half year" if change > 0 else ""


def _history(row: Row, unit: str) -> str:
    before, works = row.get("previous_rate", np.nan), row.get("n_works_3y", np.nan)
    if np.isfinite(before) and before > 0:
        return f"grew {_number(before)} {unit}/yr before the last work"
    return f"{works:.0f} works in three years" if works >= 2 else ""


def _level(row: Row, unit: str) -> str:
    above = row.get("level_to_neighbours", np.nan)
    if np.isfinite(above) and above > 0:
        return f"{_number(above)} {unit} worse than its neighbours"
    return ""


def _noise(row: Row, unit: str) -> str:
    jump = row.get("max_jump", np.nan)
    sigma = row.get("residual_sigma", np.nan)
    if np.isfinite(jump) and np.isfinite(sigma) and sigma > 0 and jump > 4 * sigma:
        return f"jumped by {_number(jump)} {unit} between two runs"
    return ""


def _work(row: Row, unit: str) -> str:
    del unit
    days = row.get("days_since_work", np.nan)
    if not np.isfinite(days):
        return "no work on record"
    code = row.get("last_work_code", np.nan)
    word = WORK_TYPES[int(code)] if np.isfinite(code) and int(code) > 0 else "the last work"
    months = days / _DAYS_PER_MONTH
    return f"{months:.0f} months since {word.replace('_', ' ')}" if months >= 1.5 else f"{days:.0f} days since {word}"


def _word(name: str, vocabulary: tuple[str, ...], text: str, usual: tuple[str, ...] = ()) -> Callable[[Row, str], str]:
    def say(row: Row, unit: str) -> str:
        del unit
        code = row.get(name, np.nan)
        if not np.isfinite(code) or vocabulary[int(code)] in usual:
            return ""
        return text.format(vocabulary[int(code)].replace("_", " "))

    return say


def _curve(row: Row, unit: str) -> str:
    del unit
    curvature = row.get("curvature_per_km", np.nan)
    return f"curve of {1000 / curvature:.0f} m radius" if curvature > 0.1 else ""


def _traffic(row: Row, unit: str) -> str:
    del unit
    tonnes, speed = row.get("tonnes_per_day", np.nan), row.get("speed_kmh", np.nan)
    if np.isfinite(tonnes):
        return f"{tonnes / 1000:.0f} kt a day"
    return f"{speed:.0f} km/h" if np.isfinite(speed) else ""


def _weather(row: Row, unit: str) -> str:
    del unit
    rain, frost = row.get("rain_mm_13w", np.nan), row.get("frost_days_13w", np.nan)
    if frost >= 10:
        return f"{frost:.0f} days of frost in 13 weeks"
    return f"{rain:.0f} mm of rain in 13 weeks" if rain > 0 else "time of the year"


def _age(row: Row, unit: str) -> str:
    del unit
    age = row.get("age_years", np.nan)
    return f"{age:.0f} years old" if np.isfinite(age) else ""


_SENTENCES: dict[str, Callable[[Row, str], str]] = {
    "growth": _growth,
    "acceleration": _acceleration,
    "history": _history,
    "level": _level,
    "noise": _noise,
    "work": _work,
    "drainage": _word("drainage", DRAINAGE, "{} drainage", ("good",)),
    "structure": _word("structure", STRUCTURES, "on {}", ("earthwork",)),
    "track_form": _word("track_form", TRACK_FORMS, "{} track"),
    "curve": _curve,
    "traffic": _traffic,
    "weather": _weather,
    "age": _age,
}


def _number(value: float) -> str:
    """Two significant figures, without an exponent."""
    if value == 0 or not np.isfinite(value):
        return "0"
    decimals = max(0, 1 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{min(decimals, 6)}f}"


def _times(ratio: float) -> str:
    words = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}
    return words.get(round(ratio), f"{ratio:.0f} times") if ratio >= 1.75 else f"{ratio:.1f} times"
