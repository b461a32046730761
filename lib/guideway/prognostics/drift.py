"""Has the input, the prediction or the label moved away from what the model was trained on, and on which line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from guideway.prognostics.ragged import Floats

Status = Literal["stable", "watch", "drifted", "too_few_rows"]
_SHARES = np.linspace(0.0, 1.0, 51)
_BINS = 10


@dataclass(frozen=True)
class Reference:
    """Distribution of each quantity in training: 51 quantiles of its known values and the share not known."""

    quantiles: dict[str, tuple[float, ...]]
    missing: dict[str, float]

    @classmethod
    def of(cls, columns: Mapping[str, Floats]) -> Reference:
        """Reference of each array that has known values."""
        quantiles, missing = {}, {}
        for name, values in columns.items():
            known = np.asarray(values, dtype=np.float64)
            known = known[np.isfinite(known)]
            if known.size:
                quantiles[name] = tuple(float(q) for q in np.quantile(known, _SHARES))
                missing[name] = 1.0 - known.size / len(values)
        return cls(quantiles, missing)

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Any]) -> Reference:
        """The inverse of ``dataclasses.asdict``, with JSON's lists as tuples."""
        quantiles = {str(name): tuple(float(q) for q in row) for name, row in numbers["quantiles"].items()}
        return cls(quantiles, {str(name): float(share) for name, share in numbers["missing"].items()})


@dataclass(frozen=True)
class Drift:
    """Drift of one quantity on one line."""

    line_id: str
    quantity: str
    n: int
    psi: float
    ks: float
    status: Status


def population_stability_index(reference: Floats, current: Floats) -> float:
    """PSI = sum (p - q) ln(p / q) over bins; shares below 0.1 % count as 0.1 %. Siddiqi (2006), Credit Risk Scorecards.

    Args:
        reference: share of each bin in training.
        current: share of each bin now.
    """
    p, q = np.maximum(current, 1e-3), np.maximum(reference, 1e-3)
    return float(np.sum((p - q) * np.log(p / q)))


def drift(reference: Reference, columns: Mapping[str, Floats], line_id: Any, *, min_rows: int = 50) -> list[Drift]:
    """Drift of each quantity on each line against training.

    PSI under 0.1 is ``stable``, under 0.25 ``watch``, else ``drifted``; a line with fewer than ``min_rows`` rows is
    ``too_few_rows``, for then PSI is mostly noise (its expectation is about bins / rows). KS is the largest distance
    of the distribution functions of known values.

    Args:
        reference: what training saw.
        columns: current values by name; each of shape (n,).
        line_id: line of each row; shape (n,).
        min_rows: least rows of a line.
    """
    lines = np.asarray(line_id).astype(str)
    found = []
    for line in pd.unique(lines):
        here = lines == line
        for name, quantiles in reference.quantiles.items():
            if name in columns:
                values = np.asarray(columns[name], dtype=np.float64)[here]
                found.append(
                    _compare(
                        str(line),
                        name,
                        values,
                        quantiles=np.array(quantiles),
                        missing=reference.missing[name],
                        min_rows=min_rows,
                    )
                )
    return found


def _compare(line: str, name: str, values: Floats, *, quantiles: Floats, missing: float, min_rows: int) -> Drift:
    known = np.sort(values[np.isfinite(values)])
    edges = np.unique(quantiles[:: (_SHARES.size - 1) // _BINS])
    # a constant has a bin of its own between lower and higher values
    inner = edges[1:-1] if edges.size > 2 else np.unique([np.nextafter(edges[0], -np.inf), edges[0]])
    expected = np.diff([0.0, *_distribution(quantiles, inner), 1.0]) * (1 - missing)
    counts = np.bincount(np.searchsorted(inner, known, side="left"), minlength=inner.size + 1)
    total = max(values.size, 1)
    psi = population_stability_index(np.append(expected, missing), np.append(counts, total - known.size) / total)
    ks = 0.0
    if known.size:
        at = np.unique(quantiles)
        ks = float(np.max(np.abs(np.searchsorted(known, at, side="right") / known.size - _distribution(quantiles, at))))
    status: Status = "stable" if psi < 0.1 else "watch" if psi < 0.25 else "drifted"
    return Drift(line, name, int(values.size), psi, ks, status if values.size >= min_rows else "too_few_rows")


def _distribution(quantiles: Floats, at: Floats) -> Floats:
    """Share of training values at or below each point, from the quantiles."""
    last = np.searchsorted(quantiles, at, side="right") - 1
    last = np.clip(last, 0, quantiles.size - 1)
    following = np.minimum(last + 1, quantiles.size - 1)
    gap = quantiles[following] - quantiles[last]
    part = np.where(gap > 0, (at - quantiles[last]) / np.where(gap > 0, gap, 1.0), 0.0)
    share: Floats = np.clip((last + np.clip(part, 0, 1)) / (quantiles.size - 1), 0.0, 1.0)
    return share
