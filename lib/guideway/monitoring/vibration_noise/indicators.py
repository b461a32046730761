"""What vibration and noise indicators mean; every level names its reference value."""

from __future__ import annotations

from functools import partial

from guideway.monitoring.definition import Indicator
from guideway.signals.levels import level_unit

DOMAIN = "vibration_noise"

_VELOCITY = ("vibration_velocity_z",)
_ACCELERATION = ("vibration_acceleration_z",)
_SOUND = ("sound_pressure",)
_NO_PASSAGE = "no train passage was found in the record"
_PERIODS = {"day": "06-22 local time", "night": "22-06 local time"}


def _by_period(
    name: str,
    title: str,
    *,
    unit: str,
    formula: str,
    standard: str,
    channels: tuple[str, ...],
    missing_when: str,
    trendable: bool = True,
) -> tuple[Indicator, ...]:
    """The same quantity by day and by night, for limits differ between them."""
    return tuple(
        Indicator(
            name=f"{name}_{period}",
            title=f"{title}, {period}",
            unit=unit,
            direction="above",
            formula=f"{formula} Passages of {hours}, in the line's time zone.",
            standard=standard,
            channels=channels,
            min_span="one passage",
            missing_when=f"{missing_when} by {period}",
            trendable=trendable,
        )
        for period, hours in _PERIODS.items()
    )


_single = partial(Indicator, min_span="one passage", missing_when=_NO_PASSAGE)

INDICATORS: tuple[Indicator, ...] = (
    *_by_period(
        "vibration_level_z",
        "Weighted vertical vibration level VLz",
        unit=level_unit("acceleration_iso"),
        formula="Largest running RMS (1 s) of weighted vertical acceleration in each passage, as a level re 1e-6 m/s2; "
        "arithmetic mean over the passages. Weighting of ISO 2631-1:1985.",
        standard="GB 10070-88, GB 10071-88 [K]",
        channels=_ACCELERATION,
        missing_when=_NO_PASSAGE,
    ),
    *_by_period(
        "third_octave_vibration_level",
        "Largest weighted one-third-octave vibration level",
        unit=level_unit("acceleration_iso"),
        formula="Largest running RMS (1 s) of vertical acceleration in any one-third-octave band of 4-200 Hz, "
        "weighted by band, as a level re 1e-6 m/s2; largest over the passages.",
        standard="JGJ/T 170-2009 [K]",
        channels=_ACCELERATION,
        missing_when=_NO_PASSAGE,
    ),
    *_by_period(
        "kb_ft_max",
        "Largest weighted vibration severity KB_FTmax",
        unit="1",
        formula="Largest running RMS (0.125 s) of KB-weighted velocity (in mm/s), over the passages and the axes.",
        standard="DIN 4150-2:1999, 3.5.3; DIN 45669-1 [K]",
        channels=_VELOCITY,
        missing_when=_NO_PASSAGE,
    ),
    *_by_period(
        "kb_ft_rating",
        "Rating vibration severity KB_FTr",
        unit="1",
        formula="Root of the mean square of the 30 s clock maxima KB_FTi (those below 0.1 count as 0, clock intervals"
        " without a train as 0) over the part of the record that lies in the period; the record stands for "
        "the whole period.",
        standard="DIN 4150-2:1999, 6.4 [K]",
        channels=_VELOCITY,
        missing_when=_NO_PASSAGE,
        trendable=False,
    ),
    _single(
        "peak_particle_velocity",
        "Peak particle velocity",
        unit="mm/s",
        formula="Largest absolute velocity of any axis over the passages; judged with the limit at its dominant "
        "frequency, linear between 1, 10, 50 and 100 Hz.",
        standard="DIN 4150-3 [S77]",
        channels=_VELOCITY,
    ),
    _single(
        "vibration_velocity_level",
        "Vibration velocity level (VdB)",
        unit=level_unit("velocity_fta"),
        formula="Largest running RMS (1 s) of vertical velocity over the passages, as a level re 1e-6 in/s (2.54e-8 "
        "m/s).",
        standard="FTA Transit Noise and Vibration Impact Assessment [S73]",
        channels=_VELOCITY,
    ),
    _single(
        "passage_velocity_level",
        "Passage velocity level",
        unit=level_unit("velocity_din"),
        formula="RMS of vertical velocity over the window T2 (train at the sensor), as a level re 5e-8 m/s; energetic"
        " mean over the passages.",
        standard="DIN 45672-2 [S35]",
        channels=_VELOCITY,
    ),
    _single(
        "corrugation_level",
        "Vibration level in the corrugation band",
        unit=level_unit("acceleration_iso"),
        formula="RMS of vertical acceleration over T2 between v/0.3 m and v/0.025 m (as far as sampling allows), as a"
        " level re 1e-6 m/s2; energetic mean over the passages. v: attribute speed_kmh of the recording, else"
        " line speed.",
        standard="Guideway; f = v / wavelength",
        channels=_ACCELERATION,
        missing_when=f"{_NO_PASSAGE}, no speed is known, or sampling does not reach a third of an octave of the band",
    ),
    _single(
        "corrugation_prominence",
        "Prominence of the corrugation peak",
        unit="dB",
        formula="Highest quarter-octave of the acceleration spectrum (T2) between v/0.3 m and v/0.025 m over the "
        "running median of an octave on each side, a ratio re the passage's own spectrum; mean over the passages.",
        standard="Guideway; f = v / wavelength",
        channels=_ACCELERATION,
        missing_when=f"{_NO_PASSAGE}, no speed is known, or sampling does not reach the band",
    ),
    *_by_period(
        "sound_level_equivalent",
        "Equivalent sound level LAeq",
        unit=level_unit("sound_pressure"),
        formula="10 lg of the mean square of A-weighted sound pressure re 20 uPa over the part of the record in the "
        "period.",
        standard="IEC 61672-1:2013",
        channels=_SOUND,
        missing_when="the record has no part",
    ),
    _single(
        "sound_level_maximum",
        "Maximum sound level LAFmax",
        unit=level_unit("sound_pressure"),
        formula="Largest A-weighted level with time weighting fast (0.125 s) re 20 uPa over the passages.",
        standard="IEC 61672-1:2013",
        channels=_SOUND,
    ),
    _single(
        "sound_exposure_level",
        "Sound exposure level SEL",
        unit=level_unit("sound_pressure"),
        formula="A-weighted energy of a passage (window T3) as the level of one second, re 20 uPa; energetic mean "
        "over the passages.",
        standard="ISO 1996-1; ISO 3095:2013 [K]",
        channels=_SOUND,
    ),
    _single(
        "transit_exposure_level",
        "Transit exposure level TEL",
        unit=level_unit("sound_pressure"),
        formula="SEL less 10 lg of the pass-by time (window T2) in seconds, re 20 uPa; energetic mean over the "
        "passages.",
        standard="ISO 3095:2013 [K]",
        channels=_SOUND,
    ),
    *_by_period(
        "structure_borne_sound_level",
        "Structure-borne sound level",
        unit=level_unit("sound_pressure"),
        formula="Equivalent A-weighted level of a passage (window T2) between 16 and 200 Hz, re 20 uPa; largest over "
        "the passages. Indoors only.",
        standard="JGJ/T 170-2009 [K]",
        channels=_SOUND,
        missing_when=f"the receiver stands outdoors (attribute place: wayside), or {_NO_PASSAGE}",
    ),
    _single(
        "in_car_sound_level",
        "Sound level in the car",
        unit=level_unit("sound_pressure"),
        formula="Equivalent A-weighted level over the time the moving car is on the section, re 20 uPa.",
        standard="GB 14892-2006 [K]",
        channels=("sound_pressure", "position"),
        missing_when="the car was on the section for less than 2 s above 5 km/h",
        min_span="2 s",
    ),
)
