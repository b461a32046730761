"""What rail surface, wheel and bearing indicators mean."""

from __future__ import annotations

from guideway.monitoring.definition import Indicator
from guideway.monitoring.rail_surface.roughness import REPROFILING_BANDS_MM

DOMAIN = "rail_surface"

_BOXES = ("axle_box_acceleration_vertical_left", "axle_box_acceleration_vertical_right")
_NO_BOX = "no axle-box acceleration, fewer than 500 samples a second, or no position or speed"


def _corrugation() -> tuple[Indicator, ...]:
    return tuple(
        Indicator(
            f"rail_corrugation_{low}_{high}",
            f"Rail corrugation {low}-{high} mm, worse rail",
            "um",
            f"RMS of the rail head profile with wavelengths {low}-{high} mm over the section, of the worse rail; from "
            "the profile, or root of the mean square of a measuring car's RMS values.",
            "wavelength bands of EN 13231-3 [K]",
            ("rail_roughness", f"corrugation_rms_{low}_{high}_left", f"corrugation_rms_{low}_{high}_right"),
            f"{5 * high / 1000:g} m of profile, or a quarter of the section",
            "neither a profile that resolves the band nor RMS values are delivered",
        )
        for low, high in REPROFILING_BANDS_MM
    )


def _bearings() -> tuple[Indicator, ...]:
    return tuple(
        Indicator(
            f"bearing_{part}_prominence",
            f"Bearing envelope lines, {words}",
            "dB",
            f"Mean over three orders of how far the line of a defect of the {words} stands above the squared-envelope "
            "spectrum around it; frequency from the bearing's geometry and the wheel's turns; worse box.",
            "Guideway; kinematics of rolling bearings",
            _BOXES,
            "40 periods of the defect at constant speed",
            f"{_NO_BOX}; attributes bearing_rollers, bearing_roller_mm, bearing_pitch_mm and wheel_diameter_m are not "
            "all stated; speed changes by more than 4 %",
        )
        for part, words in (
            ("outer", "outer ring"),
            ("inner", "inner ring"),
            ("roller", "rollers"),
            ("cage", "cage"),
        )
    )


INDICATORS: tuple[Indicator, ...] = (
    *_corrugation(),
    Indicator(
        "rail_roughness_excess",
        "Rail roughness above the limit curve",
        "dB",
        "Greatest over the one-third-octave bands of wavelength of the level 20 lg(r_rms / 1 um) less the rule book's "
        "limit for the band; negative where every band keeps it.",
        "EN 15610:2019 [S66]; limit ISO 3095:2013 [S41]",
        ("rail_roughness",),
        "five wavelengths of the shortest band with a limit",
        "no profile is delivered, or the rule book has no limit for a band it resolves",
    ),
    Indicator(
        "rail_joint_count",
        "Joints and crossings felt per kilometre",
        "1/km",
        "Impacts between 100 Hz and 2 kHz on both rails within 1 m of each other, six times above the level around "
        "and above 20 m/s2, per kilometre run.",
        "Guideway; frequency range after axle-box practice [S69]",
        _BOXES,
        "a quarter of the section",
        _NO_BOX,
    ),
    Indicator(
        "rail_squat_count",
        "Squats and single-rail impacts per kilometre",
        "1/km",
        "Impacts between 100 Hz and 2 kHz on one rail only, six times above the level around and above 20 m/s2, per "
        "kilometre run.",
        "Guideway; frequency range after axle-box practice [S69]",
        _BOXES,
        "a quarter of the section",
        _NO_BOX,
    ),
    Indicator(
        "rail_impact_peak",
        "Greatest impact on the rails",
        "m/s**2",
        "Greatest envelope of axle-box acceleration between 100 Hz and 2 kHz in any impact on the section.",
        "Guideway",
        _BOXES,
        "a quarter of the section",
        f"{_NO_BOX}; or no impact was found",
    ),
    Indicator(
        "wheel_impact_ratio",
        "Wheel impact ratio",
        "1",
        "Greatest amount of the mean turn of axle-box acceleration over the RMS of what does not repeat; worse wheel.",
        "Guideway; synchronous averaging",
        _BOXES,
        "20 turns of the wheel",
        f"{_NO_BOX}; or attribute wheel_diameter_m is not stated",
    ),
    Indicator(
        "wheel_out_of_round",
        "Wheel out of round",
        "um",
        "Greatest amplitude of radial deviation of orders 1 to 20: a_k / (2 pi f_k)^2 of the mean turn; worse wheel.",
        "Guideway; rigid contact below the P2 resonance",
        _BOXES,
        "20 turns of the wheel",
        f"{_NO_BOX}; or attribute wheel_diameter_m is not stated",
    ),
    *_bearings(),
)
