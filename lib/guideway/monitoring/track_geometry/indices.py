"""Indices that combine several indicators of a section: classes, TQI, CoSD, national indices, allowed speed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guideway.monitoring.track_geometry.bands import TWIST_BASE_M
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.monitoring.track_geometry.values import SectionValues
from guideway.rulebooks.rulebook import Rulebook

Floats = npt.NDArray[np.float64]

_SPREADS = ("longitudinal_level_sd", "alignment_sd", "gauge_sd", "cross_level_sd", "twist_3m_sd")


def add_indices(found: SectionValues, rulebook: Rulebook, settings: TrackGeometryParameters) -> None:
    """Add every index whose inputs were measured and that the rule book or the settings ask for."""
    _add_classes(found, rulebook)
    if set(_SPREADS[:4]) <= set(found.values):
        w_al, w_g, w_cl, w_ll = settings.cosd_weights
        level, alignment, gauge, cross_level = (found.get(name) for name in _SPREADS[:4])
        cosd = np.sqrt(w_al * alignment**2 + w_g * gauge**2 + w_cl * cross_level**2 + w_ll * level**2)
        found.add_from("cosd", cosd, *_SPREADS[:4])
    if settings.all_indices:
        _add_national(found, rulebook, settings)
    _add_allowed_speed(found, rulebook, settings)


def _add_classes(found: SectionValues, rulebook: Rulebook) -> None:
    """Classes A to E of EN 13848-6 as 1 to 5: one more than the class bounds the SD exceeds."""
    for quantity in ("longitudinal_level", "alignment"):
        source = f"{quantity}_sd"
        if source not in found.values:
            continue
        worse = np.full(found.sections.first.size, np.nan)
        for i, (stretch, value) in enumerate(zip(found.sections.stretches, found.get(source).tolist(), strict=True)):
            bounds = rulebook.limits(f"{source}_class", stretch.mode, stretch.speed_kmh)
            if bounds and np.isfinite(value):
                worse[i] = 1 + sum(value > bound.value for bound in bounds)
        if np.isfinite(worse).any():
            found.add_from(f"{quantity}_class", worse, source)


def _add_national(found: SectionValues, rulebook: Rulebook, settings: TrackGeometryParameters) -> None:
    level, alignment, gauge, cross_level, twist = (found.get(name) for name in _SPREADS)
    limit = {name: found.limit_values(rulebook, name, severity=1) for name in _SPREADS}
    have = set(found.values)
    with np.errstate(invalid="ignore", divide="ignore"):
        if {"longitudinal_level_sd", "alignment_sd"} <= have:
            share = level / limit["longitudinal_level_sd"] + 2 * alignment / limit["alignment_sd"]
            found.add_from("q_se", 150 - 100 * share / 3, "longitudinal_level_sd", "alignment_sd")
        if {"longitudinal_level_sd", "alignment_sd", "twist_3m_sd", "gauge_sd"} <= have:
            twist_mm = twist * TWIST_BASE_M
            j = (level + alignment + twist_mm + 0.5 * gauge) / 3.5
            found.add_from("j_pl", j, "longitudinal_level_sd", "alignment_sd", "twist_3m_sd", "gauge_sd")
        if set(_SPREADS[:4]) <= have:
            found.add_from("tqi_kai", level + alignment + gauge + cross_level, *_SPREADS[:4])
        if "longitudinal_level_sd" in have:
            found.add_from("n_nl", 10 * 0.675 ** (level / settings.nl_reference_sd_mm), "longitudinal_level_sd")
        ratios = {name: found.get(name) / limit[name] for name in _SPREADS if name in have}
        used = [name for name, ratio in ratios.items() if np.isfinite(ratio).any()]
        if used:
            stacked = np.stack([ratios[name] for name in used])
            found.add_from("normalised_tqi", np.sqrt(np.mean(stacked**2, axis=0)), *used)


def _add_allowed_speed(found: SectionValues, rulebook: Rulebook, settings: TrackGeometryParameters) -> None:
    """The fastest band whose act-at-once limits (severity 3) and those of every slower band hold; FRA: its class."""
    judged = [name for name in found.values if any(r.indicator == name and r.severity == 3 for r in rulebook.rows)]
    if not judged:
        return
    measured = np.logical_or.reduce([np.isfinite(found.get(name)) for name in judged])
    allowed = np.where(measured, 0.0, np.nan)
    classes_of = [
        tuple(settings.limit_class(name, stretch.mode, stretch.curvature_per_km) for name in judged)
        for stretch in found.sections.stretches
    ]
    for classes in sorted(set(classes_of)):
        still = measured & np.array([one == classes for one in classes_of])
        by_name = dict(zip(judged, classes, strict=True))
        for speed in sorted({to for name, own in by_name.items() for _, to in rulebook.bands(name, own)}):
            # a fast band without a limit on a quantity (joints in FRA classes 6 to 9) does not forgive the slow ones
            for name, own in by_name.items():
                still &= _holds(found.get(name), rulebook, name, own, speed)
            allowed[still] = speed
    sources = [name for name in judged if np.isfinite(found.get(name)).any()]
    if sources:
        counts = np.maximum.reduce([found.counts[name] for name in sources])
        found.add("allowed_speed", allowed, counts)
        if any(name.startswith("fra_") for name in judged):
            ends = [to for _, to in rulebook.bands("fra_speed_passenger", "*")]
            met = np.searchsorted(ends, np.nan_to_num(allowed) + 1e-6).astype(np.float64)
            found.add("fra_class", np.where(np.isnan(allowed), np.nan, met), counts)


def _holds(values: Floats, rulebook: Rulebook, name: str, asset_class: str, speed: float) -> npt.NDArray[np.bool_]:
    holds = np.ones(values.size, dtype=bool)
    for limit in rulebook.limits(name, asset_class, speed):
        if limit.severity == 3:
            beyond = values > limit.value if limit.direction == "above" else values < limit.value
            holds &= ~beyond
    return holds
