"""Zero-phase band-pass filters over wavelength (or time) that live with gaps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def band_pass(
    values: npt.ArrayLike,
    step: float,
    shortest_m: float,
    longest_m: float,
    *,
    max_gap_m: float | None = None,
    edge_m: float | None = None,
) -> Floats:
    """Keep wavelengths from ``shortest_m`` to ``longest_m``: 4th-order Butterworth, forward and backward.

    Forward-backward filtering leaves positions where they are and squares the magnitude response: -6 dB at
    both band edges. Gaps (NaN) up to ``max_gap_m`` are bridged by a line and masked again; longer ones split
    the signal into stretches that are filtered on their own, and so is each end. Source of the method:
    EN 13848-1:2019 wavelength ranges, with the filter of EN 13848-1 annex [K: unverified].

    Args:
        values: samples, shape (n,) or (channels, n); NaN where there is no sample.
        step: distance between samples, m.
        shortest_m: shortest wavelength kept, m; a band that would reach beyond the sampling limit is high-pass.
        longest_m: longest wavelength kept, m.
        max_gap_m: longest gap bridged, m; ``shortest_m`` where not given.
        edge_m: what is cut off at each end of a stretch, m; half of ``longest_m`` where not given.

    Returns:
        Filtered samples, same shape, NaN where not known. Stretches shorter than ``longest_m`` are all NaN.

    Raises:
        ValueError: wavelengths are not ``0 < shortest_m < longest_m`` or ``step`` cannot show the band.
    """
    if not 0 < shortest_m < longest_m or not 0 < step < longest_m / 2:
        raise ValueError(f"no band from {shortest_m} m to {longest_m} m at a step of {step} m")
    samples = np.asarray(values, dtype=np.float64)
    rows = np.atleast_2d(samples)
    sos = _design(step, shortest_m, longest_m)
    gap = round((shortest_m if max_gap_m is None else max_gap_m) / step)
    edge = round((longest_m / 2 if edge_m is None else edge_m) / step)
    least = max(round(longest_m / step), 2 * edge + 1)
    pad = round(1.5 * longest_m / step)
    result = np.full(rows.shape, np.nan)
    for channels, valid in _by_mask(np.isfinite(rows)):
        for start, stop in stretches(valid, gap):
            if stop - start >= least:
                piece = _bridged(rows[channels, start:stop], valid[start:stop])
                smooth = sosfiltfilt(sos, piece, axis=1, padlen=min(pad, stop - start - 1))
                if not valid[start:stop].all():
                    smooth[:, ~valid[start:stop]] = np.nan
                inner = slice(start + edge, stop - edge)
                result[channels, inner] = smooth[:, edge : smooth.shape[1] - edge]
    return result.reshape(samples.shape)


def stretches(valid: Bools, max_gap: int) -> list[tuple[int, int]]:
    """Half-open index ranges of valid samples, joined across gaps of up to ``max_gap`` samples."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], valid, [False])).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    if starts.size == 0:
        return []
    apart = starts[1:] - stops[:-1] > max_gap
    return list(
        zip(
            starts[np.concatenate(([True], apart))].tolist(),
            stops[np.concatenate((apart, [True]))].tolist(),
            strict=True,
        )
    )


@lru_cache(maxsize=64)
def _design(step: float, shortest_m: float, longest_m: float) -> Floats:
    low = 2 * step / longest_m
    high = 2 * step / shortest_m
    sos = butter(4, low, "highpass", output="sos") if high >= 1 else butter(4, (low, high), "bandpass", output="sos")
    return np.asarray(sos, dtype=np.float64)


def _by_mask(valid: Bools) -> list[tuple[npt.NDArray[np.intp], Bools]]:
    """Groups of channels that share one pattern of valid samples."""
    if valid.all():
        return [(np.arange(valid.shape[0]), valid[0])] if valid.size else []
    groups: dict[bytes, list[int]] = {}
    for channel, mask in enumerate(valid):
        groups.setdefault(mask.tobytes(), []).append(channel)
    return [(np.asarray(channels), valid[channels[0]]) for channels in groups.values()]


def _bridged(rows: Floats, valid: Bools) -> Floats:
    if valid.all():
        return rows
    index = np.arange(valid.size)
    return np.stack([np.interp(index, index[valid], row[valid]) for row in rows])
