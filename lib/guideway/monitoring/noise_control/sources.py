"""Which source makes a receiver's level: corrugated stretches and flat wheels told apart in the spectrum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, median_filter

from guideway.signals.spectra import Line, Spectrum, harmonics, power_spectral_density

Array = npt.NDArray[np.float64]

_MULTIPLES = 30
_CLEAR_DB = 6.0
_HALF_THIRD = 2.0 ** (1.0 / 6.0)
_CENTRES = 7
_LEAST_CELLS = 3
_HIGHEST_DB = 20.0  # one strong line must not outvote the others


@dataclass(frozen=True, slots=True)
class CorrugatedStretch:
    """A stretch with corrugation of one wavelength, passed at a speed: it sounds at ``v / wavelength``."""

    asset_id: str
    wavelength_m: float
    speed_kmh: float


@dataclass(frozen=True, slots=True)
class FlatWheel:
    """A vehicle whose wheel may have a flat: it knocks at the wheel rate ``v / (pi d)`` and its multiples.

    ``diameter_tolerance`` is how far the diameter may be off, as a share: a wheel wears by a tenth.
    """

    asset_id: str
    wheel_diameter_m: float
    speed_kmh: float
    diameter_tolerance: float = 0.0


Candidate = CorrugatedStretch | FlatWheel


@dataclass(frozen=True, slots=True)
class RankedSource:
    """A candidate's share of the energy at the receiver.

    Attributes:
        asset_id: stretch or vehicle.
        kind: ``corrugation`` or ``wheel_flat``.
        frequency_hz: centre of the corrugation's energy, or wheel rate, that was found.
        rms: RMS of what it adds to the spectrum around, in the unit of the signal.
        prominence_db: height above the spectrum around: of the band, or the median over the multiples found.
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
    that nothing counts twice. A corrugated stretch needs a third of an octave 6 dB above its neighbours; a flat wheel
    needs a comb: at least half of the first 30 multiples of its wheel rate 6 dB clear.

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
    whole, left, ranked = spectrum, list(candidates), []
    while left:
        found = [(s, c) for c in left if (s := _source(spectrum, c, total, speed_tolerance)) is not None]
        found = [(s, c) for s, c in found if s.share >= least_share and not _is_remnant(whole, spectrum, s)]
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
        rate, tolerance = speed / (math.pi * candidate.wheel_diameter_m), tolerance + candidate.diameter_tolerance
        return _flat(spectrum, candidate.asset_id, rate, total, tolerance)
    if candidate.wavelength_m <= 0 or speed <= 0:
        return None
    return _corrugation(spectrum, candidate.asset_id, speed / candidate.wavelength_m, total, tolerance)


def _corrugation(
    spectrum: Spectrum, asset_id: str, frequency_hz: float, total: float, tolerance: float
) -> RankedSource | None:
    """The one-third octave within the tolerance with most energy above its neighbours: corrugation is no pure line."""
    centres = frequency_hz * np.linspace(1.0 - tolerance, 1.0 + tolerance, _CENTRES)
    bands = [band for centre in centres if (band := _band_above(spectrum, float(centre))) is not None]
    if not bands:
        return None
    energy, prominence, middle = max(bands)
    if prominence < _CLEAR_DB:
        return None
    return RankedSource(asset_id, "corrugation", middle, math.sqrt(energy), prominence, min(1.0, energy / total))


def _band_above(spectrum: Spectrum, centre_hz: float) -> tuple[float, float, float] | None:
    """Energy of a third of an octave above its background, its mean height above it in dB, and the energy's centre, Hz.

    The background is what lies between the medians of the thirds below and above, on logarithmic scales. None where
    the spectrum does not reach or resolve the three.
    """
    f = spectrum.frequency_hz
    inside, below, above = (
        spectrum.density[_third(f, at)] for at in (centre_hz, centre_hz / _HALF_THIRD**2, centre_hz * _HALF_THIRD**2)
    )
    if min(inside.size, below.size, above.size) < _LEAST_CELLS or centre_hz * _HALF_THIRD**3 > f[-1]:
        return None
    background = max(math.sqrt(float(np.median(below)) * float(np.median(above))), np.finfo(np.float64).tiny)
    excess = np.maximum(inside - background, 0.0)
    energy = max(float(np.sum(inside - background)) * spectrum.resolution_hz, 0.0)
    middle = float(np.sum(f[_third(f, centre_hz)] * excess) / excess.sum()) if excess.any() else centre_hz
    return energy, 10.0 * math.log10(max(float(inside.mean()), np.finfo(np.float64).tiny) / background), middle


def _flat(spectrum: Spectrum, asset_id: str, rate_hz: float, total: float, tolerance: float) -> RankedSource | None:
    """A comb: the wheel rate within the tolerance whose multiples stand out most."""
    rate = _wheel_rate(spectrum, rate_hz, tolerance)
    lines = _comb(spectrum, rate, _MULTIPLES)
    clear = [line for line in lines if line.prominence_db >= _CLEAR_DB]
    if len(lines) < 3 or len(clear) < 0.5 * len(lines):
        return None
    energy = sum(line.rms**2 for line in clear)
    prominence = float(np.median([line.prominence_db for line in clear]))
    return RankedSource(asset_id, "wheel_flat", rate, math.sqrt(energy), prominence, min(1.0, energy / total))


def _wheel_rate(spectrum: Spectrum, rate_hz: float, tolerance: float) -> float:
    """The rate within the tolerance at whose multiples the spectrum, over its running median, is highest on average."""
    cell = spectrum.resolution_hz
    wide = 2 * max(2, round(0.5 * rate_hz / cell)) + 1
    background = np.maximum(median_filter(spectrum.density, wide, mode="nearest"), np.finfo(np.float64).tiny)
    with np.errstate(divide="ignore"):
        height = np.clip(10.0 * np.log10(spectrum.density / background), 0.0, _HIGHEST_DB)
    height = np.append(maximum_filter1d(height, 3), 0.0)
    steps = max(3, 2 * math.ceil(tolerance * rate_hz * _MULTIPLES / cell) + 1)
    rates = rate_hz * np.linspace(1.0 - tolerance, 1.0 + tolerance, steps)
    at = np.rint(rates[:, None] * np.arange(1, _MULTIPLES + 1) / cell).astype(np.int64)
    inside = at < spectrum.density.size
    sums = height[np.where(inside, at, -1)].sum(axis=1)
    return float(rates[np.argmax(sums / np.maximum(inside.sum(axis=1), 1))])


def _comb(spectrum: Spectrum, rate_hz: float, multiples: int) -> tuple[Line, ...]:
    """Lines at the multiples of a rate, none where they would lie fewer than six cells apart."""
    if rate_hz < 6.0 * spectrum.resolution_hz:
        return ()
    return harmonics(spectrum, rate_hz, range(1, multiples + 1), 1.5 * spectrum.resolution_hz)


def _is_remnant(whole: Spectrum, left: Spectrum, source: RankedSource) -> bool:
    """Whether a stronger source took more out of a band than this one found in it.

    A flat's knocks ring between its lines, too, and leave a hump where the track resonates.
    """
    if source.kind != "corrugation":
        return False
    inside = _third(left.frequency_hz, source.frequency_hz)
    taken = float(np.sum(whole.density[inside] - left.density[inside])) * left.resolution_hz
    return taken > source.rms**2


def _third(frequency_hz: Array, centre_hz: float) -> npt.NDArray[np.bool_]:
    """Cells of the third of an octave around a frequency."""
    return (frequency_hz >= centre_hz / _HALF_THIRD) & (frequency_hz < centre_hz * _HALF_THIRD)


def _without(spectrum: Spectrum, source: RankedSource) -> Spectrum:
    """The spectrum with what a source adds levelled down to what lies around it."""
    f = spectrum.frequency_hz
    if source.kind == "corrugation":
        taken = _third(f, source.frequency_hz)
    else:
        # a third of the way to the next line is left, or nothing between the lines would tell their background
        width = min(4.5 * spectrum.resolution_hz, source.frequency_hz / 3.0)
        multiples = math.ceil(f[-1] / source.frequency_hz)
        at = [line.frequency_hz for line in _comb(spectrum, source.frequency_hz, multiples)]
        taken = np.abs(f[:, None] - np.array(at)[None, :]).min(axis=1) <= width
    if taken.all():
        return spectrum
    level = np.where(taken, np.interp(f, f[~taken], spectrum.density[~taken]), np.inf)
    return replace(spectrum, density=np.minimum(spectrum.density, level))
