"""What strain indicators mean."""

from __future__ import annotations

from functools import partial

from guideway.monitoring.definition import Indicator

DOMAIN = "structure_strain"


_one = partial(Indicator, standard="Guideway", channels=("strain",))

INDICATORS: tuple[Indicator, ...] = (
    _one(
        "live_load_strain",
        "Largest live-load strain range",
        "um/m",
        "Largest range of quasi-static strain (0.1 s mean) over the running median of 60 s in a crossing.",
        min_span="one crossing",
        missing_when="no train crosses",
    ),
    _one(
        "mean_strain",
        "Mean strain, compensated for temperature",
        "um/m",
        "Median of strain; from a Bragg grating compensated for temperature, linear and quadratic terms.",
        min_span="16 samples",
        missing_when="a Bragg grating's record has no temperature",
    ),
    _one(
        "strain_uncertainty",
        "Expanded uncertainty of the mean strain (k = 2)",
        "um/m",
        "Wavelength, temperature and sensitivities propagated to first order (GUM); Bragg gratings only.",
        min_span="16 samples",
        missing_when="the record is not of a Bragg grating",
    ),
    _one(
        "strain_drift",
        "Drift of strain",
        "um/m/year",
        "Absolute slope of strain over time beside a linear and quadratic response to temperature, where its 95 % "
        "interval leaves out zero; else 0.",
        min_span="30 days",
        missing_when="the record is shorter than 30 days",
        trendable=False,
    ),
)
