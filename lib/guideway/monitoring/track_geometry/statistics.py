"""Statistics of many sections of one signal at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from guideway.network.stretches import Stretch

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Sections:
    """Sections as half-open index ranges of a recording's samples.

    Attributes:
        stretches: the sections, in the order of the arrays.
        first: first sample of each, shape (sections,).
        stop: one past the last sample.
        expected: samples each would have if it were measured from end to end.
    """

    stretches: tuple[Stretch, ...]
    first: Indices
    stop: Indices
    expected: Floats

    @classmethod
    def of(cls, stretches: Sequence[Stretch], start: float, step: float, n_samples: int) -> Sections:
        """The sections with at least one sample of a recording that starts at ``start``."""
        from_m = np.array([stretch.from_m for stretch in stretches], dtype=np.float64)
        to_m = np.array([stretch.to_m for stretch in stretches], dtype=np.float64)
        first = np.clip(np.ceil((from_m - start) / step - 1e-6), 0, n_samples).astype(np.intp)
        stop = np.clip(np.ceil((to_m - start) / step - 1e-6), 0, n_samples).astype(np.intp)
        passed = np.flatnonzero(stop > first)
        expected = np.maximum((to_m - from_m) / step, 1.0)
        return cls(tuple(stretches[int(i)] for i in passed), first[passed], stop[passed], expected[passed])


@dataclass(frozen=True)
class Moments:
    """Count, mean and spread of each section; NaN where there are too few samples, shape (sections,)."""

    count: Indices
    mean: Floats
    sd: Floats
    population_sd: Floats


def moments(values: Floats, sections: Sections) -> Moments:
    """Count, mean and standard deviations of valid samples; ``sd`` divides by N - 1."""
    valid = np.isfinite(values)
    count = _valid(valid, sections)
    centre = float(np.mean(values if valid.all() else values[valid])) if valid.any() else 0.0
    centred = np.zeros(values.size + 1)
    np.subtract(values, centre, out=centred[:-1], where=valid)
    total = _over_sections(np.add, centred, sections)
    squares = _over_sections(np.add, np.square(centred, out=centred), sections)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
        scatter = np.maximum(squares - count * mean * mean, 0.0)
        sd = np.where(count > 1, np.sqrt(scatter / (count - 1)), np.nan)
        population = np.where(count > 1, np.sqrt(scatter / count), np.nan)
    return Moments(count, mean + centre, sd, population)


def counts(values: Floats, sections: Sections) -> Indices:
    """Valid samples of each section."""
    return _valid(np.isfinite(values), sections)


def greatest(values: Floats, sections: Sections) -> Floats:
    """Greatest valid sample of each section, NaN where there is none."""
    filled = np.full(values.size + 1, -np.inf)
    np.copyto(filled[:-1], values, where=np.isfinite(values))
    found = _over_sections(np.maximum, filled, sections)
    return np.where(np.isfinite(found), found, np.nan)


def _valid(valid: npt.NDArray[np.bool_], sections: Sections) -> Indices:
    if valid.all():
        return sections.stop - sections.first
    return _over_sections(np.add, np.append(valid, False).astype(np.intp), sections)


def _over_sections(ufunc: np.ufunc, values: npt.NDArray[Any], sections: Sections) -> npt.NDArray[Any]:
    """The ufunc over each section's samples; ``values`` has one more, for ``reduceat`` wants every end to be inside."""
    if sections.first.size == 0:
        return values[:0]
    return np.asarray(ufunc.reduceat(values, np.column_stack((sections.first, sections.stop)).ravel())[::2])
