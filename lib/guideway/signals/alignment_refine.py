"""Second look at a nearly aligned pair: wavelengths weighted by how well they repeat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft
from scipy.ndimage import minimum_filter1d
from scipy.signal import oaconvolve

Floats = npt.NDArray[np.float64]
_LEAST_SEGMENTS = 8
_HIGHEST_COHERENCE = 0.98


def repeatable_weights(run: Floats, reference: Floats, length: int, band: tuple[float, float]) -> Floats | None:
    """Taps of the zero-phase filter that makes the correlation peak of a pair as sharp as its noise allows.

    Maximum-likelihood weights of the generalised correlation method (Knapp and Carter, IEEE Trans. ASSP 24(4),
    1976): the cross spectrum is divided by its magnitude and multiplied by C / (1 - C), C the squared coherence
    over segments of the pair; each run gets the square root of that.

    Args:
        run: nearly aligned samples, shape (channels, n).
        reference: samples at the same places.
        length: segment length, samples.
        band: shortest and longest wavelength the pair holds, samples; outside it leakage would pass for signal.

    Returns:
        Taps, shape (length,), odd around the middle; ``None`` where fewer than 8 whole segments are known or
        nothing repeats.
    """
    taper = np.hanning(length)
    cross, auto_run, auto_reference, segments = 0.0, 0.0, 0.0, 0
    for a, b in zip(run, reference, strict=True):
        whole = np.isfinite(a) & np.isfinite(b)
        if a.size < length:
            continue
        starts = np.arange(0, a.size - length + 1, max(length // 2, 1))
        starts = starts[sliding_window_view(whole, length)[starts].all(axis=1)]
        if starts.size == 0:
            continue
        spectrum_a = fft.rfft(sliding_window_view(a, length)[starts] * taper, axis=1)
        spectrum_b = fft.rfft(sliding_window_view(b, length)[starts] * taper, axis=1)
        cross = cross + (np.conj(spectrum_a) * spectrum_b).sum(axis=0)
        auto_run = auto_run + np.square(np.abs(spectrum_a)).sum(axis=0)
        auto_reference = auto_reference + np.square(np.abs(spectrum_b)).sum(axis=0)
        segments += starts.size
    if segments < _LEAST_SEGMENTS:
        return None
    magnitude = np.abs(cross)
    coherence = np.square(magnitude) / np.maximum(auto_run * auto_reference, np.finfo(float).tiny)
    by_chance = 1.5 / segments
    coherence = np.clip((coherence - by_chance) / (1 - by_chance), 0.0, _HIGHEST_COHERENCE)
    waves = fft.rfftfreq(length)
    inside = (waves >= 1 / band[1]) & (waves <= 1 / band[0])
    gain = inside * np.sqrt(coherence / (1 - coherence) / np.maximum(magnitude, magnitude.max() * 1e-9))
    if not gain.any():
        return None
    taps = fft.fftshift(fft.irfft(gain, length)) * taper
    return np.asarray(taps / np.abs(taps).sum(), dtype=np.float64)


def weighted(rows: Floats, taps: Floats, guard: int) -> Floats:
    """Rows through a zero-phase filter; unknown also within ``guard`` samples of a gap."""
    known = np.isfinite(rows)
    filled = np.where(known, rows, 0.0)
    centre = taps.size // 2
    full = oaconvolve(filled, taps[None, :], axes=1)[:, centre : centre + rows.shape[1]]
    inner = minimum_filter1d(known.astype(np.uint8), 2 * guard + 1, axis=1, mode="constant").astype(bool)
    return np.where(inner, full, np.nan)
