"""The condition series of a simulated network without its signals: large networks in seconds, to judge models by.

Level and alignment of every section on the days of its line's inspection runs, from the same truth as the archive
(``degradation``, ``works``), with the repeatability of a run; of the works only what the railway's history says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from guideway.rulebooks.rulebook import Rulebook
from guideway.simulate.degradation import deteriorate
from guideway.simulate.layout import Layout, lay_out
from guideway.simulate.measurements import run_days
from guideway.simulate.network import LineSpec, NetworkSpec
from guideway.simulate.streams import stream
from guideway.simulate.works import WorkRecord, recorded, tampings

WORK_TYPES = ("tamping",)
INDICATORS = ("longitudinal_level_sd", "alignment_sd")
_RUN_GAIN, _SECTION_GAIN = 0.007, 0.012
_LEAST_OVERLAP = 0.1


def network_series(spec: NetworkSpec, rulebook: Rulebook) -> pa.RecordBatch:
    """A row a section and indicator, in the columns of ``transforms.features.with_facts``.

    Args:
        spec: the network; maglev lines have no such series and are left out.
        rulebook: whose mildest limit of each section is ``limit``; a section without one is left out.
    """
    rows = [row for line in spec.lines if line.mode != "maglev" for row in _line(line, spec, rulebook)]
    doubles = pa.list_(pa.float64())
    kinds = {
        "values": doubles,
        "t_days": doubles,
        "known_days": doubles,
        "lapsed_days": doubles,
        "work_t_days": doubles,
    }
    table = pa.Table.from_pylist(rows)
    for name, kind in kinds.items():
        table = table.set_column(table.schema.get_field_index(name), name, table.column(name).cast(kind))
    return table.combine_chunks().to_batches()[0]


def _line(line: LineSpec, spec: NetworkSpec, rulebook: Rulebook) -> list[dict[str, Any]]:
    layout, state = lay_out(line, spec.seed), deteriorate(lay_out(line, spec.seed), spec.seed)
    works = tampings(layout, spec)
    first = (spec.first_day - date(1970, 1, 1)).days
    days = run_days(line, spec)
    rng = stream(spec.seed, line.line_id, "values")
    truth = np.array([state.on(day, works)[:2] for day in days])
    gain = 1.0 + _RUN_GAIN * rng.normal(size=(len(days), 1, 1)) + _SECTION_GAIN * rng.normal(size=truth.shape)
    measured = truth * gain
    told = recorded(works, layout, spec)
    done = [_works_of(layout, told, k) for k in range(layout.n)]
    rows = []
    for place, indicator in enumerate(INDICATORS):
        for k, asset_id in enumerate(layout.asset_ids):
            limits = rulebook.limits(indicator, line.mode, float(layout.speed_kmh[k]))
            if not limits:
                continue
            at = [first + day for day in days]
            series = {"t_days": at, "known_days": at, "lapsed_days": [None] * len(at)}
            rows.append(
                _facts(layout, k)
                | {"asset_id": asset_id, "indicator": indicator, "line_id": line.line_id, "unit": "mm", "direction": 1}
                | {"pool": f"{indicator}|{line.mode}|track_section", "values": measured[:, place, k].tolist()}
                | series
                | {"work_t_days": [first + day for day in done[k]], "work_codes": [0] * len(done[k])}
                | {"traffic_days": [float(first)], "limit": limits[0].value, "level_name": limits[0].level}
            )
    return rows


def _works_of(layout: Layout, told: Sequence[WorkRecord], section: int) -> list[float]:
    """Days of the works the history says were done on a tenth of the section or more."""
    start, end = layout.from_m[section], layout.to_m[section]
    return sorted(w.day for w in told if min(end, w.to_m) - max(start, w.from_m) >= _LEAST_OVERLAP * (end - start))


def _facts(layout: Layout, k: int) -> dict[str, Any]:
    line = layout.line
    return {
        "track": f"{line.line_id}|{line.track_id}",
        "position_m": float(layout.from_m[k]),
        "installed_days": None,
        "speed_kmh": float(layout.speed_kmh[k]),
        "curvature_per_km": float(layout.curvature_per_km[k]),
        "cant_mm": float(layout.cant_mm[k]),
        "structure": str(layout.structure[k]),
        "track_form": str(layout.track_form[k]),
        "drainage": str(layout.drainage[k]),
        "tonnes_per_day": [float(layout.gross_tonnes[k])],
        "passes_per_day": [float(layout.passes[k])],
    }
