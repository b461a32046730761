"""From recordings of the rail head or of axle boxes to the condition of rails, wheels and bearings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Exceedance, Measurement, Quality
from guideway.monitoring.findings import (
    Finding,
    Subject,
    measurement,
    recorded_asset,
    samples_on,
    share_passed,
)
from guideway.monitoring.rail_surface.axle_boxes import BoxRun, prepare_boxes, wheel_findings
from guideway.monitoring.rail_surface.impacts import find_impacts
from guideway.monitoring.rail_surface.indicators import INDICATORS
from guideway.monitoring.rail_surface.roughness import (
    REPROFILING_BANDS_MM,
    above_limit,
    band_rms,
    roughness_spectrum,
)
from guideway.monitoring.track_geometry.statistics import Sections, counts, moments
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.filters import stretches as valid_stretches

Array = npt.NDArray[np.float64]

_LEAST_COVERAGE = 0.25
_MOST_UM = 1e5


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """Corrugation, roughness and impacts of every track section passed; wheels and bearings of the vehicle.

    Args:
        recording: over distance a rail head profile (``rail_roughness``) or a measuring car's RMS values; over time or
            distance axle-box accelerations with position or speed.
        stretches: assets of the track; those of type ``track_section`` are measured.
        rulebook: limits; those of roughness are filed band by band.
    """
    wanted = [stretch for stretch in stretches if stretch.asset_type == "track_section"]
    findings: list[Finding] = []
    beyond: list[Exceedance] = []
    if recording.axis == "distance" and recording.n_samples and recording.step > 0:
        sections = Sections.of(wanted, recording.start, recording.step, recording.n_samples)
        findings += _from_car(recording, sections)
        if recording.has("rail_roughness"):
            for found, exceedance in _from_profile(recording, sections, rulebook):
                findings.append(found)
                beyond += [exceedance] if exceedance else []
    run = prepare_boxes(recording)
    if run is not None:
        findings += wheel_findings(recording, run, recorded_asset(recording, stretches))
        if run.has_chainage:
            findings += _impacts(run, wanted)
    measured = measurement(findings, INDICATORS, rulebook)
    return replace(measured, exceedances=(*measured.exceedances, *beyond))


def _quality(coverage: float) -> Quality:
    if coverage < 0.5:
        return "poor"
    return "good" if coverage >= 0.8 else "suspect"


def _from_car(recording: Recording, sections: Sections) -> Iterator[Finding]:
    """Corrugation from the RMS values a measuring car delivers."""
    for low, high in REPROFILING_BANDS_MM:
        rails = [f"corrugation_rms_{low}_{high}_{side}" for side in ("left", "right")]
        values = [
            _within(recording.values(name).astype(np.float64), 0.0, _MOST_UM) for name in rails if recording.has(name)
        ]
        if not values or not sections.first.size:
            continue
        squares = np.stack([moments(np.square(rail), sections).mean for rail in values])
        count = np.max([counts(rail, sections) for rail in values], axis=0)
        worst = np.sqrt(np.fmax.reduce(squares, axis=0))
        coverage = np.minimum(count / sections.expected, 1.0)
        for i in np.flatnonzero((coverage >= _LEAST_COVERAGE) & np.isfinite(worst)).tolist():
            share = float(coverage[i])
            name = f"rail_corrugation_{low}_{high}"
            subject = Subject.of(sections.stretches[i])
            yield Finding(subject, name, float(worst[i]), int(count[i]), share, _quality(share))


def _from_profile(
    recording: Recording, sections: Sections, rulebook: Rulebook
) -> Iterator[tuple[Finding, Exceedance | None]]:
    """Corrugation bands and the worst roughness band of the longest unbroken part of each section."""
    profile = _within(recording.values("rail_roughness").astype(np.float64), -_MOST_UM, _MOST_UM)
    for stretch, first, stop in zip(sections.stretches, sections.first.tolist(), sections.stop.tolist(), strict=True):
        parts = valid_stretches(np.isfinite(profile[first:stop]), 0)
        if not parts:
            continue
        begin, end = max(parts, key=lambda part: part[1] - part[0])
        piece = profile[first + begin : first + end]
        if not np.ptp(piece) > 0:
            continue
        subject = Subject.of(stretch)
        coverage = min((end - begin) * recording.step / max(stretch.to_m - stretch.from_m, recording.step), 1.0)
        for low, high in REPROFILING_BANDS_MM:
            rms = band_rms(piece, recording.step, (low, high))
            yield (
                Finding(subject, f"rail_corrugation_{low}_{high}", rms, piece.size, coverage, _quality(coverage)),
                None,
            )
        spectrum = roughness_spectrum(piece, recording.step)
        worst = above_limit(spectrum, rulebook, stretch.mode, stretch.speed_kmh)
        if worst is None:
            continue
        finding = Finding(subject, "rail_roughness_excess", worst.excess_db, piece.size, coverage, _quality(coverage))
        exceedance = None
        if worst.excess_db > 0 and finding.quality != "poor":
            limit = worst.limit
            exceedance = Exceedance(
                asset_id=stretch.asset_id,
                indicator="rail_roughness_excess",
                from_m=recording.start + recording.step * (first + begin),
                to_m=recording.start + recording.step * (first + end - 1),
                peak=worst.excess_db,
                unit="dB",
                level=limit.level,
                severity=limit.severity,
                limit=0.0,
                reason=(
                    f"Rail roughness {worst.level_db:.1f} dB re 1 um at {1000 * worst.wavelength_m:.3g} mm is above "
                    f"{limit.value:g} dB ({limit.standard} {limit.edition}, {limit.clause}; {limit.provenance})"
                ),
            )
        yield finding, exceedance


def _impacts(run: BoxRun, wanted: Sequence[Stretch]) -> Iterator[Finding]:
    """Joints and squats of every section."""
    found = find_impacts(run.boxes.get("left"), run.boxes.get("right"), run.position_m, run.fs)
    samples = np.array([impact.sample for impact in found], dtype=np.intp)
    for stretch, inside in samples_on(run.position_m, wanted):
        run_m = float(np.ptp(run.position_m[inside]))
        coverage = share_passed(run.position_m[inside], stretch) * run.coverage
        if coverage < _LEAST_COVERAGE or not run_m > 0:
            continue
        n = inside.size
        here = [found[i] for i in np.flatnonzero(np.isin(samples, inside, assume_unique=False)).tolist()]
        subject, quality = Subject.of(stretch), _quality(coverage)
        at_s = float(inside.mean()) / run.fs
        for kind in ("joint", "squat"):
            per_km = 1000.0 * sum(impact.kind == kind for impact in here) / run_m
            if kind == "squat" or len(run.boxes) == 2:
                yield Finding(subject, f"rail_{kind}_count", per_km, n, coverage, quality, at_s)
        if here:
            worst = max(here, key=lambda impact: impact.peak)
            yield Finding(subject, "rail_impact_peak", worst.peak, n, coverage, quality, worst.sample / run.fs)


def _within(values: Array, low: float, high: float) -> Array:
    with np.errstate(invalid="ignore"):
        return np.where((values >= low) & (values <= high), values, np.nan)
