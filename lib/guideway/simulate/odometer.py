"""The odometer of a measuring vehicle: stated chainage drifts from the true one by wheel slip and wear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

KNOT_M = 50.0


@dataclass(frozen=True, slots=True)
class Odometer:
    """Stated minus true chainage at knots of stated chainage, m; straight between knots."""

    stated_m: Floats
    error_m: Floats

    def true(self, stated_m: Floats) -> Floats:
        """True chainage of a stated one."""
        return np.asarray(stated_m - np.interp(stated_m, self.stated_m, self.error_m), dtype=np.float64)


def draw_odometer(rng: np.random.Generator, from_m: float, to_m: float, bound_m: float) -> Odometer:
    """An odometer error for one run: a start offset and a smooth random walk of slip, never beyond ``bound_m``."""
    stated = np.arange(from_m, to_m + KNOT_M, KNOT_M)
    if bound_m == 0.0:
        return Odometer(stated, np.zeros_like(stated))
    slip = rng.normal(0.0, 0.02 * bound_m, stated.size)
    smooth = np.convolve(slip, np.hanning(9) / np.hanning(9).sum(), mode="same")
    walk = rng.normal(0.0, 0.35 * bound_m) + np.cumsum(smooth)
    return Odometer(stated, bound_m * np.tanh(walk / bound_m))
