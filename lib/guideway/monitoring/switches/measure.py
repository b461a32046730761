"""From the power trace of a throw to the condition of the switch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Indicator, Measurement, Quality
from guideway.monitoring.findings import Finding, measurement, recorded_asset
from guideway.monitoring.switches.regimes import PHASES
from guideway.monitoring.switches.throw import read_throw
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook

DOMAIN = "switches"
_MISSING = "the motor never ran, or more than a fifth of the record is missing"


_one = partial(
    Indicator,
    standard="Guideway; regimes after Chamroukhi and others, piecewise polynomial regression of throws",
    channels=("motor_power",),
    min_span="one throw",
    missing_when=_MISSING,
)


def _of_phase(phase: str) -> tuple[Indicator, ...]:
    missing = f"{_MISSING}, or the trace does not split in five"
    cut = "phases are the five pieces of the most likely piecewise parabola with a variance a piece."
    of = partial(_one, missing_when=missing)
    return (
        of(f"throw_{phase}_power", f"Mean power while {phase}", "W", f"Mean power in phase {phase}; {cut}"),
        of(f"throw_{phase}_duration", f"Duration of {phase}", "s", f"Duration of phase {phase}; {cut}"),
    )


INDICATORS: tuple[Indicator, ...] = (
    _one(
        "throw_duration",
        "Duration of a throw",
        "s",
        "Time during which power is above a quarter of the running power, pauses up to 0.5 s included.",
    ),
    _one("throw_energy", "Energy of a throw", "J", "Integral of motor power over the throw."),
    _one("throw_peak_power", "Peak power of a throw", "W", "Greatest motor power, inrush included."),
    *(indicator for phase in PHASES for indicator in _of_phase(phase)),
)


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """Duration, energy, peak and phases of the throw a recording holds, filed under its switch.

    Drift against the switch's own past is the trend of these series; :func:`guideway.monitoring.switches.deviations`
    compares one throw with a baseline of throws.
    """
    if recording.axis != "time" or not recording.has("motor_power"):
        return Measurement()
    throw = read_throw(recording.values("motor_power"), recording.step, recording.start)
    if throw is None:
        return Measurement()
    subject = recorded_asset(recording, stretches)
    quality: Quality = "good" if throw.coverage >= 0.95 else "suspect"
    findings = [
        Finding(subject, name, value, throw.n_samples, throw.coverage, quality, throw.begin_s)
        for name, value in throw.figures().items()
    ]
    return measurement(findings, INDICATORS, rulebook)
