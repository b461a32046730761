"""Track decay rate: how fast vibration dies out along the rail (EN 15461 [K])."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_DB_OF_E = 10.0 / np.log(10.0)  # 4.343: level lost where the energy falls to 1/e
_LEAST_FALL_DB = 10.0


def track_decay_rate(distance_m: npt.ArrayLike, response: npt.ArrayLike) -> Array:
    """Decay rate of each frequency band, dB/m, shape (bands,).

    ``4.343 / sum(|A(x_n)|^2 / |A(x_0)|^2 dx_n)`` with ``dx_n`` from midpoint to midpoint of neighbouring distances; the
    response to a hammer at ``x_0`` of an accelerometer that stays, or the other way round. NaN where the response does
    not fall by 10 dB along the grid, so that the sum lacks its tail, or a value is missing.

    Args:
        distance_m: distances from hammer to accelerometer, rising from 0, shape (n,), n > 1.
        response: amplitude of mobility or accelerance in each band, shape (bands, n) or (n,).

    Raises:
        ValueError: distances do not rise from 0, or do not fit the response.
    """
    x = np.asarray(distance_m, dtype=np.float64)
    amplitude = np.atleast_2d(np.asarray(response, dtype=np.float64))
    if x.size < 2 or x[0] != 0 or not (np.diff(x) > 0).all():
        raise ValueError("distances have to rise from 0")
    if amplitude.shape[1] != x.size:
        raise ValueError(f"{amplitude.shape[1]} responses do not fit {x.size} distances")
    middles = 0.5 * (x[1:] + x[:-1])
    width = np.diff(np.concatenate(([0.0], middles, [x[-1]])))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.square(amplitude / amplitude[:, :1])
        rate = _DB_OF_E / (share @ width)
        falls = 10.0 * np.log10(share[:, -1]) <= -_LEAST_FALL_DB
    return np.where(falls & np.isfinite(rate), rate, np.nan)
