"""The known truth of track geometry: standard deviation of each section on any day.

Between works the D1 standard deviation of the longitudinal level rises at the section's own rate; tamping multiplies
it by ``1 - effect``, and each further tamping of a section helps less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.simulate.layout import Layout
from guideway.simulate.network import DAYS_PER_YEAR
from guideway.simulate.streams import stream
from guideway.simulate.works import Work

Floats = npt.NDArray[np.float64]

_START_MM = {"conventional": 1.20, "high_speed": 0.65, "metro": 1.30, "maglev": 0.30}
_RATE_MM_PER_YEAR = {"conventional": 0.20, "high_speed": 0.12, "metro": 0.11, "maglev": 0.02}
_STRUCTURE = {
    "earthwork": 1.0,
    "embankment": 1.15,
    "cutting": 1.1,
    "bridge": 1.5,
    "tunnel": 0.7,
    "viaduct": 0.8,
    "station": 1.1,
}
_TRACK_FORM = {"ballasted": 1.0, "slab": 0.45, "floating_slab": 0.55, "embedded": 0.5, "guideway_beam": 1.0}
_DRAINAGE = {"good": 0.8, "fair": 1.0, "poor": 1.65}


@dataclass(frozen=True, slots=True)
class Deterioration:
    """Start and rate of every section, shape (n_sections,).

    Attributes:
        level_start_mm: standard deviation of the longitudinal level (D1) on the first day, mm.
        level_rate_mm_per_year: its growth between works.
        alignment_start_mm: the same of the alignment (D1).
        alignment_rate_mm_per_year: its growth between works.
        explained_rate_mm_per_year: the part of the level's rate that the section's attributes explain.
    """

    level_start_mm: Floats
    level_rate_mm_per_year: Floats
    alignment_start_mm: Floats
    alignment_rate_mm_per_year: Floats
    explained_rate_mm_per_year: Floats

    def on(self, day: float, works: tuple[Work, ...]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """State on a day (days since the first).

        Returns:
            Standard deviation of level and of alignment, mm, and tampings so far, each of shape (n_sections,).
        """
        level, alignment = self.level_start_mm.copy(), self.alignment_start_mm.copy()
        since = np.zeros_like(level)
        tampings = np.zeros(level.size, dtype=np.int64)
        for work in works:
            if work.work_type != "tamping" or work.day > day:
                continue
            at = slice(work.first, work.last + 1)
            years = (work.day - since[at]) / DAYS_PER_YEAR
            level[at] = (level[at] + self.level_rate_mm_per_year[at] * years) * (1.0 - work.effects)
            alignment[at] = (alignment[at] + self.alignment_rate_mm_per_year[at] * years) * (1.0 - 0.6 * work.effects)
            since[at] = work.day
            tampings[at] += 1
        years = (day - since) / DAYS_PER_YEAR
        return (
            level + self.level_rate_mm_per_year * years,
            alignment + self.alignment_rate_mm_per_year * years,
            tampings,
        )


def deteriorate(layout: Layout, seed: int) -> Deterioration:
    """Draw every section's start and rate from its attributes and chance."""
    rng = stream(seed, layout.line.line_id, "deterioration")
    mode = layout.line.mode
    tonnes = np.maximum(layout.gross_tonnes, 1.0)
    explained = (
        _RATE_MM_PER_YEAR[mode]
        * _factor(layout.structure, _STRUCTURE)
        * _factor(layout.track_form, _TRACK_FORM)
        * _factor(layout.drainage, _DRAINAGE)
        * (1.0 + 0.35 * np.abs(layout.curvature_per_km) / max(float(np.abs(layout.curvature_per_km).max()), 1e-9))
        * (tonnes / float(np.median(tonnes))) ** 0.5
    )
    chance = rng.lognormal(0.0, 0.25, layout.n)
    start = _START_MM[mode] * rng.lognormal(0.0, 0.25, layout.n) * (explained / _RATE_MM_PER_YEAR[mode]) ** 0.25
    rate = np.clip(explained * chance, 0.005, 1.5)
    return Deterioration(
        level_start_mm=start,
        level_rate_mm_per_year=rate,
        alignment_start_mm=0.65 * start * rng.lognormal(0.0, 0.15, layout.n),
        alignment_rate_mm_per_year=0.45 * rate * rng.lognormal(0.0, 0.2, layout.n),
        explained_rate_mm_per_year=explained,
    )


def _factor(names: npt.NDArray[np.str_], factors: dict[str, float]) -> Floats:
    return np.array([factors[name] for name in names], dtype=np.float64)
