"""What strain indicators mean."""

from __future__ import annotations

from guideway.monitoring.definition import Indicator

DOMAIN = "structure_strain"


def _indicator(
    name: str, title: str, unit: str, formula: str, min_span: str, missing_when: str, *, trendable: bool = True
) -> Indicator:
    return Indicator(name, title, unit, "above", formula, "Guideway", ("strain",), min_span, missing_when, trendable)


INDICATORS: tuple[Indicator, ...] = (
    _indicator(
        "live_load_strain",
        "Largest live-load strain range",
        "um/m",
        "Largest range of quasi-static strain (0.1 s mean) over the running median of 60 s in a crossing.",
        "one crossing",
        "no train crosses",
    ),
    _indicator(
        "mean_strain",
        "Mean strain, compensated for temperature",
        "um/m",
        "Median of strain; from a Bragg grating compensated for temperature, linear and quadratic terms.",
        "16 samples",
        "a Bragg grating's record has no temperature",
    ),
    _indicator(
        "strain_uncertainty",
        "Expanded uncertainty of the mean strain (k = 2)",
        "um/m",
        "Wavelength, temperature and sensitivities propagated to first order (GUM); Bragg gratings only.",
        "16 samples",
        "the record is not of a Bragg grating",
    ),
    _indicator(
        "strain_drift",
        "Drift of strain",
        "um/m/year",
        "Absolute slope of strain over time beside a linear and quadratic response to temperature, where its 95 % "
        "interval leaves out zero; else 0.",
        "30 days",
        "the record is shorter than 30 days",
        trendable=False,
    ),
)
