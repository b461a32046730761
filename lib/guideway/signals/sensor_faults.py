"""Samples a failing sensor made up: single spikes, and stretches in which it stood still."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_TIMES = 10.0
_SHARE = 0.9
_ENOUGH = 4096  # samples that say well enough what is usual


def without_spikes(values: Floats, least: float | None = None) -> Floats:
    """Copy with NaN where one sample stands out from both its neighbours as no other does.

    A spike is further from the median of itself and its neighbours than ten times what nine in ten samples are,
    and than ``least``.

    Args:
        values: samples, shape (..., n); NaN where there is no sample.
        least: smallest distance that can be a spike; the signal's robust standard deviation where not given.
    """
    if values.shape[-1] < 3:
        return values.copy()
    before, here, after = values[..., :-2], values[..., 1:-1], values[..., 2:]
    middle = np.maximum(np.minimum(before, after), np.minimum(np.maximum(before, after), here))
    distance = np.abs(here - middle)
    result = values.copy()
    for row, apart, out in zip(_rows(values), _rows(distance), _rows(result), strict=True):
        known = apart[np.isfinite(apart)]
        if known.size:
            usual = float(np.quantile(known[:: max(known.size // _ENOUGH, 1)], _SHARE))
            limit = max(_TIMES * usual, _spread(row) if least is None else least)
            out[1:-1][apart > limit] = np.nan
    return result


def without_standstill(values: Floats, samples: int) -> Floats:
    """Copy with NaN where at least ``samples`` neighbours, shape (n,), are exactly the same.

    Args:
        values: samples, shape (n,).
        samples: shortest standstill.
    """
    result = values.copy()
    ends = np.flatnonzero(np.append(values[1:] != values[:-1], True)) + 1
    starts = np.concatenate(([0], ends[:-1]))
    for start, end in zip(
        starts[ends - starts >= samples].tolist(), ends[ends - starts >= samples].tolist(), strict=True
    ):
        result[start:end] = np.nan
    return result


def _rows(values: Floats) -> Floats:
    return values.reshape(-1, values.shape[-1])


def _spread(row: Floats) -> float:
    known = row[np.isfinite(row)]
    known = known[:: max(known.size // _ENOUGH, 1)]
    return 1.4826 * float(np.median(np.abs(known - np.median(known))))
