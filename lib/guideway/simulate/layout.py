"""The sections of a line and what each one is like; the facts a degradation model may learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.simulate.network import LineSpec
from guideway.simulate.streams import stream

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.str_]

SECTION_M = 200.0
GIRDER_M = 24.768

_STRUCTURES = {
    "conventional": (("earthwork", "embankment", "cutting", "bridge", "station"), (0.40, 0.28, 0.20, 0.06, 0.06)),
    "high_speed": (("embankment", "viaduct", "cutting", "tunnel", "bridge"), (0.40, 0.25, 0.15, 0.12, 0.08)),
    "metro": (("tunnel", "viaduct", "station", "earthwork"), (0.60, 0.15, 0.15, 0.10)),
    "maglev": (("viaduct",), (1.0,)),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Sections (girders on maglev) of one track, all arrays of shape (n_sections,).

    ``gross_tonnes`` and ``passes`` are daily means; ``cant_mm`` is the design cant.
    """

    line: LineSpec
    asset_ids: tuple[str, ...]
    from_m: Floats
    to_m: Floats
    speed_kmh: Floats
    curvature_per_km: Floats
    cant_mm: Floats
    structure: Strings
    track_form: Strings
    drainage: Strings
    gross_tonnes: Floats
    passes: Floats

    @property
    def n(self) -> int:
        """Number of sections."""
        return self.from_m.size

    @property
    def asset_type(self) -> str:
        """Asset type of the sections."""
        return "girder" if self.line.mode == "maglev" else "track_section"

    def index_at(self, metres: float) -> int:
        """Section at a chainage, clipped to the track's ends."""
        return int(np.clip(np.searchsorted(self.to_m, metres, side="right"), 0, self.n - 1))


def lay_out(line: LineSpec, seed: int) -> Layout:
    """The sections of a line, from the network's seed."""
    rng = stream(seed, line.line_id, "layout")
    length = GIRDER_M if line.mode == "maglev" else SECTION_M
    count = int((line.to_m - line.from_m) / length + 1e-9)
    from_m: Floats = line.from_m + length * np.arange(count, dtype=np.float64)
    curvature = _curves(rng, line, count)
    speed = _speeds(rng, line, count)
    names, weights = _STRUCTURES[line.mode]
    structure = _runs_of(rng, names, weights, count, mean_length=5)
    # balanced cant with 60 % of 11.8 v^2 / R, as the Finnish and the continental practice round it (10 mm steps)
    cant = np.round(np.clip(0.6 * 11.8 * speed**2 * np.abs(curvature) / 1000.0, 0.0, 150.0) / 10.0) * 10.0
    tonnes = _zones(rng, {"conventional": 3e4, "high_speed": 4e4, "metro": 6e4, "maglev": 2e4}[line.mode], count)
    tonnes_a_train = {"conventional": 1100.0, "high_speed": 850.0, "metro": 240.0, "maglev": 160.0}[line.mode]
    return Layout(
        line=line,
        asset_ids=tuple(_asset_id(line, i, metres) for i, metres in enumerate(from_m)),
        from_m=from_m,
        to_m=from_m + length,
        speed_kmh=speed,
        curvature_per_km=curvature,
        cant_mm=np.zeros(count) if line.mode == "maglev" else cant,
        structure=structure,
        track_form=_track_forms(rng, line, structure),
        drainage=_runs_of(rng, ("good", "fair", "poor"), (0.5, 0.35, 0.15), count, mean_length=4),
        gross_tonnes=tonnes,
        passes=np.round(tonnes / tonnes_a_train),
    )


def _asset_id(line: LineSpec, index: int, metres: float) -> str:
    prefix = f"{line.line_id}-{line.track_id}"
    return f"{prefix}-B{index + 1:04d}" if line.mode == "maglev" else f"{prefix}-{round(metres):07d}"


def _runs_of(
    rng: np.random.Generator, names: tuple[str, ...], weights: tuple[float, ...], count: int, mean_length: int
) -> Strings:
    """Categories that persist over neighbouring sections."""
    out: list[str] = []
    while len(out) < count:
        out.extend([str(rng.choice(names, p=weights))] * int(rng.geometric(1.0 / mean_length)))
    return np.array(out[:count])


def _curves(rng: np.random.Generator, line: LineSpec, count: int) -> Floats:
    """Signed curvature, 1/km: straights between curves of one radius."""
    radius = {"conventional": 900.0, "high_speed": 7000.0, "metro": 400.0, "maglev": 2500.0}[line.mode]
    scale = 8 if line.mode == "maglev" else 1
    out: list[float] = []
    while len(out) < count:
        out.extend([0.0] * int(rng.integers(3, 13)) * scale)
        curve = rng.choice((-1.0, 1.0)) * 1000.0 / (radius * rng.uniform(0.8, 3.0))
        out.extend([float(curve)] * int(rng.integers(2, 6)) * scale)
    return np.array(out[:count])


def _speeds(rng: np.random.Generator, line: LineSpec, count: int) -> Floats:
    """Permitted speed: the line's, with one or two slower stretches at its ends."""
    speed = np.full(count, line.speed_kmh)
    slow = max(1, count // 12)
    speed[:slow] *= 0.6
    if line.mode != "maglev" and rng.random() < 0.5:
        speed[-slow:] *= 0.6
    return np.asarray(np.round(speed / 10.0) * 10.0, dtype=np.float64)


def _zones(rng: np.random.Generator, base: float, count: int) -> Floats:
    """Traffic in up to three zones of a line."""
    edges = np.sort(rng.integers(0, count + 1, size=2))
    level = base * rng.lognormal(0.0, 0.35, size=3)
    return np.asarray(np.round(np.repeat(level, np.diff([0, *edges, count])), -2), dtype=np.float64)


def _track_forms(rng: np.random.Generator, line: LineSpec, structure: Strings) -> Strings:
    if line.mode == "maglev":
        return np.full(structure.size, "guideway_beam")
    if line.mode == "metro":
        forms = _runs_of(rng, ("slab", "floating_slab", "ballasted"), (0.4, 0.25, 0.35), structure.size, 6)
        return np.where(structure == "earthwork", "ballasted", forms)
    if line.mode == "high_speed":
        return np.where(structure == "tunnel", "slab", "ballasted")
    return np.full(structure.size, "ballasted")
