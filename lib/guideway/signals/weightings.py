"""Frequency weightings of human vibration and sound: exact in the frequency domain, and as matched digital filters.

The analogue definitions are the truth here. A bilinear transform of them is wrong near the Nyquist frequency
(A-weighting at 48 kHz: -13 dB instead of -6.6 dB at 16 kHz), so :func:`weight` multiplies the spectrum by the analogue
response and :func:`weighting_sos` matches poles and magnitude section by section.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len

Array = npt.NDArray[np.float64]

#: One second-order section of s: numerator and denominator, highest power first.
Section = tuple[tuple[float, float, float], tuple[float, float, float]]

_BLOCK = 1 << 20
_SETTLE_PERIODS = 6.0
_LOOK_AHEAD = 1024


@dataclass(frozen=True, slots=True)
class Weighting:
    """An analogue weighting as a cascade of second-order sections.

    Attributes:
        name: usual name, for example ``Wk`` or ``A``.
        standard: standard, edition and table the parameters come from.
        sections: second-order sections in s (rad/s).
        slowest_hz: lowest corner; the transient dies out over a few of its periods.
    """

    name: str
    standard: str
    sections: tuple[Section, ...]
    slowest_hz: float

    def response(self, frequency_hz: npt.ArrayLike) -> npt.NDArray[np.complex128]:
        """Complex analogue response at these frequencies, shape as given."""
        s = 2j * np.pi * np.asarray(frequency_hz, dtype=np.float64)
        response = np.ones(s.shape, dtype=np.complex128)
        for numerator, denominator in self.sections:
            response *= np.polyval(numerator, s) / np.polyval(denominator, s)
        return response


def _omega(frequency_hz: float) -> float:
    return 2.0 * math.pi * frequency_hz


def _band_limits(f1: float, f2: float) -> tuple[Section, Section]:
    """Second-order Butterworth high-pass at f1 and low-pass at f2."""
    w1, w2, q = _omega(f1), _omega(f2), math.sqrt(0.5)
    return (
        ((1.0, 0.0, 0.0), (1.0, w1 / q, w1**2)),
        ((0.0, 0.0, w2**2), (1.0, w2 / q, w2**2)),
    )


def _transition(f3: float, f4: float, q4: float) -> Section:
    """Acceleration-velocity transition; an infinite f3 leaves a plain low-pass."""
    w3, w4 = _omega(f3), _omega(f4)
    return ((0.0, w4**2 / w3, w4**2), (1.0, w4 / q4, w4**2))


def _upward_step(f5: float, q5: float, f6: float, q6: float) -> Section:
    """Upward step: gain (f5/f6)^2 below f5, one above f6."""
    w5, w6 = _omega(f5), _omega(f6)
    return ((1.0, w5 / q5, w5**2), (1.0, w6 / q6, w6**2))


def _human(
    name: str,
    band: tuple[float, float],
    transition: tuple[float, float, float],
    step: tuple[float, float, float, float] | None = None,
    gain: float = 1.0,
) -> Weighting:
    high_pass, low_pass = _band_limits(*band)
    sections = [high_pass, low_pass, _transition(*transition)]
    if step is not None:
        sections.append(_upward_step(*step))
    numerator, denominator = sections[-1]
    sections[-1] = ((gain * numerator[0], gain * numerator[1], gain * numerator[2]), denominator)
    return Weighting(name, "ISO 8041-1:2017, table 3", tuple(sections), band[0])


def _sound_a() -> Weighting:
    """A-weighting from its four pole frequencies, 0 dB at 1 kHz (IEC 61672-1:2013, annex E)."""
    w1, w2, w3, w4 = (_omega(f) for f in (20.598997, 107.65265, 737.86223, 12194.217))
    sections: tuple[Section, ...] = (
        ((1.0, 0.0, 0.0), (1.0, 2 * w1, w1**2)),
        ((1.0, 0.0, 0.0), (1.0, w2 + w3, w2 * w3)),
        ((0.0, 0.0, w4**2), (1.0, 2 * w4, w4**2)),
    )
    plain = Weighting("A", "", sections, 20.6)
    gain = 1.0 / float(np.abs(plain.response(1000.0)))
    scaled: Section = ((0.0, 0.0, gain * w4**2), sections[2][1])
    return Weighting("A", "IEC 61672-1:2013, annex E", (*sections[:2], scaled), 20.6)


def _kb() -> Weighting:
    """KB weighting of vibration velocity: first-order high-pass at 5.6 Hz, band 1-80 Hz (DIN 45669-1:2010)."""
    w0 = _omega(5.6)
    high_pass: Section = ((0.0, 1.0, 0.0), (0.0, 1.0, w0))
    return Weighting("KB", "DIN 45669-1:2010, KB", (*_band_limits(0.8, 100.0), high_pass), 0.8)


_WM = 1.0 / (0.028 * 2.0 * math.pi)

#: Weightings by name. Wb is that of ISO 2631-4:2001 as ISO 8041-1 prints it; some libraries ship another Wb.
WEIGHTINGS: Mapping[str, Weighting] = MappingProxyType(
    {
        weighting.name: weighting
        for weighting in (
            _human("Wk", (0.4, 100.0), (12.5, 12.5, 0.63), (2.37, 0.91, 3.35, 0.91)),
            _human("Wd", (0.4, 100.0), (2.0, 2.0, 0.63)),
            _human("Wc", (0.4, 100.0), (8.0, 8.0, 0.63)),
            _human("Wb", (0.4, 100.0), (16.0, 16.0, 0.55), (2.5, 0.9, 4.0, 0.95), gain=1.024),
            _human("We", (0.4, 100.0), (1.0, 1.0, 0.63)),
            _human("Wf", (0.08, 0.63), (math.inf, 0.25, 0.86), (0.0625, 0.8, 0.10, 0.8)),
            _human("Wm", (10**-0.1, 100.0), (_WM, _WM, 0.5)),
            _kb(),
            _sound_a(),
        )
    }
)

_ISO_2631_1985_Z = (
    (1, -6), (1.25, -5), (1.6, -4), (2, -3), (2.5, -2), (3.15, -1), (4, 0), (8, 0), (10, -2), (12.5, -4), (16, -6),
    (20, -8), (25, -10), (31.5, -12), (40, -14), (50, -16), (63, -18), (80, -20),
)  # fmt: skip
_JGJ_T_170_Z = (
    (4, 0), (10, 0), (12.5, -1), (16, -2), (20, -4), (25, -6), (31.5, -8), (40, -10), (50, -12), (63, -14), (80, -17),
    (100, -21), (125, -25), (160, -30), (200, -36),
)  # fmt: skip

#: Weightings that standards give as a table of third-octave corrections in dB: (frequency, correction) pairs.
TABLES: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    {"GB10071-Z": _ISO_2631_1985_Z, "JGJT170-Z": _JGJ_T_170_Z}
)


def table_correction(name: str, frequency_hz: npt.ArrayLike) -> Array:
    """Correction in dB of a tabulated weighting, linear in log frequency; minus infinity outside the table.

    ``GB10071-Z``: vertical weighting of ISO 2631-1:1985 as GB 10071-88 uses it [K]; ``JGJT170-Z``: JGJ/T 170-2009 [K].
    """
    frequency, correction = np.array(TABLES[name], dtype=np.float64).T
    f = np.asarray(frequency_hz, dtype=np.float64)
    edge = 10**0.05
    with np.errstate(divide="ignore"):
        value = np.interp(np.log(f), np.log(frequency), correction)
    return np.where((f < frequency[0] / edge) | (f > frequency[-1] * edge), -np.inf, value)


def weighting_db(name: str, frequency_hz: npt.ArrayLike) -> Array:
    """Weighting in dB at these frequencies: analytic for :data:`WEIGHTINGS`, interpolated for :data:`TABLES`."""
    if name in TABLES:
        return table_correction(name, frequency_hz)
    with np.errstate(divide="ignore"):
        return 20.0 * np.log10(np.abs(WEIGHTINGS[name].response(frequency_hz)))


def _transfer(name: str, frequency_hz: Array) -> npt.NDArray[np.complex128]:
    if name in TABLES:
        return (10.0 ** (table_correction(name, frequency_hz) / 20.0)).astype(np.complex128)
    return WEIGHTINGS[name].response(frequency_hz)


def weight(x: npt.ArrayLike, fs: float, name: str) -> Array:
    """Weighted signal, exact up to the Nyquist frequency.

    The signal is taken as zero before its first sample, as a causal analogue filter would see it. Long signals are
    treated block by block with a run-in of a few periods of the lowest corner, so memory stays bounded.

    Args:
        x: signal, shape (n,), no NaN.
        fs: sampling rate in Hz.
        name: a key of :data:`WEIGHTINGS` or :data:`TABLES`.
    """
    signal = np.asarray(x, dtype=np.float64)
    slowest = 0.8 if name in TABLES else WEIGHTINGS[name].slowest_hz
    settle = math.ceil(_SETTLE_PERIODS / slowest * fs)
    result = np.empty_like(signal)
    for start in range(0, signal.size, _BLOCK):
        first = max(0, start - settle)
        block = signal[first : start + _BLOCK + _LOOK_AHEAD]
        size = int(next_fast_len(block.size + settle, real=True))
        transfer = _transfer(name, np.fft.rfftfreq(size, 1.0 / fs).astype(np.float64))
        weighted = np.fft.irfft(np.fft.rfft(block, size) * transfer, size)
        result[start : start + _BLOCK] = weighted[start - first : min(block.size, start - first + _BLOCK)]
    return result


@lru_cache(maxsize=64)
def _matched(name: str, fs: float) -> tuple[tuple[float, ...], ...]:
    return tuple(_matched_section(section, fs) for section in WEIGHTINGS[name].sections)


def weighting_sos(name: str, fs: float) -> Array:
    """Minimum-phase digital filter of an analogue weighting, shape (sections, 6), for ``scipy.signal.sosfilt``.

    Each section keeps its poles (``exp(p / fs)``) and its zeros at 0 Hz; what is left of the numerator is fitted to the
    analogue magnitude up to 0.48 fs (after Vicanek, "Matched second order digital filters", 2016). For filters that run
    sample by sample; :func:`weight` is exact and faster.
    """
    return np.array(_matched(name, float(fs)), dtype=np.float64)


def _matched_section(section: Section, fs: float) -> tuple[float, ...]:
    numerator, denominator = (np.trim_zeros(np.array(part), "f") for part in section)
    a = _polynomial(np.exp(np.roots(denominator) / fs))
    corner = float(np.abs(np.roots(denominator)).max()) / (2 * math.pi)
    f = np.linspace(0.0, 0.48 * fs, 400)
    f[0] = min(1e-3 * corner, 1e-4 * fs)
    s = 2j * math.pi * f
    target = np.abs(np.polyval(numerator, s) / np.polyval(denominator, s)) ** 2
    zeros = int(np.argmax(numerator[::-1] != 0))
    denominator_squared = np.abs(np.polyval(a, np.exp(2j * math.pi * f / fs))) ** 2
    if zeros:
        b = _polynomial(np.ones(zeros))
        shape = np.abs(np.polyval(b, np.exp(2j * math.pi * f / fs))) ** 2 / denominator_squared
        above = f > min(corner, 0.2 * fs)
        return (*(b * math.exp(0.5 * float(np.mean(np.log(target[above] / shape[above]))))), *a)
    return (*_minimum_phase(_squared_numerator(f, fs, target * denominator_squared)), *a)


def _squared_numerator(f: Array, fs: float, wanted: Array) -> Array:
    """Coefficients of ``|B|^2`` on cos^2, sin^2 and 4 cos^2 sin^2, by relative least squares, exact at 0."""
    phi1 = np.sin(math.pi * f / fs) ** 2
    phi = np.column_stack((1.0 - phi1, phi1, 4.0 * phi1 * (1.0 - phi1))) / wanted[:, None]
    rest, *_ = np.linalg.lstsq(phi[:, 1:], 1.0 - phi[:, 0] * wanted[0], rcond=None)
    return np.array([wanted[0], max(float(rest[0]), 0.0), float(rest[1])])


def _minimum_phase(squared: Array) -> Array:
    """Numerator (b0, b1, b2) with its zeros inside the unit circle from the coefficients of its squared magnitude."""
    root0, root1 = math.sqrt(squared[0]), math.sqrt(squared[1])
    half = 0.5 * (root0 + root1)
    first = 0.5 * (half + math.sqrt(max(half**2 + squared[2], 0.0)))
    return np.array([first, 0.5 * (root0 - root1), -squared[2] / (4.0 * first)])


def _polynomial(roots: npt.NDArray[np.complex128] | Array) -> Array:
    coefficients = np.zeros(3)
    monic = np.real(np.poly(roots))
    coefficients[: monic.size] = monic
    return coefficients
