"""What maglev indicators mean."""

from __future__ import annotations

from guideway.monitoring.definition import Direction, Indicator

DOMAIN = "maglev"

_GAP = ("levitation_gap_left",)
_NOT_PASSED = "the vehicle did not pass the girder at speed, or 30 % of its samples are missing"
_NO_NOMINAL = "the recording's attributes do not state the nominal value"


def _gap(
    name: str, title: str, unit: str, formula: str, direction: Direction = "above", *, trendable: bool = True
) -> Indicator:
    return Indicator(
        name=name,
        title=title,
        unit=unit,
        direction=direction,
        formula=formula,
        standard="Guideway; quantities of CJJ/T 262-2017 and of the Transrapid guideway monitoring [S80, S82]",
        channels=_GAP,
        min_span="one girder",
        missing_when=_NOT_PASSED,
        trendable=trendable,
    )


def _other(
    name: str, title: str, unit: str, formula: str, channel: str, *, missing_when: str, direction: Direction = "above"
) -> Indicator:
    return Indicator(
        name=name,
        title=title,
        unit=unit,
        direction=direction,
        formula=formula,
        standard="Guideway",
        channels=(channel,),
        min_span="10 s",
        missing_when=missing_when,
    )


_ON_GIRDER = (
    _gap("levitation_gap_mean", "Mean levitation gap", "mm", "Mean over the girder, left and right."),
    _gap(
        "levitation_gap_sd",
        "Standard deviation of the levitation gap",
        "mm",
        "Standard deviation over the girder about the mean of each side; root mean square of the sides. It rises with "
        "speed: its trend is that of levitation_gap_sd_ratio.",
        trendable=False,
    ),
    _gap("levitation_gap_min", "Least levitation gap", "mm", "Least sample of either side.", "below"),
    _gap("levitation_gap_max", "Largest levitation gap", "mm", "Largest sample of either side."),
    _gap(
        "levitation_gap_deviation",
        "Largest deviation of the levitation gap",
        "mm",
        "Largest absolute difference to the nominal gap (attribute nominal_gap_mm, else the run's median).",
    ),
    _gap(
        "levitation_gap_excursion_share",
        "Share of excursions of the levitation gap",
        "1",
        "Share of samples more than 4 mm from the nominal gap.",
        trendable=False,
    ),
    _gap(
        "levitation_touch_downs",
        "Touch-downs",
        "1",
        "Times a gap falls to 2 mm or less on the girder.",
        trendable=False,
    ),
    _gap(
        "levitation_gap_sd_ratio",
        "Standard deviation relative to the line at that speed",
        "1",
        "Standard deviation over the median of the girders passed in the same run and 20 km/h speed bin; takes out "
        "what the speed and the vehicle do. Needs 5 girders in the bin.",
    ),
    _gap(
        "levitation_gap_span_amplitude",
        "Amplitude of the gap at the span frequency",
        "mm",
        "Amplitude of the sinusoid of wavelength span (frequency v/L) fitted over the girder and its neighbours.",
    ),
    _gap(
        "girder_step",
        "Step at the girder's first joint",
        "mm",
        "Absolute difference, at the joint, of lines fitted to the gap 0.3 to 2 m before and after it; larger side.",
    ),
    _gap(
        "girder_kink",
        "Kink at the girder's first joint",
        "mm/m",
        "Absolute difference of the slopes of lines fitted to the gap 0.3 to 2 m before and after it; larger side.",
    ),
    _gap(
        "girder_settlement",
        "Settlement of the girder's first pier",
        "mm",
        "Guideway profile out of the mean gap and the levitation loop; how far the pier stands below the line between "
        "its neighbours, less the median of the 8 piers on each side. Needs times or speeds.",
    ),
    _gap(
        "guideway_irregularity_short",
        "Short-wave irregularity of the guideway",
        "mm",
        "Standard deviation over the girder of the mean gap in wavelengths of 0.5 to 5 m.",
    ),
    _gap(
        "guideway_irregularity_long",
        "Long-wave irregularity of the guideway",
        "mm",
        "Standard deviation over the girder of the mean gap in wavelengths of 5 to 50 m.",
    ),
    Indicator(
        name="guidance_gap_sd",
        title="Standard deviation of the guidance gap",
        unit="mm",
        direction="above",
        formula="Standard deviation over the girder.",
        standard="Guideway",
        channels=("guidance_gap",),
        min_span="one girder",
        missing_when=_NOT_PASSED,
    ),
)

_OF_MAGNET = (
    _other(
        "magnet_current",
        "Magnet current at nominal gap",
        "A",
        "Median of current times nominal gap over gap: at constant load the current of a magnet goes with the gap.",
        "magnet_current",
        missing_when="no levitation gap was measured with it",
    ),
    _other(
        "magnet_current_residual",
        "Residual of the magnet current",
        "percent",
        "Magnet current at nominal gap less the nominal current, in percent of it.",
        "magnet_current",
        missing_when=_NO_NOMINAL,
    ),
    _other(
        "magnet_temperature",
        "Magnet temperature",
        "degC",
        "95th percentile of the run.",
        "magnet_temperature",
        missing_when="no valid samples",
    ),
    _other(
        "magnet_temperature_residual",
        "Residual of the magnet temperature",
        "K",
        "Mean temperature less ambient less nominal rise times mean square current over nominal current squared.",
        "magnet_temperature",
        missing_when=_NO_NOMINAL,
    ),
)

_OF_GIRDER_RECORD = (
    _other(
        "girder_deflection",
        "Largest deflection",
        "mm",
        "Largest absolute midspan deflection from the median of the record, where it stands out of the noise.",
        "girder_deflection",
        missing_when="no passage stands out of the noise",
    ),
    _other(
        "girder_deflection_ratio",
        "Span over deflection",
        "1",
        "Span length over the largest deflection; 4600 is written L/4600.",
        "girder_deflection",
        missing_when="the span is unknown or no passage stands out",
        direction="below",
    ),
    _other(
        "girder_frequency",
        "First natural frequency",
        "Hz",
        "Lowest stable pole of covariance-driven stochastic subspace identification between passages, 1-40 Hz.",
        "girder_acceleration",
        missing_when="no stable pole, or less than 10 s outside of passages",
        direction="below",
    ),
    _other(
        "girder_frequency_ratio",
        "First natural frequency relative to its nominal value",
        "1",
        "First natural frequency over attribute nominal_frequency_hz of the girder.",
        "girder_acceleration",
        missing_when="the nominal frequency is unknown",
        direction="below",
    ),
    _other(
        "girder_damping",
        "Damping of the first mode",
        "percent",
        "Damping ratio of that pole.",
        "girder_acceleration",
        missing_when="no stable pole",
    ),
    _other(
        "girder_resonance_margin",
        "Resonance speed over permitted speed",
        "1",
        "Vehicle and girder resonate at v = f1 L, when the span frequency v/L meets the first natural frequency; "
        "that speed over the permitted one.",
        "girder_acceleration",
        missing_when="no stable pole, or the span is unknown",
        direction="below",
    ),
)

INDICATORS: tuple[Indicator, ...] = _ON_GIRDER + _OF_MAGNET + _OF_GIRDER_RECORD
