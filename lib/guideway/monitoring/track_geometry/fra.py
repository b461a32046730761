"""49 CFR 213: mid-chord offsets, deviations from uniformity, gage, cross level and warp."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import find_peaks

from guideway.monitoring.definition import Indicator
from guideway.monitoring.track_geometry.bands import Signals, shifted
from guideway.monitoring.track_geometry.joint_harmonics import joint_harmonic
from guideway.monitoring.track_geometry.statistics import Sections

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FOOT_M = 0.3048
CHORDS_FT = (31, 62, 124)
_HIGH_CANT_DEFICIENCY_MM = 127.0  # 5 in of unbalance
_SPIRAL_PER_KM = 0.1
_CANT_FACTOR = 11.8  # cant for equilibrium, mm = 11.8 V^2 / R, V in km/h, R in m


def mid_chord_offset(values: Floats, step: float, chord_m: float) -> Floats:
    """``y(x) - (y(x - L/2) + y(x + L/2)) / 2``, NaN where the chord reaches beyond the signal.

    Args:
        values: unfiltered profile or alignment, shape (..., n).
        step: distance between samples, m.
        chord_m: chord length L, m.
    """
    half = chord_m / 2 / step
    return np.asarray(values - 0.5 * (shifted(values, -half) + shifted(values, half)), dtype=np.float64)


def uniformity(offsets: Floats, step: float, chord_m: float) -> Floats:
    """Mean of nine mid-chord offsets centred on the point, a quarter chord apart (213.327(a) [S58, S59])."""
    quarter = chord_m / 4 / step
    return np.asarray(sum(shifted(offsets, k * quarter) for k in range(-4, 5)) / 9, dtype=np.float64)


def range_within(values: Floats, samples: int) -> Floats:
    """Greatest difference between two values at most ``samples`` apart, centred; NaN where a value is missing."""
    size = samples + 1
    known = np.isfinite(values)
    high = maximum_filter1d(np.where(known, values, -np.inf), size, mode="nearest")
    low = minimum_filter1d(np.where(known, values, np.inf), size, mode="nearest")
    return np.where(known, high - low, np.nan)


def fra_signals(signals: Signals, sections: Sections, owner: npt.NDArray[np.intp]) -> dict[str, Floats]:
    """Every 213 quantity that can be computed, worst side up, shape (n,) or (2, n) for rails.

    Alinement on tangents is the mid-chord offset itself; on curves, and for profile, its deviation from uniformity.
    Spirals are where the curvature channel changes.
    """
    step = signals.recording.step
    bend = signals.parameters.curve_per_km
    curved = np.array([abs(s.curvature_per_km) >= bend for s in sections.stretches] + [False])[owner]
    flat = np.array([s.cant_mm == 0 for s in sections.stretches] + [False])[owner] & ~curved
    deficiency = [_deficiency_mm(s.curvature_per_km, s.speed_kmh, s.cant_mm) for s in sections.stretches]
    high_cant = np.array([*deficiency, 0.0])[owner] > _HIGH_CANT_DEFICIENCY_MM
    found: dict[str, Floats] = {}
    profile, alignment = signals.rails("longitudinal_level", "raw"), signals.rails("alignment", "raw")
    for feet in CHORDS_FT:
        chord = feet * FOOT_M
        if profile is not None:
            offsets = mid_chord_offset(profile, step, chord)
            deviation = np.abs(offsets - uniformity(offsets, step, chord))
            found[f"fra_profile_{feet}ft"] = deviation
            if feet != 124:
                found[f"fra_profile_{feet}ft_high_cant"] = np.where(high_cant, deviation, np.nan)
        if alignment is not None:
            offsets = mid_chord_offset(alignment, step, chord)
            deviation = np.abs(offsets - uniformity(offsets, step, chord))
            found[f"fra_alignment_{feet}ft_tangent"] = np.where(curved, np.nan, np.abs(offsets))
            found[f"fra_alignment_{feet}ft_curve"] = np.where(curved, deviation, np.nan)
            found[f"fra_alignment_{feet}ft_repeated"] = third_within(deviation, 5 * chord, chord / 2, step)
    return {**found, **_across(signals, profile, flat, high_cant)}


def _across(signals: Signals, profile: Floats | None, flat: Bools, high_cant: Bools) -> dict[str, Floats]:
    """Quantities over a length: runoff, cross level, warp, change of gage."""
    step = signals.recording.step
    feet_31, feet_62, feet_10 = (int(feet * FOOT_M / step) for feet in (31, 62, 10))
    found: dict[str, Floats] = {}
    if profile is not None:
        found["fra_runoff_31ft"] = np.abs(shifted(profile, feet_31 / 2) - shifted(profile, -feet_31 / 2))
    cross_level, gauge = signals.channel("cross_level"), signals.channel("gauge")
    if cross_level is not None:
        found["fra_cross_level"] = np.where(flat, np.abs(cross_level), np.nan)
        found["fra_warp_62ft"] = range_within(cross_level, feet_62)
        found["fra_joint_harmonic"] = joint_harmonic(cross_level, step)
        if (curvature := signals.channel("curvature")) is not None:
            change = shifted(cross_level, feet_31 / 2) - shifted(cross_level, -feet_31 / 2)
            found["fra_spiral_variation_31ft"] = np.where(_in_spiral(curvature, feet_62), np.abs(change), np.nan)
        found["fra_warp_10ft_high_cant"] = np.where(high_cant, range_within(cross_level, feet_10), np.nan)
    if gauge is not None:
        found["fra_gauge_change_31ft"] = range_within(gauge, feet_31)
    return found


def _in_spiral(curvature: Floats, samples: int) -> Bools:
    """Where curvature, averaged over ``samples``, changes by ``_SPIRAL_PER_KM`` or more over as many."""
    mean = uniform_filter1d(np.nan_to_num(curvature), samples, mode="nearest")
    change = shifted(mean, samples / 2) - shifted(mean, -samples / 2)
    return np.asarray(np.abs(change) >= _SPIRAL_PER_KM, dtype=np.bool_)


def third_within(deviation: Floats, reach_m: float, apart_m: float, step: float) -> Floats:
    """Third greatest deviation within ``reach_m`` from each local maximum on; 0 between maxima.

    It exceeds a limit exactly where three or more deviations at least ``apart_m`` apart do.
    """
    found = np.where(np.isfinite(deviation), 0.0, np.nan)
    for row, out in zip(np.atleast_2d(deviation), np.atleast_2d(found), strict=True):
        peaks, _ = find_peaks(np.nan_to_num(row), distance=max(apart_m / step, 1))
        if peaks.size < 3:
            continue
        near = np.arange(peaks.size)[:, None] + np.arange(int(reach_m / apart_m) + 1)
        inside = near < peaks.size
        near = np.minimum(near, peaks.size - 1)
        inside &= peaks[near] - peaks[:, None] <= reach_m / step
        out[peaks] = np.sort(np.where(inside, row[peaks[near]], 0.0), axis=1)[:, -3]
    return found


def _deficiency_mm(curvature_per_km: float, speed_kmh: float, cant_mm: float) -> float:
    return _CANT_FACTOR * speed_kmh**2 * abs(curvature_per_km) / 1000 - abs(cant_mm)


def _definition(name: str, title: str, formula: str, clause: str, channels: tuple[str, ...]) -> Indicator:
    return Indicator(
        name=name,
        title=title,
        unit="mm",
        direction="above",
        formula=formula,
        standard=f"49 CFR {clause}",
        channels=channels,
        min_span="50 m of a 200 m section",
        missing_when="less than a quarter of the section measured; no unfiltered channel; the rule does not apply",
        trendable=False,
    )


def _definitions() -> tuple[Indicator, ...]:
    profile = ("longitudinal_level_left", "longitudinal_level_right")
    alignment = ("alignment_left", "alignment_right")
    deviation = "Greatest |MCO - uniformity| of both rails; MCO = y(x) - (y(x - L/2) + y(x + L/2)) / 2, L = {} ft."
    found = []
    for feet in CHORDS_FT:
        text = deviation.format(feet)
        found += [
            _definition(f"fra_profile_{feet}ft", f"Profile, {feet} ft chord", text, "213.63 and 213.331", profile),
            _definition(
                f"fra_alignment_{feet}ft_tangent",
                f"Alinement on tangents, {feet} ft chord",
                f"Greatest |MCO| of both rails, L = {feet} ft, where the section is no curve.",
                "213.55 and 213.327",
                alignment,
            ),
            _definition(
                f"fra_alignment_{feet}ft_curve",
                f"Alinement on curves, {feet} ft chord",
                f"{text} Where the section is a curve.",
                "213.55 and 213.327",
                (*alignment,),
            ),
            _definition(
                f"fra_alignment_{feet}ft_repeated",
                f"Alinement repeated, {feet} ft chord",
                "Third greatest of the deviations at least half a chord apart within five chords.",
                "213.327",
                alignment,
            ),
        ]
        if feet != 124:
            found.append(
                _definition(
                    f"fra_profile_{feet}ft_high_cant",
                    f"Profile at high unbalance, {feet} ft chord",
                    f"{text} Where cant deficiency is above 5 in.",
                    "213.63",
                    profile,
                )
            )
    cross_level = ("cross_level",)
    found += [
        _definition(
            "fra_runoff_31ft", "Runoff in 31 ft", "Greatest |y(x + 15.5 ft) - y(x - 15.5 ft)|.", "213.63", profile
        ),
        _definition(
            "fra_cross_level",
            "Cross level on tangents",
            "Greatest |CL| where no cant is designed.",
            "213.63",
            cross_level,
        ),
        _definition("fra_warp_62ft", "Warp in 62 ft", "Greatest difference of CL within 62 ft.", "213.63", cross_level),
        _definition(
            "fra_joint_harmonic",
            "Harmonics of low joints",
            "Greatest over the places of the least change of CL in six consecutive pairs of low joints; joints are the "
            "extremes of CL, left and right in turn, 10 to 39 ft apart. 0 without seven of them.",
            "213.63",
            cross_level,
        ),
        _definition(
            "fra_spiral_variation_31ft",
            "Variation of cross level on spirals",
            "Greatest |CL(x + 15.5 ft) - CL(x - 15.5 ft)| where the mean curvature changes by 0.1 1/km within 62 ft.",
            "213.63",
            ("cross_level", "curvature"),
        ),
        _definition(
            "fra_warp_10ft_high_cant",
            "Short warp at high unbalance",
            "Greatest difference of CL within 10 ft where cant deficiency is above 5 in.",
            "213.63",
            cross_level,
        ),
        _definition(
            "fra_gauge_change_31ft",
            "Change of gage in 31 ft",
            "Greatest difference within 31 ft.",
            "213.323",
            ("gauge",),
        ),
    ]
    return tuple(found)


FRA_INDICATORS: tuple[Indicator, ...] = (
    *_definitions(),
    Indicator(
        name="fra_class",
        title="FRA track class the section still meets",
        unit="1",
        direction="below",
        formula="Highest class whose limits, and those of all lower classes, all measured quantities meet; 0 where "
        "class 1 is not met.",
        standard="49 CFR 213.9 and 213.307",
        channels=("longitudinal_level_left", "alignment_left", "gauge", "cross_level"),
        min_span="50 m of a 200 m section",
        missing_when="no quantity of 213 was measured",
        trendable=False,
    ),
)
