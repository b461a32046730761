"""The model's features as numbers: codes of their words, their fingerprint and their page."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from guideway.contracts.models import (
    CODE,
    DRAINAGE,
    FEATURES,
    LEVEL,
    RATE,
    STRUCTURES,
    TRACK_FORMS,
    WORK_TYPES,
    Feature,
)

__all__ = ["CODE", "DRAINAGE", "FEATURES", "LEVEL", "RATE", "STRUCTURES", "TRACK_FORMS", "WORK_TYPES", "Feature"]

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
DEFINITION = hashlib.sha256(repr(FEATURES).encode()).hexdigest()[:16]
"""Fingerprint of what the features mean: rows of ``gold.asset_feature`` of another one are not mixed with these."""

_VOCABULARIES = {"structure": STRUCTURES, "track_form": TRACK_FORMS, "drainage": DRAINAGE, "last_work_code": WORK_TYPES}


def encode(name: str, words: NDArray[np.generic]) -> NDArray[np.float64]:
    """Codes of a categorical attribute, by position in its vocabulary; NaN for a word outside it.

    Numbers are taken as codes already.
    """
    array = np.asarray(words)
    if array.dtype.kind in "fiub":
        return array.astype(np.float64)
    codes = {word: float(code) for code, word in enumerate(_VOCABULARIES[name])}
    return np.array([codes.get(str(word), np.nan) for word in array.ravel()]).reshape(array.shape)


def features_page() -> str:
    """The page of the features, Markdown, as ``docs/models/features.md`` holds it."""
    lines = [
        "# Features of the condition model",
        "",
        "Generated from `guideway.contracts.models`; the columns of `gold.asset_feature`, a row an asset, indicator",
        "and `as_of`. A unit of `indicator` is the unit of the series itself, turned so that higher is always worse;",
        "the model divides these by the typical change of the indicator, so that one model serves all. Missing means",
        "not known.",
        "",
        "**Known at the end of `as_of`** means: measured *and delivered* by then (what was measured before its",
        "source's first delivery came as an archive and counts from its measurement; a correction takes the place of",
        "what it corrects from its own delivery on), works finished by then, the",
        "traffic that applied then, the engine's trend fitted to just these values. `score_assets` writes the",
        "day's row of every asset with a limit; `train_models` adds rows of past days that are not there yet, and",
        "trains on the table. A row once written is what was known: late deliveries do not change it; doing an",
        "old week again by hand does. What `reference.section` says and the date of installation have no history:",
        "they are today's.",
        "",
        "| feature | unit | meaning |",
        "|---|---|---|",
        *(f"| `{feature.name}` | {feature.unit} | {feature.comment} |" for feature in FEATURES),
        "",
    ]
    return "\n".join(lines)
