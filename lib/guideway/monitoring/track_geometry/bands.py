"""Signals of a geometry recording: wavelength bands, twist, chords, each computed once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from guideway.archives.recording import Recording
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.signals.filters import band_pass
from guideway.signals.sensor_faults import without_spikes, without_standstill

Floats = npt.NDArray[np.float64]

BANDS_M = {
    "longitudinal_level": {"d0": (1.0, 5.0), "d1": (3.0, 25.0), "d2": (25.0, 70.0), "d3": (70.0, 150.0)},
    "alignment": {"d0": (1.0, 5.0), "d1": (3.0, 25.0), "d2": (25.0, 70.0), "d3": (70.0, 200.0)},
}
"""Wavelength bands of EN 13848-1 [K: unverified], m. D0 is informative."""

UK_LONGEST_M = 35.0
TWIST_BASE_M = 3.0
"""Base on which recorders deliver twist, m."""

CANT_LONGEST_M = 25.0
"""Waves of cross level and twist longer than those of band D1 are taken for the cant the track was built with, m."""

STANDARD_GAUGE_MM = 1435.0
USUAL_GAUGES_MM = (1000.0, 1067.0, 1435.0, 1520.0, 1524.0, 1600.0, 1668.0, 1676.0)


@dataclass(frozen=True)
class Signals:
    """Signals derived from one recording; each is made when first asked for."""

    recording: Recording
    parameters: TrackGeometryParameters
    _made: dict[str, Floats | None] = field(default_factory=dict, repr=False)

    def rails(self, quantity: str, band: str) -> Floats | None:
        """Left and right rail in a band (d0 to d3), shape (2, n); delivered, or filtered from the unfiltered one.

        Args:
            quantity: ``longitudinal_level`` or ``alignment``.
            band: ``d0``, ``d1``, ``d2``, ``d3``; ``uk`` is everything up to 35 m; ``raw`` is unfiltered.
        """
        key = f"{quantity}_{band}"
        if key not in self._made:
            self._made[key] = self._rails(quantity, band)
        return self._made[key]

    def channel(self, name: str) -> Floats | None:
        """One channel without what a failing sensor made up, shape (n,); ``None`` where nothing is left."""
        if name not in self._made:
            self._made[name] = self._channel(name)
        return self._made[name]

    def gauge_as_standard(self) -> Floats | None:
        """Gauge referred to 1435 mm, shape (n,): other nominal gauges have the same deviations allowed.

        The nominal gauge is the usual one nearest to the recording's median; 1520 and 1524 mm may be confused.
        """
        gauge = self.channel("gauge")
        if gauge is None:
            return None
        nominal = min(USUAL_GAUGES_MM, key=lambda usual: abs(usual - float(np.nanmedian(gauge))))
        return gauge - nominal + STANDARD_GAUGE_MM

    def twist(self, base_m: float) -> Floats | None:
        """Twist on a base, mm/m, shape (n,): delivered (3 m) or from cross level, centred on the point."""
        if base_m == TWIST_BASE_M and (delivered := self.channel("twist_3m")) is not None:
            return delivered
        cross_level = self.channel("cross_level")
        if cross_level is None:
            return None
        half = base_m / 2 / self.recording.step
        return np.asarray((shifted(cross_level, half) - shifted(cross_level, -half)) / base_m, dtype=np.float64)

    def without_cant(self, values: Floats) -> Floats | None:
        """Cross level or twist less design cant and its ramps, shape (n,): waves longer than D1 (25 m) filtered out.

        The Chinese track rule leaves designed cant and its ramps out of cross level and twist [K: unverified]; design
        cant is seldom on file, so wavelength tells it apart. A 1.5 mm/m ramp then leaves 0.4 mm in the SD of cross
        level of 200 m; a high-pass at 70 m would leave 1.6 mm, more than urban alert limits. ``None`` where the
        step cannot show it.
        """
        step = self.recording.step
        if step >= CANT_LONGEST_M / 4:
            return None
        return band_pass(values, step, 2 * step, CANT_LONGEST_M, max_gap_m=self.parameters.max_gap_m)

    def _channel(self, name: str) -> Floats | None:
        if not self.recording.has(name):
            return None
        values = self.recording.values(name).astype(np.float64)
        values[~np.isfinite(values)] = np.nan
        least = self.parameters.spike_mm / (TWIST_BASE_M if name.startswith("twist") else 1.0)
        values = without_spikes(values, least)
        values = without_standstill(values, max(round(self.parameters.standstill_m / self.recording.step), 2))
        return None if np.isnan(values).all() else values

    def _rails(self, quantity: str, band: str) -> Floats | None:
        infix = "" if band in ("raw", "uk") else f"_{band}"
        delivered = [self.channel(f"{quantity}{infix}_{side}") for side in ("left", "right")]
        if band != "uk" and all(one is not None for one in delivered):
            return np.stack([one for one in delivered if one is not None])
        wide = None if band == "raw" else self.rails(quantity, "raw")
        if wide is None:
            return None
        step = self.recording.step
        shortest, longest = (2 * step, UK_LONGEST_M) if band == "uk" else BANDS_M[quantity][band]
        if shortest < 2 * step or step >= longest / 2:
            return None
        return band_pass(wide, step, shortest, longest, max_gap_m=self.parameters.max_gap_m)


def shifted(values: Floats, samples: float) -> Floats:
    """``values`` at ``index + samples`` by a line between samples; NaN beyond the ends."""
    whole = int(np.floor(samples + 1e-9))
    part = samples - whole
    here = _moved(values, whole)
    return here if part < 1e-6 else (1 - part) * here + part * _moved(values, whole + 1)


def _moved(values: Floats, samples: int) -> Floats:
    found = np.full(values.shape, np.nan)
    n = values.shape[-1]
    if abs(samples) < n:
        if samples >= 0:
            found[..., : n - samples] = values[..., samples:]
        else:
            found[..., -samples:] = values[..., :samples]
    return found
