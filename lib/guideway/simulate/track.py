"""Track geometry of one line: what is true on a day and what a measuring vehicle records of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.simulate.degradation import Deterioration, deteriorate
from guideway.simulate.layout import Layout, lay_out
from guideway.simulate.network import DAYS_PER_YEAR, LineSpec, NetworkSpec
from guideway.simulate.odometer import Odometer, draw_odometer
from guideway.simulate.shapes import STEP_M, Shape, band_noise, grid_of, pair_of_shapes, spread
from guideway.simulate.streams import stream
from guideway.simulate.works import Work, tampings

Floats = npt.NDArray[np.float64]

NOMINAL_GAUGE_MM = 1435.0
_TWIST_BASE_M = 3.0
_CANT_RAMP_M = 40.0
_SHARED_SHAPE = 0.8


@dataclass(frozen=True, slots=True)
class IsolatedDefect:
    """A dip of the longitudinal level of both rails that appears abruptly (wet bed, broken weld, hanging sleepers)."""

    asset_id: str
    at_m: float
    onset_day: float
    depth_mm: float
    growth_mm_per_year: float
    half_length_m: float

    def profile(self, grid: Floats, day: float) -> Floats:
        """Its part of the level, mm."""
        if day < self.onset_day:
            return np.zeros_like(grid)
        depth = self.depth_mm + self.growth_mm_per_year * (day - self.onset_day) / DAYS_PER_YEAR
        return np.asarray(-depth * np.exp(-(((grid - self.at_m) / self.half_length_m) ** 2)))


@dataclass(frozen=True, slots=True)
class TrackRun:
    """What a vehicle recorded: channels over stated chainage, every 0.25 m, chainage rising."""

    stated_m: Floats
    channels: dict[str, Floats]
    odometer: Odometer


class Track:
    """The simulated track of one line; everything a run needs is drawn once, from the seed and the line."""

    def __init__(self, line: LineSpec, spec: NetworkSpec) -> None:
        self.line, self.spec = line, spec
        self.layout: Layout = lay_out(line, spec.seed)
        self.deterioration: Deterioration = deteriorate(self.layout, spec.seed)
        self.works: tuple[Work, ...] = tampings(self.layout, spec)
        self.defects: tuple[IsolatedDefect, ...] = _isolated_defects(self.layout, spec)
        self._grid = grid_of(self.layout)
        rng = stream(spec.seed, line.line_id, "shapes")
        self._level: tuple[Shape, Shape] = pair_of_shapes(rng, self.layout, self._grid, _SHARED_SHAPE)
        self._alignment: tuple[Shape, Shape] = pair_of_shapes(rng, self.layout, self._grid, 0.6)
        self._long = [
            band_noise(rng, self._grid.size, STEP_M, longest_m=68.0, shortest_m=34.0, slope=3.0) for _ in range(4)
        ]
        self._gauge = band_noise(rng, self._grid.size, STEP_M, longest_m=60.0, shortest_m=3.0, slope=2.0)

    def true_channels(self, day: float) -> dict[str, Floats]:
        """Geometry on a day (days since the first), on the true chainage grid with margins; no measuring error."""
        layout, grid = self.layout, self._grid
        level, alignment, tamped = self.deterioration.on(day, self.works)
        share_new = np.clip(0.03 * day / DAYS_PER_YEAR + 0.04 * tamped, 0.0, 0.4)
        dips = np.sum([d.profile(grid, day) for d in self.defects], axis=0) if self.defects else 0.0
        smooth = 1.3 if self.line.mode == "conventional" else 0.9
        out: dict[str, Floats] = {}
        for number, side in enumerate(("left", "right")):
            d1 = self._level[number].at(share_new, level, layout, grid)
            out[f"longitudinal_level_{side}"] = (
                d1 + smooth * (0.9 * self._long[0] + 0.2 * self._long[1 + number]) + dips
            )
            d1 = self._alignment[number].at(share_new, alignment, layout, grid)
            out[f"alignment_{side}"] = d1 + smooth * self._long[3]
        sharp = np.clip(np.abs(layout.curvature_per_km) - 0.5, 0.0, 3.0)
        widening = spread(sharp * (1.0 + 0.6 * day / DAYS_PER_YEAR), layout, grid, _CANT_RAMP_M)
        out["gauge"] = NOMINAL_GAUGE_MM + 0.8 + widening + 0.7 * self._gauge
        cant = spread(layout.cant_mm, layout, grid, _CANT_RAMP_M)
        out["cross_level"] = cant + out["longitudinal_level_left"] - out["longitudinal_level_right"]
        half = round(_TWIST_BASE_M / 2 / STEP_M)
        twist = np.zeros_like(grid)
        twist[half:-half] = (out["cross_level"][2 * half :] - out["cross_level"][: -2 * half]) / _TWIST_BASE_M
        out["twist_3m"] = twist
        out["speed"] = spread(layout.speed_kmh, layout, grid, _CANT_RAMP_M)
        return out

    def run(self, number: int, day: float) -> TrackRun:
        """What the vehicle records on its run ``number``, done on ``day``."""
        rng = stream(self.spec.seed, self.line.line_id, "run", number)
        stated = np.arange(self.line.from_m, self.line.to_m, STEP_M)
        odometer = draw_odometer(rng, self.line.from_m, self.line.to_m, self.spec.max_drift_m)
        at = odometer.true(stated)
        # repeatability: calibration of the run, and what a vehicle's speed and load change of the loaded track
        gain = 1.0 + rng.normal(0.0, 0.007) + 0.012 * _slow_noise(rng, stated)
        channels = {}
        for name, values in self.true_channels(day).items():
            measured = np.interp(at, self._grid, values)
            if name == "speed":
                measured = measured * rng.uniform(0.85, 0.98) + rng.normal(0.0, 0.2, stated.size)
            elif name == "gauge":
                measured = measured + rng.normal(0.0, 0.05, stated.size) + rng.normal(0.0, 0.1)
            else:
                measured = gain * measured + rng.normal(0.0, 0.02 if name == "twist_3m" else 0.05, stated.size)
            channels[name] = measured
        return TrackRun(stated, channels, odometer)


def _isolated_defects(layout: Layout, spec: NetworkSpec) -> tuple[IsolatedDefect, ...]:
    rng = stream(spec.seed, layout.line.line_id, "isolated")
    count = int(rng.binomial(layout.n, 0.03 if layout.line.mode == "conventional" else 0.015))
    return tuple(
        IsolatedDefect(
            asset_id=layout.asset_ids[index],
            at_m=float(layout.from_m[index] + rng.uniform(20.0, 180.0)),
            onset_day=float(rng.uniform(0.2, 0.9) * spec.weeks * 7),
            depth_mm=float(rng.uniform(6.0, 15.0)),
            growth_mm_per_year=float(rng.uniform(0.5, 4.0)),
            half_length_m=float(rng.uniform(1.6, 3.0)),
        )
        for index in np.sort(rng.choice(layout.n, count, replace=False))
    )


def _slow_noise(rng: np.random.Generator, stated_m: Floats) -> Floats:
    """Unit-variance noise over chainage with a correlation length of about 300 m."""
    knots = np.arange(stated_m[0], stated_m[-1] + 300.0, 300.0)
    return np.asarray(np.interp(stated_m, knots, rng.standard_normal(knots.size)), dtype=np.float64)
