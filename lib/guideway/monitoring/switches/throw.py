"""One throw of a switch: when the motor ran, its energy and peak, its phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.monitoring.switches.regimes import PHASES, Regime, find_regimes
from guideway.signals.filters import stretches

Array = npt.NDArray[np.float64]

_LOADED_SHARE = 0.03
_RUNNING_SHARE = 0.25
_LONGEST_PAUSE_S = 0.5
_LEAST_COVERAGE = 0.8
_BEYOND_REASON = 1e7


@dataclass(frozen=True, slots=True)
class Throw:
    """Figures of one throw; power in W, time in s, energy in J.

    Attributes:
        begin_s: moment the motor starts, seconds on the record's axis.
        duration_s: time the motor runs.
        energy_j: integral of power.
        peak_w: greatest power, inrush included.
        coverage: share of samples that were measured.
        n_samples: measured samples while the motor ran.
        phases: regime of each phase by name; empty where the trace does not split.
        step_s: time between samples.
    """

    begin_s: float
    duration_s: float
    energy_j: float
    peak_w: float
    coverage: float
    n_samples: int
    phases: dict[str, Regime]
    step_s: float

    def phase_duration_s(self, name: str) -> float:
        """Duration of a phase."""
        return (self.phases[name].stop - self.phases[name].first) * self.step_s

    def figures(self) -> dict[str, float]:
        """Every figure of the throw by indicator name."""
        found = {
            "throw_duration": self.duration_s,
            "throw_energy": self.energy_j,
            "throw_peak_power": self.peak_w,
        }
        for name, regime in self.phases.items():
            found[f"throw_{name}_power"] = regime.mean
            found[f"throw_{name}_duration"] = self.phase_duration_s(name)
        return found


def read_throw(power: npt.ArrayLike, step_s: float, start_s: float = 0.0) -> Throw | None:
    """The throw in a record of one throw; None where the motor never ran or more than a fifth is missing.

    The motor runs where power is above a quarter of the median of all samples above 3 % of the peak, pauses up to half
    a second included; of several such stretches the longest is the throw.
    """
    samples = np.asarray(power, dtype=np.float64)
    good = np.abs(samples) < _BEYOND_REASON
    if samples.size < 2 or good.mean() < _LEAST_COVERAGE or not step_s > 0:
        return None
    known = samples[good]
    loaded = known[known > _LOADED_SHARE * known.max()]
    if not np.ptp(known) > 0 or not known.max() > 0:
        return None
    running = good & (samples > _RUNNING_SHARE * float(np.median(loaded)))
    pieces = stretches(running, round(_LONGEST_PAUSE_S / step_s))
    first, stop = max(pieces, key=lambda piece: piece[1] - piece[0])
    if stop - first < 2:
        return None
    inside = good[first:stop]
    index = np.arange(stop - first)
    trace = np.interp(index, index[inside], samples[first:stop][inside])
    regimes = find_regimes(trace)
    return Throw(
        begin_s=start_s + first * step_s,
        duration_s=(stop - first) * step_s,
        energy_j=float(trace.sum() * step_s),
        peak_w=float(trace.max()),
        coverage=float(inside.mean()),
        n_samples=int(np.count_nonzero(inside)),
        phases=dict(zip(PHASES, regimes, strict=True)) if regimes else {},
        step_s=step_s,
    )
