"""Indicators and defects of one geometry recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Exceedance, Indicator, Measurement
from guideway.monitoring.track_geometry.bands import TWIST_BASE_M, Signals
from guideway.monitoring.track_geometry.defects import Place, Trace, find_defects, reason
from guideway.monitoring.track_geometry.definitions import EN_INDICATORS, ON_DEMAND, TWIST_BASES_M
from guideway.monitoring.track_geometry.fra import FRA_INDICATORS, fra_signals
from guideway.monitoring.track_geometry.indices import add_indices
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.monitoring.track_geometry.statistics import Sections, counts, greatest, moments
from guideway.monitoring.track_geometry.values import SectionValues
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook

Floats = npt.NDArray[np.float64]

DOMAIN = "track_geometry"
INDICATORS: tuple[Indicator, ...] = (*EN_INDICATORS, *FRA_INDICATORS)
_DEFINITIONS = {indicator.name: indicator for indicator in INDICATORS}
_QUANTITIES = ("longitudinal_level", "alignment")


def measure(
    recording: Recording,
    stretches: Sequence[Stretch],
    rulebook: Rulebook,
    parameters: TrackGeometryParameters | None = None,
) -> Measurement:
    """Indicators of every track section a recording passed, and the stretches beyond a limit.

    Args:
        recording: on a distance axis, rising chainage; any of the geometry channels, wide-band or band-passed.
        stretches: assets of the recording's track; those of type ``track_section`` are measured.
        rulebook: limits; decides the defects, the classes and whether national indices and 49 CFR 213 quantities are
            computed.
        parameters: settings; defaults where not given.

    Returns:
        Conditions for what was measured on at least a quarter of a section, and exceedances. A recording on a
        time axis, without geometry channels or outside every section gives an empty measurement.
    """
    settings = parameters or TrackGeometryParameters()
    if ON_DEMAND & rulebook.indicators:
        settings = settings.model_copy(update={"all_indices": True})
    wanted = [stretch for stretch in stretches if stretch.asset_type == "track_section"]
    sections = Sections.of(wanted, recording.start, recording.step, recording.n_samples)
    if recording.axis != "distance" or sections.first.size == 0:
        return Measurement()
    signals = Signals(recording, settings)
    place = Place.of(sections, recording.start, recording.step, passing_times(recording))
    found = SectionValues(sections)
    bases = (TWIST_BASE_M, *further_bases(rulebook, settings))
    traces = [*_add_rails(found, signals, rulebook, settings), *_add_track(found, signals, sections)]
    traces += [trace for base in bases for trace in _add_twist(found, signals, base, settings)]
    if settings.all_indices or any(name.startswith("fra_") for name in rulebook.indicators):
        for name, values in fra_signals(signals, sections, place.owner).items():
            traces.append(Trace(_DEFINITIONS[name], values, {}))
            _add_peak(found, traces[-1])
    _add_sums(found, signals, settings)
    if settings.all_indices:
        _add_defectiveness(found, traces, place, rulebook)
    add_indices(found, rulebook, settings)
    times = place.times[np.clip((sections.first + sections.stop) // 2, 0, place.times.size - 1)]
    defects = [one for trace in traces for one in find_defects(trace, place, rulebook, settings.merge_m)]
    peaks = {trace.indicator.name for trace in traces}
    return Measurement(
        found.conditions(_DEFINITIONS, times, settings),
        (*defects, *_section_exceedances(found, peaks, rulebook, times, settings)),
    )


def passing_times(recording: Recording) -> Floats:
    """Seconds from the recording's start to each sample, from its speed channel; zeros where there is none."""
    n = recording.n_samples
    if not recording.has("speed"):
        return np.zeros(n)
    speed = recording.values("speed").astype(np.float64) / 3.6
    known = np.isfinite(speed) & (speed > 0.5)
    if not known.any():
        return np.zeros(n)
    filled = np.interp(np.arange(n), np.flatnonzero(known), speed[known])
    elapsed = np.concatenate(([0.0], np.cumsum(recording.step / filled[:-1])))
    return elapsed[-1] - elapsed if recording.direction == -1 else elapsed


def _add_rails(
    found: SectionValues, signals: Signals, rulebook: Rulebook, settings: TrackGeometryParameters
) -> list[Trace]:
    """SDs and peaks of level and alignment in their bands."""
    traces = []
    fast = max(stretch.speed_kmh for stretch in found.sections.stretches) > 250
    for quantity in _QUANTITIES:
        for band in (
            "d1",
            "d2",
            *(("d3",) if fast or settings.all_indices else ()),
            *(("d0",) if settings.all_indices else ()),
        ):
            rails = signals.rails(quantity, band)
            if rails is None:
                continue
            infix = "" if band == "d1" else f"_{band}"
            left, right = (moments(rail, found.sections) for rail in rails)
            count = np.minimum(left.count, right.count)
            found.add(f"{quantity}{infix}_sd", (left.sd + right.sd) / 2, count)
            if band == "d1":
                found.add(f"{quantity}_sd_worst", np.fmax(left.sd, right.sd), count)
            if band in ("d1", "d2"):
                traces.append(Trace(_DEFINITIONS[f"{quantity}{infix}_peak"], np.abs(rails), {}))
                _add_peak(found, traces[-1])
        if settings.all_indices and (rails := signals.rails(quantity, "uk")) is not None:
            left, right = (moments(rail, found.sections) for rail in rails)
            name = "uk_top_sd" if quantity == "longitudinal_level" else "uk_line_sd"
            found.add(name, (left.sd + right.sd) / 2, np.minimum(left.count, right.count))
    return traces


def further_bases(rulebook: Rulebook, settings: TrackGeometryParameters) -> tuple[int, ...]:
    """Bases of twist to measure besides 3 m: those asked for, and those the rule book has a limit for."""
    limited = {base for base in TWIST_BASES_M if {f"twist_{base}m_sd", f"twist_{base}m_peak"} & rulebook.indicators}
    return tuple(sorted(limited | set(settings.twist_bases_m)))


def _add_track(found: SectionValues, signals: Signals, sections: Sections) -> list[Trace]:
    """Gauge and cross level; the spread of the last without design cant."""
    traces = []
    gauge, cross_level = signals.channel("gauge"), signals.channel("cross_level")
    if gauge is not None:
        of_gauge = moments(gauge, sections)
        found.add("gauge_mean", of_gauge.mean, of_gauge.count)
        found.add("gauge_sd", of_gauge.sd, of_gauge.count)
    if (as_standard := signals.gauge_as_standard()) is not None:
        traces += [Trace(_DEFINITIONS[name], as_standard, {}) for name in ("gauge_min", "gauge_max")]
    if cross_level is not None and (uneven := signals.without_cant(cross_level)) is not None:
        of_level = moments(uneven, sections)
        found.add("cross_level_sd", of_level.sd, of_level.count)
    for trace in traces:
        _add_peak(found, trace)
    return traces


def _add_twist(found: SectionValues, signals: Signals, base_m: float, settings: TrackGeometryParameters) -> list[Trace]:
    """Twist on one base: its spread without design cant, its peak with it."""
    twist = signals.twist(base_m)
    if twist is None:
        return []
    if (uneven := signals.without_cant(twist)) is not None:
        spread = moments(uneven, found.sections)
        found.add(f"twist_{base_m:g}m_sd", spread.sd, spread.count)
    name = f"twist_{base_m:g}m_peak"
    own = {i: settings.limit_class(name, s.mode, s.curvature_per_km) for i, s in enumerate(found.sections.stretches)}
    trace = Trace(_DEFINITIONS[name], np.abs(twist), own)
    _add_peak(found, trace)
    return [trace]


def _add_peak(found: SectionValues, trace: Trace) -> None:
    worst = trace.worst
    sign = 1.0 if trace.indicator.direction == "above" else -1.0
    found.add(trace.indicator.name, sign * greatest(sign * worst, found.sections), counts(worst, found.sections))


def _add_sums(found: SectionValues, signals: Signals, settings: TrackGeometryParameters) -> None:
    """Chinese TQI: seven population SDs."""
    base = settings.tqi_twist_base_m
    measured = signals.twist(base)
    twist = None if measured is None else signals.without_cant(measured)
    if twist is None:
        return
    of_twist = moments(twist * base, found.sections)
    found.add("tqi_cn_twist_sd", of_twist.population_sd, of_twist.count)
    rails = [signals.rails(quantity, "d1") for quantity in _QUANTITIES]
    gauge, measured = signals.channel("gauge"), signals.channel("cross_level")
    cross_level = None if measured is None else signals.without_cant(measured)
    if gauge is None or cross_level is None or any(one is None for one in rails):
        return
    rows = [*(rail for pair in rails if pair is not None for rail in pair), gauge, cross_level]
    total = sum((moments(row, found.sections).population_sd for row in rows), of_twist.population_sd)
    found.add_from(
        "tqi_cn",
        np.asarray(total),
        "tqi_cn_twist_sd",
        "longitudinal_level_sd",
        "alignment_sd",
        "gauge_sd",
        "cross_level_sd",
    )


def _add_defectiveness(found: SectionValues, traces: list[Trace], place: Place, rulebook: Rulebook) -> None:
    """Polish W5 from the share of each section beyond the mildest limit of five parameters."""
    sound, used = np.ones(found.sections.first.size), []
    for trace in traces:
        name = trace.indicator.name
        if name not in ("longitudinal_level_peak", "alignment_peak", "twist_3m_peak", "gauge_max", "gauge_min"):
            continue
        limit = np.append(found.limit_values(rulebook, name, severity=1), np.nan)[place.owner]
        sign = 1.0 if trace.indicator.direction == "above" else -1.0
        with np.errstate(invalid="ignore"):
            beyond = np.where(np.isfinite(trace.worst) & np.isfinite(limit), sign * trace.worst > sign * limit, np.nan)
        share = moments(beyond.astype(np.float64), found.sections).mean
        sound *= 1 - share
        used.append(name)
    if used:
        found.add_from("w5_pl", 1 - sound, *used)


def _section_exceedances(
    found: SectionValues, peaks: set[str], rulebook: Rulebook, times: Floats, settings: TrackGeometryParameters
) -> list[Exceedance]:
    """Whole sections beyond a limit of an SD or index; judged only where half the section was measured."""
    rows = []
    stretches = found.sections.stretches
    for name in sorted((set(found.values) & rulebook.indicators) - peaks):
        measured = found.coverage(name) >= settings.suspect_coverage
        values = np.where(measured, found.get(name), np.nan)
        judged = rulebook.judge_many(name, values, [s.mode for s in stretches], [s.speed_kmh for s in stretches])
        for i, limit in enumerate(judged):
            if limit is not None:
                rows.append(
                    Exceedance(
                        asset_id=stretches[i].asset_id,
                        indicator=name,
                        from_m=stretches[i].from_m,
                        to_m=stretches[i].to_m,
                        peak=float(values[i]),
                        unit=_DEFINITIONS[name].unit,
                        level=limit.level,
                        severity=limit.severity,
                        limit=limit.value,
                        reason=reason(_DEFINITIONS[name], float(values[i]), limit),
                        at_offset_s=float(times[i]),
                    )
                )
    return rows
