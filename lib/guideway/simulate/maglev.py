"""What maglev sensors record: gap, current and temperature on the vehicle, deflection and acceleration at a girder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from guideway.simulate.guideway import Guideway, SlowDefect
from guideway.simulate.layout import GIRDER_M
from guideway.simulate.network import DAYS_PER_YEAR
from guideway.simulate.odometer import Odometer, draw_odometer
from guideway.simulate.streams import stream

Floats = npt.NDArray[np.float64]

VEHICLE_RATE_HZ = 400.0
GIRDER_RATE_HZ = 50.0
GIRDER_RECORD_S = 48.0
NOMINAL_GAP_MM = 10.0
NOMINAL_CURRENT_A = 25.0
NOMINAL_RISE_K = 32.0
# maglev vehicles read location marks on the guideway: their chainage is far better than an odometer's
_LOCATION_SHARE = 0.02
# the levitation loop, and that the gap shrinks where the guideway rises
CONTROL_HZ, CONTROL_DAMPING, GAP_SIGN = 2.0, 0.7, -1.0
_LOADS, _LOAD_SPACING_M = 16, 3.1
_GIRDER_DAMPING = 0.015


@dataclass(frozen=True, slots=True)
class VehicleRun:
    """A magnet unit's channels over time, its true position and how far the stated one is off."""

    channels: dict[str, Floats]
    true_m: Floats
    odometer: Odometer
    speed_kmh: float
    ambient_c: float


@dataclass(frozen=True, slots=True)
class GirderRecord:
    """A wayside record: deflection (mm) and acceleration (m/s**2) over time, and the passage in it."""

    deflection_mm: Floats
    acceleration: Floats
    enters_s: float
    leaves_s: float
    speed_kmh: float


def magnet_ids(guideway: Guideway) -> tuple[str, ...]:
    """The instrumented magnets of the line's measuring vehicle."""
    return tuple(f"{guideway.line.line_id}-V1-M{number}" for number in (1, 2, 3))


def vehicle_run(guideway: Guideway, defects: tuple[SlowDefect, ...], run: int, magnet: int, day: float) -> VehicleRun:
    """One magnet unit on one run over the line.

    The gap is the nominal one less what the control loop cannot follow, ``s^2 / (s^2 + 2 z w s + w^2)`` of the profile;
    the current carries the load at that gap (force ~ (current / gap)^2); a weakened magnet needs more and gets warmer.
    """
    line, spec = guideway.line, guideway.spec
    common = stream(spec.seed, line.line_id, "run", run)
    speed = (
        float(common.choice((0.6, 0.8, 1.0), p=(0.1, 0.15, 0.75))) * line.speed_kmh * float(common.uniform(0.97, 1.0))
    )
    ambient = 15.0 + 12.0 * np.sin(2 * np.pi * (day - 110.0) / DAYS_PER_YEAR) + common.normal(0.0, 2.0)
    odometer = draw_odometer(common, line.from_m, line.to_m, _LOCATION_SHARE * spec.max_drift_m)
    rng = stream(spec.seed, line.line_id, "run", run, "magnet", magnet)
    length = float(guideway.layout.to_m[-1] - line.from_m)
    n = int(length / (speed / 3.6) * VEHICLE_RATE_HZ)
    wander = 1.0 + 0.01 * np.sin(2 * np.pi * np.arange(n) / n * 3.0 + common.uniform(0, 6.28))
    step = speed / 3.6 * wander / VEHICLE_RATE_HZ
    true = line.from_m + np.concatenate(([0.0], np.cumsum(step)[:-1]))
    grid, profile = guideway.profile(day, speed / 3.6)
    lost = sum(d.severity(day) for d in defects if d.index == magnet)
    error = {name: _untracked(np.interp(true, grid, values)) for name, values in profile.items()}
    gap = {side: NOMINAL_GAP_MM + GAP_SIGN * error[side] + rng.normal(0.0, 0.05, n) for side in ("left", "right")}
    mean_gap = 0.5 * (gap["left"] + gap["right"])
    current = NOMINAL_CURRENT_A * mean_gap / NOMINAL_GAP_MM / (1.0 - min(lost, 0.8))
    heat = signal.lfilter([0.001], [1.0, -0.999], (current / NOMINAL_CURRENT_A) ** 2, zi=[0.999 / (1.0 - lost) ** 2])[0]
    return VehicleRun(
        channels={
            "position": _stated(true, odometer),
            "speed": 3.6 * step * VEHICLE_RATE_HZ + rng.normal(0.0, 0.1, n),
            "levitation_gap_left": gap["left"],
            "levitation_gap_right": gap["right"],
            "guidance_gap": NOMINAL_GAP_MM + GAP_SIGN * error["lateral"] + rng.normal(0.0, 0.05, n),
            "magnet_current": current + rng.normal(0.0, 0.15, n),
            "magnet_temperature": ambient + NOMINAL_RISE_K * (1.0 + 1.5 * lost) * heat + rng.normal(0.0, 0.1, n),
        },
        true_m=true,
        odometer=odometer,
        speed_kmh=speed,
        ambient_c=float(ambient),
    )


def girder_record(guideway: Guideway, girder: int, visit: int, day: float) -> GirderRecord:
    """A vehicle passes a girder: first bending mode under a train of point loads, on top of ambient vibration.

    The modal equation is ``q'' + 2 z w q' + w^2 q = w^2 u(t)``, where ``u`` is the quasi-static midspan deflection
    ``sum_i sin(pi (v t - x_i) / L)`` of the loads on the span, scaled to the girder's deflection under a full vehicle.
    """
    line, spec = guideway.line, guideway.spec
    rng = stream(spec.seed, line.line_id, "girder", girder, visit)
    speed = float(rng.choice((0.6, 0.8, 1.0), p=(0.1, 0.15, 0.75))) * line.speed_kmh * float(rng.uniform(0.97, 1.0))
    kept = 1.0 - guideway.stiffness_loss(girder, day)
    omega = 2 * np.pi * guideway.frequency_hz[girder] * np.sqrt(kept)
    time = np.arange(round(GIRDER_RECORD_S * GIRDER_RATE_HZ)) / GIRDER_RATE_HZ
    enters = 2.0 + float(rng.uniform(-0.3, 0.3))
    front = speed / 3.6 * (time - enters)
    along = (front[:, None] - _LOAD_SPACING_M * np.arange(_LOADS)) / GIRDER_M
    load = np.where((along > 0) & (along < 1), np.sin(np.pi * np.clip(along, 0.0, 1.0)), 0.0).sum(axis=1)
    full = GIRDER_M / _LOAD_SPACING_M * 2.0 / np.pi
    # wind and ground: a force without content beyond some 12 Hz
    ambient = signal.lfilter(*signal.butter(2, 12.0, fs=GIRDER_RATE_HZ), rng.normal(0.0, 0.02, time.size))
    quasi = guideway.deflection_mm[girder] / kept * load / full + ambient
    warped = 2.0 * GIRDER_RATE_HZ * np.tan(omega / (2.0 * GIRDER_RATE_HZ))
    poles = np.array([1.0, 2 * _GIRDER_DAMPING * warped, warped**2])
    moved = signal.lfilter(*signal.bilinear(np.array([warped**2]), poles, GIRDER_RATE_HZ), quasi)
    shaken = signal.lfilter(*signal.bilinear(np.array([omega**2, 0.0, 0.0]), poles, GIRDER_RATE_HZ), quasi)
    train_m = _LOAD_SPACING_M * (_LOADS - 1)
    return GirderRecord(
        deflection_mm=moved + rng.normal(0.0, 0.01, time.size),
        acceleration=shaken / 1000.0 + rng.normal(0.0, 5e-4, time.size),
        enters_s=enters,
        leaves_s=enters + (GIRDER_M + train_m) / (speed / 3.6),
        speed_kmh=speed,
    )


def _untracked(profile_mm: Floats) -> Floats:
    """What the levitation control cannot follow of a profile over time."""
    omega = 2 * np.pi * CONTROL_HZ
    poles = [1.0, 2 * CONTROL_DAMPING * omega, omega**2]
    b, a = signal.bilinear([1.0, 0.0, 0.0], poles, VEHICLE_RATE_HZ)
    state = signal.lfilter_zi(b, a) * profile_mm[0]
    return np.asarray(signal.lfilter(b, a, profile_mm, zi=state)[0], dtype=np.float64)


def _stated(true_m: Floats, odometer: Odometer) -> Floats:
    """Stated chainage of true positions: ``stated - error(stated) = true``, solved on the odometer's knots."""
    return np.asarray(np.interp(true_m, odometer.stated_m - odometer.error_m, odometer.stated_m), dtype=np.float64)
