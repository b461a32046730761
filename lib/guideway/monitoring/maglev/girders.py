"""Indicators of every girder a vehicle passed in one run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.monitoring.maglev.gap import gap_statistics, ratios_by_speed, span_amplitude
from guideway.monitoring.maglev.guideway_shape import (
    guideway_profile,
    joint_step_and_kink,
    less_neighbours,
    pier_offset,
    wave_band,
)
from guideway.monitoring.maglev.run import Run
from guideway.monitoring.maglev.settings import MaglevSettings
from guideway.network.stretches import Stretch

Array = npt.NDArray[np.float64]

_LEAST_SAMPLES = 4
_LEAST_COVERAGE = 0.7


@dataclass(frozen=True, slots=True)
class GirderPassage:
    """What one run says about one girder: values by indicator, and how well it was measured."""

    stretch: Stretch
    values: dict[str, float]
    n_samples: int
    coverage: float
    at_s: float


def girder_passages(run: Run, stretches: Sequence[Stretch], settings: MaglevSettings) -> tuple[GirderPassage, ...]:
    """One entry a girder passed at speed with at least 70 % of its samples, in order of chainage."""
    girders = sorted((s for s in stretches if s.asset_type == "girder" and s.to_m > s.from_m), key=lambda s: s.from_m)
    waves = {
        "guideway_irregularity_short": wave_band(run.position_m, run.gap_mm, settings.short_wave_m),
        "guideway_irregularity_long": wave_band(run.position_m, run.gap_mm, settings.long_wave_m),
    }
    passed = list(_passed(run, girders))
    values = [_on_girder(run, girder, part, waves, settings) for girder, part, _ in passed]
    compared = _compare(run, [girder for girder, _, _ in passed], values, settings)
    return tuple(
        GirderPassage(
            stretch=girder,
            values={name: value for name, value in (found | more).items() if math.isfinite(value)},
            n_samples=int(np.isfinite(run.gaps_mm[:, part]).all(axis=0).sum()),
            coverage=coverage,
            at_s=float(np.mean(run.time_s[part])),
        )
        for (girder, part, coverage), found, more in zip(passed, values, compared, strict=True)
    )


def _passed(run: Run, girders: Sequence[Stretch]) -> Iterator[tuple[Stretch, slice, float]]:
    spacing = np.diff(run.position_m)
    step = float(np.median(spacing[spacing > 0])) if (spacing > 0).any() else math.inf
    for girder in girders:
        part = run.slice_of(girder.from_m, girder.to_m)
        valid = np.isfinite(run.gaps_mm[:, part]).all(axis=0)
        if np.count_nonzero(valid) < _LEAST_SAMPLES:
            continue
        extent = float(run.position_m[part][-1] - run.position_m[part][0]) + step
        coverage = min(1.0, extent / (girder.to_m - girder.from_m)) * float(valid.mean())
        if coverage >= _LEAST_COVERAGE:
            yield girder, part, coverage


def _on_girder(
    run: Run, girder: Stretch, part: slice, waves: dict[str, Array], settings: MaglevSettings
) -> dict[str, float]:
    """Indicators that need this girder and its joints only."""
    gaps = run.gaps_mm[:, part]
    values = gap_statistics(gaps, run.nominal_gap_mm, settings.excursion_mm, settings.touch_gap_mm)
    for name, wave in waves.items():
        inside = wave[part][np.isfinite(wave[part])]
        values[name] = float(inside.std()) if inside.size else math.nan
    if run.guidance_mm is not None:
        guidance = run.guidance_mm[part]
        guidance = guidance[np.isfinite(guidance)]
        values["guidance_gap_sd"] = float(guidance.std()) if guidance.size >= _LEAST_SAMPLES else math.nan
    near = run.slice_of(girder.from_m - settings.joint_window_m, girder.from_m + settings.joint_window_m)
    joints = [
        joint_step_and_kink(
            run.position_m[near], side[near], girder.from_m, settings.joint_window_m, settings.joint_clear_m
        )
        for side in run.gaps_mm
    ]
    values["girder_step"] = max(abs(step) for step, _ in joints)
    values["girder_kink"] = max(abs(kink) for _, kink in joints)
    span = girder.to_m - girder.from_m
    wide = run.slice_of(girder.from_m - span, girder.to_m + span)
    values["levitation_gap_span_amplitude"] = span_amplitude(run.position_m[wide], run.gap_mm[wide], span)
    return values


def _compare(
    run: Run, girders: Sequence[Stretch], values: Sequence[dict[str, float]], settings: MaglevSettings
) -> list[dict[str, float]]:
    """Indicators that compare each girder with the others of the run."""
    speeds = np.array([_mean(run.speed_kmh[run.slice_of(g.from_m, g.to_m)]) for g in girders])
    sd = np.array([found["levitation_gap_sd"] for found in values])
    ratios = ratios_by_speed(sd, speeds, settings.speed_bin_kmh)
    control_hz, damping = run.control or (settings.control_hz, settings.control_damping)
    rise_mm = (run.gap_sign or settings.gap_sign) * (run.gap_mm - run.nominal_gap_mm)
    height = guideway_profile(run.time_s, rise_mm, control_hz, damping)
    neighbours = zip((None, *girders), girders, strict=False)
    offsets = np.array([_pier(run, height, girder, before) for before, girder in neighbours])
    settled = -less_neighbours(offsets, settings.neighbour_piers)
    return [
        {"levitation_gap_sd_ratio": float(ratio), "girder_settlement": float(settlement)}
        for ratio, settlement in zip(ratios, settled, strict=True)
    ]


def _pier(run: Run, height: Array, girder: Stretch, previous: Stretch | None) -> float:
    """Offset of the pier under the girder's first joint; NaN where no girder ends there."""
    if previous is None or abs(previous.to_m - girder.from_m) > 1.0:
        return math.nan
    before, after = previous.to_m - previous.from_m, girder.to_m - girder.from_m
    part = run.slice_of(girder.from_m - before, girder.from_m + after)
    return pier_offset(run.position_m[part], height[part], girder.from_m, before, after)


def _mean(x: Array) -> float:
    valid = x[np.isfinite(x)]
    return float(valid.mean()) if valid.size else math.nan
