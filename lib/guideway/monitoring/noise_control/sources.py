"""Which source makes a receiver's level: corrugated stretches and flat wheels told apart by their lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from guideway.signals.spectra import Line, Spectrum, harmonics, line_at, power_spectral_density

Array = npt.NDArray[np.float64]

_MULTIPLES = 30
_CLEAR_DB = 6.0


@dataclass(frozen=True, slots=True)
class CorrugatedStretch:
    """A stretch with corrugation of one wavelength, passed at a speed: it sounds at ``v / wavelength``."""

    asset_id: str
    wavelength_m: float
    speed_kmh: float


@dataclass(frozen=True, slots=True)
class FlatWheel:
    """A vehicle whose wheel may have a flat: it knocks at the wheel rate ``v / (pi d)`` and its multiples."""

    asset_id: str
    wheel_diameter_m: float
    speed_kmh: float


Candidate = CorrugatedStretch | FlatWheel


@dataclass(frozen=True, slots=True)
class RankedSource:
    """A candidate's share of the energy at the receiver.

    Attributes:
        asset_id: stretch or vehicle.
        kind: ``corrugation`` or ``wheel_flat``.
        frequency_hz: line, or wheel rate, that was found.
        rms: RMS of its lines, in the unit of the signal.
        prominence_db: height above the spectrum around: of the line, or the median over the multiples found.
        share: its energy over that of the whole signal, 0 to 1.
    """

    asset_id: str
    kind: str
    frequency_hz: float
    rms: float
    prominence_db: float
    share: float


def rank_sources(
    signal: npt.ArrayLike,
    fs: float,
    candidates: Sequence[Candidate],
    *,
    speed_tolerance: float = 0.03,
    least_share: float = 0.005,
) -> tuple[RankedSource, ...]:
    """Candidates whose lines stand out of a passage's spectrum, largest share of the energy first.

    The strongest candidate is taken, its lines are taken out of the spectrum, and the search goes on with the rest, so
    that no line counts twice. A corrugated stretch needs one line 6 dB above the spectrum around it; a flat wheel needs
    a comb: at least half of the first 30 multiples of its wheel rate 6 dB clear.

    Args:
        signal: vibration or sound of one passage (window T2), shape (n,), no NaN; weight it first (Wk, A) to rank by
            what the receiver feels or hears.
        fs: sampling rate in Hz.
        candidates: stretches and vehicles that were there.
        speed_tolerance: how far the speed may be off, as a share.
        least_share: a source below this share of the energy is not worth naming.
    """
    x = np.asarray(signal, dtype=np.float64)
    if x.size < 64 or float(np.ptp(x)) == 0.0:
        return ()
    spectrum = power_spectral_density(x, fs, resolution_hz=max(4.0 * fs / x.size, 0.25))
    total = float(np.var(x))
    left, ranked = list(candidates), []
    while left:
        found = [(s, c) for c in left if (s := _source(spectrum, c, total, speed_tolerance)) is not None]
        found = [pair for pair in found if pair[0].share >= least_share]
        if not found:
            break
        best, candidate = max(found, key=lambda pair: pair[0].share)
        ranked.append(best)
        left.remove(candidate)
        spectrum = _without(spectrum, best)
    return tuple(sorted(ranked, key=lambda source: -source.share))


def _source(spectrum: Spectrum, candidate: Candidate, total: float, tolerance: float) -> RankedSource | None:
    speed = candidate.speed_kmh / 3.6
    if isinstance(candidate, FlatWheel):
        if candidate.wheel_diameter_m <= 0 or speed <= 0:
            return None
        return _flat(spectrum, candidate.asset_id, speed / (math.pi * candidate.wheel_diameter_m), total, tolerance)
    if candidate.wavelength_m <= 0 or speed <= 0:
        return None
    frequency = speed / candidate.wavelength_m
    line = line_at(spectrum, frequency, tolerance * frequency)
    if line is None or line.prominence_db < _CLEAR_DB:
        return None
    share = min(1.0, line.rms**2 / total)
    return RankedSource(candidate.asset_id, "corrugation", line.frequency_hz, line.rms, line.prominence_db, share)


def _flat(spectrum: Spectrum, asset_id: str, rate_hz: float, total: float, tolerance: float) -> RankedSource | None:
    """A comb: the wheel rate within the tolerance that gathers most energy on its multiples."""
    steps = max(3, 2 * math.ceil(tolerance * rate_hz * _MULTIPLES / spectrum.resolution_hz) + 1)
    rates = rate_hz * np.linspace(1.0 - tolerance, 1.0 + tolerance, steps)
    combs = [(float(rate), _comb(spectrum, float(rate), _MULTIPLES)) for rate in rates]
    rate, lines = max(combs, key=lambda comb: sum(line.rms**2 for line in comb[1]))
    clear = [line for line in lines if line.prominence_db >= _CLEAR_DB]
    if len(lines) < 3 or len(clear) < 0.5 * len(lines):
        return None
    energy = sum(line.rms**2 for line in clear)
    prominence = float(np.median([line.prominence_db for line in clear]))
    return RankedSource(asset_id, "wheel_flat", rate, math.sqrt(energy), prominence, min(1.0, energy / total))


def _comb(spectrum: Spectrum, rate_hz: float, multiples: int) -> tuple[Line, ...]:
    """Lines at the multiples of a rate, none where they would lie fewer than six cells apart."""
    if rate_hz < 6.0 * spectrum.resolution_hz:
        return ()
    return harmonics(spectrum, rate_hz, range(1, multiples + 1), 1.5 * spectrum.resolution_hz)


def _without(spectrum: Spectrum, source: RankedSource) -> Spectrum:
    """The spectrum with a source's lines levelled down to what lies between them."""
    f, width = spectrum.frequency_hz, 4.5 * spectrum.resolution_hz
    if source.kind == "corrugation":
        taken = np.abs(f - source.frequency_hz) <= width
    else:
        multiples = math.ceil(f[-1] / source.frequency_hz)
        at = [line.frequency_hz for line in _comb(spectrum, source.frequency_hz, multiples)]
        taken = np.abs(f[:, None] - np.array(at)[None, :]).min(axis=1) <= width
    if taken.all():
        return spectrum
    density = np.where(taken, np.interp(f, f[~taken], spectrum.density[~taken]), spectrum.density)
    return replace(spectrum, density=density)
