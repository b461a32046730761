"""Rows of the reference tables: what the railway states about its network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd

from guideway.contracts.reference import (
    ASSET,
    FAILURE,
    LINE,
    SECTION,
    TABLES,
    TRACK,
    TRAFFIC,
    WEATHER,
    WORK_HISTORY,
)
from guideway.simulate.layout import GIRDER_M, Layout
from guideway.simulate.network import LineSpec, NetworkSpec
from guideway.simulate.streams import stream
from guideway.simulate.wayside import Receiver
from guideway.simulate.works import WorkRecord

Row = dict[str, object]
WRITTEN = (LINE, TRACK, SECTION, ASSET, WORK_HISTORY, TRAFFIC, WEATHER, FAILURE)
_RECEIVER_HALF_M = 25.0
_SWITCH_M = 60.0


@dataclass(frozen=True)
class ReferenceRows:
    """Rows gathered line by line, by name of the table."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table.name: [] for table in WRITTEN})

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows to a table."""
        self.rows[table].extend(rows)

    def write(self, folder: Path) -> None:
        """Write every table as CSV (UTF-8, commas) with exactly the columns of its contract."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            if table.name in self.rows:
                columns = [column.name for column in table.columns]
                frame = pd.DataFrame(self.rows[table.name], columns=columns)
                frame.to_csv(folder / f"{table.name}.csv", index=False, lineterminator="\n")


def line_rows(line: LineSpec) -> tuple[Row, Row]:
    """The line and its track."""
    common: Row = {"line_id": line.line_id, "from_m": line.from_m, "to_m": line.to_m}
    return (
        {
            **common,
            "name": line.name,
            "mode": line.mode,
            "rulebook_id": line.rulebook_id,
            "time_zone": line.time_zone,
        },
        {**common, "track_id": line.track_id, "nominal_gauge_mm": None if line.mode == "maglev" else 1435.0},
    )


def section_rows(
    layout: Layout, zones: Mapping[int, str], first_day: date, seed: int, frequency_hz: Sequence[float] = ()
) -> tuple[list[Row], list[Row]]:
    """Sections of a line and the assets they are.

    Args:
        layout: the sections.
        zones: vibration zone of the sections beside a receiver.
        first_day: first day of the archive; everything was installed before.
        seed: the network's seed.
        frequency_hz: first natural frequency of each girder when it was built.
    """
    rng = stream(seed, layout.line.line_id, "installed")
    sections, assets = [], []
    girder = layout.asset_type == "girder"
    for i, asset_id in enumerate(layout.asset_ids):
        place: Row = {
            "asset_id": asset_id,
            "line_id": layout.line.line_id,
            "track_id": layout.line.track_id,
            "from_m": round(float(layout.from_m[i]), 3),
            "to_m": round(float(layout.to_m[i]), 3),
        }
        sections.append(_section(place, layout, i, zones.get(i)))
        age = timedelta(days=int(rng.integers(300, 9000)))
        name = f"Girder {i + 1}" if girder else f"km {layout.from_m[i] / 1000.0:.1f} to {layout.to_m[i] / 1000.0:.1f}"
        facts = {"span_m": f"{GIRDER_M:.3f}", "nominal_frequency_hz": f"{frequency_hz[i]:.2f}"} if girder else {}
        assets.append(_asset(place, layout.asset_type, name, first_day - age, facts))
    return sections, assets


def receiver_rows(layout: Layout, receivers: Iterable[Receiver], first_day: date) -> tuple[list[Row], list[Row]]:
    """Receivers beside a metro: a stretch of 50 m each, and the asset."""
    sections, assets = [], []
    installed = first_day - timedelta(days=400)
    for receiver in receivers:
        km = f"km {receiver.at_m / 1000.0:.3f}"
        place: Row = {
            "asset_id": receiver.asset_id,
            "line_id": layout.line.line_id,
            "track_id": layout.line.track_id,
            "from_m": receiver.at_m - _RECEIVER_HALF_M,
            "to_m": receiver.at_m + _RECEIVER_HALF_M,
        }
        sections.append(_section(place, layout, receiver.section, receiver.zone))
        facts = {"distance_m": f"{receiver.distance_m:.1f}", "place": "building", "zone": receiver.zone}
        assets.append(_asset(place, "receiver", f"Vibration receiver, {km}", installed, facts))
        if receiver.microphone_id:
            place = {**place, "asset_id": receiver.microphone_id}
            sections.append(_section(place, layout, receiver.section, None))
            facts = {"distance_m": "7.5", "place": "wayside"}
            assets.append(_asset(place, "receiver", f"Pass-by microphone, {km}", installed, facts))
    return sections, assets


def switch_rows(layout: Layout, seed: int, first_day: date) -> tuple[list[Row], list[Row]]:
    """Switches in the stations, one or two each."""
    rng = stream(seed, layout.line.line_id, "switches")
    sections, assets = [], []
    places = np.flatnonzero(layout.structure == "station")
    for number, i in enumerate(places[: max(2, layout.n // 20)]):
        start = float(np.round(layout.from_m[i] + rng.uniform(0.0, 200.0 - _SWITCH_M)))
        place: Row = {
            "asset_id": f"{layout.line.line_id}-{layout.line.track_id}-W{number + 1:02d}",
            "line_id": layout.line.line_id,
            "track_id": layout.line.track_id,
            "from_m": start,
            "to_m": start + _SWITCH_M,
        }
        sections.append(_section(place, layout, int(i), None))
        facts = {"radius_m": str(rng.choice((300, 500, 760, 1200)))}
        age = timedelta(days=int(rng.integers(300, 9000)))
        assets.append(_asset(place, "switch", f"Switch {number + 1}", first_day - age, facts))
    return sections, assets


def magnet_rows(line: LineSpec, magnets: Iterable[str], first_day: date) -> list[Row]:
    """The instrumented magnets of the line's vehicle, and the vehicle."""
    vehicle = f"{line.line_id}-V1"
    moving: Row = {"line_id": line.line_id, "track_id": None, "from_m": None, "to_m": None}
    installed = first_day - timedelta(days=1200)
    rows = [_asset({"asset_id": vehicle, **moving}, "vehicle", "Vehicle 1", installed, {})]
    for number, magnet in enumerate(magnets):
        facts = {"vehicle": vehicle, "position": str(number + 1)}
        rows.append(
            _asset({"asset_id": magnet, **moving}, "magnet", f"Levitation magnet {number + 1}", installed, facts)
        )
    return rows


def work_rows(records: Iterable[WorkRecord], spec: NetworkSpec) -> list[Row]:
    """What the railway's history says of its works."""
    midnight = datetime.combine(spec.first_day, time(), tzinfo=timezone.utc)
    return [
        {
            "work_id": record.work.work_id,
            "line_id": record.work.line_id,
            "track_id": record.work.track_id,
            "from_m": record.from_m,
            "to_m": record.to_m,
            "work_type": record.work.work_type,
            "finished_at": (midnight + timedelta(seconds=round(record.day * 86400.0))).isoformat(),
            "source": "works_register",
        }
        for record in records
    ]


def traffic_rows(layout: Layout, spec: NetworkSpec) -> list[Row]:
    """Daily means of every traffic zone, stated each quarter, a little different each time."""
    rng = stream(spec.seed, layout.line.line_id, "traffic")
    starts = np.flatnonzero(np.diff(layout.gross_tonnes, prepend=-1.0))
    ends = np.append(starts[1:], layout.n)
    rows: list[Row] = []
    for quarter in range(-(-spec.weeks // 13)):
        for first, last in zip(starts, ends, strict=True):
            factor = rng.normal(1.0, 0.03)
            rows.append(
                {
                    "line_id": layout.line.line_id,
                    "track_id": layout.line.track_id,
                    "from_m": float(layout.from_m[first]),
                    "to_m": float(layout.to_m[last - 1]),
                    "day": (spec.first_day + timedelta(weeks=13 * quarter)).isoformat(),
                    "gross_tonnes": float(round(layout.gross_tonnes[first] * factor)),
                    "passes": float(round(layout.passes[first] * factor)),
                }
            )
    return rows


def _section(place: Row, layout: Layout, index: int, zone: str | None) -> Row:
    return {
        **place,
        "speed_kmh": float(layout.speed_kmh[index]),
        "curvature_per_km": round(float(layout.curvature_per_km[index]), 5),
        "cant_mm": float(layout.cant_mm[index]),
        "structure": str(layout.structure[index]),
        "track_form": str(layout.track_form[index]),
        "drainage": str(layout.drainage[index]),
        "receiver_zone": zone,
    }


def _asset(place: Row, asset_type: str, name: str, installed: date, facts: Mapping[str, str]) -> Row:
    attributes = json.dumps(dict(facts), sort_keys=True)
    return {
        **place,
        "asset_type": asset_type,
        "name": name,
        "installed_on": installed.isoformat(),
        "attributes": attributes,
    }
