"""What a national network would cost: straight lines through the measured runs, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls

from tests.benchmarks.archive import SAMPLES_A_KM
from tests.benchmarks.tables import cpu, table

SECTIONS_A_KM = 5
SERIES_A_SECTION = 16
COUNTED = {"ingest": "samples", "measure": "samples", "fit": "series"}
"""What a stage's cost grows with, beside its fixed cost."""


@dataclass(frozen=True)
class Line:
    """Processor seconds of a stage: ``fixed_s`` and ``each_us`` microseconds a sample or series; never negative."""

    fixed_s: float
    each_us: float

    def at(self, count: float) -> float:
        """Processor seconds for so many."""
        return self.fixed_s + 1e-6 * self.each_us * count


def counts_of(archive: Mapping[str, Any]) -> dict[str, float]:
    """Samples and series of an archive."""
    return {"samples": archive["samples"], "series": archive["km"] * SECTIONS_A_KM * SERIES_A_SECTION}


def lines_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, Line]:
    """The line of each stage through runs over archives of several sizes; relative errors count.

    One run gives a line through nothing at all: all its cost is taken to grow, which is too much.
    """
    found = {}
    for stage, counted in COUNTED.items():
        counts = np.array([counts_of(run["archive"])[counted] for run in runs])
        seconds = np.array([cpu(run, stage) for run in runs])
        once = np.full_like(counts, len(runs) > 1)
        design = np.column_stack([once, counts * 1e-6]) / seconds[:, None]
        (fixed, each), _ = nnls(design, np.ones_like(seconds))
        found[stage] = Line(float(fixed), float(each))
    return found


def national(lines: Mapping[str, Line], km: float = 20_000.0) -> str:
    """A table of one week of a national network, each kilometre measured once."""
    counts = {"samples": km * SAMPLES_A_KM, "series": km * SECTIONS_A_KM * SERIES_A_SECTION}
    rows = []
    for stage, counted in COUNTED.items():
        line, count = lines[stage], counts[counted]
        rows.append(
            (
                stage,
                f"{line.fixed_s:.0f} s",
                f"{line.each_us:.2f} µs a {'sample' if counted == 'samples' else counted}",
                f"{count / 1e6:,.0f} million {counted}",
                f"{line.at(count) / 60:,.0f} minutes",
            )
        )
    return table(["stage", "fixed", "each", "a week of 20,000 km", "processor time"], rows)
