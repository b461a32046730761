"""Spatial random processes: the irregularity a track keeps, normalised section by section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft, signal

from guideway.simulate.layout import Layout

Floats = npt.NDArray[np.float64]

STEP_M = 0.25
MARGIN_M = 60.0
_BLEND_M = 4.0


def band_noise(
    rng: np.random.Generator, n: int, step: float, *, longest_m: float, shortest_m: float, slope: float
) -> Floats:
    """Gaussian process with a power spectrum proportional to ``wavelength ** slope`` inside a band, unit variance.

    Args:
        rng: random stream.
        n: samples.
        step: metres between samples.
        longest_m: longest wavelength.
        shortest_m: shortest wavelength.
        slope: exponent; 2-3 is usual of rail irregularity.
    """
    size = fft.next_fast_len(n, real=True)
    frequency = fft.rfftfreq(size, step)
    inside = (frequency >= 1.0 / longest_m) & (frequency <= 1.0 / shortest_m)
    amplitude = np.zeros_like(frequency)
    amplitude[inside] = frequency[inside] ** (-slope / 2.0)
    spectrum = amplitude * (rng.standard_normal(frequency.size) + 1j * rng.standard_normal(frequency.size))
    out = fft.irfft(spectrum, size)[:n]
    return np.asarray(out / max(float(out.std()), 1e-12), dtype=np.float64)


def grid_of(layout: Layout) -> Floats:
    """True chainage of the samples of a line: every 0.25 m, with a margin beyond both ends."""
    count = round((layout.to_m[-1] - layout.from_m[0] + 2.0 * MARGIN_M) / STEP_M) + 1
    return np.asarray(layout.from_m[0] - MARGIN_M + STEP_M * np.arange(count), dtype=np.float64)


def spread(values: Floats, layout: Layout, grid: Floats, blend_m: float = _BLEND_M) -> Floats:
    """Section values on the grid: constant inside a section, blended over ``2 * blend_m`` at its ends."""
    inner = layout.from_m[1:]
    at = np.concatenate(([grid[0]], np.column_stack((inner - blend_m, inner + blend_m)).ravel(), [grid[-1]]))
    return np.asarray(np.interp(grid, at, np.repeat(values, 2)), dtype=np.float64)


def band_d1(values: Floats) -> Floats:
    """Zero-phase band-pass 3-25 m, Butterworth of 4th order forward and backward (EN 13848-1 band D1)."""
    return np.asarray(signal.sosfiltfilt(_d1(), values), dtype=np.float64)


@lru_cache(maxsize=1)
def _d1() -> Floats:
    return np.asarray(signal.butter(4, [1 / 25.0, 1 / 3.0], btype="bandpass", fs=1.0 / STEP_M, output="sos"))


def section_view(values: Floats, layout: Layout) -> Floats:
    """The samples of each section, shape (n_sections, samples a section)."""
    margin = round(MARGIN_M / STEP_M)
    per_section = round((layout.to_m[0] - layout.from_m[0]) / STEP_M)
    return values[margin : margin + per_section * layout.n].reshape(layout.n, per_section)


@dataclass(frozen=True, slots=True)
class Shape:
    """A persistent irregularity in band D1 and the one it slowly turns into.

    Both have a standard deviation of 1 in each section after the D1 filter; ``correlation`` is theirs, per section.
    """

    old: Floats
    new: Floats
    correlation: Floats

    def at(self, share_new: Floats, scale: Floats, layout: Layout, grid: Floats) -> Floats:
        """The irregularity whose D1 standard deviation is ``scale`` in each section.

        Args:
            share_new: share of the variance that has taken the new shape, per section.
            scale: standard deviation wanted, mm, per section.
            layout: sections.
            grid: chainage of the samples.
        """
        a, b = np.sqrt(1.0 - share_new), np.sqrt(share_new)
        norm = np.sqrt(1.0 + 2.0 * a * b * self.correlation)
        return spread(scale * a / norm, layout, grid) * self.old + spread(scale * b / norm, layout, grid) * self.new


def pair_of_shapes(rng: np.random.Generator, layout: Layout, grid: Floats, common: float) -> tuple[Shape, Shape]:
    """Shapes of the left and right rail, correlated by ``common``."""
    both = [_noise(rng, grid) for _ in range(2)]
    shapes = []
    for _ in range(2):
        old, new = (np.sqrt(common) * shared + np.sqrt(1.0 - common) * _noise(rng, grid) for shared in both)
        shapes.append(_shape(old, new, layout, grid))
    return shapes[0], shapes[1]


def _noise(rng: np.random.Generator, grid: Floats) -> Floats:
    return band_noise(rng, grid.size, STEP_M, longest_m=24.0, shortest_m=3.2, slope=2.2)


def _shape(old: Floats, new: Floats, layout: Layout, grid: Floats) -> Shape:
    old, new = _unit(old, layout, grid), _unit(new, layout, grid)
    a, b = (section_view(band_d1(values), layout) for values in (old, new))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    correlation = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return Shape(old, new, correlation)


def _unit(values: Floats, layout: Layout, grid: Floats) -> Floats:
    """Scale a process so that each section's D1 standard deviation is 1."""
    for _ in range(2):
        deviation = section_view(band_d1(values), layout).std(axis=1, ddof=1)
        values = values * spread(1.0 / deviation, layout, grid)
    return values
